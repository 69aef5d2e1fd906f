"""Keeping a consent, by either way in: looked at as it was served, kept with its statements and its signed receipt."""

from sqlalchemy import select

from jcanweb import audit, clock, states
from jcanweb import terms as reader
from jcanweb.database import db, flush, lock
from jcanweb.errors import ConsentMissing, PresentationExpired, TermsChanged
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Campaign, Consent, ConsentStatement, Edition, Person, Reconsent
from jcanweb.pki.presentation import Presentation
from jcanweb.services import presentation, receipts, terms
from jcanweb.vocabulary import ConsentKind, ReconsentState


def look_at(served: str, accepted: set[int], *, edition: Edition, button: str, by: Person) -> Presentation:
    """What was served to this person, when it was this edition with this button and every statement is accepted.

    Raises PresentationRefused, TermsChanged when another edition was served, ConsentMissing.
    """
    shown = presentation.read(served, by=by)
    if (edition.version, edition.sha256) != (shown.edition_version, shown.edition_sha256):
        raise TermsChanged()
    statements = reader.statements(terms.document(edition))
    if (shown.statements, shown.button) != (presentation.statements(statements), button):
        raise PresentationExpired()  # of an older version of this program, or of another page
    if accepted != {statement.number for statement in statements}:
        raise ConsentMissing()
    return shown


def is_used(nonce: str) -> bool:
    """Was a consent given by the presentation with this nonce?"""
    return db.session.scalar(select(Consent.id).where(Consent.nonce == nonce)) is not None


def keep(shown: Presentation, served: str, *, edition: Edition, application: Application | None = None,
         about: tuple[Subject, int], by: Person) -> Consent:  # fmt: skip
    """Write the consent that `look_at` has let through, with its receipt; what was asked of the person is agreed to.

    `about`: what its audit entry is about. The caller holds the person's row.
    """
    kind = ConsentKind.APPLICATION if application else ConsentKind.RECONSENT
    consent = Consent(kind=kind, person_id=by.id, edition_id=edition.id, edition_sha256=edition.sha256,
                      application_id=application.id if application else None, button=shown.button,
                      locale=shown.locale, given_at=clock.now(), presentation=served, nonce=shown.nonce)  # fmt: skip
    consent.edition = edition
    consent.statements = [
        ConsentStatement(number=one.number, verb=one.verb, words=one.text)
        for one in reader.statements(terms.document(edition))
    ]
    if application is None:
        db.session.add(consent)
    else:
        application.consents.append(consent)
    flush()
    entry, head = audit.record_placed(
        Event.CONSENT_GIVEN, *about, by=by, consent=consent.id, edition=edition.id, edition_sha256=edition.sha256,
        statements=[one.number for one in shown.statements])  # fmt: skip
    receipts.make(consent, shown, application=application, by=by, entry=entry, head=head)
    _agree(consent)
    return consent


def _agree(consent: Consent) -> None:
    """Whichever way it was given, the person need not be asked for this edition any more."""
    query = select(Reconsent).join(Campaign).where(Campaign.edition_id == consent.edition_id)
    asked = db.session.scalar(query.where(Reconsent.person_id == consent.person_id))
    if asked is None:
        return
    lock(asked)
    if asked.state is ReconsentState.AGREED or asked.decided_at is not None:
        return
    states.move(asked, ReconsentState.AGREED)
    asked.answered_at, asked.consent_id, asked.mail_due_at = consent.given_at, consent.id, None
    flush()
