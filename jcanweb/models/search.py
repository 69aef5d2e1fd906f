"""The words by which things are found, cut into pieces of two and three characters, and their full-text indexes."""

from sqlalchemy import Connection, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base

STRETCH = 8192
"""Numbers of one stretch of the PostgreSQL index, which has no order: newest first is stretch by stretch."""


class SearchEntry(Base):
    """What is looked through for one application once handed in; the service `search` writes it."""

    __tablename__ = "search_entry"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # Application.arrival
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    key: Mapped[str] = mapped_column(Text)  # search keys of its names and texts, a space between two


INDEXES = {"application_fts": ("search_entry", "key"), "corporation_fts": ("corporation", "name_key")}
"""Index → the table and the column it looks through; by the table's id."""

_PIECES = f"""CREATE FUNCTION search_pieces(place bigint, key text) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
  SELECT ARRAY['#' || place / {STRETCH}] || ARRAY(
    SELECT DISTINCT substr(part, i, n) FROM unnest(string_to_array(key, ' ')) AS part,
      generate_series(2, 3) AS n, generate_series(1, length(part) - n + 1) AS i) $$"""  # noqa: S608 - a number of ours # fmt: skip


def create(connection: Connection) -> None:
    """SQLite: FTS5 tables that hold the index alone, without the text. PostgreSQL: GIN over the pieces of the key."""
    if connection.dialect.name == "sqlite":
        for name in INDEXES:
            connection.exec_driver_sql(
                f"CREATE VIRTUAL TABLE {name} USING fts5(pieces, content='', columnsize=0, detail=none, tokenize='ascii')"
            )
        return
    connection.exec_driver_sql(_PIECES)
    for name, (table, key) in INDEXES.items():
        connection.exec_driver_sql(f"CREATE INDEX {name} ON {table} USING gin (search_pieces(id, {key}))")
