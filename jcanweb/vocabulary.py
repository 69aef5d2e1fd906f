"""Every enum of the domain. Words follow RFC 3647, 5280, 6960 and 7292.

Permission = noun:verb. Event = the same noun with a past participle; `EVENT_FACTS` in audit.py
fixes which facts each event carries.
"""

from enum import StrEnum


class EditionState(StrEnum):
    """Of an edition of the terms or a CP document; follows from the approvals and the day, never stored."""

    DRAFT = "draft"
    UNUSED = "unused"
    """A draft whose version was approved with another text."""
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    FORMER = "former"


class ApplicationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCREENING = "screening"
    RETURNED = "returned"
    APPROVED = "approved"
    ISSUING = "issuing"
    ISSUED = "issued"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class ApplicationKind(StrEnum):
    NEW = "new"
    """The corporation's first."""
    ADDITIONAL = "additional"
    RENEWAL = "renewal"
    """Of a certificate near or past its end; always a new JC-number."""


class Condition(StrEnum):
    """What an application must satisfy before a certificate may be issued on it (第2条, product.md §4)."""

    AGREEMENT = "agreement"
    AUTHORITY = "authority"
    DELEGATION = "delegation"
    VETTING = "vetting"
    CONSENT = "consent"
    SEAL_CERTIFICATE = "seal_certificate"
    KIND = "kind"


class Standing(StrEnum):
    """How an application stands to a condition."""

    MET = "met"
    UNMET = "unmet"
    OPEN = "open"
    """Nobody can say before an officer has looked."""


class CertificateState(StrEnum):
    """Expiry is computed from not_after, never stored."""

    ISSUED = "issued"
    DELIVERED = "delivered"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class OrderState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


class OrderFailure(StrEnum):
    """Why an order came to no certificate; all but the first two left one at the CA that was then revoked."""

    REFUSED = "refused"
    NOT_ISSUED = "not_issued"
    INTERRUPTED = "interrupted"
    DIFFERS = "differs"
    NOT_SEALED = "not_sealed"
    LATE = "late"


class RevocationState(StrEnum):
    RECEIVED = "received"
    DECIDED = "decided"
    REFUSED = "refused"
    EXECUTED = "executed"


class RecoveryState(StrEnum):
    REQUESTED = "requested"
    AUTHORIZED = "authorized"
    OPENED = "opened"
    DECLINED = "declined"
    LAPSED = "lapsed"


class ConsentKind(StrEnum):
    APPLICATION = "application"
    RECONSENT = "reconsent"


class ReconsentState(StrEnum):
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"


class ReconsentDecision(StrEnum):
    """What follows a refusal."""

    REVOKE = "revoke"
    KEEP = "keep"
    """The certificates stay as they are until they expire."""


class CheckedField(StrEnum):
    ORGANIZATION_UNIT = "organization_unit"
    COMMON_NAME = "common_name"
    PIN_RECIPIENT = "pin_recipient"
    SEAL_CERTIFICATE = "seal_certificate"


class PaperPoint(StrEnum):
    """What of a 印鑑証明書 is compared by an officer."""

    CORPORATION_NAME = "corporation_name"
    REPRESENTATIVE = "representative"
    ISSUED_ON = "issued_on"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"


class Stage(StrEnum):
    """What an application waits for at the registration authority."""

    RECEPTION = "reception"
    SCREENING = "screening"
    APPROVAL = "approval"
    ISSUANCE = "issuance"


class Interval(StrEnum):
    """How the period of a report is divided."""

    WEEK = "week"
    MONTH = "month"


class Authority(StrEnum):
    REPRESENTATIVE = "representative"
    DELEGATE = "delegate"


class DelegationScope(StrEnum):
    """What the representative has entrusted a delegate with."""

    ALL = "all"
    APPLICATIONS = "applications"
    NOTICES = "notices"
    """Declarations and requests to revoke; no application."""


class VettingKind(StrEnum):
    """What was looked into: that the corporation exists, that a person may act for it."""

    ORGANIZATION = "organization"
    AUTHORITY = "authority"


class ChangedField(StrEnum):
    """What of a corporation or its people can change; the names of the columns."""

    CORPORATE_NUMBER = "corporate_number"
    COMPANY_ID = "company_id"
    NAME = "name"
    NAME_KANA = "name_kana"
    NAME_EN = "name_en"
    REPRESENTATIVE = "representative"
    AGREEMENT_STATE = "agreement_state"
    AGREEMENT_FROM = "agreement_from"
    AGREEMENT_TO = "agreement_to"
    EMAIL = "email"
    AUTHORITY = "authority"
    DELEGATED_FROM = "delegated_from"
    DELEGATED_TO = "delegated_to"
    DELEGATION_SCOPE = "delegation_scope"
    DELEGATION_DOCUMENT = "delegation_document"


class AgreementState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class IntakeKind(StrEnum):
    """What the rows of a file are."""

    CORPORATIONS = "corporations"
    APPLICATIONS = "applications"


class RowResult(StrEnum):
    """What a row of a file would do, and then what became of it."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    DONE = "done"


class SecretKind(StrEnum):
    """The two things that are never in one hand."""

    PFX = "pfx"
    PIN = "pin"


class CustodianGroup(StrEnum):
    """The three disjoint groups: key custodians, PIN custodians, security officers."""

    KEY = "key"
    PIN = "pin"
    SECURITY = "security"


class RevocationReason(StrEnum):
    """RFC 5280 section 5.3.1; removeFromCRL and certificateHold are not used here."""

    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    UNSPECIFIED = "unspecified"


class RevocationRequester(StrEnum):
    SUBSCRIBER = "subscriber"
    CORPORATION = "corporation"
    CERTIFICATION_AUTHORITY = "certification_authority"
    REGISTRATION_AUTHORITY = "registration_authority"


class RecoveryGround(StrEnum):
    SUBSCRIBER_LOST_PFX = "subscriber_lost_pfx"
    SUBSCRIBER_LOST_PIN = "subscriber_lost_pin"
    SERVICE_RESTORATION = "service_restoration"
    LEGAL_ORDER = "legal_order"


class AddressGround(StrEnum):
    """Why the address of a consent is looked at."""

    DISPUTE = "dispute"
    LEGAL_ORDER = "legal_order"
    INVESTIGATION = "investigation"
