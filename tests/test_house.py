"""The floor plan, kept by tests: who may import whom, who commits, who may enter, what is named."""

import ast
from pathlib import Path
from typing import Any

import pytest

from jcanweb import events, labels, permissions, roles, vocabulary
from jcanweb.audit import EVENT_FACTS
from jcanweb.config import DEFAULTS
from jcanweb.events import Event
from jcanweb.roles import Permission, Role

PACKAGE = Path(__file__).resolve().parents[1] / "jcanweb"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
PURE = ("terms", "names", "pki", "sheets")
LONGER = {"verifier.py": 570}
"""It is handed to an outsider and read and run alone."""


def shelf(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def ours(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("jcanweb.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_file_keeps_to_its_layer(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imports(path)}
    where = shelf(path)
    if where == "services":
        assert "flask" not in libraries, "a service knows no Flask: the view speaks HTTP"
        assert not ours(path) & {"views", "forms", "web", "identity"}, (
            "a service does not look up to its callers"
        )
    if where == "views":
        assert not ours(path) & {"pki", "issuers"}, "a view asks a service, not the cryptography"
        other = {name for name in imports(path) if name.startswith("jcanweb.views.")}
        assert path.name == "__init__.py" or not other, "a view knows no other view"
    if where in PURE:
        assert ours(path) <= {where, "vocabulary", "errors"}, "a pure folder knows only the words and itself"
        assert not libraries & {"flask", "sqlalchemy"}, "a pure folder knows neither Flask nor the database"
    if where == "issuers":
        assert ours(path) <= {"issuers", "pki", "vocabulary", "errors"}, "an issuer stands behind its port"
        assert not libraries & {"flask", "sqlalchemy"}
    if where == "models":
        assert ours(path) <= {"models", "database", "events", "roles", "vocabulary", "terms"}, (
            "a model knows the database and the words"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_transaction_and_the_audit_record_commit(path: Path) -> None:
    if path.name not in {"database.py", "audit.py"}:
        assert ".commit(" not in path.read_text("utf-8"), "nobody commits: the answer's status decides"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_states_writes_a_state(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Attribute) and target.attr == "state":
                assert path.name == "states.py", "states.move() is the only writer of .state"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_clock_reads_the_clock(path: Path) -> None:
    if path.name != "clock.py":
        text = path.read_text("utf-8")
        assert "datetime.now(" not in text
        assert "date.today(" not in text
        assert "time.time(" not in text


def test_no_file_is_longer_than_300_lines() -> None:
    long = {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in long.items() if lines > LONGER.get(name, 300)} == {}


def test_every_endpoint_says_who_may(app: Any) -> None:
    silent = [name for name in app.view_functions if permissions.who_may(app, name)[0] == "nobody"]
    assert silent == []


def test_an_endpoint_that_says_nothing_is_closed(own_app: Any) -> None:
    own_app.add_url_rule("/silent", "silent", lambda: "open")
    assert own_app.test_client().get("/silent").status_code == 403


def test_every_event_has_its_facts() -> None:
    assert set(EVENT_FACTS) == set(Event)


def test_every_event_is_recorded_somewhere() -> None:
    elsewhere = "".join(
        path.read_text("utf-8") for path in FILES if path.stem not in {"audit", "events", "labels"}
    )
    assert [event.name for event in Event if f"Event.{event.name}," not in elsewhere] == []


def test_every_setting_is_read_somewhere() -> None:
    """RATELIMIT_ENABLED is Flask-Limiter's own."""
    elsewhere = "".join(path.read_text("utf-8") for path in FILES if path.stem != "config")
    unread = [name for name in DEFAULTS if f'"{name}"' not in elsewhere]
    assert unread == ["RATELIMIT_ENABLED"]


def test_every_permission_is_asked_for_somewhere() -> None:
    views = "".join(path.read_text("utf-8") for path in FILES if shelf(path) == "views")
    assert [one.name for one in Permission if f"Permission.{one.name}" not in views] == []


def test_every_member_has_a_label() -> None:
    for kind, words in labels.LABELS.items():
        assert set(words) == {member.value for member in kind}, kind
    shown = {
        kind
        for words in (vocabulary, events, roles)
        for kind in vars(words).values()
        if isinstance(kind, type) and hasattr(kind, "__members__")
    }
    assert shown - set(labels.LABELS) - {Permission} <= {vocabulary.StrEnum}


def test_permissions_follow_their_grammar() -> None:
    for permission in Permission:
        noun, _, verb = permission.value.partition(":")
        assert noun
        assert verb
        assert permission.name == f"{noun}_{verb}".upper()


def test_the_administrator_touches_no_application_key_or_pin() -> None:
    nouns = {permission.value.split(":")[0] for permission in permissions.GRANTS[Role.ADMINISTRATOR]}
    assert not nouns & {"application", "certificate", "delivery", "recovery", "revocation", "person"}


def test_the_auditor_only_reads() -> None:
    assert {p.value.split(":")[1] for p in permissions.GRANTS[Role.AUDITOR]} <= {"view", "manage"}
    assert Permission.OFFICER_MANAGE not in permissions.GRANTS[Role.AUDITOR]


@pytest.mark.parametrize(
    ("first", "second"),
    [(Role.APPROVER, Role.SCREENER), (Role.APPROVER, Role.OPERATOR), (Role.AUDITOR, Role.SCREENER),
     (Role.ADMINISTRATOR, Role.APPROVER), (Role.ADMINISTRATOR, Role.AUDITOR)],
)  # fmt: skip
def test_roles_that_exclude_each_other(first: Role, second: Role) -> None:
    assert permissions.exclude(first, second)
    assert permissions.exclude(second, first)
