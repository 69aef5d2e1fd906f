"""The application, one thing a page: terms, form, confirmation, what became of it, withdrawal."""

from typing import Any

from flask import Blueprint, abort, g, redirect, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from jcanweb import clock, mail
from jcanweb import terms as reader
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.errors import (
    AlreadySubmitted,
    ConsentMissing,
    PresentationRefused,
    RuleViolation,
    StalePage,
    TermsChanged,
)
from jcanweb.events import Event, Subject
from jcanweb.forms.enrollment import ApplicationForm, ConsentForm, consent_form
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import show as show_at
from jcanweb.models import Application, Edition
from jcanweb.permissions import applicant
from jcanweb.services import documents, enrollment, organizations, progress, trail
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services import terms as editions
from jcanweb.terms.statements import DUTIES
from jcanweb.web import TEXT_SIZES, attempt, respond, said

blueprint = Blueprint("application_form", __name__)
TAKES_A_FILE = {"application_form.form", "application_form.preview", "application_form.later"}


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
    if request.method == "GET":
        return _terms(_consent_form(ticked=_ticked()), application)
    form = _consent_form(submitted=True)
    served = form.presentation.data or ""
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
        shown = enrollment.edition_shown(served, by=g.person) if anew else None
        return _terms(_consent_form() if anew else form, application, problem, 409, shown=shown)
    progress.discard_reading(g.person)
    return redirect(url_for(".form", number=made[0].number), 303)


@blueprint.post("/apply/terms/progress", defaults={"number": None})
@blueprint.post("/apply/terms/<number>/progress")
@applicant
def reading(number: str | None) -> Response:
    """Ticks, place and size of the text are kept for coming back; a tick kept is no consent."""
    application, form = _mine(number) if number else None, _consent_form(submitted=True)
    article, size = int(form.article.data or 0), form.text_size.data
    progress.keep_reading(
        int(form.edition.data or 0), form.accepted(), article=article, application=application, by=g.person
    )
    if size in TEXT_SIZES:
        session["text_size"] = size
    anchor = _after(article) if article else "sizes" if size else "_open"
    return redirect(url_for(".terms", number=number, _anchor=anchor), 303)


@blueprint.route("/apply/form/<number>", methods=["GET", "POST"])
@applicant
def form(number: str) -> tuple[str, int] | Response:
    application = _mine(number)
    if request.method == "GET" and application.state not in enrollment.EDITABLE:
        return redirect(url_for(".show", number=number), 303)
    if (
        request.method == "GET" and not application.consents
    ):  # filled in by an officer, or from what is renewed
        return redirect(url_for(".terms", number=number), 303)
    filled = _filled(application)
    if not filled.validate_on_submit():
        return _form(filled, application, status=422 if filled.is_submitted() else 200)
    begun = progress.form(application)
    earlier = documents.content(begun.seal_certificate) if begun and begun.seal_certificate else None
    problem = attempt(lambda: enrollment.save(application, filled.entry(earlier), version=_version(filled), by=g.person),
                      event=Event.APPLICATION_EDITED, subject=Subject.APPLICATION, subject_id=application.id)  # fmt: skip
    if isinstance(problem, AlreadySubmitted):
        return _show(application, problem, 409)
    if problem:
        return _form(filled, application, problem, 409)
    progress.discard_form(application)
    return redirect(url_for(".confirm", number=number), 303)


@blueprint.post("/apply/form/<number>/later")
@applicant
def later(number: str) -> tuple[str, int] | Response:
    """What is typed so far is kept, unchecked, for coming back; nothing is handed in."""
    application = _mine(number)
    filled = _filled(application)
    problem = attempt(lambda: progress.keep_form(application, filled.typed(), paper=filled.sent_file(), version=_version(filled)),
                      event=Event.APPLICATION_EDITED, subject=Subject.APPLICATION, subject_id=application.id)  # fmt: skip
    if isinstance(problem, AlreadySubmitted):
        return _show(application, problem, 409)
    if problem:
        return _form(filled, application, problem, 409)
    return redirect(url_for(".form", number=number, _anchor="_saved"), 303)


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
    if isinstance(problem, TermsChanged | ConsentMissing):
        return _terms(_consent_form(), application, problem, 409)
    if problem:
        return _confirm(application, problem, 409)
    progress.discard_form(application)
    mail.send(g.person.email, "application_received", person=g.person, application=application,
              expected_on=ledger.expected_on(application))  # fmt: skip
    if ledger.unfinished(g.person):
        said(f"申請 {number} を受け付けました。続けて、次の申請を提出できます。")
        return redirect(url_for("enrollment.my"), 303)
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
    progress.discard_form(application)
    said("申請を取り下げました。")
    return redirect(url_for("enrollment.my"), 303)


def _mine(number: str) -> Application:
    return ledger.find(number, by=g.person) or abort(404)


def _version(form: VersionForm) -> int:
    return int(form.version.data or 0)


def _consent_form(*, submitted: bool = False, ticked: frozenset[int] = frozenset()) -> ConsentForm:
    """For the edition in force: filled from what was sent, or fresh with these ticks of an earlier time."""
    statements = reader.statements(editions.document(editions.in_force()))
    if submitted:
        return consent_form(statements)
    return consent_form(statements, formdata=None, data={f"statement_{number}": True for number in ticked})


def _ticked() -> frozenset[int]:
    """What the person has ticked so far of the edition in force; the ticks of another are not taken over."""
    kept = progress.reading(g.person)
    return frozenset(kept.ticked) if kept and kept.edition_id == editions.in_force().id else frozenset()


def _after(article: int) -> str:
    """The anchor of what is read next."""
    numbers = [one.number for one in editions.document(editions.in_force()).articles]
    return next((f"article-{number}" for number in sorted(numbers) if number > article), "accept")


def _terms(form: ConsentForm, application: Application | None, problem: RuleViolation | None = None,
           status: int = 200, shown: Edition | None = None) -> tuple[str, int]:  # fmt: skip
    """`shown`: the edition that the person has just tried to accept, when that is no longer in force."""
    edition, kept = editions.in_force(), progress.reading(g.person)
    document = editions.document(edition)
    obstacles = organizations.obstacles(g.person)
    given = application is not None and enrollment.consented(application, edition)
    statements = reader.statements(document)
    form.presentation.data = enrollment.serve(
        edition, statements, to=g.person
    )  # each page shown is signed anew
    form.edition.data = str(edition.id)
    before = shown or ledger.known_edition(application, kept)
    old = editions.document(before) if before and before.id != edition.id else None
    return respond("enrollment/terms.html", "enrollment/_open.html", form=form, edition=edition, document=document,
                   application=application, boxes={} if given or obstacles else form.boxes(), given=given, obstacles=obstacles,
                   button=enrollment.BUTTON, before=before if old else None,
                   comparison=reader.compare(old, document) if old else None,
                   same={(DUTIES, one.number) for one in set(statements) & set(reader.statements(old))} if old else set(),
                   kept=kept if kept and kept.edition_id == edition.id else None,
                   moved=kept is not None and kept.edition_id != edition.id,
                   resume=_after(kept.article) if kept and kept.article else None,
                   address_days=setting("CONSENT_ADDRESS_DAYS"),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip


def _filled(application: Application) -> ApplicationForm:
    """The form with what was sent, what was typed before, what was saved, or what is known of the person."""
    known, new, begun = application, not application.organization_unit_typed, progress.form(application)
    person, corporation = application.person, application.corporation
    before = begun.typed | {"version": str(known.version)} if begun and request.method == "GET" else None
    filled = ApplicationForm(
        **({"formdata": MultiDict(before)} if before else {}),
        version=known.version, years=str(known.years), seal_certificate_on=known.seal_certificate_on,
        organization_unit=corporation.name_en if new else known.organization_unit_typed,
        organization_unit_ja=corporation.name if new else known.organization_unit_ja,
        common_name=known.common_name_typed, common_name_ja=known.common_name_ja,
        pin_recipient_name=person.name if new else known.pin_recipient_name,
        pin_recipient_email=person.email if new else known.pin_recipient_email,
    )  # fmt: skip
    filled.kept = known.seal_certificate_id is not None or bool(begun and begun.seal_certificate_id)
    filled.seal_certificate.flags.required = not filled.kept
    return filled


def _form(filled: ApplicationForm, application: Application, problem: RuleViolation | None = None,
          status: int = 200) -> tuple[str, int]:  # fmt: skip
    seen = ledger.preview(filled.organization_unit.data or "", filled.common_name.data or "")
    partial = "_preview" if request.endpoint == "application_form.preview" else "_saved"
    return respond("enrollment/form.html", f"enrollment/{partial}.html", form=filled, application=application, preview=seen, begun=progress.form(application),
                   hint=ledger.reading_hint(g.person), remarks=ledger.remarks(application),
                   months=setting("SEAL_CERTIFICATE_MONTHS"), oldest=documents.oldest_day(),
                   lost=filled.is_submitted() and not filled.kept, stale=isinstance(problem, StalePage), problem=show_at(filled, problem) if problem else None,
                   status=status)  # fmt: skip


def _confirm(
    application: Application, problem: RuleViolation | None = None, status: int = 200
) -> tuple[str, int]:
    seen = ledger.preview(application.organization_unit_typed, application.common_name_typed)
    return respond("enrollment/confirm.html", application=application, preview=seen, begun=progress.form(application),
                   days=setting("SCREENING_BUSINESS_DAYS"),
                   form=VersionForm(formdata=None, version=application.version),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip


def _show(
    application: Application, problem: RuleViolation | None = None, status: int = 200
) -> tuple[str, int]:
    expected_on = ledger.expected_on(application)
    return respond("enrollment/show.html", application=application, late=expected_on is not None and expected_on < jst_date(clock.now()), months=setting("APPLICATION_LAPSE_MONTHS"),
                   remarks=ledger.remarks(application),
                   holding=ledger.holding(application), lapses_on=ledger.lapses_on(application),
                   may_withdraw=application.state in enrollment.WITHDRAWABLE,
                   expected_on=expected_on, history=trail.for_applicant(application.id),
                   problem=problem.sentence if problem else None, status=status)  # fmt: skip
