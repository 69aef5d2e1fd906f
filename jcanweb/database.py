"""The database: types, the transaction, and what it refuses by itself.

Nobody commits: a request whose answer is below 400 is committed here, anything else rolled back.
"""

import enum
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response
from flask_alembic import Alembic
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Enum,
    LargeBinary,
    MetaData,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from jcanweb.errors import RuleViolation, StalePage, TwoPersonRule


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; naive values are refused, SQLite gets its zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


Base.registry.update_type_annotation_map(
    {
        enum.StrEnum: Enum(
            enum.StrEnum,
            values_callable=lambda members: [member.value for member in members],
            native_enum=False,
            create_constraint=True,
            length=40,
        ),
        datetime: UtcDateTime,
        bytes: LargeBinary,
    }
)

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
alembic = Alembic(run_mkdir=False)


def init_app(app: Flask) -> None:
    app.config["ALEMBIC"] = {"script_location": str(Path(__file__).parent / "migrations")}
    app.config["ALEMBIC_CONTEXT"] = {
        "render_as_batch": True,
        "compare_type": True,
        "include_object": _compared,
    }
    options = app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {})
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options | {
        "hide_parameters": True
    }  # no data in errors and logs
    db.init_app(app)
    alembic.init_app(app)
    with app.app_context():
        _prepare(db.engine)
    app.after_request(finish)


def _compared(thing: object, name: str | None, *_: object) -> bool:
    """Of the full-text indexes (models/search.py) Alembic knows nothing."""
    return "_fts" not in str(name)


def _prepare(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver's own implicit BEGIN would be a deferred one
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "secure_delete=ON",
            "trusted_schema=ON",
            "recursive_triggers=ON",  # else INSERT OR REPLACE removes rows past the triggers on DELETE
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def finish(response: Response) -> Response:
    """Below 400 commit, anything else roll back; then what waited for the commit is run."""
    if response.status_code < 400:
        try:
            db.session.commit()
        except IntegrityError as failure:
            db.session.rollback()
            raise translate(failure) from failure
        _run_waiting()
    else:
        db.session.rollback()
        db.session.info.pop("after_commit", None)
    return response


def after_commit(act: Any) -> None:
    """Run `act()` once this transaction is safe on disk; never when it was rolled back."""
    waiting = db.session.info.setdefault("after_commit", [])
    if act not in waiting:
        waiting.append(act)


def _run_waiting() -> None:
    """What is committed is done: a failure of what follows is logged by its name, and a job takes it up again."""
    for act in db.session.info.pop("after_commit", []):
        try:
            act()
        except Exception as failure:
            db.session.rollback()
            logging.getLogger("jcanweb").error(
                "after the commit: %s failed: %s", act.__name__, type(failure).__name__
            )


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction for a command or a job: the same rule as a request."""
    try:
        yield
        db.session.commit()
    except IntegrityError as failure:
        db.session.rollback()
        db.session.info.pop("after_commit", None)
        raise translate(failure) from failure
    except BaseException:
        db.session.rollback()
        db.session.info.pop("after_commit", None)
        raise
    _run_waiting()


def release() -> None:
    """End a transaction that has only read: nobody is to wait for what comes next. What was loaded loads itself again."""
    db.session.rollback()


@contextmanager
def separate() -> Iterator[Connection]:
    """A short transaction of the machinery (web sessions), outside the request's own."""
    with db.engine.begin() as connection:
        yield connection


def flush() -> None:
    """Send the changes; a refusal of the database becomes the sentence of its rule."""
    try:
        db.session.flush()
    except IntegrityError as failure:
        raise translate(failure) from failure


def lock(thing: Any, version: int | None = None) -> None:
    """Hold this row until the end of the transaction and see it as it is now.

    `version` is what the person's page showed; another one raises StalePage.
    """
    kind, state = type(thing), inspect(thing)
    db.session.expire(thing)
    keys = zip(state.mapper.primary_key, state.identity or (), strict=True)
    query = select(kind).where(*(column == value for column, value in keys)).with_for_update(of=kind)
    db.session.execute(query, execution_options={"populate_existing": True}).scalar_one()
    if version is not None and thing.version != version:
        raise StalePage()


def translate(failure: IntegrityError) -> RuleViolation | IntegrityError:
    """The domain error behind a constraint's name."""
    said = str(failure.orig)
    if re.search(r"two_person|other_person|disjoint", said):
        return TwoPersonRule()
    return failure


def next_number(name: str) -> int:
    """The next value of a counter that never gives a value twice; gaps are allowed."""
    row = db.session.execute(
        text(
            "INSERT INTO counter (name, value) VALUES (:name, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value"
        ),
        {"name": name},
    )
    return int(row.scalar_one())
