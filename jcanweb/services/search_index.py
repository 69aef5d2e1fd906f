"""What search looks through, kept in step: an entry is written in the flush of the thing itself, so no writer forgets it.

It is so for rows written through the session, once `listen` was called.
"""

from sqlalchemy import Connection, delete, event, insert, select, text
from sqlalchemy.orm import attributes

from jcanweb import names
from jcanweb.database import next_number
from jcanweb.models import Application, Corporation, SearchEntry

_TEXTS = ("organization_unit", "common_name", "organization_unit_ja", "common_name_ja")


def listen() -> None:
    """From now on, in this process."""
    for kind, before, after in ((Application, _arrive, _enter), (Corporation, _name, _known)):
        for act in ("insert", "update"):
            event.listen(kind, f"before_{act}", before)
            event.listen(kind, f"after_{act}", after)


def _changed(thing: Application | Corporation, *columns: str) -> bool:
    return any(attributes.get_history(thing, name).has_changes() for name in columns)


def _key(*parts: str) -> str:
    return " ".join(dict.fromkeys(key for part in parts if (key := names.search_key(part))))


def _arrive(_: object, __: Connection, application: Application) -> None:
    """Every handing-in, also the one after a return, comes first in the lists."""
    if application.submitted_at is not None and _changed(application, "submitted_at"):
        application.arrival = next_number("arrival")


def _enter(_: object, connection: Connection, application: Application) -> None:
    if application.arrival is None or not _changed(application, "arrival", "corporation_id", *_TEXTS):
        return
    home = select(Corporation.name_key).where(Corporation.id == application.corporation_id)
    names_of_home = connection.scalar(home) or ""
    texts = (getattr(application, name) for name in _TEXTS)
    _replace(connection, application.id, application.arrival, f"{names_of_home} {_key(*texts)}")


def _name(_: object, connection: Connection, corporation: Corporation) -> None:
    key = _key(corporation.name, corporation.name_kana or "", corporation.name_en)
    if corporation.id is not None:
        before = connection.scalar(select(Corporation.name_key).where(Corporation.id == corporation.id))
        if before == key:
            return
        _index(connection, "corporation_fts", corporation.id, before)
    corporation.name_key = key


def _known(_: object, connection: Connection, corporation: Corporation) -> None:
    """The names of a corporation stand in the entries of its applications too."""
    if not _changed(corporation, "name_key"):
        return
    _index(connection, "corporation_fts", corporation.id, None, corporation.name_key)
    columns = Application.id, Application.arrival, *(getattr(Application, name) for name in _TEXTS)
    query = select(*columns).where(
        Application.corporation_id == corporation.id, Application.arrival.is_not(None)
    )
    for number, arrival, *texts in connection.execute(query).all():
        _replace(connection, number, arrival, f"{corporation.name_key} {_key(*texts)}")


def _replace(connection: Connection, application_id: int, arrival: int, key: str) -> None:
    mine = SearchEntry.application_id == application_id
    for old, before in connection.execute(select(SearchEntry.id, SearchEntry.key).where(mine)).all():
        _index(connection, "application_fts", old, before)
    connection.execute(delete(SearchEntry).where(mine))
    connection.execute(insert(SearchEntry).values(id=arrival, application_id=application_id, key=key))
    _index(connection, "application_fts", arrival, None, key)


def _index(
    connection: Connection, index: str, number: int, before: str | None, now: str | None = None
) -> None:
    """SQLite: take the pieces of the old key out of the index or put those of the new one in. PostgreSQL does by itself."""
    if connection.dialect.name != "sqlite":
        return
    if before is not None:
        connection.execute(text(f"INSERT INTO {index} ({index}, rowid, pieces) VALUES ('delete', :id, :pieces)"),  # noqa: S608
                           {"id": number, "pieces": document(before)})  # fmt: skip
    if now is not None:
        connection.execute(text(f"INSERT INTO {index} (rowid, pieces) VALUES (:id, :pieces)"),  # noqa: S608
                           {"id": number, "pieces": document(now)})  # fmt: skip


def document(key: str) -> str:
    """All pieces of a key, as the SQLite index takes them."""
    return " ".join(
        {
            part[at : at + size]
            for part in key.split()
            for size in (2, 3)
            for at in range(len(part) - size + 1)
        }
    )
