"""The terms in force for everybody; for officers the editions: import, approval by another, comparison."""

from typing import Any

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb import terms as reader
from jcanweb.config import setting
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.terms import ApproveForm, ImportForm
from jcanweb.models import Edition
from jcanweb.permissions import public, requires
from jcanweb.roles import Permission
from jcanweb.services import campaign, policy, reconsent_ledger, schedule, terms, trail
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("terms", __name__)


@blueprint.get("/terms")
@public
def in_force() -> tuple[str, int]:
    edition = terms.in_force()
    document = terms.document(edition)
    return respond(
        "terms/in_force.html",
        edition=edition,
        document=document,
        statements=reader.statements(document),
        policy=policy.in_force(),
    )


@blueprint.get("/terms/editions")
@requires(Permission.TERMS_VIEW)
def listing() -> tuple[str, int]:
    editions, current = terms.editions(), terms.in_force()
    return respond("terms/listing.html", editions=editions, states=terms.states(editions), current=current,
                   revisions=terms.document(current).revisions)  # fmt: skip


@blueprint.route("/terms/editions/import", methods=["GET", "POST"], endpoint="import")
@requires(Permission.TERMS_IMPORT)
def take_in() -> tuple[str, int] | Response:
    form, made, page = ImportForm(), [], "terms/import.html"
    if not form.validate_on_submit():
        return respond(page, form=form, status=422 if form.is_submitted() else 200)
    problem = attempt(
        lambda: made.append(terms.import_edition(form.content, version=form.version.data or "",
                                                 proposed_on=form.proposed_on.data, by=g.officer)),
        event=Event.EDITION_IMPORTED, subject=Subject.EDITION, subject_id="new",
    )  # fmt: skip
    if problem:
        return respond(page, form=form, problem=rules.show(form, problem), status=409)
    said("規約を下書きとして取り込みました。別の承認者の承認を待っています。")
    return redirect(url_for(".show", edition_id=made[0].id), 303)


@blueprint.get("/terms/editions/<int:edition_id>")
@requires(Permission.TERMS_VIEW)
def show(edition_id: int) -> tuple[str, int]:
    edition = _found(edition_id)
    return _page(edition, ApproveForm(formdata=None, data={"effective_on": schedule.offered_day(edition)}))


@blueprint.post("/terms/editions/<int:edition_id>/approve")
@requires(Permission.TERMS_APPROVE, fresh=True)
def approve(edition_id: int) -> tuple[str, int] | Response:
    edition, form = _found(edition_id), ApproveForm()
    if not form.validate_on_submit():
        return _page(edition, form, status=422)
    problem = attempt(lambda: terms.approve(edition, effective_on=form.effective_on.data, by=g.officer),
                      event=Event.EDITION_APPROVED, subject=Subject.EDITION, subject_id=edition_id)  # fmt: skip
    if problem:
        return _page(edition, form, problem=rules.show(form, problem), status=409)
    said("規約を承認しました。施行日から有効になります。")
    return redirect(url_for(".show", edition_id=edition_id), 303)


@blueprint.get("/terms/editions/<int:edition_id>/compare/<int:other_id>")
@requires(Permission.TERMS_VIEW)
def compare(edition_id: int, other_id: int) -> tuple[str, int]:
    new, old = _found(edition_id), _found(other_id)
    return respond("terms/compare.html", new=new, old=old,
                   comparison=reader.compare(terms.document(old), terms.document(new)))  # fmt: skip


def _found(edition_id: int) -> Edition:
    return terms.find(edition_id) or abort(404)


def _page(edition: Edition, form: ApproveForm, **more: Any) -> tuple[str, int]:
    """The page of an edition; a refused form keeps what was typed."""
    document = terms.document(edition)
    return respond(
        "terms/show.html", edition=edition, form=form, document=document, statements=reader.statements(document),
        state=terms.states([edition])[edition.id], current=terms.in_force(), lines=[(number, line.strip()) for number, line in enumerate(edition.text.split("\n"), 1)],
        unread={number for number, _ in document.unread}, me=g.officer.id,
        history=trail.history(Subject.EDITION, edition.id), campaign=reconsent_ledger.of_edition(edition.id),
        notice_days=setting("RECONSENT_NOTICE_DAYS"), enough_from=campaign.enough_notice_from(), **more,
    )  # fmt: skip
