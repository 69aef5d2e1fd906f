"""Applications: the list, one with its fields, their verdicts, the second entry and what an approver decides."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from jcanweb import labels, mail
from jcanweb.config import setting
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Outcome, Subject
from jcanweb.forms.application_list import ListForm
from jcanweb.forms.handling import AssignForm, CommentForm, HoldForm
from jcanweb.forms.officers import VersionForm, whole_number
from jcanweb.forms.rules import options_of
from jcanweb.forms.rules import show as show_at
from jcanweb.forms.screening import CheckForm, EntryForm, RejectForm, ReturnForm, check_form
from jcanweb.models import Application
from jcanweb.permissions import permissions_of, requires
from jcanweb.roles import Permission
from jcanweb.services import application_list as applications
from jcanweb.services import comments, eligibility, handling, notices, queue, search, second_entry, trail
from jcanweb.services import screening as service
from jcanweb.services import screening_findings as findings
from jcanweb.services import screening_ledger as ledger
from jcanweb.vocabulary import CheckedField, Verdict
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("screening", __name__)


@blueprint.get("/applications")
@requires(Permission.APPLICATION_VIEW)
def listing() -> tuple[str, int]:
    """The applications that were handed in; every condition stands in the address."""
    form, before = ListForm(request.args), whole_number(request.args.get("before")) or None
    readable = form.validate()
    asked = form.filters()
    found = applications.page(asked, me=g.officer, before=before) if readable else applications.Page([], None)
    kept: dict[str, Any] = {name: request.args[name] for name, _ in form.conditions()}
    older = url_for(".listing", **kept, before=found.before) if found.before else None
    wider = [(words, url_for(".listing", **{one: kept[one] for one in kept if one != name}))
             for name, words in form.conditions()]  # fmt: skip
    return respond("screening/listing.html", "screening/_rows.html", form=form, rows=found.rows, older=older,
                   unfinished=found.unfinished, complaint=search.read(asked.typed).complaint, wider=wider,
                   begun=before is None, due=ledger.due, names=trail.officers({one.screening_by for one in found.rows}),
                   status=200 if readable else 422)  # fmt: skip


@blueprint.get("/applications/<number>")
@requires(Permission.APPLICATION_VIEW)
def show(number: str) -> tuple[str, int]:
    return _shown(_found(number))


@blueprint.post("/applications/<number>/check/<field>")
@requires(Permission.APPLICATION_SCREEN)
def check(number: str, field: str) -> tuple[str, int] | Answer:
    one, kind = _found(number), next((kind for kind in CheckedField if kind == field), None) or abort(404)
    form = check_form(kind)
    if not form.validate_on_submit():
        return _shown(one, checked=(kind, form), status=422)
    verdict, version = Verdict(form.verdict.data or ""), _version(form)
    return _tried(
        one, Event.APPLICATION_FIELD_CHECKED,
        lambda: service.check(one, kind, verdict, form.comment.data or "", matched=form.matched, version=version,
                              by=g.officer),
        f"{labels.word(kind)}を「{labels.word(verdict)}」と判定しました。", checked=(kind, form), anchor=kind,
    )  # fmt: skip


@blueprint.post("/applications/<number>/finish")
@requires(Permission.APPLICATION_SCREEN)
def finish(number: str) -> tuple[str, int] | Answer:
    one, version = _found(number), _version(VersionForm())
    return _tried(one, Event.APPLICATION_SCREENED, lambda: service.finish(one, version=version, by=g.officer),
                  "審査を完了しました。承認者の判断を待っています。")  # fmt: skip


@blueprint.post("/applications/<number>/return", endpoint="return")
@requires(Permission.APPLICATION_SCREEN)
def send_back(number: str) -> tuple[str, int] | Answer:
    return _returned(number, service.send_back)


@blueprint.post("/applications/<number>/return-screened")
@requires(Permission.APPLICATION_APPROVE)
def return_screened(number: str) -> tuple[str, int] | Answer:
    return _returned(number, service.send_back_screened)


@blueprint.post("/applications/<number>/enter")
@requires(Permission.APPLICATION_APPROVE)
def enter(number: str) -> tuple[str, int] | Answer:
    one, form, agreed = _found(number), EntryForm(prefix="entry-"), []
    if not form.validate_on_submit():
        return _shown(one, entry=form, status=422)
    unit, name, version = form.organization_unit.data or "", form.common_name.data or "", _version(form)
    return _tried(
        one, Event.APPLICATION_SECOND_ENTERED,
        lambda: agreed.append(second_entry.enter(one, organization_unit=unit, common_name=name, version=version, by=g.officer)),
        lambda: "申請の内容と一致しました。承認できます。" if agreed[0] else
        "申請の内容と一致しなかったため、審査に戻しました。担当者が確かめます。", entry=form,
    )  # fmt: skip


@blueprint.post("/applications/<number>/approve")
@requires(Permission.APPLICATION_APPROVE, fresh=True)
def approve(number: str) -> tuple[str, int] | Answer:
    one, version = _found(number), _version(VersionForm())
    return _tried(one, Event.APPLICATION_APPROVED, lambda: service.approve(one, version=version, by=g.officer),
                  "発行を承認し、申請者に知らせました。", letter="application_approved")  # fmt: skip


@blueprint.post("/applications/<number>/reject")
@requires(Permission.APPLICATION_APPROVE)
def reject(number: str) -> tuple[str, int] | Answer:
    one, form = _found(number), RejectForm(prefix="reject-")
    if not form.validate_on_submit():
        return _shown(one, rejection=form, status=422)
    reason, version = form.reason.data or "", _version(form)
    return _tried(one, Event.APPLICATION_REJECTED,
                  lambda: service.reject(one, reason, version=version, by=g.officer),
                  "申請を却下し、申請者に知らせました。", letter="application_rejected", rejection=form)  # fmt: skip


def _returned(number: str, act: Callable[..., None]) -> tuple[str, int] | Answer:
    one, form = _found(number), ReturnForm(prefix="return-")
    if not form.validate_on_submit():
        return _shown(one, sent_back=form, status=422)
    reason, version = form.reason.data or "", _version(form)
    return _tried(one, Event.APPLICATION_RETURNED, lambda: act(one, reason, version=version, by=g.officer),
                  "申請を差し戻し、申請者に知らせました。", letter="application_returned", sent_back=form)  # fmt: skip


def _found(number: str) -> Application:
    return ledger.one(number) or abort(404)


def _version(form: VersionForm) -> int:
    return int(form.version.data or 0)


def _tried(one: Application, event: Event, act: Callable[[], None], words: str | Callable[[], str], *, letter: str | None = None,
           anchor: str | None = None, **forms: Any) -> tuple[str, int] | Answer:  # fmt: skip
    """Do it, tell the applicant by `letter`, and go to the page; or show the page with what was refused."""
    number, problem = one.number, attempt(act, event=event, subject=Subject.APPLICATION, subject_id=one.id)
    if problem:
        return _shown(_found(number), problem=problem, status=409, **forms)
    if letter:
        mail.send(one.person.email, letter, application=one, months=setting("APPLICATION_LAPSE_MONTHS"))
    said(words if isinstance(words, str) else words())
    return redirect(url_for(".show", number=number, _anchor=anchor), 303)


def _shown(one: Application, *, checked: tuple[CheckedField, CheckForm] | None = None, entry: EntryForm | None = None,
           sent_back: ReturnForm | None = None, rejection: RejectForm | None = None,
           problem: RuleViolation | None = None, status: int = 200) -> tuple[str, int]:  # fmt: skip
    """The page of an application; a refused form keeps what was typed, also when it may no longer be sent."""
    fields, history = ledger.fields(one), trail.history(Subject.APPLICATION, one.id)
    conditions = eligibility.answers(one)
    possible = service.possible(one, by=g.officer) | handling.possible(one, by=g.officer)
    blind = ledger.blind(one, g.officer)
    if blind:
        fields = [ledger.blinded(shown) for shown in fields]
    forms = {shown.field: check_form(shown.field, formdata=None, **_earlier(shown)) for shown in fields}
    forms |= dict([checked] if checked else [])
    refused, typed, act = None, None, None
    if checked:
        refused, typed, act = checked[1], checked[1].comment.data, Event.APPLICATION_FIELD_CHECKED
    elif entry:
        refused, act = entry, Event.APPLICATION_SECOND_ENTERED
        typed = f"{entry.organization_unit.data}\n{entry.common_name.data}"
    elif sent_back:
        refused, typed, act = sent_back, sent_back.reason.data, Event.APPLICATION_RETURNED
    elif rejection:
        refused, typed, act = rejection, rejection.reason.data, Event.APPLICATION_REJECTED
    failed = [f"{labels.word(shown.field)}: {shown.check.comment}" for shown in fields
              if shown.check and shown.check.verdict is Verdict.FAIL]  # fmt: skip
    return respond(
        "screening/show.html", application=one, fields=fields, history=history, checks=forms, refused=refused,
        sent_back=sent_back or ReturnForm(formdata=None, prefix="return-", reason="\n".join(failed)),
        rejection=rejection or RejectForm(formdata=None, prefix="reject-"), possible=possible, blind=blind,
        entry=entry or EntryForm(formdata=None, prefix="entry-"),
        problem=show_at(refused, problem) if problem and refused else problem.sentence if problem else None,
        unsent=typed if act not in possible else None,
        changed=next((step for step in history if step.outcome is Outcome.DONE), None) if problem else None,
        own=service.own(one, g.officer), me=g.officer.id, due=ledger.due(one), **_desk(one),
        conditions=conditions, obstacles=[answer.words for answer in conditions if answer.stops],
        differed=ledger.differed(one, g.officer), twins=[] if blind else findings.twins(one),
        orders=ledger.failed_orders(one),
        certificate=ledger.certificate(one), status=status,
    )  # fmt: skip


def _desk(one: Application) -> dict[str, Any]:
    """What the page shows of `handling`: its forms, comments, mails, the applications before and after."""
    assign, said_before = AssignForm(formdata=None, prefix="assign-"), comments.of(one)
    assign.officer.choices = options_of([(str(other.id), other.name) for other in handling.colleagues(one)])
    before, after = queue.neighbours(one, g.officer, permissions_of(g.officer))
    names = ledger.officers(one) | trail.officers({comment.written_by for comment in said_before})
    return {"assign": assign, "hold": HoldForm(formdata=None, prefix="hold-"), "comments": said_before, "before": before,
            "comment": CommentForm(formdata=None, prefix="comment-"), "notices": notices.of(one), "after": after,
            "names": names}  # fmt: skip


def _earlier(shown: ledger.Field) -> dict[str, Any]:
    """What the form of a field begins with: what its newest verdict said."""
    last = shown.check
    return {"comment": last.comment, **dict.fromkeys(last.matched.split(), True)} if last else {}
