"""One file per aggregate; constraints stand beside the columns."""

from jcanweb.models.application import Application, Comment, FieldCheck, SecondEntry
from jcanweb.models.audit import AuditEntry, AuditHead, Counter
from jcanweb.models.certificate import Certificate, Crl, Order
from jcanweb.models.consent import Consent, ConsentAddress, ConsentStatement, Receipt, ReceiptTimestamp
from jcanweb.models.delivery import Delivery
from jcanweb.models.edition import Edition, EditionApproval
from jcanweb.models.intake import Intake, IntakeRow
from jcanweb.models.mail import Mail
from jcanweb.models.measure import MeasuredDay
from jcanweb.models.officer import Custodian, Officer, OfficerInvitation, OfficerRole, WebSession
from jcanweb.models.organization import (
    AccessCode,
    AgreementEnd,
    Corporation,
    Document,
    Invitation,
    OrganizationChange,
    Person,
    Vetting,
)
from jcanweb.models.policy import PolicyApproval, PolicyDocument
from jcanweb.models.progress import FormProgress, ReadingProgress
from jcanweb.models.reconsent import Campaign, Reconsent
from jcanweb.models.recovery import Recovery, ShareOpening
from jcanweb.models.revocation import Revocation
from jcanweb.models.search import SearchEntry
from jcanweb.models.vault import Backup, BackupShare
from jcanweb.models.withdrawal import ConsentWithdrawal

__all__ = [
    "AccessCode", "AgreementEnd", "Application", "AuditEntry", "AuditHead", "Backup", "BackupShare", "Campaign", "Certificate", "Comment", "Consent",
    "ConsentAddress", "ConsentStatement", "ConsentWithdrawal", "Corporation", "Counter", "Crl", "Custodian", "Delivery",
    "Document", "Edition", "EditionApproval", "FieldCheck", "FormProgress", "Intake", "IntakeRow", "Invitation", "Mail", "MeasuredDay", "Officer",
    "OfficerInvitation", "OfficerRole", "Order", "OrganizationChange", "Person", "PolicyApproval", "PolicyDocument", "ReadingProgress",
    "Receipt", "ReceiptTimestamp", "Reconsent", "Recovery", "Revocation", "SearchEntry", "SecondEntry", "ShareOpening", "Vetting", "WebSession",
]  # fmt: skip
