"""What the audit record may hold: ids, digests, words of the vocabulary and times; nothing about a person, no secret."""

import re
from collections.abc import Iterator
from typing import Any

from jcanweb.database import db
from jcanweb.models import Application, AuditEntry, Corporation, Officer, Person

PLAIN = re.compile(
    r"""[a-z]+(_[a-z]+)*            # a member of an enum, the name of a column
    | [a-z]+(_[a-z]+)*:[a-z_0-9]+   # of an event or permission, officer:3
    | [a-z]+([A-Z][a-z]+)+          # a reason of RFC 5280
    | ([A-Z][a-z]+)+                # the name of an error
    | [0-9a-f]{16,64}               # a digest, a serial number, the name of an act
    | (JC-|T)[0-9]{8} | [0-9]{1,13} # JC-number, 受付番号, 法人番号
    | [0-9]+(\.[0-9]+)+ | 見本 | sample   # a version
    | [0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+\+00:00)?
    | """,
    re.VERBOSE | re.ASCII,
)
LOOSER = {
    "failure": re.compile(r"[a-z]+:?( [a-z_]+,?)*"),  # why an order failed, in fixed words
    "query": re.compile(r"[a-z0-9_:=&;,. -]*"),  # of a report: words and days
}


def strange(entry: AuditEntry) -> list[str]:
    """The facts of this entry (and its subject and actor) that are none of the plain things."""
    said = [("subject_id", entry.subject_id), ("actor", entry.actor)]
    for name, value in entry.facts.items():
        said += [(name, one) for one in _leaves(value)]
    return [f"{entry.event} {name}" for name, value in said if not _is_plain(name, value)]


def personal() -> set[str]:
    """Every name and address of a person or corporation in the database."""
    columns = [Officer.name, Officer.email, Person.name, Person.name_kana, Person.email, Corporation.name,
               Application.pin_recipient_name, Application.pin_recipient_email]  # fmt: skip
    return {value for column in columns for value in db.session.scalars(db.select(column)) if value}


def check() -> None:
    """Nothing in the whole record is about a person."""
    entries, people = list(db.session.scalars(db.select(AuditEntry))), personal()
    assert [found for entry in entries for found in strange(entry)] == []
    told = {str(value) for entry in entries for fact in entry.facts.values() for value in _leaves(fact)}
    assert told & people == set()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _is_plain(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return value is None or isinstance(value, bool | int)
    if name == "subject_id" and re.fullmatch(r"[a-z_]+\.[a-z_]+", value):
        return True  # an endpoint
    return bool(PLAIN.fullmatch(value) or (name in LOOSER and LOOSER[name].fullmatch(value)))
