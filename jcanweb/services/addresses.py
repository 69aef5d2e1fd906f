"""The IP address that gave a consent: not kept by default, sealed where CONSENT_ADDRESS_DAYS says so, then deleted.

It stands in no receipt, no audit entry and no log. It is for the case that who consented is disputed.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from jcanweb import audit, clock, keys
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Consent, ConsentAddress
from jcanweb.vocabulary import AddressGround


def keep(consent: Consent, address: str | None) -> None:
    """Keep the address of a consent just given for as many days as are set now; none when that is 0."""
    days = setting("CONSENT_ADDRESS_DAYS")
    if days < 1 or not address:
        return
    sealed = keys.sealer().seal(address.encode(), _context(consent))
    day = jst_date(consent.given_at) + timedelta(days=days)
    db.session.add(ConsentAddress(consent_id=consent.id, sealed=sealed, delete_on=day))
    flush()


def opened(number: str, *, ground: AddressGround, by: str) -> list[tuple[datetime, str]]:
    """When and from where each consent was given, of a 受付番号 or `consent:17`; empty where nothing is kept.

    Each address that is shown is recorded, on which ground, without the address.
    """
    query = select(Consent, ConsentAddress).join(ConsentAddress, ConsentAddress.consent_id == Consent.id)
    query = query.where(ConsentAddress.delete_on > jst_date(clock.now())).order_by(Consent.id)
    kind, _, consent_id = number.partition(":")
    if kind == "consent" and consent_id.isdecimal():
        query = query.where(Consent.id == int(consent_id))
    else:
        query = query.join(Application, Application.id == Consent.application_id).where(
            Application.number == number
        )
    found = []
    for consent, kept in db.session.execute(query):
        found.append((consent.given_at, keys.sealer().open(kept.sealed, _context(consent)).decode()))
        audit.record(
            Event.ADDRESS_OPENED, Subject.PERSON, consent.person_id, by=by, consent=consent.id, ground=ground
        )
    return found


def delete_due() -> None:
    """Delete what was kept as long as it was said; how many is recorded."""
    due = delete(ConsentAddress).where(ConsentAddress.delete_on <= jst_date(clock.now()))
    gone = db.session.scalars(due.returning(ConsentAddress.id)).all()
    if gone:
        audit.record(Event.ADDRESS_DELETED, Subject.INSTALLATION, 1, by=None, count=len(gone))


def _context(consent: Consent) -> str:
    return f"consent_address:{consent.id}"
