"""An installation of its own for every test, copied from one that is set up once, on either database."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url

from jcanweb import clock, config, create_app, jobs, keys
from jcanweb.database import alembic, db, transaction
from jcanweb.services.setup import prepare
from tests import plain
from tests.page import Visitor

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Japan
URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SETTINGS: dict[str, Any] = {
    "TESTING": True, "RATELIMIT_ENABLED": False, "PFX_ROUNDS": 2048,
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {"argon2__time_cost": 1, "argon2__memory_cost": 64},  # quick, not safe
}  # fmt: skip
jobs.PAUSE, jobs.AT_MOST = (
    0,
    float("inf"),
)  # no page waits for its turn, and a slow machine sweeps as far as a quick one


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
        alembic.upgrade()
        with transaction():
            prepare()
        db.session.remove()
        db.engine.dispose()
    clock.replace(None)
    return folder


class Installation:
    """One app, most of the cost of a test, for all tests of this process; folder and database as set up for each."""

    def __init__(self, first: Path, folder: Path) -> None:
        self.first, self.folder, self.name = first, folder, f"jcanweb_test_{WORKER}"
        self.app: Any = None

    def begin(self) -> Any:
        """The app as it was made, on a copy of what is set up."""
        if self.app is not None:
            self.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.first, self.folder)
        if URI:
            admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            admin(f"CREATE DATABASE {self.name} TEMPLATE jcanweb_first_{WORKER}")
        if self.app is None or config._settings is not self.app.config:  # a test made another app
            self.make()
        self.app.config.clear()
        self.app.config.update(self.settings)
        keys.load(self.app)
        with self.app.app_context():
            db.engines[None] = self.engine.execution_options()  # who listens to it listens for one test
        return self.app

    def make(self) -> None:
        self.app = create_app(SETTINGS | database(self.name), instance=str(self.folder))
        self.settings = dict(self.app.config)
        with self.app.app_context():
            self.engine = db.engine
        if not URI:  # no test cuts the power: the disk need not be waited for
            event.listen(self.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))


@pytest.fixture(scope="session")
def installation(blueprint_instance: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(blueprint_instance, tmp_path_factory.mktemp("test") / "instance")


@pytest.fixture
def app(installation: Installation, hands: Hands) -> Iterator[Any]:
    app = installation.begin()
    yield app
    with app.app_context():
        db.session.remove()
        plain.check()


@pytest.fixture
def own_app(app: Any) -> Any:
    """Another app of the same installation, for a test that adds to its routes."""
    return create_app(SETTINGS | database(f"jcanweb_test_{WORKER}"), instance=app.instance_path)


@pytest.fixture
def context(app: Any) -> Iterator[Any]:
    """An application context for tests of services."""
    with app.test_request_context("/"):
        yield app


@pytest.fixture
def browser(app: Any) -> Visitor:
    """A visitor whose every page is checked."""
    return Visitor(app)
