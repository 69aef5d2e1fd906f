"""What editions of the terms and CP documents share: a version, an approval for a day, exactly one in force on any day."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select, text

from jcanweb import clock
from jcanweb.calendar import japanese_date, jst_date
from jcanweb.database import db
from jcanweb.errors import FieldRefused
from jcanweb.models import Edition, EditionApproval, PolicyApproval, PolicyDocument
from jcanweb.vocabulary import EditionState

Dated = TypeVar("Dated", Edition, PolicyDocument)
APPROVALS: dict[type[Any], Any] = {Edition: EditionApproval, PolicyDocument: PolicyApproval}


def new_version(kind: type[Dated], typed: str) -> str:
    """The version as it is kept (full-width is accepted). Raises FieldRefused at `version`: none, or approved already."""
    version = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", version):
        raise FieldRefused("版は文書に書かれているとおり、「3.0」の形で入力してください。", "version")
    approval = APPROVALS[kind]
    taken = db.session.scalar(select(approval.effective_on).where(approval.version == version))
    if taken is not None:
        raise FieldRefused(
            f"版 {version} は既に登録されています。施行日は{japanese_date(taken)}です。", "version"
        )
    return version


def check(kind: type[Dated], version: str, effective_on: date) -> None:
    """May this version take effect on that day? Keeps other approvals of the kind out until the transaction ends.

    Raises FieldRefused when the version is approved already, and at `effective_on` for a day that is past or
    taken, or where a later day would have the older version in force.
    """
    lock(kind, "SHARE ROW EXCLUSIVE")
    approval = APPROVALS[kind]
    approved = list(db.session.scalars(select(approval).where(approval.official.is_(True))))
    if any(one.version == version for one in approved):
        raise FieldRefused(f"版 {version} は既に承認されています。版の一覧を確認してください。")
    if effective_on < jst_date(clock.now()):
        raise FieldRefused("施行日には、今日以後の日を入力してください。", "effective_on")
    for one in approved:
        if one.effective_on == effective_on:
            raise FieldRefused(
                f"{japanese_date(effective_on)}には版 {one.version} が施行されます。別の日を入力してください。",
                "effective_on",
            )
        later, mine, other = effective_on > one.effective_on, _order(version), _order(one.version)
        if mine == other or later != (mine > other):
            raise FieldRefused(
                f"{japanese_date(one.effective_on)}に施行される版 {one.version} と、版の順と施行日の順が合いません。"
                "版と施行日を確認してください。",
                "effective_on",
            )


def lock(kind: type[Dated], mode: str = "SHARE") -> None:
    """Keep later approvals of this kind out until this transaction ends. SQLite has one writer at a time."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"LOCK TABLE {APPROVALS[kind].__tablename__} IN {mode} MODE"))


def in_force(kind: type[Dated], day: date | None = None) -> Dated | None:
    """What is in force on that day (Japan's today by default): official before sample, latest first."""
    approval = APPROVALS[kind]
    query = select(kind).join(kind.approval.of_type(approval))
    query = query.where(approval.effective_on <= (day or jst_date(clock.now())))
    return db.session.scalar(query.order_by(approval.official.desc(), approval.effective_on.desc()).limit(1))


def offered_day(one: Edition | PolicyDocument) -> date:
    """The day that an approver is offered: the proposed one, or today (in Japan) when that is past."""
    return max(one.proposed_on, jst_date(clock.now()))


def listing(kind: type[Dated]) -> list[Dated]:
    """All of the kind: drafts first, then by day, newest first."""
    approval = APPROVALS[kind]
    query = select(kind).outerjoin(kind.approval.of_type(approval))
    return list(
        db.session.scalars(query.order_by(approval.effective_on.desc().nulls_first(), kind.id.desc()))
    )


def states(kind: type[Dated], of: Sequence[Dated]) -> dict[int, EditionState]:
    """By id the state of each of these today."""
    today, current = jst_date(clock.now()), in_force(kind)
    approved = set(db.session.scalars(select(APPROVALS[kind].version)))
    found = {}
    for one in of:
        if one.effective_on is None:
            found[one.id] = EditionState.UNUSED if one.version in approved else EditionState.DRAFT
        elif one.effective_on > today:
            found[one.id] = EditionState.SCHEDULED
        else:
            found[one.id] = EditionState.IN_FORCE if current is one else EditionState.FORMER
    return found


def _order(version: str) -> tuple[int, ...]:
    """For comparing: 3 and 3.0 are one version."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
