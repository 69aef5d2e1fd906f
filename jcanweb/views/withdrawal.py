"""The subscriber's own page for withdrawing the consent to a backup; afterwards it says what became of it."""

from typing import Any

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb.errors import StalePage
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.withdrawal import WithdrawalForm
from jcanweb.models import Certificate
from jcanweb.permissions import applicant
from jcanweb.services import revocation_ledger
from jcanweb.services import withdrawal as service
from jcanweb.services import withdrawal_ledger as ledger
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("withdrawal", __name__)


@blueprint.route("/my/certificates/<jc_number>/withdrawal", methods=["GET", "POST"], endpoint="show")
@applicant
def withdraw(jc_number: str) -> tuple[str, int] | Response:
    certificate = ledger.find(jc_number, by=g.person) or abort(404)
    form = WithdrawalForm(read=service.shown())
    if not form.validate_on_submit():
        return _page(certificate, form, status=422 if form.is_submitted() else 200)
    problem = attempt(
        lambda: service.withdraw(certificate, confirmation=form.confirmation.data or "", read=form.read.data or "",
                                 by=g.person),
        event=Event.CONSENT_WITHDRAWN, subject=Subject.CERTIFICATE, subject_id=certificate.id,
    )  # fmt: skip
    if isinstance(problem, StalePage):
        form = WithdrawalForm(formdata=None, read=service.shown())
    if problem:
        return _page(certificate, form, problem=rules.show(form, problem), status=409)
    said("バックアップの同意の撤回を受け付けました。確認のメールを送りました。")
    return redirect(url_for(".show", jc_number=jc_number), 303)


def _page(certificate: Certificate, form: WithdrawalForm, **more: Any) -> tuple[str, int]:
    obstacle = service.obstacle(certificate)
    return respond(
        "withdrawal/show.html", certificate=certificate, form=form, withdrawal=ledger.of(certificate),
        consequences=service.consequences(), button=service.BUTTON, obstacle=obstacle.sentence if obstacle else None,
        consent=ledger.consent(certificate), statement=ledger.statement(certificate),
        revocation=revocation_ledger.living(certificate), **more,
    )  # fmt: skip
