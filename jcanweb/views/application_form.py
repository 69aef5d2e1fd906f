"""The application, one thing a page: terms, form, confirmation, what became of it, withdrawal."""

from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import mail
from jcanweb import terms as reader
from jcanweb.config import setting
from jcanweb.errors import AlreadySubmitted, PresentationRefused, RuleViolation, StalePage, TermsChanged
from jcanweb.forms.enrollment import ApplicationForm, ConsentForm, consent_form
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import show as show_at
from jcanweb.models import Application
from jcanweb.permissions import applicant
from jcanweb.services import documents, enrollment, organizations, trail
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services import terms as editions
from jcanweb.terms.statements import DUTIES
from jcanweb.vocabulary import Event, Subject
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("application_form", __name__)
TAKES_A_FILE = {"application_form.form", "application_form.preview"}


@blueprint.url_value_preprocessor
def allow_a_large_file(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Twice the limit comes in, so that a file somewhat too large is refused at its field and not as a bare 413."""
    if endpoint in TAKES_A_FILE:
        request.max_content_length = 2 * setting("UPLOAD_MAX_BYTES") + 512 * 1024


@blueprint.route("/apply/terms", methods=["GET", "POST"], defaults={"number": None})
@blueprint.route("/apply/terms/<number>", methods=["GET", "POST"])
@applicant
def terms(number: str | None) -> tuple[str, int] | Response:
    """Each statement accepted by itself: for a new application, or anew for one whose edition has changed."""
    application = _mine(number) if number else ledger.drafted(g.person)
    if request.method == "GET" and application and application.state not in enrollment.EDITABLE:
        return redirect(url_for(".show", number=application.number), 303)
    form = _consent_form(submitted=request.method == "POST")
    served = form.presentation.data or ""
    if not form.is_submitted():
        return _terms(form, application)
    if enrollment.is_current(served, by=g.person) and not form.validate():
        return _terms(form, application, status=422)
    made: list[Application] = []
    problem = attempt(
        lambda: made.append(enrollment.accept(served, form.accepted(), application=application,
                                              address=request.remote_addr, by=g.person)),
        event=Event.CONSENT_GIVEN, subject=Subject.PERSON, subject_id=g.person.id,
    )  # fmt: skip
    if isinstance(problem, AlreadySubmitted) and application:
        return _show(application, problem, 409)
    if problem:
        anew = isinstance(problem, TermsChanged | PresentationRefused)
        fresh = _consent_form(submitted=False) if anew else form
        return _terms(fresh, application, problem, 409)
    return redirect(url_for(".form", number=made[0].number), 303)


@blueprint.route("/apply/form/<number>", methods=["GET", "POST"])
@applicant
def form(number: str) -> tuple[str, int] | Response:
    application = _mine(number)
    if request.method == "GET" and application.state not in enrollment.EDITABLE:
        return redirect(url_for(".show", number=number), 303)
    filled = _filled(application)
    if not filled.validate_on_submit():
        return _form(filled, application, status=422 if filled.is_submitted() else 200)
    problem = attempt(lambda: enrollment.save(application, _entry(filled), version=_version(filled), by=g.person),
                      event=Event.APPLICATION_EDITED, subject=Subject.APPLICATION, subject_id=application.id)  # fmt: skip
    if isinstance(problem, AlreadySubmitted):
        return _show(application, problem, 409)
    if problem:
        return _form(filled, application, problem, 409)
    return redirect(url_for(".confirm", number=number), 303)


@blueprint.post("/apply/form/<number>/preview")
@applicant
def preview(number: str) -> tuple[str, int]:
    """What the certificate would carry; nothing is saved."""
    return _form(_filled(_mine(number)), _mine(number))


@blueprint.get("/apply/form/<number>/confirm")
@applicant
def confirm(number: str) -> tuple[str, int] | Response:
    application = _mine(number)
    if application.state not in enrollment.EDITABLE:
        return redirect(url_for(".show", number=number), 303)
    if application.seal_certificate_id is None:
        return redirect(url_for(".form", number=number), 303)
    return _confirm(application)


@blueprint.post("/apply/form/<number>/submit")
@applicant
def submit(number: str) -> tuple[str, int] | Response:
    application, version = _mine(number), _version(VersionForm())
    problem = attempt(lambda: enrollment.submit(application, version=version, by=g.person),
                      event=Event.APPLICATION_SUBMITTED, subject=Subject.APPLICATION, subject_id=application.id)  # fmt: skip
    if isinstance(problem, AlreadySubmitted):
        return _show(application, problem, 409)
    if isinstance(problem, TermsChanged):
        return _terms(_consent_form(submitted=False), application, problem, 409)
    if problem:
        return _confirm(application, problem, 409)
    mail.send(
        g.person.email,
        "application_received",
        person=g.person,
        application=application,
        expected_on=ledger.expected_on(application),
    )
    said("申請を受け付けました。")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/my/applications/<number>")
@applicant
def show(number: str) -> tuple[str, int]:
    return _show(_mine(number))


@blueprint.route("/my/applications/<number>/withdraw", methods=["GET", "POST"])
@applicant
def withdraw(number: str) -> tuple[str, int] | Response:
    application = _mine(number)
    filled = VersionForm(version=application.version)
    if request.method == "GET" and application.state not in enrollment.WITHDRAWABLE:
        return redirect(url_for(".show", number=number), 303)
    if not filled.validate_on_submit():
        return respond("enrollment/withdraw.html", application=application, form=filled)
    problem = attempt(lambda: enrollment.withdraw(application, version=_version(filled), by=g.person),
                      event=Event.APPLICATION_WITHDRAWN, subject=Subject.APPLICATION, subject_id=application.id)  # fmt: skip
    if problem:
        return _show(application, problem, 409)
    said("申請を取り下げました。")
    return redirect(url_for("enrollment.my"), 303)


def _mine(number: str) -> Application:
    return ledger.find(number, by=g.person) or abort(404)


def _version(form: VersionForm) -> int:
    return int(form.version.data or 0)


def _consent_form(*, submitted: bool) -> ConsentForm:
    """Filled from what was sent, or fresh and unticked for the edition in force."""
    edition = editions.in_force()
    source = {} if submitted else {"formdata": None}
    return consent_form(reader.statements(editions.document(edition)), **source)


def _terms(form: ConsentForm, application: Application | None, problem: RuleViolation | None = None,
           status: int = 200) -> tuple[str, int]:  # fmt: skip
    edition = editions.in_force()
    document = editions.document(edition)
    obstacles = organizations.obstacles(g.person)
    given = application is not None and enrollment.consented(application, edition)
    statements = reader.statements(document)
    form.presentation.data = enrollment.serve(
        edition, statements, to=g.person
    )  # each page shown is signed anew
    boxes = {(DUTIES, one.number): form[f"statement_{one.number}"] for one in statements}
    return respond("enrollment/terms.html", form=form, edition=edition, document=document, application=application,
                   boxes={} if given or obstacles else boxes, given=given, obstacles=obstacles, button=enrollment.BUTTON,
                   address_days=setting("CONSENT_ADDRESS_DAYS"),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip


def _filled(application: Application) -> ApplicationForm:
    """The form with what was sent, what was saved, or what is known of the person."""
    known, new = application, application.seal_certificate_id is None
    person, corporation = application.person, application.corporation
    filled = ApplicationForm(
        version=known.version, years=str(known.years), seal_certificate_on=known.seal_certificate_on,
        organization_unit=corporation.name_en if new else known.organization_unit_typed,
        organization_unit_ja=corporation.name if new else known.organization_unit_ja,
        common_name=known.common_name_typed, common_name_ja=known.common_name_ja,
        pin_recipient_name=person.name if new else known.pin_recipient_name,
        pin_recipient_email=person.email if new else known.pin_recipient_email,
    )  # fmt: skip
    filled.kept, filled.seal_certificate.flags.required = not new, new
    return filled


def _form(filled: ApplicationForm, application: Application, problem: RuleViolation | None = None,
          status: int = 200) -> tuple[str, int]:  # fmt: skip
    seen = ledger.preview(filled.organization_unit.data or "", filled.common_name.data or "")
    partial = "enrollment/_preview.html" if request.endpoint == "application_form.preview" else None
    return respond("enrollment/form.html", partial, form=filled, application=application, preview=seen,
                   hint=ledger.reading_hint(g.person), remarks=ledger.remarks(application),
                   months=setting("SEAL_CERTIFICATE_MONTHS"), oldest=documents.oldest_day(),
                   lost=filled.is_submitted() and not filled.kept, stale=isinstance(problem, StalePage), problem=show_at(filled, problem) if problem else None,
                   status=status)  # fmt: skip


def _entry(filled: ApplicationForm) -> enrollment.Entry:
    assert filled.seal_certificate_on.data is not None  # noqa: S101 - the form asks for it
    return enrollment.Entry(
        organization_unit=filled.organization_unit.data or "",
        organization_unit_ja=filled.organization_unit_ja.data or "",
        common_name=filled.common_name.data or "",
        common_name_ja=filled.common_name_ja.data or "",
        years=int(filled.years.data),
        pin_recipient_name=filled.pin_recipient_name.data or "",
        pin_recipient_email=filled.pin_recipient_email.data or "",
        seal_certificate_on=filled.seal_certificate_on.data,
        seal_certificate=filled.content,
    )


def _confirm(
    application: Application, problem: RuleViolation | None = None, status: int = 200
) -> tuple[str, int]:
    seen = ledger.preview(application.organization_unit_typed, application.common_name_typed)
    return respond("enrollment/confirm.html", application=application, preview=seen,
                   days=setting("SCREENING_BUSINESS_DAYS"),
                   form=VersionForm(formdata=None, version=application.version),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip


def _show(
    application: Application, problem: RuleViolation | None = None, status: int = 200
) -> tuple[str, int]:
    return respond("enrollment/show.html", application=application, months=setting("APPLICATION_LAPSE_MONTHS"),
                   remarks=ledger.remarks(application),
                   may_withdraw=application.state in enrollment.WITHDRAWABLE,
                   expected_on=ledger.expected_on(application), history=trail.for_applicant(application.id),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip
