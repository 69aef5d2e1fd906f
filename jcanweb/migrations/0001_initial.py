"""initial schema"""

import sqlalchemy as sa
from alembic import op

from jcanweb.models import search, triggers

revision = "0001"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "installation:created",
                "installation:claimed",
                "demo:created",
                "officer:invited",
                "officer:joined",
                "officer:signed_in",
                "officer:signed_out",
                "officer:password_changed",
                "officer:totp_enrolled",
                "officer:roles_changed",
                "officer:deactivated",
                "custodian:key_made",
                "custodian:appointed",
                "custodian:released",
                "corporation:registered",
                "corporation:changed",
                "person:registered",
                "person:changed",
                "person:document_opened",
                "agreement:ended",
                "agreement:resumed",
                "vetting:recorded",
                "person:invited",
                "person:code_sent",
                "person:signed_in",
                "person:signed_out",
                "intake:received",
                "intake:read",
                "intake:unreadable",
                "intake:started",
                "intake:discarded",
                "intake:mailed",
                "intake:finished",
                "intake:erased",
                "edition:imported",
                "edition:approved",
                "policy:registered",
                "policy:approved",
                "campaign:started",
                "campaign:asked",
                "campaign:listed",
                "campaign:mailed",
                "reconsent:refused",
                "reconsent:decided",
                "consent:given",
                "consent:withdrawn",
                "address:opened",
                "address:deleted",
                "application:drafted",
                "application:edited",
                "application:submitted",
                "application:withdrawn",
                "application:lapsed",
                "application:screening_started",
                "application:released",
                "application:assigned",
                "application:held",
                "application:resumed",
                "application:commented",
                "application:field_checked",
                "application:second_entered",
                "application:screened",
                "application:returned",
                "application:approved",
                "application:rejected",
                "application:document_opened",
                "order:asked",
                "order:failed",
                "certificate:issued",
                "backup:sealed",
                "backup:destroyed",
                "delivery:sent",
                "delivery:taken",
                "delivery:confirmed",
                "delivery:ended",
                "recovery:requested",
                "recovery:authorized",
                "recovery:declined",
                "recovery:lapsed",
                "recovery:share_opened",
                "recovery:opened",
                "revocation:received",
                "revocation:decided",
                "revocation:refused",
                "revocation:executed",
                "crl:published",
                "report:built",
                "evidence:built",
                "access:denied",
                "code:denied",
                name="event",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "begun",
                "done",
                "refused",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "subject",
            sa.Enum(
                "installation",
                "officer",
                "custodian",
                "corporation",
                "person",
                "edition",
                "policy",
                "campaign",
                "reconsent",
                "application",
                "certificate",
                "order",
                "delivery",
                "backup",
                "recovery",
                "revocation",
                "crl",
                "report",
                "intake",
                "endpoint",
                "access_code",
                name="subject",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=False),
        sa.Column("peak", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_act", ["act"], unique=False)
        batch_op.create_index("ix_audit_entry_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_entry_event", ["event", "sequence"], unique=False)
        batch_op.create_index("ix_audit_entry_outcome", ["outcome", "sequence"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject", "subject_id", "event"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.JSON(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "crl",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_crl")),
    )
    op.create_table(
        "measured_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("returned_for", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_measured_day")),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=True),
        sa.Column("mf_recovery_codes", sa.JSON(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("email", name=op.f("uq_officer_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_officer_fs_uniquifier")),
    )
    op.create_table(
        "web_session",
        sa.Column("id_sha256", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_web_session")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index("ix_web_session_officer", ["officer_id"], unique=False)
        batch_op.create_index("ix_web_session_seen", ["seen_at"], unique=False)

    op.create_table(
        "corporation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corporate_number", sa.String(length=13), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_kana", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name_en", sa.String(length=64), nullable=False),
        sa.Column("name_en_look", sa.String(length=128), nullable=False),
        sa.Column("representative", sa.String(length=120), nullable=False),
        sa.Column(
            "agreement_state",
            sa.Enum(
                "active",
                "suspended",
                "ended",
                name="agreementstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agreement_from", sa.Date(), nullable=False),
        sa.Column("agreement_to", sa.Date(), nullable=True),
        sa.Column("registered_by", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(corporate_number) = 13", name=op.f("ck_corporation_corporate_number")),
        sa.ForeignKeyConstraint(["registered_by"], ["officer.id"], name=op.f("fk_corporation_registered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corporation")),
        sa.UniqueConstraint("company_id", name=op.f("uq_corporation_company_id")),
        sa.UniqueConstraint("corporate_number", name=op.f("uq_corporation_corporate_number")),
    )
    with op.batch_alter_table("corporation", schema=None) as batch_op:
        batch_op.create_index("ix_corporation_look", ["name_en_look"], unique=False)
        batch_op.create_index("ix_corporation_agreement", ["agreement_state", "agreement_to"], unique=False)

    op.create_table(
        "custodian",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column(
            "custodian_group",
            sa.Enum(
                "key",
                "pin",
                "security",
                name="custodiangroup",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("private_pem", sa.LargeBinary(), nullable=True),
        sa.Column("key_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appointed_by", sa.Integer(), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_custodian_released")
        ),
        sa.CheckConstraint("appointed_by <> officer_id", name=op.f("ck_custodian_other_person")),
        sa.ForeignKeyConstraint(["appointed_by"], ["officer.id"], name=op.f("fk_custodian_appointed_by")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_custodian_officer_id")),
        sa.ForeignKeyConstraint(["released_by"], ["officer.id"], name=op.f("fk_custodian_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custodian")),
        sa.UniqueConstraint("id", "officer_id", name="uq_custodian_officer"),
        sa.UniqueConstraint("public_key", name=op.f("uq_custodian_public_key")),
    )
    with op.batch_alter_table("custodian", schema=None) as batch_op:
        batch_op.create_index(
            "uq_custodian_active",
            ["officer_id"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "text",
                "markdown",
                "pdf",
                name="sourcekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["imported_by"], ["officer.id"], name=op.f("fk_edition_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("id", "imported_by", name="uq_edition_imported_by"),
        sa.UniqueConstraint("version", "sha256", "imported_by", name="uq_edition_draft"),
    )
    op.create_table(
        "edition_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.CheckConstraint("imported_by <> approved_by", name=op.f("ck_edition_approval_two_person_approve")),
        sa.CheckConstraint(
            "approved_by IS NOT NULL OR NOT official", name=op.f("ck_edition_approval_approved")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["officer.id"], name=op.f("fk_edition_approval_approved_by")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_edition_approval_edition_id")),
        sa.ForeignKeyConstraint(
            ["edition_id", "imported_by"],
            ["edition.id", "edition.imported_by"],
            name="fk_edition_approval_importer",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_approval")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_edition_approval_edition_id")),
        sa.UniqueConstraint("version", name=op.f("uq_edition_approval_version")),
        sa.UniqueConstraint("official", "effective_on", name="uq_edition_approval_day"),
    )
    op.create_table(
        "policy_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("oid", sa.String(length=100), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(content IS NULL) = (sha256 IS NULL)", name=op.f("ck_policy_document_content_hashed")
        ),
        sa.CheckConstraint(
            "registered_by IS NOT NULL OR NOT official", name=op.f("ck_policy_document_registered")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["officer.id"], name=op.f("fk_policy_document_registered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_document")),
        sa.UniqueConstraint("id", "registered_by", name="uq_policy_document_registered_by"),
        sa.UniqueConstraint("id", "version", "official", name="uq_policy_document_version"),
        sa.UniqueConstraint("id", "name", "version", "url", name="uq_policy_document_bound"),
    )
    op.create_table(
        "policy_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("registered_by", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "registered_by <> approved_by", name=op.f("ck_policy_approval_two_person_approve")
        ),
        sa.CheckConstraint(
            "(registered_by IS NOT NULL AND approved_by IS NOT NULL) OR NOT official",
            name=op.f("ck_policy_approval_approved"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_policy_approval_approved_by")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy_document.id"], name=op.f("fk_policy_approval_policy_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id", "registered_by"],
            ["policy_document.id", "policy_document.registered_by"],
            name="fk_policy_approval_registrar",
        ),
        sa.ForeignKeyConstraint(
            ["policy_id", "version", "official"],
            ["policy_document.id", "policy_document.version", "policy_document.official"],
            name="fk_policy_approval_version",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_approval")),
        sa.UniqueConstraint("official", "effective_on", name="uq_policy_approval_day"),
        sa.UniqueConstraint("policy_id", name=op.f("uq_policy_approval_policy_id")),
        sa.UniqueConstraint("version", name=op.f("uq_policy_approval_version")),
    )
    op.create_table(
        "officer_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["officer.id"], name=op.f("fk_officer_invitation_invited_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_officer_invitation_token_sha256")),
    )
    op.create_table(
        "officer_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column(
            "name",
            sa.Enum(
                "screener",
                "approver",
                "operator",
                "auditor",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_role_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_role")),
        sa.UniqueConstraint("officer_id", "name", name="uq_officer_role_once"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_kana", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "authority",
            sa.Enum(
                "representative",
                "delegate",
                name="authority",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("delegated_from", sa.Date(), nullable=True),
        sa.Column("delegated_to", sa.Date(), nullable=True),
        sa.Column(
            "delegation_scope",
            sa.Enum(
                "all",
                "applications",
                "notices",
                name="delegationscope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("delegation_document_id", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "authority <> 'delegate' OR (delegated_from IS NOT NULL AND delegation_scope IS NOT NULL)",
            name=op.f("ck_person_delegation"),
        ),
        sa.CheckConstraint(
            "authority = 'delegate' OR (delegated_from IS NULL AND delegated_to IS NULL "
            "AND delegation_scope IS NULL AND delegation_document_id IS NULL)",
            name=op.f("ck_person_no_delegation"),
        ),
        sa.CheckConstraint("delegated_to >= delegated_from", name=op.f("ck_person_delegation_days")),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_person_corporation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("id", "corporation_id", name="uq_person_home"),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("uq_person_email", ["corporation_id", "email"], unique=True)

    op.create_table(
        "access_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hmac", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_code")),
    )
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.create_index("ix_access_code_person", ["person_id", "sent_at"], unique=False)

    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("id", "person_id", name="uq_document_person"),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_person_id"), ["person_id"], unique=False)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_foreign_key(
            "fk_person_delegation_document", "document", ["delegation_document_id", "id"], ["id", "person_id"]
        )

    op.create_table(
        "organization_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column(
            "field",
            sa.Enum(
                "corporate_number",
                "company_id",
                "name",
                "name_kana",
                "name_en",
                "representative",
                "agreement_state",
                "agreement_from",
                "agreement_to",
                "email",
                "authority",
                "delegated_from",
                "delegated_to",
                "delegation_scope",
                "delegation_document",
                name="changedfield",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("old", sa.String(length=300), nullable=False),
        sa.Column("new", sa.String(length=300), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["officer.id"], name=op.f("fk_organization_change_changed_by")
        ),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_organization_change_corporation_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "corporation_id"],
            ["person.id", "person.corporation_id"],
            name="fk_organization_change_person",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_change")),
    )
    with op.batch_alter_table("organization_change", schema=None) as batch_op:
        batch_op.create_index("ix_organization_change_corporation", ["corporation_id", "id"], unique=False)

    op.create_table(
        "vetting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "organization",
                "authority",
                name="vettingkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.String(length=1000), nullable=False),
        sa.Column("vetted_on", sa.Date(), nullable=False),
        sa.Column("vetted_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'authority') = (person_id IS NOT NULL)", name=op.f("ck_vetting_kind")),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_vetting_evidence")),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_vetting_corporation_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "corporation_id"],
            ["person.id", "person.corporation_id"],
            name="fk_vetting_person",
        ),
        sa.ForeignKeyConstraint(["vetted_by"], ["officer.id"], name=op.f("fk_vetting_vetted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vetting")),
    )
    with op.batch_alter_table("vetting", schema=None) as batch_op:
        batch_op.create_index(
            "ix_vetting_corporation", ["corporation_id", "person_id", "vetted_on", "id"], unique=False
        )

    op.create_table(
        "agreement_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "active",
                "suspended",
                "ended",
                name="agreementstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("noticed_by", sa.Integer(), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cause <> 'active'", name=op.f("ck_agreement_end_ended")),
        sa.CheckConstraint(
            "lifted_by IS NULL OR lifted_at IS NOT NULL", name=op.f("ck_agreement_end_lifted")
        ),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_agreement_end_corporation_id")
        ),
        sa.ForeignKeyConstraint(["lifted_by"], ["officer.id"], name=op.f("fk_agreement_end_lifted_by")),
        sa.ForeignKeyConstraint(["noticed_by"], ["officer.id"], name=op.f("fk_agreement_end_noticed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_end")),
    )
    with op.batch_alter_table("agreement_end", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_end_lifted", ["lifted_at", "id"], unique=False)
        batch_op.create_index(
            "uq_agreement_end_open",
            ["corporation_id"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invited_by"], ["officer.id"], name=op.f("fk_invitation_invited_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitation_token_sha256")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_person_id"), ["person_id"], unique=False)

    sqlite = op.get_context().dialect.name == "sqlite"
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "new",
                "additional",
                "renewal",
                name="applicationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("renewal_of_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "screening",
                "returned",
                "approved",
                "issuing",
                "issued",
                "rejected",
                "withdrawn",
                "lapsed",
                name="applicationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("organization_unit_typed", sa.String(length=200), nullable=False),
        sa.Column("organization_unit", sa.String(length=64), nullable=False),
        sa.Column("organization_unit_ja", sa.String(length=120), nullable=False),
        sa.Column("common_name_typed", sa.String(length=200), nullable=False),
        sa.Column("common_name", sa.String(length=64), nullable=False),
        sa.Column("common_name_ja", sa.String(length=120), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("pin_recipient_name", sa.String(length=120), nullable=False),
        sa.Column("pin_recipient_email", sa.String(length=254), nullable=False),
        sa.Column("seal_certificate_id", sa.Integer(), nullable=True),
        sa.Column("seal_certificate_on", sa.Date(), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrival", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column("screening_by", sa.Integer(), nullable=True),
        sa.Column("screening_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.Integer(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_reason", sa.String(length=1000), nullable=True),
        sa.Column("screened_by", sa.Integer(), nullable=True),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.Integer(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_reason", sa.String(length=1000), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.Integer(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_reason", sa.String(length=1000), nullable=True),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'rejected') = (rejected_by IS NOT NULL)", name=op.f("ck_application_state_rejected")
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'issuing', 'issued')) = (approved_by IS NOT NULL) OR state = 'withdrawn'",
            name=op.f("ck_application_state_approved"),
        ),
        sa.CheckConstraint(
            "(state IN ('issuing', 'issued')) = (issued_by IS NOT NULL)",
            name=op.f("ck_application_state_issuing"),
        ),
        sa.CheckConstraint(
            "state = 'draft' OR state IN ('withdrawn', 'lapsed') OR submitted_at IS NOT NULL",
            name=op.f("ck_application_state_submitted"),
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_application_approved")
        ),
        sa.CheckConstraint("(issued_by IS NULL) = (issued_at IS NULL)", name=op.f("ck_application_issued")),
        sa.CheckConstraint(
            "(screening_by IS NULL) = (screening_at IS NULL)", name=op.f("ck_application_screening")
        ),
        sa.CheckConstraint(
            "due_on IS NULL OR (days_left IS NULL AND state IN ('submitted', 'screening', 'approved', 'issuing'))",
            name=op.f("ck_application_due"),
        ),
        sa.CheckConstraint(
            "(held_by IS NULL) = (held_at IS NULL) AND (held_by IS NULL) = (held_reason IS NULL)",
            name=op.f("ck_application_held"),
        ),
        sa.CheckConstraint(
            "held_by IS NULL OR (state = 'screening' AND screened_by IS NULL)",
            name=op.f("ck_application_state_held"),
        ),
        sa.CheckConstraint("screened_by <> rejected_by", name=op.f("ck_application_two_person_reject")),
        sa.CheckConstraint(
            "(rejected_by IS NULL) = (rejected_at IS NULL)", name=op.f("ck_application_rejected")
        ),
        sa.CheckConstraint(
            "(returned_by IS NULL) = (returned_at IS NULL)", name=op.f("ck_application_returned")
        ),
        sa.CheckConstraint(
            "(submitted_at IS NULL) = (arrival IS NULL)", name=op.f("ck_application_submitted")
        ),
        sa.CheckConstraint(
            "(screened_by IS NULL) = (screened_at IS NULL)", name=op.f("ck_application_screened")
        ),
        sa.CheckConstraint("approved_by <> issued_by", name=op.f("ck_application_two_person_issue")),
        sa.CheckConstraint(
            "approved_by IS NULL OR screened_by IS NOT NULL", name=op.f("ck_application_approved_screened")
        ),
        sa.CheckConstraint(
            "length(organization_unit) <= 64 AND length(common_name) <= 64",
            name=op.f("ck_application_lengths"),
        ),
        sa.CheckConstraint(
            "(kind = 'renewal') = (renewal_of_id IS NOT NULL)", name=op.f("ck_application_renewal")
        ),
        sa.CheckConstraint("screened_by <> approved_by", name=op.f("ck_application_two_person_approve")),
        sa.CheckConstraint("years IN (1, 2)", name=op.f("ck_application_years")),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_application_approved_by")),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_application_corporation_id")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["officer.id"], name=op.f("fk_application_issued_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_application_person_id")),
        sa.ForeignKeyConstraint(["rejected_by"], ["officer.id"], name=op.f("fk_application_rejected_by")),
        sa.ForeignKeyConstraint(["returned_by"], ["officer.id"], name=op.f("fk_application_returned_by")),
        sa.ForeignKeyConstraint(["screened_by"], ["officer.id"], name=op.f("fk_application_screened_by")),
        sa.ForeignKeyConstraint(["screening_by"], ["officer.id"], name=op.f("fk_application_screening_by")),
        sa.ForeignKeyConstraint(["held_by"], ["officer.id"], name=op.f("fk_application_held_by")),
        sa.ForeignKeyConstraint(
            ["seal_certificate_id"], ["document.id"], name=op.f("fk_application_seal_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("id", "screened_by", "approved_by", "issued_by", name="uq_application_people"),
        sa.UniqueConstraint("arrival", name=op.f("uq_application_arrival")),
        sa.UniqueConstraint("number", name=op.f("uq_application_number")),
        # a certificate comes of an application and may be renewed by another: SQLite takes a reference to what is yet to come
        *(
            [
                sa.ForeignKeyConstraint(
                    ["renewal_of_id", "corporation_id"],
                    ["certificate.id", "certificate.corporation_id"],
                    name="fk_application_renewal",
                )
            ]
            if sqlite
            else []
        ),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index("ix_application_corporation", ["corporation_id", "arrival"], unique=False)
        batch_op.create_index("ix_application_list", ["state", "arrival"], unique=False)
        batch_op.create_index("ix_application_due", ["state", "due_on", "id"], unique=False)
        batch_op.create_index(
            "ix_application_clock",
            ["due_on", "id"],
            unique=False,
            sqlite_where=sa.text("due_on IS NOT NULL"),
            postgresql_where=sa.text("due_on IS NOT NULL"),
        )
        batch_op.create_index("ix_application_desk", ["screening_by", "state", "due_on", "id"], unique=False)
        batch_op.create_index(
            "ix_application_held",
            ["held_at", "id"],
            unique=False,
            sqlite_where=sa.text("held_at IS NOT NULL"),
            postgresql_where=sa.text("held_at IS NOT NULL"),
        )
        batch_op.create_index("ix_application_returned", ["state", "returned_at", "id"], unique=False)
        batch_op.create_index("ix_application_person", ["person_id"], unique=False)
        batch_op.create_index("ix_application_kind", ["kind", "arrival"], unique=False)
        batch_op.create_index("ix_application_submitted", ["submitted_at", "arrival"], unique=False)
        batch_op.create_index("ix_application_state", ["state", "submitted_at", "id"], unique=False)
        batch_op.create_index(
            "ix_application_renewal",
            ["renewal_of_id"],
            unique=False,
            sqlite_where=sa.text("renewal_of_id IS NOT NULL"),
            postgresql_where=sa.text("renewal_of_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_application_renewal",
            ["renewal_of_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('draft', 'rejected', 'withdrawn', 'lapsed')"),
            postgresql_where=sa.text("state NOT IN ('draft', 'rejected', 'withdrawn', 'lapsed')"),
        )

    op.create_table(
        "ca_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("jc_number", sa.String(length=20), nullable=False),
        sa.Column("public_key_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "done",
                "failed",
                name="orderstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "failure",
            sa.Enum(
                "refused",
                "not_issued",
                "interrupted",
                "differs",
                "not_sealed",
                "late",
                name="orderfailure",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name=op.f("ck_ca_order_state_ended")),
        sa.CheckConstraint(
            "(state = 'failed') = (failure IS NOT NULL)", name=op.f("ck_ca_order_state_failed")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_ca_order_application_id")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["officer.id"], name=op.f("fk_ca_order_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ca_order")),
        sa.UniqueConstraint("jc_number", name=op.f("uq_ca_order_jc_number")),
        sa.UniqueConstraint("public_key_sha256", name=op.f("uq_ca_order_public_key_sha256")),
        sa.UniqueConstraint("request_id", name=op.f("uq_ca_order_request_id")),
    )
    with op.batch_alter_table("ca_order", schema=None) as batch_op:
        batch_op.create_index("ix_ca_order_application", ["application_id"], unique=False)
        batch_op.create_index("ix_ca_order_state", ["state", "asked_at", "id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "application",
                "reconsent",
                name="consentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("edition_sha256", sa.String(length=64), nullable=False),
        sa.Column("button", sa.String(length=80), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("presentation", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(kind = 'application') = (application_id IS NOT NULL)", name=op.f("ck_consent_kind")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_consent_application_id")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_consent_edition_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("nonce", name=op.f("uq_consent_nonce")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_person_id"), ["person_id"], unique=False)

    op.create_table(
        "reading_progress",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("article", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_reading_progress_edition_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reading_progress_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_reading_progress")),
    )
    op.create_table(
        "form_progress",
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("application_version", sa.Integer(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("seal_certificate_id", sa.Integer(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_form_progress_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["seal_certificate_id"], ["document.id"], name=op.f("fk_form_progress_seal_certificate_id")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_form_progress")),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_comment_application_id")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["officer.id"], name=op.f("fk_comment_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index("ix_comment_application", ["application_id", "id"], unique=False)

    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_mail_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_application_id"), ["application_id"], unique=False)
        batch_op.create_index(
            "ix_mail_waiting",
            ["bulk", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )

    op.create_table(
        "field_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "field",
            sa.Enum(
                "organization_unit",
                "common_name",
                "pin_recipient",
                "seal_certificate",
                name="checkedfield",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", name="verdict", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("matched", sa.String(length=100), nullable=False),
        sa.Column("comment", sa.String(length=1000), nullable=False),
        sa.Column("checked_by", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "field <> 'seal_certificate' OR verdict <> 'pass'"
            " OR matched = 'corporation_name representative issued_on'",
            name=op.f("ck_field_check_matched"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_field_check_application_id")
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["officer.id"], name=op.f("fk_field_check_checked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_check")),
    )
    with op.batch_alter_table("field_check", schema=None) as batch_op:
        batch_op.create_index("ix_field_check_application", ["application_id", "revision"], unique=False)

    op.create_table(
        "second_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("organization_unit", sa.String(length=200), nullable=False),
        sa.Column("common_name", sa.String(length=200), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_second_entry_application_id")
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["officer.id"], name=op.f("fk_second_entry_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_entry")),
    )
    with op.batch_alter_table("second_entry", schema=None) as batch_op:
        batch_op.create_index("ix_second_entry_application", ["application_id", "revision"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("jc_number", sa.String(length=20), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("corporation_id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("screened_by", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "issued",
                "delivered",
                "suspended",
                "revoked",
                name="certificatestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("serial_number", sa.String(length=40), nullable=False),
        sa.Column("issuer_sha256", sa.String(length=64), nullable=False),
        sa.Column("issuer_name", sa.String(length=400), nullable=False),
        sa.Column("organization_unit", sa.String(length=64), nullable=False),
        sa.Column("common_name", sa.String(length=64), nullable=False),
        sa.Column("subject_key", sa.String(length=129), nullable=False),
        sa.Column("organization_unit_look", sa.String(length=128), nullable=False),
        sa.Column("common_name_look", sa.String(length=128), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("chain_der", sa.LargeBinary(), nullable=False),
        sa.Column("public_key_sha256", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("policy_document", sa.String(length=200), nullable=False),
        sa.Column("policy_version", sa.String(length=20), nullable=False),
        sa.Column("policy_url", sa.String(length=300), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL)", name=op.f("ck_certificate_state_revoked")
        ),
        sa.CheckConstraint(
            "state <> 'delivered' OR delivered_at IS NOT NULL", name=op.f("ck_certificate_state_delivered")
        ),
        sa.CheckConstraint(
            "screened_by <> approved_by AND approved_by <> issued_by", name=op.f("ck_certificate_two_person")
        ),
        sa.ForeignKeyConstraint(
            ["application_id", "screened_by", "approved_by", "issued_by"],
            ["application.id", "application.screened_by", "application.approved_by", "application.issued_by"],
            name="fk_certificate_people",
        ),
        sa.ForeignKeyConstraint(
            ["policy_id", "policy_document", "policy_version", "policy_url"],
            ["policy_document.id", "policy_document.name", "policy_document.version", "policy_document.url"],
            name="fk_certificate_policy",
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_certificate_approved_by")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_certificate_consent_id")),
        sa.ForeignKeyConstraint(
            ["corporation_id"], ["corporation.id"], name=op.f("fk_certificate_corporation_id")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["officer.id"], name=op.f("fk_certificate_issued_by")),
        sa.ForeignKeyConstraint(["order_id"], ["ca_order.id"], name=op.f("fk_certificate_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id")),
        sa.ForeignKeyConstraint(["screened_by"], ["officer.id"], name=op.f("fk_certificate_screened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("application_id", name=op.f("uq_certificate_application_id")),
        sa.UniqueConstraint("id", "corporation_id", name="uq_certificate_holder"),
        sa.UniqueConstraint("id", "person_id", name="uq_certificate_subscriber"),
        sa.UniqueConstraint("jc_number", name=op.f("uq_certificate_jc_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_certificate_order_id")),
        sa.UniqueConstraint("public_key_sha256", name=op.f("uq_certificate_public_key_sha256")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(
            "ix_certificate_corporation", ["corporation_id", "state", "not_after"], unique=False
        )
        batch_op.create_index("ix_certificate_not_after", ["not_after", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_certificate_renewal", ["corporation_id", "not_after", "id"], unique=False)
        batch_op.create_index("ix_certificate_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_certificate_subject", ["subject_key", "id"], unique=False)
        batch_op.create_index(
            "ix_certificate_organization_look",
            ["organization_unit_look", "organization_unit", "corporation_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_certificate_name_look", ["corporation_id", "common_name_look", "common_name"], unique=False
        )
        batch_op.create_index("uq_certificate_serial", ["serial_number", "issuer_sha256"], unique=True)
    if not sqlite:
        op.create_foreign_key(
            "fk_application_renewal",
            "application",
            "certificate",
            ["renewal_of_id", "corporation_id"],
            ["id", "corporation_id"],
        )

    op.create_table(
        "consent_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "verb",
            sa.Enum(
                "agree",
                "acknowledge",
                "promise",
                name="consentverb",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_statement_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_statement")),
        sa.UniqueConstraint("consent_id", "number", name="uq_consent_statement_once"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_receipt_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_receipt_consent_id")),
    )
    op.create_table(
        "receipt_timestamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_timestamp_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_timestamp")),
        sa.UniqueConstraint("receipt_id", name=op.f("uq_receipt_timestamp_receipt_id")),
    )
    op.create_table(
        "consent_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("delete_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_address_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_address")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_consent_address_consent_id")),
    )
    with op.batch_alter_table("consent_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_address_delete_on"), ["delete_on"], unique=False)

    op.create_table(
        "backup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=40), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("pfx", "pin", name="secretkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("commit_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(destroyed_at IS NULL) = (ciphertext IS NOT NULL)", name=op.f("ck_backup_destroyed")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_backup_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup")),
        sa.UniqueConstraint("record_id", name=op.f("uq_backup_record_id")),
    )
    with op.batch_alter_table("backup", schema=None) as batch_op:
        batch_op.create_index("ix_backup_certificate", ["certificate_id"], unique=False)
        batch_op.create_index(
            "uq_backup_living",
            ["certificate_id", "kind"],
            unique=True,
            sqlite_where=sa.text("destroyed_at IS NULL"),
            postgresql_where=sa.text("destroyed_at IS NULL"),
        )

    op.create_table(
        "recovery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "authorized",
                "opened",
                "declined",
                "lapsed",
                name="recoverystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "ground",
            sa.Enum(
                "subscriber_lost_pfx",
                "subscriber_lost_pin",
                "service_restoration",
                "legal_order",
                name="recoveryground",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("proof", sa.String(length=1000), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authorized_by", sa.Integer(), nullable=True),
        sa.Column("authorized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_by", sa.Integer(), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_reason", sa.String(length=1000), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ephemeral_public", sa.LargeBinary(), nullable=True),
        sa.Column("ephemeral_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'authorized') = (ephemeral_sealed IS NOT NULL)",
            name=op.f("ck_recovery_state_ephemeral"),
        ),
        sa.CheckConstraint(
            "(state = 'declined') = (declined_by IS NOT NULL)", name=op.f("ck_recovery_state_declined")
        ),
        sa.CheckConstraint(
            "(state = 'opened') = (opened_at IS NOT NULL)", name=op.f("ck_recovery_state_opened")
        ),
        sa.CheckConstraint(
            "state NOT IN ('authorized', 'opened') OR authorized_by IS NOT NULL",
            name=op.f("ck_recovery_state_authorized"),
        ),
        sa.CheckConstraint(
            "(authorized_by IS NULL) = (authorized_at IS NULL)", name=op.f("ck_recovery_authorized")
        ),
        sa.CheckConstraint(
            "(authorized_by IS NULL) = (open_from IS NULL)", name=op.f("ck_recovery_open_from")
        ),
        sa.CheckConstraint(
            "(authorized_by IS NULL) = (open_until IS NULL)", name=op.f("ck_recovery_open_until")
        ),
        sa.CheckConstraint("requested_by <> declined_by", name=op.f("ck_recovery_two_person_decline")),
        sa.CheckConstraint(
            "(declined_by IS NULL) = (declined_at IS NULL)", name=op.f("ck_recovery_declined")
        ),
        sa.CheckConstraint("requested_by <> authorized_by", name=op.f("ck_recovery_two_person")),
        sa.ForeignKeyConstraint(["authorized_by"], ["officer.id"], name=op.f("fk_recovery_authorized_by")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_recovery_certificate_id")
        ),
        sa.ForeignKeyConstraint(["declined_by"], ["officer.id"], name=op.f("fk_recovery_declined_by")),
        sa.ForeignKeyConstraint(["requested_by"], ["officer.id"], name=op.f("fk_recovery_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
        sa.UniqueConstraint("id", "requested_by", "authorized_by", name="uq_recovery_people"),
    )
    with op.batch_alter_table("recovery", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_certificate", ["certificate_id"], unique=False)
        batch_op.create_index("ix_recovery_state", ["state", "requested_at"], unique=False)
        batch_op.create_index(
            "uq_recovery_open",
            ["certificate_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('requested', 'authorized')"),
            postgresql_where=sa.text("state IN ('requested', 'authorized')"),
        )

    op.create_table(
        "revocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "decided",
                "refused",
                "executed",
                name="revocationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "unspecified",
                "keyCompromise",
                "cACompromise",
                "affiliationChanged",
                "superseded",
                "cessationOfOperation",
                "privilegeWithdrawn",
                name="revocationreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "requester",
            sa.Enum(
                "subscriber",
                "corporation",
                "certification_authority",
                "registration_authority",
                name="revocationrequester",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("invalid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.Integer(), nullable=True),
        sa.Column("received_from", sa.Integer(), nullable=True),
        sa.Column("received_upon", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_words", sa.String(length=1000), nullable=True),
        sa.Column("executed_by", sa.Integer(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crl_number", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'executed') = (executed_by IS NOT NULL)", name=op.f("ck_revocation_state_executed")
        ),
        sa.CheckConstraint(
            "(state = 'received') = (decided_by IS NULL)", name=op.f("ck_revocation_state_decided")
        ),
        sa.CheckConstraint("reason <> 'unspecified' OR words <> ''", name=op.f("ck_revocation_words")),
        sa.CheckConstraint(
            "(crl_number IS NULL) = (published_at IS NULL)", name=op.f("ck_revocation_published")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_revocation_decided")),
        sa.CheckConstraint(
            "(executed_by IS NULL) = (executed_at IS NULL)", name=op.f("ck_revocation_executed")
        ),
        sa.CheckConstraint(
            "crl_number IS NULL OR executed_at IS NOT NULL", name=op.f("ck_revocation_published_executed")
        ),
        sa.CheckConstraint("decided_by <> executed_by", name=op.f("ck_revocation_two_person_execute")),
        sa.CheckConstraint("received_by <> decided_by", name=op.f("ck_revocation_two_person_decide")),
        sa.CheckConstraint(
            "CASE WHEN received_by IS NULL THEN 0 ELSE 1 END + CASE WHEN received_from IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN received_upon IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_revocation_received"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_revocation_certificate_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["officer.id"], name=op.f("fk_revocation_decided_by")),
        sa.ForeignKeyConstraint(["executed_by"], ["officer.id"], name=op.f("fk_revocation_executed_by")),
        sa.ForeignKeyConstraint(["received_by"], ["officer.id"], name=op.f("fk_revocation_received_by")),
        sa.ForeignKeyConstraint(
            ["received_upon"], ["agreement_end.id"], name=op.f("fk_revocation_received_upon")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id", "received_from"],
            ["certificate.id", "certificate.person_id"],
            name="fk_revocation_subscriber",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
    )
    with op.batch_alter_table("revocation", schema=None) as batch_op:
        batch_op.create_index("ix_revocation_certificate", ["certificate_id"], unique=False)
        batch_op.create_index("ix_revocation_executed", ["executed_at", "id"], unique=False)
        batch_op.create_index("ix_revocation_received", ["received_at", "id"], unique=False)
        batch_op.create_index("ix_revocation_state", ["state", "due_at"], unique=False)
        batch_op.create_index("uq_revocation_upon", ["received_upon", "certificate_id"], unique=True)
        batch_op.create_index(
            "ix_revocation_unlisted",
            ["id"],
            unique=False,
            sqlite_where=sa.text("executed_at IS NOT NULL AND crl_number IS NULL"),
            postgresql_where=sa.text("executed_at IS NOT NULL AND crl_number IS NULL"),
        )
        batch_op.create_index(
            "uq_revocation_open",
            ["certificate_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'refused'"),
            postgresql_where=sa.text("state <> 'refused'"),
        )

    op.create_table(
        "consent_withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("button", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id", "person_id"],
            ["certificate.id", "certificate.person_id"],
            name="fk_consent_withdrawal_subscriber",
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_consent_withdrawal_consent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_withdrawal")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_consent_withdrawal_certificate_id")),
    )
    with op.batch_alter_table("consent_withdrawal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_withdrawal_consent_id"), ["consent_id"], unique=False)

    op.create_table(
        "backup_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("backup_id", sa.Integer(), nullable=False),
        sa.Column("half", sa.String(length=10), nullable=False),
        sa.Column("custodian_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["backup_id"], ["backup.id"], name=op.f("fk_backup_share_backup_id")),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["custodian.id"], name=op.f("fk_backup_share_custodian_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_share")),
        sa.UniqueConstraint("backup_id", "custodian_id", name="uq_backup_share_once"),
    )
    with op.batch_alter_table("backup_share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backup_share_custodian_id"), ["custodian_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("pfx", "pin", name="secretkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("recovery_id", sa.Integer(), nullable=True),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("context", sa.String(length=120), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (sealed IS NOT NULL)", name=op.f("ck_delivery_sealed")),
        sa.CheckConstraint("taken_at IS NULL OR ended_at IS NOT NULL", name=op.f("ck_delivery_taken")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_delivery_certificate_id")
        ),
        sa.ForeignKeyConstraint(["recovery_id"], ["recovery.id"], name=op.f("fk_delivery_recovery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_delivery_token_sha256")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_certificate", ["certificate_id"], unique=False)
        batch_op.create_index(
            "uq_delivery_open",
            ["certificate_id", "kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "share_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recovery_id", sa.Integer(), nullable=False),
        sa.Column("backup_id", sa.Integer(), nullable=False),
        sa.Column("half", sa.String(length=10), nullable=False),
        sa.Column("custodian_id", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("authorized_by", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("half IN ('custodian', 'security')", name=op.f("ck_share_opening_half")),
        sa.CheckConstraint(
            "opened_by <> requested_by AND opened_by <> authorized_by",
            name=op.f("ck_share_opening_other_person"),
        ),
        sa.ForeignKeyConstraint(
            ["authorized_by"], ["officer.id"], name=op.f("fk_share_opening_authorized_by")
        ),
        sa.ForeignKeyConstraint(["backup_id"], ["backup.id"], name=op.f("fk_share_opening_backup_id")),
        sa.ForeignKeyConstraint(
            ["custodian_id", "opened_by"],
            ["custodian.id", "custodian.officer_id"],
            name="fk_share_opening_other_person",
        ),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["custodian.id"], name=op.f("fk_share_opening_custodian_id")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["officer.id"], name=op.f("fk_share_opening_opened_by")),
        sa.ForeignKeyConstraint(
            ["recovery_id", "requested_by", "authorized_by"],
            ["recovery.id", "recovery.requested_by", "recovery.authorized_by"],
            name="fk_share_opening_people",
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["officer.id"], name=op.f("fk_share_opening_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_opening")),
        sa.UniqueConstraint("recovery_id", "backup_id", "half", name="uq_share_opening_once"),
    )
    op.create_table(
        "intake",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "corporations",
                "applications",
                name="intakekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        sa.Column("received_by", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(erased_at IS NULL) = (sealed IS NOT NULL)", name=op.f("ck_intake_erased")),
        sa.CheckConstraint("(started_by IS NULL) = (started_at IS NULL)", name=op.f("ck_intake_started")),
        sa.CheckConstraint("erased_at IS NULL OR done_at IS NOT NULL", name=op.f("ck_intake_erased_done")),
        sa.CheckConstraint("read_at IS NULL OR total IS NOT NULL", name=op.f("ck_intake_read_counted")),
        sa.CheckConstraint("started_at IS NULL OR read_at IS NOT NULL", name=op.f("ck_intake_started_read")),
        sa.CheckConstraint("trouble IS NULL OR started_at IS NULL", name=op.f("ck_intake_trouble")),
        sa.ForeignKeyConstraint(["received_by"], ["officer.id"], name=op.f("fk_intake_received_by")),
        sa.ForeignKeyConstraint(["started_by"], ["officer.id"], name=op.f("fk_intake_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    op.create_index("ix_intake_kept", "intake", ["erased_at", "received_at"], unique=False)
    op.create_index("ix_intake_sha256", "intake", ["sha256", "id"], unique=False)
    op.create_index("ix_intake_unfinished", "intake", ["done_at", "id"], unique=False)
    op.create_index(
        "uq_intake_open",
        "intake",
        ["kind", "sha256"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "intake_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("other_key", sa.String(length=64), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "new",
                "changed",
                "unchanged",
                "refused",
                "done",
                name="rowresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("done_key", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(result = 'done') = (subject_id IS NOT NULL)", name=op.f("ck_intake_row_done_on")
        ),
        sa.CheckConstraint(
            "result = 'done' OR (done_key IS NULL AND person_id IS NULL)", name=op.f("ck_intake_row_done")
        ),
        sa.ForeignKeyConstraint(["intake_id"], ["intake.id"], name=op.f("fk_intake_row_intake_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_intake_row_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_row")),
        sa.UniqueConstraint("done_key", name="uq_intake_row_done"),
        sa.UniqueConstraint("intake_id", "number", name="uq_intake_row_number"),
    )
    op.create_index("ix_intake_row_key", "intake_row", ["intake_id", "key"], unique=False)
    op.create_index("ix_intake_row_other_key", "intake_row", ["intake_id", "other_key"], unique=False)
    op.create_index("ix_intake_row_result", "intake_row", ["intake_id", "result", "number"], unique=False)
    op.create_index(
        "ix_intake_row_untold",
        "intake_row",
        ["intake_id", "person_id"],
        unique=False,
        sqlite_where=sa.text("person_id IS NOT NULL AND told_at IS NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL AND told_at IS NULL"),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_campaign_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_campaign_edition_id")),
    )
    op.create_table(
        "reconsent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "agreed",
                "refused",
                name="reconsentstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "revoke",
                "keep",
                name="reconsentdecision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.String(length=1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'asked') = (answered_at IS NULL)", name=op.f("ck_reconsent_state_answered")
        ),
        sa.CheckConstraint(
            "(state = 'agreed') = (consent_id IS NOT NULL)", name=op.f("ck_reconsent_state_agreed")
        ),
        sa.CheckConstraint(
            "state = 'asked' OR mail_due_at IS NULL", name=op.f("ck_reconsent_answered_quiet")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_reconsent_decided")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_reconsent_decision")),
        sa.CheckConstraint(
            "decided_at IS NULL OR state = 'refused'", name=op.f("ck_reconsent_state_decided")
        ),
        sa.CheckConstraint("decision <> 'keep' OR comment <> ''", name=op.f("ck_reconsent_comment")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_reconsent_campaign_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_reconsent_consent_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["officer.id"], name=op.f("fk_reconsent_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reconsent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconsent")),
        sa.UniqueConstraint("campaign_id", "person_id", name="uq_reconsent_once"),
        sa.UniqueConstraint("consent_id", name=op.f("uq_reconsent_consent_id")),
    )
    with op.batch_alter_table("reconsent", schema=None) as batch_op:
        batch_op.create_index("ix_reconsent_state", ["campaign_id", "state", "id"], unique=False)
        batch_op.create_index("ix_reconsent_person", ["person_id"], unique=False)
        for name, columns, where in (
            ("ix_reconsent_mail", ["campaign_id", "mail_due_at", "id"], "mail_due_at IS NOT NULL"),
            ("ix_reconsent_refused", ["answered_at", "id"], "state = 'refused' AND decided_at IS NULL"),
        ):
            batch_op.create_index(
                name, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
            )

    op.create_table(
        "search_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_search_entry_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint("application_id", name=op.f("uq_search_entry_application_id")),
    )
    triggers.create(op.get_bind())
    search.create(op.get_bind())


def downgrade() -> None:
    raise RuntimeError("the first schema has nothing below it")
