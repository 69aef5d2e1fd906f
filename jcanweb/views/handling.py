"""Who has an application on the desk: claimed, released, given to a colleague, held; comments; the next one."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb.events import Event, Subject
from jcanweb.forms.handling import AssignForm, CommentForm, HoldForm
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import options_of
from jcanweb.forms.rules import show as show_at
from jcanweb.models import Application
from jcanweb.permissions import permissions_of, requires
from jcanweb.roles import Permission
from jcanweb.services import comments, queue, screening
from jcanweb.services import handling as service
from jcanweb.services import screening_ledger as ledger
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("handling", __name__)


@blueprint.post("/applications/<number>/start")
@requires(Permission.APPLICATION_SCREEN)
def start(number: str) -> tuple[str, int] | Response:
    return _pressed(number, Event.APPLICATION_SCREENING_STARTED, service.start, "審査を始めました。")


@blueprint.post("/applications/<number>/release")
@requires(Permission.APPLICATION_SCREEN)
def release(number: str) -> tuple[str, int] | Response:
    return _pressed(number, Event.APPLICATION_RELEASED, service.release, "申請を受付に戻しました。")


@blueprint.post("/applications/<number>/resume")
@requires(Permission.APPLICATION_SCREEN)
def resume(number: str) -> tuple[str, int] | Response:
    return _pressed(number, Event.APPLICATION_RESUMED, service.resume, "審査を再開しました。")


@blueprint.post("/applications/<number>/hold")
@requires(Permission.APPLICATION_SCREEN)
def hold(number: str) -> tuple[str, int] | Response:
    one, form = _found(number), HoldForm(prefix="hold-")
    reason, version = form.reason.data or "", _version(form)
    return _filled(one, Event.APPLICATION_HELD, form, "hold",
                   lambda: service.hold(one, reason, version=version, by=g.officer), "申請を保留にしました。")  # fmt: skip


@blueprint.post("/applications/<number>/assign")
@requires(Permission.APPLICATION_ASSIGN)
def assign(number: str) -> tuple[str, int] | Response:
    one, form = _found(number), AssignForm(prefix="assign-")
    others = {other.id: other for other in service.colleagues(one)}
    form.officer.choices = options_of([(str(number), other.name) for number, other in others.items()])
    to, version = others.get(form.officer.data or 0), _version(form)
    return _filled(one, Event.APPLICATION_ASSIGNED, form, "assign",
                   lambda: service.assign(one, to, version=version, by=g.officer),
                   f"担当を{to.name if to else ''}さんに替えました。")  # fmt: skip


@blueprint.post("/applications/<number>/comment")
@requires(Permission.APPLICATION_COMMENT)
def comment(number: str) -> tuple[str, int] | Response:
    one, form = _found(number), CommentForm(prefix="comment-")
    words = form.words.data or ""
    return _filled(one, Event.APPLICATION_COMMENTED, form, "comment",
                   lambda: comments.write(one, words, by=g.officer), "コメントを残しました。", "_comments")  # fmt: skip


@blueprint.post("/desk/next", endpoint="next")
@requires(Permission.APPLICATION_VIEW)
def take_next() -> Response:
    """The head of the officer's queue; one from the pile is claimed by this press."""
    one = queue.take(g.officer, permissions_of(g.officer))
    if one is None:
        said("あなたを待っている申請は、ほかにありません。")
        return redirect(url_for("desk.home"), 303)
    return redirect(url_for("screening.show", number=one.number), 303)


def _found(number: str) -> Application:
    return ledger.one(number) or abort(404)


def _version(form: VersionForm) -> int:
    return int(form.version.data or 0)


def _pressed(number: str, event: Event, act: Callable[..., None], words: str) -> tuple[str, int] | Response:
    one, version = _found(number), _version(VersionForm())
    problem = attempt(lambda: act(one, version=version, by=g.officer), event=event, subject=Subject.APPLICATION,
                      subject_id=one.id)  # fmt: skip
    return _refused(number, problem.sentence) if problem else _done(number, words)


def _filled(one: Application, event: Event, form: Any, partial: str, act: Callable[[], None], words: str,
            anchor: str | None = None) -> tuple[str, int] | Response:  # fmt: skip
    number = one.number
    if not form.validate_on_submit():
        return _refused(number, None, partial, form, status=422)
    problem = attempt(act, event=event, subject=Subject.APPLICATION, subject_id=one.id)
    if problem:
        return _refused(number, show_at(form, problem), partial, form)
    return _done(number, words, anchor)


def _done(number: str, words: str, anchor: str | None = None) -> Response:
    said(words)
    return redirect(url_for("screening.show", number=number, _anchor=anchor), 303)


def _refused(number: str, sentence: str | None, act: str | None = None, form: Any = None,
             status: int = 409) -> tuple[str, int]:  # fmt: skip
    """What was refused and where the application stands now; a form keeps what was typed."""
    one = _found(number)
    return respond("handling/refused.html", application=one, problem=sentence, act=act, form=form,
                   own=screening.own(one, g.officer), possible=service.possible(one, by=g.officer),
                   names=ledger.officers(one), status=status)  # fmt: skip
