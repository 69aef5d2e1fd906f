"""Revocations: the list, receipt, decision by another, execution by a third act."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import audit, labels
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.revocation import ExecuteForm, ReceiveForm, RefuseForm
from jcanweb.models import Certificate, Revocation
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import agreements, screening, search, trail, withdrawal_ledger
from jcanweb.services import revocation as service
from jcanweb.services import revocation_ledger as ledger
from jcanweb.vocabulary import RevocationReason, RevocationRequester, RevocationState
from jcanweb.web import attempt, picked, respond, said

blueprint = Blueprint("revocation", __name__)


@blueprint.get("/revocations")
@requires(Permission.REVOCATION_VIEW)
def listing() -> tuple[str, int]:
    state, number = picked(RevocationState, "state"), _number("number")
    rows = ledger.page(state=state, number=number, after=request.args.get("after"))
    more = url_for(".listing", state=state, number=number or None, after=rows.after) if rows.after else None
    return respond("revocation/listing.html", "revocation/_rows.html", rows=rows.revocations, more=more, state=state,
                   number=number, states=labels.choices(RevocationState))  # fmt: skip


@blueprint.route("/revocations/new", methods=["GET", "POST"], endpoint="request")
@requires(Permission.REVOCATION_REQUEST)
def receive() -> tuple[str, int] | Response:
    number = _number("certificate")
    certificate, form = ledger.certificate(number), ReceiveForm()
    if certificate is None:
        return respond("revocation/find.html", number=number, status=404 if number else 200)
    if not form.validate_on_submit():
        return _receipt(certificate, form, status=422 if form.is_submitted() else 200)
    made: list[Revocation] = []
    problem = attempt(
        lambda: made.append(service.receive(
            certificate, reason=RevocationReason(form.reason.data), words=form.words.data or "",
            requester=RevocationRequester(form.requester.data), invalid_from=form.moment(), by=g.officer)),
        event=Event.REVOCATION_RECEIVED, subject=Subject.CERTIFICATE, subject_id=certificate.id,
    )  # fmt: skip
    if problem:
        return _receipt(certificate, form, problem=rules.show(form, problem), status=409)
    said("失効の請求を受け付けました。承認者の判断を待っています。")
    return redirect(url_for(".show", revocation_id=made[0].id), 303)


@blueprint.get("/revocations/<int:revocation_id>")
@requires(Permission.REVOCATION_VIEW)
def show(revocation_id: int) -> tuple[str, int]:
    return _page(_found(revocation_id))


@blueprint.post("/revocations/<int:revocation_id>/decide")
@requires(Permission.REVOCATION_DECIDE, fresh=True)
def decide(revocation_id: int) -> tuple[str, int] | Response:
    return _act(
        revocation_id, VersionForm(), service.decide, Event.REVOCATION_DECIDED, "失効すると決めました。"
    )


@blueprint.post("/revocations/<int:revocation_id>/refuse")
@requires(Permission.REVOCATION_DECIDE, fresh=True)
def refuse(revocation_id: int) -> tuple[str, int] | Response:
    form = RefuseForm()
    return _act(revocation_id, form, service.refuse, Event.REVOCATION_REFUSED, "失効しないと決めました。",
                words=form.words.data)  # fmt: skip


@blueprint.post("/revocations/<int:revocation_id>/execute")
@requires(Permission.REVOCATION_EXECUTE, fresh=True)
def execute(revocation_id: int) -> tuple[str, int] | Response:
    form = ExecuteForm()
    return _act(revocation_id, form, service.execute, Event.REVOCATION_EXECUTED,
                "失効を実行し、利用者に使用停止のお知らせを送りました。", confirmation=form.confirmation.data)  # fmt: skip


def _act(revocation_id: int, form: VersionForm, act: Callable[..., None], event: Event, done: str,
         **typed: str | None) -> tuple[str, int] | Response:  # fmt: skip
    """Decide, refuse or execute: the same silhouette, on the same page."""
    revocation = _found(revocation_id)
    if not form.validate_on_submit():
        return _page(revocation, form, status=422)
    problem = attempt(lambda: act(revocation, version=form.version.data, by=g.officer, **typed),
                      event=event, subject=Subject.REVOCATION, subject_id=revocation_id)  # fmt: skip
    if problem:
        return _page(revocation, form, problem=rules.show(form, problem), status=409)
    said(done)
    return redirect(url_for(".show", revocation_id=revocation_id), 303)


def _number(name: str) -> str:
    return search.asked_number(request.args.get(name, "")[:40])


def _found(revocation_id: int) -> Revocation:
    return ledger.one(revocation_id) or abort(404)


def _receipt(certificate: Certificate, form: ReceiveForm, **more: Any) -> tuple[str, int]:
    return respond("revocation/new.html", certificate=certificate, form=form, living=ledger.living(certificate),
                   corporation=ledger.corporation(certificate), **more)  # fmt: skip


def _page(revocation: Revocation, form: VersionForm | None = None, **more: Any) -> tuple[str, int]:
    """The page of a revocation; a refused form keeps what was typed."""
    home = ledger.corporation(revocation.certificate)
    return respond(
        "revocation/show.html", revocation=revocation, end=ledger.end(revocation), ended_again=agreements.open_end(home), certificate=revocation.certificate, form=form,
        refusal=form if isinstance(form, RefuseForm) else RefuseForm(formdata=None),
        execution=form if isinstance(form, ExecuteForm) else ExecuteForm(formdata=None),
        corporation=home, names=ledger.names(revocation),
        unfinished=audit.unfinished(Subject.REVOCATION, revocation.id), me=g.officer.id, hours=service.hours,
        own=screening.own(revocation.certificate.application, g.officer),
        withdrawal=withdrawal_ledger.of(revocation.certificate),
        history=trail.history(Subject.REVOCATION, revocation.id), **more,
    )  # fmt: skip
