"""When a CECTRUST-Light agreement is not in force any more: by a change, by an import, or because its last day passed.

The end is noticed here; `cessation` opens the decisions on its certificates (product.md §4).
"""

from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from jcanweb import audit, clock
from jcanweb.calendar import jst_date
from jcanweb.database import db, flush
from jcanweb.events import Event, Subject
from jcanweb.models import AgreementEnd, Certificate, Corporation, Officer, Revocation
from jcanweb.vocabulary import AgreementState, RevocationState

NOTICED = 100
"""corporations whose last day has passed, in one transaction"""


def cause(state: AgreementState, until: date | None) -> AgreementState | None:
    """Why such an agreement is not in force any more today (Japan): suspended or ended; None while it is."""
    if until is not None and until < jst_date(clock.now()):
        return AgreementState.ENDED
    return None if state is AgreementState.ACTIVE else state


def open_end(corporation: Corporation) -> AgreementEnd | None:
    """The end of this agreement that has not been lifted."""
    query = select(AgreementEnd).where(
        AgreementEnd.corporation_id == corporation.id, AgreementEnd.lifted_at.is_(None)
    )
    return db.session.scalar(query)


def concerned(corporation: Corporation, state: AgreementState, until: date | None) -> int:
    """How many living certificates would await a decision anew if the agreement became such."""
    because = cause(state, until)
    if because is None or not _another(open_end(corporation), because):
        return 0
    undecided = ~exists().where(
        Revocation.certificate_id == Certificate.id, Revocation.state != RevocationState.REFUSED
    )
    query = select(func.count()).where(
        Certificate.corporation_id == corporation.id, Certificate.living(clock.now()), undecided
    )
    return db.session.scalar(query) or 0


def settle(corporation: Corporation, *, by: Officer | None) -> None:
    """Notice that the agreement has ended, was suspended, or is in force again; twice the same adds nothing.

    An end after a suspension is another end: what was left alive over the suspension is decided on anew. The
    corporation is locked by the caller. `by`: None when the day has come.
    """
    because, before = cause(corporation.agreement_state, corporation.agreement_to), open_end(corporation)
    who, at = by.id if by else None, clock.now()
    ends = because is not None and _another(before, because)
    if before is not None and (ends or because is None):
        before.lifted_by, before.lifted_at = who, at
        flush()
    if because is not None and ends:
        end = AgreementEnd(corporation_id=corporation.id, cause=because, noticed_by=who, noticed_at=at)
        db.session.add(end)
        flush()
        audit.record(
            Event.AGREEMENT_ENDED, Subject.CORPORATION, corporation.id, by=by, end=end.id, cause=because
        )
    elif because is None and before is not None:
        audit.record(Event.AGREEMENT_RESUMED, Subject.CORPORATION, corporation.id, by=by, end=before.id)


def settle_some() -> bool:
    """Notice up to NOTICED agreements whose last day has passed; False when there is none."""
    noticed = exists().where(
        AgreementEnd.corporation_id == Corporation.id, AgreementEnd.lifted_at.is_(None),
        AgreementEnd.cause == AgreementState.ENDED,
    )  # fmt: skip
    query = select(Corporation).where(
        Corporation.agreement_state.in_([AgreementState.ACTIVE, AgreementState.SUSPENDED]),
        Corporation.agreement_to < jst_date(clock.now()), ~noticed,
    )  # fmt: skip
    query = query.order_by(Corporation.agreement_to, Corporation.id).limit(NOTICED)
    found = db.session.scalars(query.with_for_update(skip_locked=True)).all()
    for corporation in found:
        settle(corporation, by=None)
    return bool(found)


def awaiting() -> ColumnElement[bool]:
    """Of a certificate and an end of its corporation's agreement: it lives and no decision on it is open or was made."""
    known = exists().where(
        Revocation.certificate_id == Certificate.id,
        or_(Revocation.state != RevocationState.REFUSED, Revocation.received_upon == AgreementEnd.id),
    )
    return and_(AgreementEnd.lifted_at.is_(None), Certificate.living(clock.now()), ~known)


def _another(before: AgreementEnd | None, because: AgreementState) -> bool:
    return before is None or (before.cause is AgreementState.SUSPENDED and because is AgreementState.ENDED)
