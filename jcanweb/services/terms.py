"""Editions of the terms of use: import, and which one is in force (product.md §3)."""

import re
import unicodedata
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, terms
from jcanweb.calendar import jst_date
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused
from jcanweb.models import Edition
from jcanweb.vocabulary import Event, Subject

SAMPLE_FROM = date(2018, 1, 1)


def import_edition(source: bytes, *, version: str, effective_on: date, official: bool = True,
                   by: object = None) -> Edition:  # fmt: skip
    """Read and keep an official text with its exact bytes and SHA-256.

    `version` as in the revision table (3.0; full-width is accepted). Raises terms.TermsUnreadable when the text
    cannot be read whole, FieldRefused for another version, and when the version or the day is taken already: on
    any day exactly one edition is in force.
    """
    version = unicodedata.normalize("NFKC", version).strip()
    if official and not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", version):
        raise FieldRefused("版は改定履歴のとおり、「3.0」の形で指定してください。")
    document = terms.read(source)
    terms.statements(document)
    taken = db.session.scalar(
        select(Edition).where(
            (Edition.version == version)
            | (Edition.official.is_(official) & (Edition.effective_on == effective_on))
        )
    )
    if taken is not None:
        raise FieldRefused(f"版 {taken.version}（{taken.effective_on} 施行）が既に登録されています。")
    edition = Edition(version=version, official=official, effective_on=effective_on, source=source,
                      sha256=document.sha256, imported_at=clock.now())  # fmt: skip
    db.session.add(edition)
    try:
        flush()
    except IntegrityError as failure:  # another import was quicker
        raise FieldRefused(
            f"版 {version} または {effective_on} 施行の版が既に登録されています。"
        ) from failure
    audit.record(Event.EDITION_IMPORTED, Subject.EDITION, edition.id, by=by, version=version,
                 sha256=document.sha256, effective_on=effective_on.isoformat())  # fmt: skip
    return edition


def in_force(day: date | None = None) -> Edition:
    """The edition in force on that day (Japan's today by default): official before sample, latest first."""
    day = day or jst_date(clock.now())
    query = select(Edition).where(Edition.effective_on <= day)
    edition = db.session.scalar(query.order_by(Edition.official.desc(), Edition.effective_on.desc()).limit(1))
    if edition is None:
        raise FieldRefused("有効な利用規約がありません。管理者に連絡してください。")
    return edition


def editions() -> list[Edition]:
    """All editions, newest first."""
    return list(db.session.scalars(select(Edition).order_by(Edition.effective_on.desc(), Edition.id.desc())))


def document(edition: Edition) -> terms.Document:
    """The edition read again from its exact bytes."""
    return terms.read(edition.source)


def lock_in_force() -> Edition:
    """The edition in force, with later imports kept out until this transaction ends."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE edition IN SHARE MODE"))
    return in_force()
