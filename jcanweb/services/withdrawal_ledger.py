"""Reading withdrawals of the consent to the backup, and what was consented to."""

from sqlalchemy import select

from jcanweb.database import db
from jcanweb.models import Certificate, Consent, ConsentStatement, ConsentWithdrawal, Person

BACKUP_STATEMENT = 2
"""the statement of 第5条(2): consent to the backup"""


def of(certificate: Certificate) -> ConsentWithdrawal | None:
    """The withdrawal of the consent that this certificate's backup was kept under."""
    return db.session.scalar(
        select(ConsentWithdrawal).where(ConsentWithdrawal.certificate_id == certificate.id)
    )


def of_consent(consent_id: int) -> ConsentWithdrawal | None:
    """The withdrawal of this consent; it names the certificate."""
    return db.session.scalar(select(ConsentWithdrawal).where(ConsentWithdrawal.consent_id == consent_id))


def find(jc_number: str, *, by: Person) -> Certificate | None:
    """The person's own certificate of this number, never another's."""
    query = select(Certificate).where(Certificate.jc_number == jc_number, Certificate.person_id == by.id)
    return db.session.scalar(query)


def consent(certificate: Certificate) -> Consent:
    """What the certificate was issued under."""
    return db.session.get_one(Consent, certificate.consent_id)


def statement(certificate: Certificate) -> ConsentStatement | None:
    """The words in which the backup was consented to; None of a consent that had no such statement."""
    query = select(ConsentStatement).where(
        ConsentStatement.consent_id == certificate.consent_id, ConsentStatement.number == BACKUP_STATEMENT
    )
    return db.session.scalar(query)
