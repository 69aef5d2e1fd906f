"""Recoveries: the list, the request, the decision, and the custodians' shares."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import audit, labels
from jcanweb.config import setting
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms import recovery as forms
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import show as at_field
from jcanweb.models import BackupShare, Recovery
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import recovery as service
from jcanweb.services import recovery_ledger as ledger
from jcanweb.services import recovery_opening as opening
from jcanweb.services import screening, search, trail, withdrawal_ledger
from jcanweb.vocabulary import RecoveryGround, RecoveryState
from jcanweb.web import attempt, download, limiter, respond, said

blueprint = Blueprint("recovery", __name__)


@blueprint.get("/recoveries")
@requires(Permission.RECOVERY_VIEW)
def listing() -> tuple[str, int]:
    service.lapse_overdue()
    known = {member.value for member in RecoveryState}
    state = RecoveryState(request.args["state"]) if request.args.get("state") in known else None
    number = search.asked_number(request.args.get("number", "")[:40])
    rows = ledger.page(state=state, number=number, after=request.args.get("after"))
    more = url_for(".listing", state=state, number=number or None, after=rows.after) if rows.after else None
    return respond("recovery/listing.html", "recovery/_rows.html", rows=rows.recoveries, more=more, state=state,
                   number=number, states=labels.choices(RecoveryState), awaited=ledger.awaited)  # fmt: skip


@blueprint.route("/recoveries/new", methods=["GET", "POST"], endpoint="request")
@requires(Permission.RECOVERY_REQUEST)
def ask() -> tuple[str, int] | Response:
    number = search.asked_number(request.args.get("certificate", "")[:40])
    certificate = ledger.certificate(number)
    if certificate is None:
        return respond("recovery/find.html", number=number, status=404 if number else 200)
    form, made = forms.RequestForm(), []

    def page(status: int, problem: str | None = None) -> tuple[str, int]:
        return respond("recovery/new.html", status=status, form=form, problem=problem, certificate=certificate,
                       application=ledger.application(certificate), going_on=ledger.going_on(certificate),
                       refusal=service.refusal(certificate))  # fmt: skip

    if not form.validate_on_submit():
        return page(422 if form.is_submitted() else 200)
    problem = attempt(
        lambda: made.append(service.request(certificate, ground=RecoveryGround(form.ground.data),
                                            proof=form.proof.data or "", by=g.officer)),
        event=Event.RECOVERY_REQUESTED, subject=Subject.CERTIFICATE, subject_id=certificate.id,
    )  # fmt: skip
    if problem:
        return page(409, at_field(form, problem))
    said("鍵回復を依頼しました。承認者の判断を待っています。")
    return redirect(url_for(".show", recovery_id=made[0].id), 303)


@blueprint.get("/recoveries/<int:recovery_id>")
@requires(Permission.RECOVERY_VIEW)
def show(recovery_id: int) -> tuple[str, int]:
    service.lapse_overdue(found(recovery_id).certificate)
    return shown(found(recovery_id))


@blueprint.post("/recoveries/<int:recovery_id>/authorize")
@requires(Permission.RECOVERY_AUTHORIZE, fresh=True)
def authorize(recovery_id: int) -> tuple[str, int] | Response:
    recovery, form = found(recovery_id), VersionForm()
    return act(recovery, Event.RECOVERY_AUTHORIZED, "鍵回復を承認し、利用者に知らせました。",
               lambda: service.authorize(recovery, version=int(form.version.data or 0), by=g.officer))  # fmt: skip


@blueprint.post("/recoveries/<int:recovery_id>/decline")
@requires(Permission.RECOVERY_AUTHORIZE, fresh=True)
def decline(recovery_id: int) -> tuple[str, int] | Response:
    recovery, form = found(recovery_id), forms.DeclineForm()
    if not form.validate():
        return shown(recovery, form)
    return act(recovery, Event.RECOVERY_DECLINED, "この鍵を回復しないと決めました。",
               lambda: service.decline(recovery, reason=form.reason.data or "", version=int(form.version.data or 0),
                                       by=g.officer), form)  # fmt: skip


@blueprint.get("/recoveries/<int:recovery_id>/shares/<int:share_id>")
@requires(Permission.RECOVERY_OPEN)
def package(recovery_id: int, share_id: int) -> tuple[str, int] | Response:
    """An own share, still sealed to the custodian's key, for the custodian's own computer."""
    recovery, made = found(recovery_id), []
    problem = attempt(
        lambda: made.append(opening.package(recovery, share_id, by=g.officer)),
        event=Event.RECOVERY_SHARE_OPENED, subject=Subject.RECOVERY, subject_id=recovery_id,
    )  # fmt: skip
    if problem:
        return shown(recovery, problem=problem)
    name = f"{recovery.certificate.jc_number}-share-{share_id}.json"
    return download(made[0].encode(), name, "application/json")


@blueprint.post("/recoveries/<int:recovery_id>/open")
@limiter.limit("60 per hour")
@requires(Permission.RECOVERY_OPEN, fresh=True)
def open_here(recovery_id: int) -> tuple[str, int] | Response:
    recovery, form = found(recovery_id), forms.OpenForm()
    if not form.validate():
        return shown(recovery, form)
    return act(recovery, Event.RECOVERY_SHARE_OPENED, "持分を開封しました。",
               lambda: opening.open_here(recovery, form.passphrase.data or "", by=g.officer), form)  # fmt: skip


@blueprint.post("/recoveries/<int:recovery_id>/packages")
@requires(Permission.RECOVERY_OPEN, fresh=True)
def open_with(recovery_id: int) -> tuple[str, int] | Response:
    recovery = found(recovery_id)
    form = forms.packages_form([(share.id, ledger.kind_of(share)) for share in own(recovery)])
    if not form.validate():
        return shown(recovery, form)
    return act(recovery, Event.RECOVERY_SHARE_OPENED, "開封した持分を受け取りました。",
               lambda: opening.open_with(recovery, form.packages(), by=g.officer), form)  # fmt: skip


@blueprint.post("/recoveries/<int:recovery_id>/finish")
@requires(Permission.RECOVERY_OPEN, fresh=True)
def finish(recovery_id: int) -> tuple[str, int] | Response:
    recovery = found(recovery_id)
    return act(recovery, Event.RECOVERY_OPENED, "", lambda: opening.finish(recovery, by=g.officer))


def found(recovery_id: int) -> Recovery:
    return ledger.one(recovery_id) or abort(404)


def own(recovery: Recovery) -> list[BackupShare]:
    """The shares that this officer, as a custodian, has still to open."""
    return ledger.own_shares(recovery, g.custodian) if g.custodian else []


def act(
    recovery: Recovery, event: Event, words: str, do: Callable[[], Any], form: Any = None
) -> tuple[str, int] | Response:
    """Do it and say what came of it; a refusal stands on the page with what was typed."""
    problem = attempt(do, event=event, subject=Subject.RECOVERY, subject_id=recovery.id)
    if problem:
        return shown(recovery, form, problem)
    if recovery.state is RecoveryState.OPENED:
        said("鍵回復を完了しました。")
    elif recovery.state is not RecoveryState.LAPSED:
        said(words)
    return redirect(url_for(".show", recovery_id=recovery.id), 303)


def shown(recovery: Recovery, form: Any = None, problem: RuleViolation | None = None) -> tuple[str, int]:
    """The page of a recovery; `form` is a refused one, which keeps what was typed."""
    application = ledger.application(recovery.certificate)
    shares = [(share, ledger.kind_of(share)) for share in own(recovery)]
    blank: dict[str, Any] = {
        "declining": forms.DeclineForm(formdata=None),
        "opening": forms.OpenForm(formdata=None),
        "packages": forms.packages_form([(share.id, kind) for share, kind in shares], formdata=None),
    }
    sentence = problem.sentence if problem else None
    if form is not None:
        kinds = {forms.DeclineForm: "declining", forms.OpenForm: "opening"}
        blank[kinds.get(type(form), "packages")] = form
        sentence = at_field(form, problem) if problem else None
    return respond(
        "recovery/show.html", status=409 if problem else 422 if form is not None else 200, recovery=recovery, **blank,
        refused=form, problem=sentence, shares=shares, certificate=recovery.certificate, me=g.officer.id,
        custodian=g.custodian, application=application, own=screening.own(application, g.officer), slots=ledger.slots(recovery),
        awaited=ledger.awaited(recovery), deliveries=ledger.deliveries(recovery), spoilt=opening.spoilt(recovery),
        withdrawn=withdrawal_ledger.of(recovery.certificate),
        refusal=service.refusal(recovery.certificate), hours=setting("RECOVERY_COOLING_OFF_HOURS"),
        unfinished=audit.unfinished(Subject.RECOVERY, recovery.id), history=trail.history(Subject.RECOVERY, recovery.id),
    )  # fmt: skip
