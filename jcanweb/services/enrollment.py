"""What an applicant does with an application: consent, draft, edit, submit, withdraw (第5条, product.md §3-§5)."""

import hashlib

from jcanweb import audit, clock, states
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
)
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Certificate, Edition, Officer, Person
from jcanweb.services import (
    addresses,
    consents,
    documents,
    lead_time,
    organizations,
    presentation,
    renewal,
    terms,
)
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services.enrollment_entries import Content, Entry, content_values, entry_values
from jcanweb.vocabulary import ApplicationKind, ApplicationState

BUTTON = "以上をすべて承諾して、申請に進む"
"""Characters of OU2 and CN as typed: 64 and room for blanks that are taken out."""
EDITABLE = frozenset({ApplicationState.DRAFT, ApplicationState.RETURNED})
TAKEN_OVER = (
    "organization_unit_typed", "organization_unit", "organization_unit_ja", "common_name_typed", "common_name",
    "common_name_ja", "years", "pin_recipient_name", "pin_recipient_email",
)  # fmt: skip
"""What a renewal begins with; the 印鑑証明書 is handed in anew, the rest may be changed."""
WITHDRAWABLE = EDITABLE | {ApplicationState.SUBMITTED, ApplicationState.SCREENING, ApplicationState.APPROVED}


def serve(edition: Edition, statements: tuple[reader.Statement, ...], *, to: Person) -> str:
    """The statements as they are about to be shown on one page: the text of its hidden field."""
    return presentation.serve(edition, statements, button=BUTTON, to=to)


def accept(served: str, accepted: set[int], *, application: Application | None = None, address: str | None = None,
           by: Person) -> Application:  # fmt: skip
    """Keep the consent to every statement that was served, with its receipt and the draft it belongs to.

    Without `application` a draft is begun; a person begins one at a time, so a second click finds it.
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


def renew(certificate: Certificate, *, by: Person) -> Application:
    """A draft that renews it, with the data of its application; the person's own draft for it, if there is one.

    The terms are accepted for it next, by its number. Raises NotEligible, RenewalRefused.
    """
    lock(by)
    organizations.check_eligible(by)
    begun = renewal.draft(certificate, by=by)
    if begun is not None:
        return begun
    renewal.check(certificate)
    return _begin(by, renewing=certificate)


def draft(person: Person, content: Content, *, by: Officer) -> Application:
    """A draft that an officer fills in for the person, who reads the terms, adds the 印鑑証明書 and hands it in.

    Raises NotEligible, and FieldRefused with the field's name for the first value that cannot stand.
    """
    organizations.check_eligible(person)
    values = content_values(content)
    application = _begin(person, by=by)
    for name, value in values.items():
        setattr(application, name, value)
    flush()
    return application


def _begin(person: Person, *, renewing: Certificate | None = None, by: Officer | None = None) -> Application:
    """An empty draft, or one that holds what the renewed certificate was issued on; it has no consent yet."""
    kind = ApplicationKind.RENEWAL if renewing else renewal.kind(person.corporation_id)
    known = {name: getattr(renewing.application, name) for name in TAKEN_OVER} if renewing else {}
    application = Application(
        number=f"A-{next_number('application'):06d}", person_id=person.id, kind=kind,
        renewal_of_id=renewing.id if renewing else None, corporation_id=person.corporation_id,
        state=ApplicationState.DRAFT, drafted_at=clock.now(), **known,
    )  # fmt: skip
    db.session.add(application)
    flush()
    audit.record(
        Event.APPLICATION_DRAFTED, Subject.APPLICATION, application.id, by=by or person, person=person.id
    )
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
    values = entry_values(entry)
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

    Raises AlreadySubmitted, StalePage, NotEligible, RenewalRefused, FieldRefused, ConsentMissing, and TermsChanged
    when the consent is to an edition that is no longer in force.
    """
    lock(application)
    if application.state not in EDITABLE:
        raise AlreadySubmitted()
    if application.version != version:
        raise StalePage()
    organizations.check_eligible(by)
    _settle_kind(application)
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
                 revision=application.revision, kind=application.kind.value,
                 renewal_of=application.renewal_of_id)  # fmt: skip


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


def _settle_kind(application: Application) -> None:
    """Nobody else has renewed it meanwhile; or whether the corporation's first has been issued meanwhile."""
    renewed = application.renewal_of
    if renewed is not None:
        lock(renewed)
        renewal.check(renewed, application=application)
    else:
        application.kind = renewal.kind(application.corporation_id)


def _check_complete(application: Application) -> None:
    """A draft saved once holds checked values; only what the days change is looked at anew."""
    if application.seal_certificate_id is None or application.seal_certificate_on is None:
        raise FieldRefused("申請内容がまだ入力されていません。入力してから提出してください。")
    documents.check_issued_on(application.seal_certificate_on)
