"""What runs in the background: every job once a sweep, and one that fails stops no other."""

import threading
from pathlib import Path
from typing import Any

import pytest

from jcanweb import jobs
from jcanweb.database import after_commit, db, transaction
from jcanweb.models import Application, Crl, Mail
from jcanweb.vocabulary import ApplicationState as A
from tests import builders


@pytest.fixture
def forgotten(app: Any, hands: Any) -> int:
    with app.app_context(), transaction():
        made = builders.application(A.RETURNED)
    hands.forward(days=100)
    return made.id


def test_a_sweep_lapses_what_its_applicant_forgot_and_tells_them(app: Any, forgotten: int) -> None:
    jobs.sweep(app)
    with app.app_context():
        assert db.session.get_one(Application, forgotten).state is A.LAPSED
        assert [mail.template for mail in db.session.query(Mail)] == ["application_lapsed"]
        assert db.session.query(Mail).one().sent_at is not None


def test_a_sweep_renews_the_crl_before_it_grows_old(app: Any, hands: Any) -> None:
    jobs.sweep(app)
    hands.forward(hours=25)
    jobs.sweep(app)
    jobs.sweep(app)
    with app.app_context():
        assert db.session.query(Crl).count() == 2


def test_a_job_that_fails_stops_no_other(app: Any, forgotten: int, caplog: pytest.LogCaptureFixture) -> None:
    (Path(app.instance_path) / "ca" / "ledger.sqlite").rename(Path(app.instance_path) / "away")
    jobs.sweep(app)
    with app.app_context():
        assert db.session.get_one(Application, forgotten).state is A.LAPSED
    assert "job 'the CRL' failed" in caplog.text


def test_what_fails_after_a_commit_undoes_and_hides_nothing(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise OSError("somebody@example.jp")

    with app.app_context():
        with transaction():
            made = builders.application(A.SUBMITTED)
            after_commit(fails)
        assert db.session.get(Application, made.id) is not None
    assert "fails failed: OSError" in caplog.text
    assert "somebody" not in caplog.text


def test_a_sweep_begins_at_once_when_it_is_woken(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = threading.Semaphore(0)
    monkeypatch.setattr(jobs, "JOBS", {"one": swept.release})
    stop = jobs.start(app)
    try:
        assert swept.acquire(timeout=20)
        jobs.wake()
        assert swept.acquire(timeout=20)
    finally:
        stop()
