"""The subscriber's answer to changed terms: differences and full text, item by item, or the refusal; its receipt."""

from typing import Any

from flask import Blueprint, Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from jcanweb import terms as reader
from jcanweb.config import setting
from jcanweb.errors import PdfRefused, PresentationRefused, RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.enrollment import ConsentForm, consent_form
from jcanweb.forms.reconsent import RefuseForm
from jcanweb.models import Receipt, Reconsent
from jcanweb.permissions import applicant
from jcanweb.services import organizations, receipts, terms
from jcanweb.services import reconsent as service
from jcanweb.services import reconsent_ledger as ledger
from jcanweb.web import attempt, download, respond, said

blueprint = Blueprint("reconsent", __name__)


@blueprint.get("/reconsent")
@applicant
def waiting() -> Answer:
    """Where the mail leads: to what is still to be answered, else to the own page."""
    asked = ledger.waiting(g.person)
    return redirect(url_for(".answer", reconsent_id=asked.id) if asked else url_for("enrollment.my"), 303)


@blueprint.route("/reconsent/<int:reconsent_id>", methods=["GET", "POST"])
@applicant
def answer(reconsent_id: int) -> tuple[str, int] | Answer:
    asked = _mine(reconsent_id)
    form = _form(asked)
    if not form.is_submitted():
        return _page(asked, form)
    if ledger.is_open(asked) and not form.validate():
        return _page(asked, form, status=422)
    served = form.presentation.data or ""
    problem = attempt(lambda: service.agree(asked, served, form.accepted(), address=request.remote_addr, by=g.person),
                      event=Event.CONSENT_GIVEN, subject=Subject.RECONSENT, subject_id=reconsent_id)  # fmt: skip
    if problem:
        fresh = _form(asked, formdata=None) if isinstance(problem, PresentationRefused) else form
        return _page(asked, fresh, problem, 409)
    said("新しい規約への同意を記録しました。")
    return redirect(url_for(".answer", reconsent_id=reconsent_id), 303)


@blueprint.route("/reconsent/<int:reconsent_id>/refuse", methods=["GET", "POST"])
@applicant
def refuse(reconsent_id: int) -> tuple[str, int] | Answer:
    """What a refusal means stands here before the button that sends it."""
    asked, form = _mine(reconsent_id), RefuseForm()
    if not form.is_submitted() and not ledger.is_open(asked):
        return redirect(url_for(".answer", reconsent_id=reconsent_id), 303)
    if not form.validate_on_submit():
        return respond(
            "reconsent/refuse.html", asked=asked, form=form, status=422 if form.is_submitted() else 200
        )
    problem = attempt(lambda: service.refuse(asked, words=form.words.data or "", by=g.person),
                      event=Event.RECONSENT_REFUSED, subject=Subject.RECONSENT, subject_id=reconsent_id)  # fmt: skip
    if problem:
        return respond(
            "reconsent/refuse.html", asked=asked, form=form, problem=rules.show(form, problem), status=409
        )
    said("同意しないという回答を受け付けました。")
    return redirect(url_for(".answer", reconsent_id=reconsent_id), 303)


@blueprint.get("/reconsent/<int:reconsent_id>/receipt.json")
@applicant
def receipt(reconsent_id: int) -> Response:
    one = _receipt(_mine(reconsent_id))
    return download(receipts.file(one), receipts.file_name(one), "application/json")


@blueprint.get("/reconsent/<int:reconsent_id>/receipt.pdf")
@applicant
def receipt_pdf(reconsent_id: int) -> Response | tuple[str, int]:
    """The PDF, or the page that says why there is none and offers the file."""
    asked = _mine(reconsent_id)
    one = _receipt(asked)
    try:
        content = receipts.pdf(one)
    except PdfRefused as refusal:
        return _page(asked, _form(asked, formdata=None), refusal, 409)
    return download(content, receipts.file_name(one, "pdf"), "application/pdf")


def _receipt(asked: Reconsent) -> Receipt:
    return (asked.consent and asked.consent.receipt) or abort(404)


def _mine(reconsent_id: int) -> Reconsent:
    return ledger.own(reconsent_id, by=g.person) or abort(404)


def _form(asked: Reconsent, **source: Any) -> ConsentForm:
    return consent_form(reader.statements(terms.document(asked.campaign.edition)), **source)


def _page(asked: Reconsent, form: ConsentForm, problem: RuleViolation | None = None,
          status: int = 200) -> tuple[str, int]:  # fmt: skip
    edition, former = asked.campaign.edition, ledger.before(asked)
    document, obstacles = terms.document(edition), organizations.obstacles(g.person)
    statements = reader.statements(document)
    form.presentation.data = service.serve(asked, statements)  # each page shown is signed anew
    may_answer = ledger.is_open(asked)
    return respond(
        "reconsent/answer.html", asked=asked, edition=edition, former=former, form=form, document=document,
        boxes=form.boxes() if may_answer and not obstacles else {}, obstacles=obstacles, may_answer=may_answer,
        comparison=reader.compare(terms.document(former), document) if former else None, button=service.BUTTON,
        address_days=setting("CONSENT_ADDRESS_DAYS"), problem=problem.sentence if problem else None, status=status,
    )  # fmt: skip
