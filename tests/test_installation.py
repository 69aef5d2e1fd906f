"""One app serves all tests of a process: none finds what another left."""

from pathlib import Path
from typing import Any

from sqlalchemy import event

from jcanweb import config, keys
from jcanweb.database import db, transaction
from jcanweb.models import Officer
from jcanweb.roles import Role
from jcanweb.web import limiter
from tests.people import officer


def test_what_a_test_changed_is_as_it_was(installation: Any, app: Any) -> None:
    said: list[Any] = []
    url, folder, signing = app.config["PUBLIC_URL"], Path(app.instance_path), keys.receipt_key()
    with app.app_context(), transaction():
        event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        officer(Role.AUDITOR)
    assert said
    said.clear()
    (folder / "outbox").mkdir()
    (folder / "ca" / "ledger.sqlite").unlink()
    app.config.update(PUBLIC_URL="https://elsewhere.example", STRANGE=True)
    keys._held["receipt"] = keys.presentation_key()

    assert installation.begin() is app
    assert (app.config["PUBLIC_URL"], "STRANGE" in app.config) == (url, False)
    assert keys.receipt_key().private_bytes_raw() == signing.private_bytes_raw()
    assert not (folder / "outbox").exists()
    assert (folder / "ca" / "ledger.sqlite").exists()
    with app.app_context():
        assert db.session.query(Officer).count() == 0
    assert said == []


def test_after_a_test_with_an_app_of_its_own_one_is_made(installation: Any, app: Any, own_app: Any) -> None:
    limiter.enabled = True  # as an app that limits leaves it
    made = installation.begin()
    assert made is not app
    assert made is not own_app
    assert config.setting("PUBLIC_URL") == made.config["PUBLIC_URL"]
    assert config._settings is made.config
    assert limiter.enabled is False
