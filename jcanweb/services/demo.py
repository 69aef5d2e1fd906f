"""The demo world: a small registration authority in the middle of its work, made by the services themselves.

Nothing goes past a rule: every act is done by the officer or applicant who may do it, and is recorded.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import select

from jcanweb import audit, clock
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.errors import NotEmpty
from jcanweb.events import Event, Subject
from jcanweb.models import AuditEntry, Corporation, Officer, Person
from jcanweb.roles import Role
from jcanweb.services import custodians, invitations, officers, organizations, screening, vetting
from jcanweb.services.demo_acts import Acts
from jcanweb.services.demo_cast import STAFF, Company, companies
from jcanweb.vocabulary import AgreementState, CustodianGroup

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Seat:
    """An officer of the demo; password and passphrase are shown once and kept nowhere."""

    name: str
    email: str
    role: Role
    group: CustodianGroup | None
    password: str = field(repr=False)
    passphrase: str | None = field(repr=False)
    """of the custodian's key, where there is one"""


@dataclass(frozen=True)
class World:
    seats: list[Seat]
    links: list[tuple[str, str]] = field(repr=False)
    """(name, personal link) of two applicants"""


def is_demo() -> bool:
    """Was this installation filled with the demo world?"""
    made = select(AuditEntry.sequence).where(AuditEntry.event == Event.DEMO_CREATED)
    return db.session.scalar(made.limit(1)) is not None


def create(hash_of: Callable[[str], str]) -> World:
    """Fill an empty installation; takes some seconds, for keys and certificates are real ones.

    `hash_of` makes the Argon2id hash of a one-time password. Certificates are committed one by one as in real
    life, so an interrupted run leaves an installation that is not empty. Raises NotEmpty where there is an
    officer or a corporation.
    """
    if officers.claimed() or db.session.scalar(select(Corporation.id).limit(1)) is not None:
        raise NotEmpty()
    with _days_ago(120):
        staff, seats = _staff(hash_of)
        homes = companies(jst_date(clock.now()))
        people = {
            name: person
            for word, home in homes.items()
            for name, person in _people(word, home, staff["screener"])
        }
    acts = Acts(staff, people)
    with _days_ago(115):
        acts.draft("shoji", 3)
    screening.lapse_old()
    with _days_ago(20):
        _suspend(homes["shoji"], staff["screener"])
        acts.reject(acts.submit("kensetsu", 3))
        acts.withdraw(acts.submit("sekkei", 3))
    with _days_ago(9):
        asked = acts.claim(acts.submit("denki", 2))
        acts.comment(asked, "英文名称を法人に電話で確かめています。木曜日に折り返しがあります。")
        acts.screen(acts.submit("sekkei", 0))
        acts.send_back(acts.submit("kensetsu clerk", 4))
    with _days_ago(1):
        acts.approve(acts.submit("denki clerk", 3))
        acts.submit("kensetsu", 2)
    acts.submit("denki", 4)
    acts.draft("sekkei clerk", 5)
    made = acts.certificates()
    officers.end_first_links()
    audit.record(Event.INSTALLATION_CLAIMED, Subject.INSTALLATION, 1, by=None, way="demo")
    audit.record(Event.DEMO_CREATED, Subject.INSTALLATION, 1, by=None, certificates=made)
    shown = [people["kensetsu"], people["kensetsu clerk"]]
    links = [(one.name, f"{setting('PUBLIC_URL')}/apply/{invitations.invite(one, by=staff['screener'])}")
             for one in shown]  # fmt: skip
    return World(seats, links)


def _days_ago(days: int) -> AbstractContextManager[None]:
    return clock.at(clock.now() - timedelta(days=days))


def _staff(hash_of: Callable[[str], str]) -> tuple[dict[str, Officer], list[Seat]]:
    """Every officer with a one-time password; the custodians among them with a key kept here."""
    staff: dict[str, Officer] = {}
    seats = []
    for word, one in STAFF.items():
        by, password = staff.get("administrator"), _secret()
        token = officers.invite(email=one.email, name=one.name, roles={one.role}, by=by)
        officer = officers.join(
            token, name=one.name, email=one.email, password_hash=hash_of(password), one_time=True
        )
        passphrase = None
        if one.group is not None:
            passphrase = _secret()
            custodian = custodians.appoint(officer, one.group, by=staff["administrator"])
            custodians.make_key(custodian, passphrase, by=officer)
        staff[word] = officer
        seats.append(Seat(one.name, one.email, one.role, one.group, password, passphrase))
    return staff, seats


def _people(word: str, home: Company, by: Officer) -> Iterator[tuple[str, Person]]:
    corporation = organizations.register(home.entry, by=by)
    day = jst_date(clock.now())
    vetting.record(corporation, None, evidence="国税庁の法人番号公表サイトで確認。", vetted_on=day, by=by)
    for name, entry in zip((word, f"{word} clerk"), home.people, strict=True):
        person = organizations.add_person(corporation, entry, by=by)
        vetting.record(
            corporation, person, evidence="法人の代表電話に折り返し、権限を確認。", vetted_on=day, by=by
        )
        yield name, person


def _suspend(home: Company, by: Officer) -> None:
    corporation = organizations.by_number(home.entry.corporate_number)
    if corporation is not None:
        entry = replace(home.entry, agreement_state=AgreementState.SUSPENDED)
        organizations.change(corporation, entry, version=corporation.version, by=by)


def _secret() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
