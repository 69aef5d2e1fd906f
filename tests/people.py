"""A cast of people and what they do, through the services only."""

import secrets
from itertools import count
from typing import Any

from jcanweb import clock
from jcanweb.database import db
from jcanweb.models import Officer, OfficerRole
from jcanweb.vocabulary import Role

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
