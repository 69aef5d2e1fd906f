"""What the database refuses by itself, by raw SQL, on SQLite and on PostgreSQL."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit
from jcanweb.database import alembic, db
from jcanweb.roles import Role
from tests.people import officer


def refused(statement: str, **values: Any) -> str:
    with pytest.raises(IntegrityError) as caught:
        db.session.execute(text(statement), values)
    db.session.rollback()
    return str(caught.value.orig)


def test_models_and_migrations_agree(context: Any) -> None:
    assert alembic.compare_metadata() == []


@pytest.mark.parametrize("table", ["audit_entry", "edition"])
def test_append_only_rows_are_neither_changed_nor_removed(context: Any, table: str) -> None:
    column = {"audit_entry": "actor", "edition": "version"}[table]
    assert "append_only" in refused(f"UPDATE {table} SET {column} = 'x'")  # noqa: S608 - names from this test
    assert "append_only" in refused(f"DELETE FROM {table}")  # noqa: S608 - names from this test


def test_excluding_roles_are_refused_by_sql(context: Any) -> None:
    approver = officer(Role.APPROVER)
    db.session.commit()
    said = refused(
        "INSERT INTO officer_role (officer_id, name, granted_at) VALUES (:id, 'screener', '2026-11-24 00:00:00')",
        id=approver.id,
    )
    assert "role_disjoint" in said


def test_screener_and_operator_may_be_one_person(context: Any) -> None:
    both = officer(Role.SCREENER, Role.OPERATOR)
    db.session.commit()
    assert {held.name for held in both.roles} == {Role.SCREENER, Role.OPERATOR}


def test_a_custodian_never_changes_group(context: Any) -> None:
    person, head = officer(Role.SCREENER), officer(Role.ADMINISTRATOR)
    db.session.commit()
    insert = (
        "INSERT INTO custodian (officer_id, custodian_group, appointed_by, appointed_at, released_by, released_at) "
        "VALUES (:officer, :kind, :by, '2026-11-24 00:00:00', :by, '2026-11-24 00:00:00')"
    )
    db.session.execute(text(insert), {"officer": person.id, "kind": "key", "by": head.id})
    db.session.commit()
    assert "custodian_disjoint" in refused(insert, officer=person.id, kind="security", by=head.id)
    assert "other_person" in refused(insert, officer=head.id, kind="key", by=head.id)


def test_the_audit_record_is_whole_and_tells_when_it_is_not(context: Any) -> None:
    assert audit.verify() == []
    head = db.session.execute(text("SELECT size FROM audit_head")).scalar_one()
    db.session.execute(text("UPDATE audit_head SET size = size + 1"))
    assert [str(one) for one in audit.verify()] == [f"missing {head + 1}"]
