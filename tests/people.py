"""A cast of people and what they do, through the services only."""

import secrets
from datetime import timedelta
from itertools import count
from typing import Any

from flask import session
from werkzeug.http import parse_cookie

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.models import Officer, OfficerRole, Person
from jcanweb.permissions import TOTP_ROLES
from jcanweb.roles import Role

PASSWORD = "correct horse battery staple"  # noqa: S105 - only in tests
_numbers = count(1)


def officer(*roles: Role, password: bool = False) -> Officer:
    """An officer with these roles; with a password only where a test signs in (Argon2id is slow)."""
    from jcanweb.identity import hash_of

    number, at = next(_numbers), clock.now()
    made = Officer(email=f"officer{number}@example.jp", name=f"担当 {number}", fs_uniquifier=secrets.token_hex(32),
                   password=hash_of(PASSWORD) if password else None, active=True, password_changed_at=at,
                   joined_at=at)  # fmt: skip
    made.roles = [OfficerRole(name=role, granted_at=at) for role in roles]
    db.session.add(made)
    db.session.flush()
    return made


def sign_in(visitor: Any, who: Officer) -> None:
    visitor.get("/login")
    visitor.send("サインイン", email=who.email, password=PASSWORD)


def enter(app: Any, visitor: Any, who: Officer, *, fresh: bool = True) -> None:
    """Sign an officer in without the password and the code: what follows both is done as in a real sign-in.

    With `fresh=False` that sign-in was longer ago than dangerous acts allow. Outside of a transaction.
    """
    from flask_security.utils import login_user

    from jcanweb.identity import notice_authentication

    with _request(app, visitor):
        with transaction():
            officer = db.session.get_one(Officer, who.id)
            if officer.holds(*TOTP_ROLES) and not officer.tf_primary_method:
                officer.tf_primary_method = "authenticator"
            login_user(officer, authn_via=["password", "authenticator"])
        notice_authentication(app.response_class())
        if not fresh:
            session["fresh_at"] -= timedelta(minutes=app.config["FRESH_SIGN_IN_MINUTES"]).total_seconds()
        _take_cookie(app, visitor)


def enter_person(app: Any, visitor: Any, who: Person) -> None:
    """Sign an applicant in as the personal link and its code would."""
    with _request(app, visitor):
        session["person"] = who.id
        _take_cookie(app, visitor)


def _request(app: Any, visitor: Any) -> Any:
    return app.test_request_context("/", environ_base=visitor.client.environ_base)


def _take_cookie(app: Any, visitor: Any) -> None:
    """Keep the session on the server and its id at the visitor."""
    response, name = app.response_class(), app.config["SESSION_COOKIE_NAME"]
    app.session_interface.save_session(app, session, response)
    visitor.client.set_cookie(name, parse_cookie(response.headers["Set-Cookie"])[name])
