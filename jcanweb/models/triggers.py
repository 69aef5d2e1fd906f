"""DDL that Alembic does not compare: what the database refuses by itself, on both databases."""

from sqlalchemy import Connection

APPEND_ONLY = ("audit_entry", "consent", "consent_statement", "consent_withdrawal", "receipt", "receipt_timestamp",
               "field_check", "second_entry", "comment", "crl", "edition", "edition_approval", "policy_document",
               "policy_approval",
               "organization_change", "vetting")  # fmt: skip


def create(connection: Connection) -> None:
    """Append-only tables, roles and groups that exclude each other, no approval of one's own checks or without the
    second entry, no opening of a share but the own one, in its time, and what a withdrawn consent to the backup forbids."""
    for statement in _sqlite() if connection.dialect.name == "sqlite" else _postgresql():
        connection.exec_driver_sql(
            statement.replace("%", "%%") if connection.dialect.name != "sqlite" else statement
        )


ROLES = """(new.name IN ('administrator', 'auditor') OR name IN ('administrator', 'auditor')
  OR new.name = 'approver' OR name = 'approver')"""


ADMINISTRATORS = {
    "officer_role": """new.name = 'administrator' AND EXISTS (SELECT 1 FROM custodian c
  WHERE c.officer_id = new.officer_id AND c.released_at IS NULL)""",
    "custodian": """new.released_at IS NULL AND EXISTS (SELECT 1 FROM officer_role h
  WHERE h.officer_id = new.officer_id AND h.name = 'administrator')""",
}
"""An administrator is never a custodian in force: neither the role nor the appointment comes second."""

CHECKER = """new.approved_by IS NOT NULL AND EXISTS (SELECT 1 FROM field_check c
  WHERE c.application_id = new.id AND c.revision = new.revision AND c.checked_by = new.approved_by)"""


CHECKED = """EXISTS (SELECT 1 FROM application a WHERE a.id = new.application_id AND a.revision = new.revision
  AND a.approved_by = new.checked_by)"""
"""The same when the approval came first."""

UNENTERED = """new.approved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM second_entry s
  WHERE s.application_id = new.id AND s.revision = new.revision AND s.entered_by = new.approved_by AND s.agrees
  AND s.organization_unit = new.organization_unit AND s.common_name = new.common_name)"""
"""Approved is only what the approver read from the evidence too, and no letter of it changes afterwards."""

ENTERED = """NOT EXISTS (SELECT 1 FROM application a WHERE a.id = new.application_id AND a.revision = new.revision
  AND a.screened_by <> new.entered_by
  AND new.agrees = (a.organization_unit = new.organization_unit AND a.common_name = new.common_name))"""
"""Entered after the screening, by another, and rightly said to agree or not."""

OPENER = """NOT EXISTS (SELECT 1 FROM backup_share s JOIN custodian c ON c.id = s.custodian_id
  JOIN backup b ON b.id = s.backup_id JOIN recovery r ON r.certificate_id = b.certificate_id
  WHERE s.backup_id = new.backup_id AND s.half = new.half AND s.custodian_id = new.custodian_id
  AND c.released_at IS NULL AND r.id = new.recovery_id AND r.state = 'authorized'
  AND new.opened_at >= r.open_from AND new.opened_at < r.open_until)"""

OPENED = """(new.recovery_id, new.backup_id, new.half, new.custodian_id, new.opened_by)
  <> (old.recovery_id, old.backup_id, old.half, old.custodian_id, old.opened_by)"""
"""Who opened what is never rewritten."""

IMPORTED = """NOT EXISTS (SELECT 1 FROM edition e WHERE e.id = new.edition_id AND e.version = new.version
  AND e.official = new.official AND (e.imported_by = new.imported_by
  OR (e.imported_by IS NULL AND new.imported_by IS NULL)))"""
"""A foreign key would let a NULL stand for the importer."""

WITHDRAWN = "EXISTS (SELECT 1 FROM consent_withdrawal w WHERE w.certificate_id = new.certificate_id)"
"""After a withdrawal nothing is sealed or recovered, and the revocation it means is not refused."""

GUARDS = (
    ("two_person_checker", "UPDATE", "application", CHECKER),
    ("two_person_checked", "INSERT", "field_check", CHECKED),
    ("two_person_unentered", "UPDATE", "application", UNENTERED),
    ("two_person_entered", "INSERT", "second_entry", ENTERED),
    ("two_person_imported", "INSERT", "edition_approval", IMPORTED),
    ("share_opening_own", "INSERT", "share_opening", OPENER),
    ("share_opening_kept", "UPDATE", "share_opening", OPENED),
    ("custodian_disjoint_moved", "UPDATE", "custodian", "new.officer_id <> old.officer_id"),
    ("custodian_disjoint_gone", "DELETE", "custodian", "true"),
    ("withdrawn_not_sealed", "INSERT", "backup", WITHDRAWN),
    ("withdrawn_not_asked", "INSERT", "recovery", WITHDRAWN),
    (
        "withdrawn_not_recovered",
        "UPDATE",
        "recovery",
        f"new.state <> old.state AND new.state IN ('authorized', 'opened') AND {WITHDRAWN}",
    ),
    (
        "withdrawn_not_refused",
        "UPDATE",
        "revocation",
        f"new.state <> old.state AND new.state = 'refused' AND {WITHDRAWN}",
    ),
    ("consent_address_kept", "UPDATE", "consent_address", "true"),
)
"""Row triggers that refuse where the condition holds, alike on both databases: name, act, table, condition."""


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append_only {table}'); END"
        for table in APPEND_ONLY
        for act in ("update", "delete")
    ]
    for act in ("INSERT", "UPDATE"):
        made.append(
            f"CREATE TRIGGER role_disjoint_{act} BEFORE {act} ON officer_role WHEN EXISTS (SELECT 1 FROM officer_role "
            f"WHERE officer_id = new.officer_id AND name <> new.name AND {ROLES}) OR {ADMINISTRATORS['officer_role']} "
            "BEGIN SELECT RAISE(ABORT, 'role_disjoint'); END"
        )
        made.append(
            f"CREATE TRIGGER custodian_disjoint_{act} BEFORE {act} ON custodian WHEN EXISTS (SELECT 1 FROM custodian "
            "WHERE officer_id = new.officer_id AND custodian_group <> new.custodian_group) "
            f"OR {ADMINISTRATORS['custodian']} "
            "BEGIN SELECT RAISE(ABORT, 'custodian_disjoint'); END"
        )
    made += [
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        for name, act, table, condition in GUARDS
    ]
    return made


def _postgresql() -> list[str]:
    refuse = "RAISE EXCEPTION '%s' USING ERRCODE = 'check_violation';"
    made = [
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'append_only' USING ERRCODE = 'check_violation'; END $$"
    ]
    made += [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for table in APPEND_ONLY
    ]
    for name, table, condition in (
        ("role_disjoint", "officer_role", f"o.name <> new.name AND {ROLES.replace(' name', ' o.name')}"),
        ("custodian_disjoint", "custodian", "o.custodian_group <> new.custodian_group"),
    ):
        made.append(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM 1 FROM officer WHERE id = new.officer_id FOR UPDATE; "
            f"IF EXISTS (SELECT 1 FROM {table} o WHERE o.officer_id = new.officer_id AND {condition}) "
            f"OR {ADMINISTRATORS[table]} "
            f"THEN {refuse % name} END IF; RETURN new; END $$"
        )
        made.append(
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for name, act, table, condition in GUARDS:
        made.append(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {condition} THEN {refuse % name} END IF; RETURN new; END $$"
        )
        made.append(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    return made
