"""Issuing: what waits, what the CA has not answered, what failed; one press issues one certificate."""

from flask import Blueprint, abort, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import labels
from jcanweb.events import Event, Subject
from jcanweb.forms.officers import VersionForm, whole_number
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import custodians, delivery, reconcile, trail
from jcanweb.services import issuance as service
from jcanweb.services import issuance_ledger as ledger
from jcanweb.services.screening_ledger import due
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("issuance", __name__)


@blueprint.get("/issue")
@requires(Permission.APPLICATION_VIEW)
def listing() -> tuple[str, int]:
    after, before = whole_number(request.args.get("after")), whole_number(request.args.get("before")) or None
    waiting, failed, asked = (
        ledger.waiting(g.officer, after=after),
        ledger.failed(before=before),
        ledger.asked(),
    )
    later = waiting[ledger.PAGE - 1].application.id if len(waiting) > ledger.PAGE else None
    older = failed[ledger.PAGE - 1].id if len(failed) > ledger.PAGE else None
    waiting, failed = waiting[: ledger.PAGE], failed[: ledger.PAGE]
    people = {one.application.approved_by for one in waiting} | {one.asked_by for one in failed}
    return respond(
        "issuance/listing.html", waiting=waiting, failed=failed, asked=asked, missing=custodians.missing(), due=due,
        names=trail.officers(people | {one.order.asked_by for one in asked}), here=request.full_path.rstrip("?"),
        later=url_for(".listing", after=later, before=before) if later else None,
        older=url_for(".listing", after=after or None, before=older) if older else None,
    )  # fmt: skip


@blueprint.post("/applications/<number>/issue")
@requires(Permission.APPLICATION_ISSUE, fresh=True)
def issue(number: str) -> tuple[str, int] | Response:
    application, form, made = (
        ledger.application(number) or abort(404),
        VersionForm(),
        list[service.Issuance](),
    )

    def act() -> None:
        made.append(service.issue(application, version=int(form.version.data or 0), by=g.officer))
        if made[0].certificate and made[0].tokens:
            delivery.announce(made[0].certificate, made[0].tokens)

    problem = attempt(act, event=Event.ORDER_ASKED, subject=Subject.APPLICATION, subject_id=application.id)
    if problem:
        return respond("issuance/refused.html", application=application, problem=problem, missing=custodians.missing(),
                       certificate=ledger.certificate_of(application), status=409)  # fmt: skip
    if made[0].certificate is None:  # an end that is kept, so no status that rolls back
        failure = labels.word(made[0].order.failure) if made[0].order.failure else ""
        flash(f"{number} の証明書は発行できませんでした。{failure}申請は承認済みに戻りました。", "error")
        return redirect(url_for(".listing"), 303)
    jc_number = made[0].certificate.jc_number
    said(f"{jc_number} を発行し、受け取りのリンクを申請者とPIN送付先にメールで送りました。")
    return redirect(url_for("ledger.show", jc_number=jc_number), 303)


@blueprint.post("/issue/reconcile", endpoint="reconcile")
@requires(Permission.APPLICATION_ISSUE)
def ask_again() -> Response:
    ended, left = reconcile.run(by=g.officer), len(reconcile.stale())
    if ended:
        said(
            f"認証局に照合し、{len(ended)}件の依頼を終えました。申請は承認済みに戻り、新しい番号で発行できます。"
        )
    if left:
        flash(
            f"{left}件は、認証局から応答がないため確かめられませんでした。少し待ってから、もう一度照合してください。",
            "warning",
        )
    if not ended and not left:
        said("照合の必要な依頼はありません。")
    return redirect(url_for(".listing"), 303)
