"""Every enum of the domain. Words follow RFC 3647, 5280, 6960 and 7292.

Permission = noun:verb. Event = the same noun with a past participle; `EVENT_FACTS` in audit.py
fixes which facts each event carries.
"""

from enum import StrEnum


class Role(StrEnum):
    SCREENER = "screener"
    APPROVER = "approver"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    DESK_VIEW = "desk:view"
    APPLICATION_VIEW = "application:view"
    APPLICATION_SCREEN = "application:screen"
    APPLICATION_APPROVE = "application:approve"
    APPLICATION_ISSUE = "application:issue"
    DOCUMENT_OPEN = "document:open"
    CERTIFICATE_VIEW = "certificate:view"
    REVOCATION_VIEW = "revocation:view"
    REVOCATION_REQUEST = "revocation:request"
    REVOCATION_DECIDE = "revocation:decide"
    REVOCATION_EXECUTE = "revocation:execute"
    RECOVERY_VIEW = "recovery:view"
    RECOVERY_REQUEST = "recovery:request"
    RECOVERY_AUTHORIZE = "recovery:authorize"
    RECOVERY_OPEN = "recovery:open"
    ORGANIZATION_VIEW = "organization:view"
    ORGANIZATION_REGISTER = "organization:register"
    PERSON_INVITE = "person:invite"
    TERMS_VIEW = "terms:view"
    TERMS_IMPORT = "terms:import"
    TERMS_APPROVE = "terms:approve"
    REPORT_VIEW = "report:view"
    AUDIT_VIEW = "audit:view"
    OFFICER_VIEW = "officer:view"
    OFFICER_MANAGE = "officer:manage"
    CUSTODIAN_APPOINT = "custodian:appoint"
    PROFILE_MANAGE = "profile:manage"


class EditionState(StrEnum):
    """Follows from the approvals and the day, never stored."""

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


class CheckedField(StrEnum):
    ORGANIZATION_UNIT = "organization_unit"
    COMMON_NAME = "common_name"
    SEAL_CERTIFICATE = "seal_certificate"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"


class Authority(StrEnum):
    REPRESENTATIVE = "representative"
    DELEGATE = "delegate"


class AgreementState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class IntakeKind(StrEnum):
    """What the rows of a file are."""

    CORPORATIONS = "corporations"


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


class Outcome(StrEnum):
    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"


class Damage(StrEnum):
    """What a walk over the audit record can find."""

    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    BEYOND_HEAD = "beyond_head"
    HEAD_MISSING = "head_missing"
    OTHER_ROOT = "other_root"
    OTHER_FRONTIER = "other_frontier"


class Subject(StrEnum):
    """What an audit entry is about."""

    INSTALLATION = "installation"
    OFFICER = "officer"
    CUSTODIAN = "custodian"
    CORPORATION = "corporation"
    PERSON = "person"
    EDITION = "edition"
    APPLICATION = "application"
    CERTIFICATE = "certificate"
    ORDER = "order"
    DELIVERY = "delivery"
    BACKUP = "backup"
    RECOVERY = "recovery"
    REVOCATION = "revocation"
    CRL = "crl"
    REPORT = "report"
    ENDPOINT = "endpoint"
    ACCESS_CODE = "access_code"


class Event(StrEnum):
    INSTALLATION_CREATED = "installation:created"
    INSTALLATION_CLAIMED = "installation:claimed"
    DEMO_CREATED = "demo:created"
    OFFICER_INVITED = "officer:invited"
    OFFICER_JOINED = "officer:joined"
    OFFICER_SIGNED_IN = "officer:signed_in"
    OFFICER_SIGNED_OUT = "officer:signed_out"
    OFFICER_PASSWORD_CHANGED = "officer:password_changed"  # noqa: S105 - an event, not a password
    OFFICER_TOTP_ENROLLED = "officer:totp_enrolled"
    OFFICER_ROLES_CHANGED = "officer:roles_changed"
    OFFICER_DEACTIVATED = "officer:deactivated"
    CUSTODIAN_KEY_MADE = "custodian:key_made"
    CUSTODIAN_APPOINTED = "custodian:appointed"
    CUSTODIAN_RELEASED = "custodian:released"
    CORPORATION_REGISTERED = "corporation:registered"
    CORPORATION_CHANGED = "corporation:changed"
    PERSON_REGISTERED = "person:registered"
    PERSON_CHANGED = "person:changed"
    PERSON_INVITED = "person:invited"
    PERSON_CODE_SENT = "person:code_sent"
    PERSON_SIGNED_IN = "person:signed_in"
    PERSON_SIGNED_OUT = "person:signed_out"
    EDITION_IMPORTED = "edition:imported"
    EDITION_APPROVED = "edition:approved"
    CONSENT_GIVEN = "consent:given"
    APPLICATION_DRAFTED = "application:drafted"
    APPLICATION_EDITED = "application:edited"
    APPLICATION_SUBMITTED = "application:submitted"
    APPLICATION_WITHDRAWN = "application:withdrawn"
    APPLICATION_LAPSED = "application:lapsed"
    APPLICATION_SCREENING_STARTED = "application:screening_started"
    APPLICATION_FIELD_CHECKED = "application:field_checked"
    APPLICATION_SCREENED = "application:screened"
    APPLICATION_RETURNED = "application:returned"
    APPLICATION_APPROVED = "application:approved"
    APPLICATION_REJECTED = "application:rejected"
    APPLICATION_DOCUMENT_OPENED = "application:document_opened"
    ORDER_ASKED = "order:asked"
    ORDER_FAILED = "order:failed"
    CERTIFICATE_ISSUED = "certificate:issued"
    BACKUP_SEALED = "backup:sealed"
    BACKUP_DESTROYED = "backup:destroyed"
    DELIVERY_SENT = "delivery:sent"
    DELIVERY_TAKEN = "delivery:taken"
    DELIVERY_CONFIRMED = "delivery:confirmed"
    DELIVERY_ENDED = "delivery:ended"
    RECOVERY_REQUESTED = "recovery:requested"
    RECOVERY_AUTHORIZED = "recovery:authorized"
    RECOVERY_DECLINED = "recovery:declined"
    RECOVERY_LAPSED = "recovery:lapsed"
    RECOVERY_SHARE_OPENED = "recovery:share_opened"
    RECOVERY_OPENED = "recovery:opened"
    REVOCATION_RECEIVED = "revocation:received"
    REVOCATION_DECIDED = "revocation:decided"
    REVOCATION_REFUSED = "revocation:refused"
    REVOCATION_EXECUTED = "revocation:executed"
    CRL_PUBLISHED = "crl:published"
    REPORT_BUILT = "report:built"
    ACCESS_DENIED = "access:denied"
    CODE_DENIED = "code:denied"
