"""Who may: every endpoint against every role, tokens on every form, the limits of a session, no way out by next=."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from jcanweb import permissions, sessions
from jcanweb.database import db, transaction
from jcanweb.models import Application, Certificate, Corporation, Officer, WebSession
from jcanweb.permissions import GRANTS, TOTP_ROLES, who_may
from jcanweb.roles import Permission, Role
from jcanweb.services import officers, revocation
from jcanweb.vocabulary import (
    ApplicationState,
    CertificateState,
    CustodianGroup,
    RevocationReason,
    RevocationRequester,
)
from tests import builders
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import PASSWORD, enter, enter_person, officer, sign_in
from tests.recoveries import Cast

CUSTODIAN = "custodian"
HARMLESS = {"issuance.reconcile", "screening.return_screened", "screening.reject", "screening.enter"}
"""They give out nothing: asking the CA once more, sending back for correction, ending an application, typing OU2 and
CN once more."""


@pytest.fixture
def world(app: Any) -> dict[str, Any]:
    """One of everything with the id 1, and an officer of each role (and a custodian) to come in as."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.test_request_context(), transaction():
        certificate = issued_certificate(CertificateState.DELIVERED)
        builders.application(ApplicationState.SUBMITTED)
        revocation.receive(certificate, reason=RevocationReason.SUPERSEDED, by=officer(Role.SCREENER),
                           requester=RevocationRequester.CORPORATION)  # fmt: skip
        recovering = Cast()
        recovering.ask(issued_certificate())
        cast: dict[str, Officer] = {role: officer(role) for role in Role}
        cast[CUSTODIAN] = recovering.holder(CustodianGroup.KEY)
        return {
            "cast": cast, "number": db.session.scalar(select(Application.number).limit(1)),
            "jc_number": db.session.scalar(select(Certificate.jc_number).limit(1)),
            "corporate_number": db.session.scalar(select(Corporation.corporate_number).limit(1)),
        }  # fmt: skip


def endpoints(app: Any, kind: str) -> Iterator[tuple[Any, str]]:
    """Every rule of that kind with each of its methods."""
    for rule in app.url_map.iter_rules():
        if who_may(app, rule.endpoint)[0] == kind:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, method


def address(app: Any, rule: Any, world: dict[str, Any]) -> str:
    """Its address with the number of a thing that is there where we know one."""
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        whole = type(converter).__name__ == "IntegerConverter"
        values[name] = world.get(name, 1 if whole else "x")
    return str(app.url_map.bind("localhost").build(rule.endpoint, values, method=None))


def granted(role: str) -> frozenset[Permission]:
    if role == CUSTODIAN:
        return GRANTS[Role.SCREENER] | {Permission.RECOVERY_OPEN, Permission.RECOVERY_VIEW}
    return GRANTS[Role(role)]


# --- the sweep ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [*Role, CUSTODIAN])
def test_each_role_opens_what_it_may_and_nothing_else(app: Any, world: dict[str, Any], role: str) -> None:
    visitor, wrong, tried = Visitor(app), [], 0
    enter(app, visitor, world["cast"][role])
    for rule, method in endpoints(app, "officer"):
        permission = who_may(app, rule.endpoint)[1]
        status = visitor.client.open(address(app, rule, world), method=method).status_code
        tried += 1
        if (status == 403) == (permission in granted(role)) or status >= 500:
            wrong.append((role, method, rule.rule, status, permission))
        if visitor.client.get("/me").status_code != 200:  # it signed out
            enter(app, visitor, world["cast"][role])
    assert wrong == []
    assert tried > 10


def test_nobody_passes_without_signing_in(app: Any, world: dict[str, Any]) -> None:
    for rule, method in endpoints(app, "officer"):
        answer = app.test_client().open(address(app, rule, world), method=method)
        assert answer.status_code in {302, 303}, (method, rule.rule)
        assert answer.location.startswith("/login"), (method, rule.rule, answer.location)


def test_an_applicant_opens_no_page_of_the_staff(app: Any, world: dict[str, Any]) -> None:
    with app.app_context(), transaction():
        person = builders.person()
    visitor = Visitor(app)
    enter_person(app, visitor, person)
    for rule, method in endpoints(app, "officer"):
        answer = visitor.client.open(address(app, rule, world), method=method)
        assert answer.status_code in {302, 303}, (method, rule.rule)
        assert answer.location.startswith("/login"), (method, rule.rule)


def test_an_officer_is_no_applicant(app: Any, world: dict[str, Any]) -> None:
    visitor = Visitor(app)
    enter(app, visitor, world["cast"][Role.SCREENER])
    for rule, method in endpoints(app, "applicant"):
        answer = visitor.client.open(address(app, rule, world), method=method)
        assert answer.status_code in {302, 303}, (method, rule.rule)


def test_an_applicants_page_without_a_session_leads_away(app: Any, world: dict[str, Any]) -> None:
    for rule, method in endpoints(app, "applicant"):
        answer = app.test_client().open(address(app, rule, world), method=method)
        assert answer.status_code in {302, 303}, (method, rule.rule)
        assert answer.location.startswith("/"), answer.location
        assert not answer.location.startswith("//")


@pytest.mark.parametrize("kind", ["officer", "applicant", "public"])
def test_nothing_is_posted_without_a_token(app: Any, world: dict[str, Any], kind: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    visitor = Visitor(app)
    enter(app, visitor, world["cast"][Role.SCREENER])
    for rule, method in endpoints(app, kind):
        if method != "GET":
            url = address(app, rule, world)
            assert visitor.client.open(url, method=method).status_code == 400, (method, url)
            forged = visitor.client.open(url, method=method, data={"csrf_token": "x"})
            assert forged.status_code == 400, (method, url)


def test_a_dangerous_act_is_fresh_and_its_form_leads_back(app: Any) -> None:
    """Approve, issue, revoke, recover, and what changes who may."""
    fresh = {Permission.APPLICATION_APPROVE, Permission.APPLICATION_ISSUE, Permission.REVOCATION_DECIDE,
             Permission.REVOCATION_EXECUTE, Permission.RECOVERY_AUTHORIZE, Permission.RECOVERY_OPEN,
             Permission.OFFICER_MANAGE, Permission.CUSTODIAN_APPOINT, Permission.TERMS_APPROVE}  # fmt: skip
    for rule, method in endpoints(app, "officer"):
        _, permission, asked = who_may(app, rule.endpoint)
        if method == "POST" and permission in fresh and rule.endpoint not in HARMLESS:
            assert asked, rule.endpoint


def test_what_is_fresh_asks_to_sign_in_again(app: Any, world: dict[str, Any]) -> None:
    visitor = Visitor(app)
    for role in Role:
        for rule, method in endpoints(app, "officer"):
            _, permission, asked = who_may(app, rule.endpoint)
            if asked and permission in GRANTS[role]:
                enter(app, visitor, world["cast"][role], fresh=False)
                answer = visitor.client.open(address(app, rule, world), method=method, data={"page": "/me"})
                assert answer.status_code == 302, (method, rule.rule)
                assert answer.location.startswith("/verify?next=/"), answer.location


# --- before anything else -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(TOTP_ROLES))
def test_without_totp_approver_and_operator_go_nowhere(app: Any, world: dict[str, Any], role: Role) -> None:
    visitor = Visitor(app)
    enter(app, visitor, world["cast"][role])
    with app.app_context(), transaction():
        db.session.get_one(Officer, world["cast"][role].id).tf_primary_method = None
    for rule, method in endpoints(app, "officer"):
        answer = visitor.client.open(address(app, rule, world), method=method)
        assert (answer.status_code, answer.location) == (302, "/tf-setup"), (method, rule.rule)


# --- sessions -------------------------------------------------------------------------------------------


@pytest.fixture
def auditor(app: Any, browser: Visitor) -> Officer:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR)
    enter(app, browser, made)
    assert browser.get("/me").h1 == "自分の設定"
    return made


def test_a_session_in_use_lives_on(browser: Visitor, auditor: Officer, hands: Any) -> None:
    for _ in range(4):
        hands.forward(minutes=14)
        assert browser.get("/me").h1 == "自分の設定"


def test_a_session_left_alone_for_15_minutes_is_dead(browser: Visitor, auditor: Officer, hands: Any) -> None:
    hands.forward(minutes=15)
    assert browser.get("/me").h1 == "サインイン"


def test_a_session_is_dead_after_8_hours_however_busy(browser: Visitor, auditor: Officer, hands: Any) -> None:
    for _ in range(8 * 6 - 1):
        hands.forward(minutes=10)
        assert browser.client.get("/me").status_code == 200
    hands.forward(minutes=10)
    assert browser.get("/me").h1 == "サインイン"


def test_an_applicants_session_left_alone_for_an_hour_is_dead(app: Any, browser: Visitor, hands: Any) -> None:
    with app.app_context(), transaction():
        person = builders.person()
    enter_person(app, browser, person)
    rule, _ = next((rule, m) for rule, m in endpoints(app, "applicant") if not rule.arguments and m == "GET")
    home = rule.rule
    hands.forward(minutes=59)
    alive = browser.client.get(home)
    hands.forward(minutes=60)
    dead = browser.client.get(home)
    assert "sign" not in str(alive.location)
    assert dead.status_code == 303
    assert dead.location != alive.location


@pytest.mark.parametrize("act", ["roles", "deactivate", "end_all"])
def test_a_change_of_role_or_the_end_of_an_account_kills_every_session(
    app: Any, browser: Visitor, auditor: Officer, act: str
) -> None:
    second = Visitor(app)
    enter(app, second, auditor)
    with app.test_request_context(), transaction():
        who, head = db.session.get_one(Officer, auditor.id), officer(Role.ADMINISTRATOR)
        if act == "roles":
            officers.change_roles(who, {Role.SCREENER}, version=who.version, by=head)
        elif act == "deactivate":
            officers.deactivate(who, version=who.version, by=head)
        else:
            sessions.end_all(who.id)
    for visitor in (browser, second):
        assert visitor.get("/me").h1 == "サインイン"
    with app.app_context():
        assert db.session.query(WebSession).filter_by(officer_id=auditor.id).count() == 0


def test_a_change_that_is_rolled_back_leaves_the_sessions(
    app: Any, browser: Visitor, auditor: Officer
) -> None:
    with app.test_request_context():
        who, head = db.session.get_one(Officer, auditor.id), officer(Role.ADMINISTRATOR)
        officers.change_roles(who, {Role.SCREENER}, version=who.version, by=head)
        db.session.rollback()
    assert browser.get("/me").h1 == "自分の設定"


def test_a_request_under_way_does_not_bring_a_dead_session_back(own_app: Any, hands: Any) -> None:
    """The page was being made when the roles changed: what it saves at its end revives nothing."""

    @permissions.requires(Permission.PROFILE_MANAGE)
    def slow() -> str:
        sessions.end_all(who.id)
        db.session.commit()
        return "made"

    own_app.add_url_rule("/slow", "slow", slow)
    browser = Visitor(own_app)
    with own_app.app_context(), transaction():
        who = officer(Role.AUDITOR)
    enter(own_app, browser, who)
    hands.forward(minutes=1)  # long enough for the session's time to be written again
    assert browser.client.get("/slow").data == b"made"
    assert browser.get("/me").h1 == "サインイン"
    with own_app.app_context():
        assert db.session.query(WebSession).filter_by(officer_id=who.id).count() == 0


def test_signing_in_ends_what_came_before(app: Any, browser: Visitor) -> None:
    """An applicant's session on the same browser is gone once an officer signs in (no session fixation)."""
    with app.app_context(), transaction():
        person, who = builders.person(), officer(Role.AUDITOR, password=True)
    enter_person(app, browser, person)
    old = browser.client.get_cookie("jcanweb")
    sign_in(browser, who)
    new = browser.client.get_cookie("jcanweb")
    assert old is not None
    assert new is not None
    assert old.value != new.value
    with app.app_context():
        assert db.session.query(WebSession).filter(WebSession.person_id == person.id).count() == 0


def test_a_guessed_or_mangled_cookie_opens_nothing(app: Any, world: dict[str, Any]) -> None:
    for value in ("", "x", "a" * 5000, "' OR 1=1", "\u3042"):
        visitor = Visitor(app)
        visitor.client.set_cookie("jcanweb", value)
        assert visitor.get("/me").h1 == "サインイン"


# --- the way back after signing in ----------------------------------------------------------------------

OUTSIDE = ["https://evil.example/", "//evil.example/", "////evil.example/", "/\\evil.example", "\\\\evil.example",
           "/\t/evil.example", " //evil.example", "javascript:alert(1)", "http://localhost@evil.example/",
           "https://localhost.evil.example/"]  # fmt: skip


def lands_here(location: str | None) -> bool:
    """Would a browser stay on this host? As WHATWG URL reads it: tabs out, backslash is a slash."""
    read = re.sub(r"[\t\n\r]", "", location or "").strip().replace("\\", "/")
    return not read.startswith("//") and (
        not re.match("[a-z]+:", read) or read.startswith("http://localhost/")
    )


def test_signing_in_leads_to_no_other_host(app: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context(), transaction():
        who = officer(Role.AUDITOR, password=True)
    for where in OUTSIDE:
        client, asked = app.test_client(), {"next": where}
        answers = [client.post("/login", query_string=asked, data={"email": who.email, "password": PASSWORD})]
        if where in OUTSIDE[:4]:  # the same check; each password costs time
            answers.append(client.post("/verify", query_string=asked, data={"password": PASSWORD}))
        answers.append(client.post("/logout", query_string=asked))
        for answer in answers:  # refused with the form once more, or led to a page of ours
            assert answer.status_code == 200 or lands_here(answer.location), (where, answer.location)


def test_the_page_of_a_dangerous_form_leads_to_no_other_host(app: Any, world: dict[str, Any]) -> None:
    visitor = Visitor(app)
    enter(app, visitor, world["cast"][Role.APPROVER], fresh=False)
    for where in OUTSIDE:
        answer = visitor.client.post("/revocations/1/decide", data={"page": where})
        assert answer.status_code == 302, where
        assert answer.location.startswith("/verify?next="), answer.location


def test_signing_in_leads_to_the_page_that_was_asked_for(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        who = officer(Role.AUDITOR, password=True)
    browser.get("/audit")
    assert browser.page is not None
    assert browser.page.h1 == "サインイン"
    assert browser.send("サインイン", email=who.email, password=PASSWORD).h1 == "監査記録"
