"""What an applicant does with an application: consent, draft, edit, submit, withdraw (第5条, product.md §3-§5)."""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from jcanweb import audit, clock, names, states
from jcanweb import terms as reader
from jcanweb.database import db, flush, lock, next_number
from jcanweb.errors import (
    AlreadySubmitted,
    ConsentMissing,
    FieldRefused,
    PresentationRefused,
    PresentationUsed,
    StalePage,
    TermsChanged,
    at_field,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Edition, Person
from jcanweb.services import addresses, consents, documents, lead_time, organizations, presentation, terms
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.vocabulary import ApplicationState

BUTTON = "以上をすべて承諾して、申請に進む"
LONGEST_TYPED = 200
"""Characters of OU2 and CN as typed: 64 and room for blanks that are taken out."""
EDITABLE = frozenset({ApplicationState.DRAFT, ApplicationState.RETURNED})
WITHDRAWABLE = EDITABLE | {ApplicationState.SUBMITTED, ApplicationState.SCREENING, ApplicationState.APPROVED}


@dataclass(frozen=True)
class Entry:
    """The form as typed. `seal_certificate` are the bytes of a new PDF, None to keep the one handed in."""

    organization_unit: str
    organization_unit_ja: str
    common_name: str
    common_name_ja: str
    years: int
    pin_recipient_name: str
    pin_recipient_email: str
    seal_certificate_on: date
    seal_certificate: bytes | None = field(default=None, repr=False)


def serve(edition: Edition, statements: tuple[reader.Statement, ...], *, to: Person) -> str:
    """The statements as they are about to be shown on one page: the text of its hidden field."""
    return presentation.serve(edition, statements, button=BUTTON, to=to)


def accept(served: str, accepted: set[int], *, application: Application | None = None, address: str | None = None,
           by: Person) -> Application:  # fmt: skip
    """Keep the consent to every statement that was served, with its receipt and the draft it belongs to.

    Without `application` a draft is begun; a person has one draft at a time, so a second click finds it.
    `address`: the IP address it came from, kept only where a setting says so.
    Raises NotEligible; PresentationRefused when `served` is not what `serve` gave to this person, or was accepted
    before for another application; TermsChanged when another edition is in force; ConsentMissing when not all were
    accepted; AlreadySubmitted for an application that is not being edited.
    """
    lock(by)
    organizations.check_eligible(by)
    edition = terms.lock_in_force()
    shown = consents.look_at(served, accepted, edition=edition, button=BUTTON, by=by)
    draft = application or ledger.drafted(by) or _begin(by)
    lock(draft)
    if draft.state not in EDITABLE:
        raise AlreadySubmitted()
    if consented(draft, edition):
        return draft
    if consents.is_used(shown.nonce):
        raise PresentationUsed()
    given = consents.keep(
        shown, served, edition=edition, application=draft, about=(Subject.APPLICATION, draft.id), by=by
    )
    addresses.keep(given, address)
    return draft


def is_current(served: str, *, by: Person) -> bool:
    """Was this page served to this person, and are its statements those in force?"""
    try:
        shown = presentation.read(served, by=by)
    except PresentationRefused:
        return False
    edition = terms.in_force()
    return (shown.edition_version, shown.edition_sha256) == (edition.version, edition.sha256)


def edition_shown(served: str, *, by: Person) -> Edition | None:
    """The edition of the page that was served to this person; None when it is not told."""
    try:
        shown = presentation.read(served, by=by)
    except PresentationRefused:
        return None
    return terms.of_digest(shown.edition_version, shown.edition_sha256)


def _begin(person: Person) -> Application:
    application = Application(
        number=f"A-{next_number('application'):06d}", person_id=person.id,
        corporation_id=person.corporation_id, state=ApplicationState.DRAFT, drafted_at=clock.now(),
    )  # fmt: skip
    db.session.add(application)
    flush()
    audit.record(Event.APPLICATION_DRAFTED, Subject.APPLICATION, application.id, by=person, person=person.id)
    return application


def consented(application: Application, edition: Edition) -> bool:
    """Is the newest consent of the application one to this very edition?"""
    newest = application.consents[-1] if application.consents else None
    return newest is not None and (newest.edition_id, newest.edition_sha256) == (edition.id, edition.sha256)


def save(application: Application, entry: Entry, *, version: int, by: Person) -> None:
    """Keep the form. On a returned application every edit raises the revision and voids the screening.

    Sending the same once more changes nothing. Raises AlreadySubmitted, StalePage, and FieldRefused with
    the field's name for the first value that cannot stand.
    """
    lock(application)
    if application.state not in EDITABLE:
        raise AlreadySubmitted()
    values = _values(entry)
    held = application.seal_certificate.sha256 if application.seal_certificate else ""
    paper = entry.seal_certificate
    new_paper = paper is not None and hashlib.sha256(paper).hexdigest() != held
    if not held and paper is None:
        raise FieldRefused("印鑑証明書のPDFを選んでください。", field="seal_certificate")
    changed = [name for name, value in values.items() if getattr(application, name) != value]
    if not changed and not new_paper:
        return
    if application.version != version:
        raise StalePage()
    for name in changed:
        setattr(application, name, values[name])
    if paper is not None and new_paper:
        application.seal_certificate = documents.keep(paper, by=by)
        changed.append("seal_certificate")
    if application.state is ApplicationState.RETURNED:
        application.revision += 1
        application.screened_by = application.screened_at = None
    flush()
    audit.record(Event.APPLICATION_EDITED, Subject.APPLICATION, application.id, by=by, fields=changed,
                 revision=application.revision)  # fmt: skip


def submit(application: Application, *, version: int, by: Person) -> None:
    """Hand the application in. Everything is looked at again as it is now.

    Raises AlreadySubmitted, StalePage, NotEligible, FieldRefused, ConsentMissing, and TermsChanged when the
    consent is to an edition that is no longer in force.
    """
    lock(application)
    if application.state not in EDITABLE:
        raise AlreadySubmitted()
    if application.version != version:
        raise StalePage()
    organizations.check_eligible(by)
    _check_complete(application)
    edition = terms.lock_in_force()
    if not application.consents:
        raise ConsentMissing()
    if not consented(application, edition):
        raise TermsChanged(
            "承諾のあとに利用規約が改定されました。新しい規約を一項目ずつ承諾してから提出してください。"
        )
    states.move(application, ApplicationState.SUBMITTED)
    application.submitted_at = clock.now()
    lead_time.begin(application)
    flush()
    audit.record(Event.APPLICATION_SUBMITTED, Subject.APPLICATION, application.id, by=by,
                 revision=application.revision)  # fmt: skip


def withdraw(application: Application, *, version: int, by: Person) -> None:
    """Take the application back, for good. Raises StalePage, or AlreadySubmitted once the CA has been asked."""
    lock(application)
    if application.state not in WITHDRAWABLE:
        raise AlreadySubmitted(
            "この申請は発行の手続きに入っているか、手続きが終わっているため、取り下げられません。"
        )
    if application.version != version:
        raise StalePage()
    states.move(application, ApplicationState.WITHDRAWN)
    application.withdrawn_at = clock.now()
    lead_time.end(application)
    flush()
    audit.record(Event.APPLICATION_WITHDRAWN, Subject.APPLICATION, application.id, by=by)


def subject_text(typed: str) -> str:
    """The certificate's text of an OU2 or CN that may be kept as typed. Raises NameRefused, FieldRefused."""
    text = names.certificate_text(typed)
    if len(typed) > LONGEST_TYPED:
        raise FieldRefused(
            f"空白が多すぎます。空白を含めて{LONGEST_TYPED}文字以内で入力してください（いま {len(typed)} 文字）。"
        )
    return text


def _values(entry: Entry) -> dict[str, object]:
    """The columns of an entry; one check for each field, the same for every way in."""
    if entry.years not in (1, 2):
        raise FieldRefused("有効期間は1年または2年を選んでください。", field="years")
    documents.check_issued_on(entry.seal_certificate_on)
    if entry.seal_certificate is not None:
        documents.check_pdf(entry.seal_certificate)
    return {
        "organization_unit_typed": entry.organization_unit,
        "organization_unit": at_field("organization_unit", subject_text, entry.organization_unit),
        "organization_unit_ja": _name(
            "organization_unit_ja", entry.organization_unit_ja, "会社名・組織名（日本語）"
        ),
        "common_name_typed": entry.common_name,
        "common_name": at_field("common_name", subject_text, entry.common_name),
        "common_name_ja": _name("common_name_ja", entry.common_name_ja, "部署・役職または氏名（日本語）"),
        "years": entry.years,
        "pin_recipient_name": _name("pin_recipient_name", entry.pin_recipient_name, "PIN送付先の氏名"),
        "pin_recipient_email": at_field(
            "pin_recipient_email", names.normalise_email, entry.pin_recipient_email
        ),
        "seal_certificate_on": entry.seal_certificate_on,
    }


def _name(column: str, typed: str, word: str) -> str:
    return at_field(column, names.check_name, typed, word)


def _check_complete(application: Application) -> None:
    """A draft saved once holds checked values; only what the days change is looked at anew."""
    if application.seal_certificate_id is None or application.seal_certificate_on is None:
        raise FieldRefused("申請内容がまだ入力されていません。入力してから提出してください。")
    documents.check_issued_on(application.seal_certificate_on)
