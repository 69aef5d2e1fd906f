"""An installation of its own for every test, copied from one that is set up once, on either database."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from jcanweb import clock, create_app

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Japan
URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SETTINGS: dict[str, Any] = {"TESTING": True, "RATELIMIT_ENABLED": False, "PFX_ROUNDS": 2048}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Where every tool is installed, a test that misses one has failed."""
    if report.skipped and os.environ.get("JCANWEB_CI") == "1":
        report.outcome = "failed"


class Hands:
    """A clock the test moves by hand."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture(autouse=True)
def hands() -> Iterator[Hands]:
    hands = Hands()
    clock.replace(hands.now)
    yield hands
    clock.replace(None)


def admin(statement: str) -> None:
    engine = create_engine(str(URI), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def database(name: str) -> dict[str, Any]:
    if not URI:
        return {}
    url = make_url(URI).set(database=name)
    return {"SQLALCHEMY_DATABASE_URI": url.render_as_string(hide_password=False),
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 5}}  # fmt: skip


@pytest.fixture(scope="session")
def blueprint_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up once: keys, CA, schema, sample edition."""
    folder = tmp_path_factory.mktemp("first") / "instance"
    if URI:
        admin(f"DROP DATABASE IF EXISTS jcanweb_first_{WORKER}")
        admin(f"CREATE DATABASE jcanweb_first_{WORKER}")
    clock.replace(lambda: START)
    app = create_app(SETTINGS | database(f"jcanweb_first_{WORKER}"), instance=str(folder))
    with app.app_context():
        from jcanweb.database import alembic, db, transaction
        from jcanweb.services.setup import prepare

        alembic.upgrade()
        with transaction():
            prepare()
        if not URI:
            db.session.execute(text("SELECT 1"))
            db.session.rollback()
        db.session.remove()
        db.engine.dispose()
    clock.replace(None)
    return folder


@pytest.fixture(scope="session", autouse=True)
def routes() -> Iterator[None]:
    """Every app has the same routes: their URL builders, most of the cost of an app, are compiled once a run."""
    compile_builder, made = Rule._compile_builder, {}

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, repr(rule.defaults), rule.subdomain, rule.host, append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    Rule._compile_builder = once  # type: ignore[method-assign]  # the library offers no such cache
    yield
    Rule._compile_builder = compile_builder  # type: ignore[method-assign]  # as it was


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once a run, not once a test."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(blueprint_instance: Path, tmp_path: Path, hands: Hands, compiled: Any) -> Iterator[Any]:
    folder = tmp_path / "instance"
    shutil.copytree(blueprint_instance, folder)
    name = f"jcanweb_test_{WORKER}"
    if URI:
        admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin(f"CREATE DATABASE {name} TEMPLATE jcanweb_first_{WORKER}")
    made = create_app(SETTINGS | database(name), instance=str(folder))
    made.jinja_env.bytecode_cache = compiled
    yield made
    with made.app_context():
        from jcanweb.database import db
        from tests import plain

        db.session.remove()
        plain.check()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app: Any) -> Iterator[Any]:
    """An application context for tests of services."""
    with app.test_request_context("/"):
        yield app


@pytest.fixture
def browser(app: Any) -> Any:
    """A visitor whose every page is checked."""
    from tests.page import Visitor

    return Visitor(app)
