"""Receipts of consents for the applicant and for officers, the key that signs them, and a check for everybody."""

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, g, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from jcanweb import labels
from jcanweb.config import setting
from jcanweb.errors import PdfRefused
from jcanweb.forms.officers import whole_number
from jcanweb.forms.receipts import VerifyForm
from jcanweb.models import Application, Receipt
from jcanweb.permissions import applicant, public, requires
from jcanweb.roles import Permission
from jcanweb.services import enrollment_ledger, screening_ledger, withdrawal_ledger
from jcanweb.services import receipts as service
from jcanweb.terms import ConsentVerb
from jcanweb.vocabulary import Authority
from jcanweb.web import download, limiter, respond

blueprint = Blueprint("receipts", __name__)
BACK = {"receipts.mine": "application_form.show", "receipts.officer": "screening.show"}


@blueprint.url_value_preprocessor
def allow_a_large_file(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Somewhat more than the limit comes in, so that the page can say so at its field."""
    if endpoint == "receipts.verify":
        request.max_content_length = service.LARGEST + 2 * 1024 * 1024


@blueprint.get("/my/receipts/<number>")
@applicant
def mine(number: str) -> tuple[str, int]:
    return _shown(_mine(number), "receipts.mine")


@blueprint.get("/my/receipts/<number>.json")
@applicant
def mine_file(number: str) -> Response:
    return _file(_mine(number))


@blueprint.get("/my/receipts/<number>.pdf")
@applicant
def mine_pdf(number: str) -> Response | tuple[str, int]:
    return _pdf(_mine(number), "receipts.mine")


@blueprint.get("/applications/<number>/receipt")
@requires(Permission.APPLICATION_VIEW)
def officer(number: str) -> tuple[str, int]:
    return _shown(screening_ledger.one(number) or abort(404), "receipts.officer")


@blueprint.get("/applications/<number>/receipt.json")
@requires(Permission.APPLICATION_VIEW)
def officer_file(number: str) -> Response:
    return _file(screening_ledger.one(number) or abort(404))


@blueprint.get("/applications/<number>/receipt.pdf")
@requires(Permission.APPLICATION_VIEW)
def officer_pdf(number: str) -> Response | tuple[str, int]:
    return _pdf(screening_ledger.one(number) or abort(404), "receipts.officer")


@blueprint.get("/keys/receipt.pem")
@public
def key() -> Response:
    return download(service.public_key().encode(), "receipt.pem", "application/x-pem-file")


@blueprint.get("/receipts/verifier.py")
@public
def verifier() -> Response:
    return download(service.program(), "verifier.py", "text/x-python")


@blueprint.route("/receipts/verify", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour", methods=["POST"])
def verify() -> tuple[str, int]:
    """The file is looked at and let go; nothing of it is kept or logged."""
    form = VerifyForm()
    if not form.validate_on_submit():
        return _verify(form, status=422 if form.is_submitted() else 200)
    found = service.check(form.content)
    if isinstance(found, str):
        form.file.errors = [found]
        return _verify(form, status=422)
    return _verify(VerifyForm(formdata=None), checked=found, name=(form.file.data.filename or "")[:80])


@blueprint.errorhandler(413)
def too_large(_: RequestEntityTooLarge) -> tuple[str, int]:
    return _verify(VerifyForm(formdata=None), problem="ファイルが大きすぎます。20MBまでのファイルを選んでください。", status=413)  # fmt: skip


def _verify(form: VerifyForm, *, status: int = 200, **context: Any) -> tuple[str, int]:
    return respond(
        "receipts/verify.html", form=form, fingerprint=service.fingerprint(), status=status, **context
    )


def _mine(number: str) -> Application:
    return enrollment_ledger.find(number, by=g.person) or abort(404)


def _of(application: Application) -> tuple[Receipt, list[Receipt]]:
    """The receipt that the address names (the newest without a name), and all."""
    every, named = service.of(application), whole_number(request.args.get("consent"))
    found = next((one for one in every if named in {0, one.consent_id}), None)
    return found or abort(404), every


def _shown(application: Application, page: str, problem: str | None = None) -> tuple[str, int]:
    """What stands on the page is read from what was signed, not from today's rows."""
    one, every = _of(application)
    number, signed = application.number, service.read(one)
    person, named = signed["pii_principal"], one.consent_id if one is not every[0] else None
    return respond(
        "receipts/show.html", receipt=signed, key_id=service.key_id(one), number=number,
        given_at=datetime.fromisoformat(signed["event"]["event_time_jst"]),
        effective_on=date.fromisoformat(signed["terms"]["effective_on"]), authority=Authority(person["authority"]),
        delegated=[day and date.fromisoformat(day) for day in (person["delegated_from"], person["delegated_to"])],
        verbs={verb.value: labels.word(verb) for verb in ConsentVerb},
        withdrawal=withdrawal_ledger.of_consent(one.consent_id), back_url=url_for(BACK[page], number=number),
        problem=problem, status=409 if problem else 200,
        stamped_at=one.timestamp and one.timestamp.stamped_at, awaited=bool(setting("TSA_URL")),
        file_url=url_for(f"{page}_file", number=number, consent=named),
        pdf_url=url_for(f"{page}_pdf", number=number, consent=named),
        others=[(url_for(page, number=number, consent=other.consent_id), other.made_at) for other in every if other is not one],
    )  # fmt: skip


def _file(application: Application) -> Response:
    one, _ = _of(application)
    return download(service.file(one), service.file_name(one), "application/json")


def _pdf(application: Application, page: str) -> Response | tuple[str, int]:
    """The PDF, or the page that says why there is none and offers the file."""
    one, _ = _of(application)
    try:
        content = service.pdf(one)
    except PdfRefused as refusal:
        return _shown(application, page, refusal.sentence)
    return download(content, service.file_name(one, "pdf"), "application/pdf")
