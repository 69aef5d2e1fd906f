"""The applications an officer is to go through, one after the other: by the day they are due, then as they came in.

Claimed ones, the pile, those to approve, those to issue, each by role; a held one stands aside.
"""

from collections.abc import Set
from typing import Any

from sqlalchemy import Select, tuple_

from jcanweb.database import db
from jcanweb.models import Application, Officer
from jcanweb.roles import Permission
from jcanweb.services import desk_work, handling
from jcanweb.services.desk_work import PERMITTED, Work
from jcanweb.vocabulary import ApplicationState

QUEUED = (Work.CONTINUE_SCREENING, Work.START_SCREENING, Work.APPROVE_APPLICATION, Work.ISSUE_APPLICATION)
PLACE = tuple_(Application.due_on, Application.id)


def neighbours(
    application: Application, me: Officer, granted: Set[Permission]
) -> tuple[str | None, str | None]:
    """受付番号 of the one before it and the one after it; of one that is not due, only the head of the queue."""
    if application.due_on is None:
        head = _first(_queries(me, granted), Application.id != application.id)
        return None, head.number if head else None
    place = (application.due_on, application.id)
    backwards = [query.order_by(None).order_by(Application.due_on.desc(), Application.id.desc())
                 for query in _queries(me, granted)]  # fmt: skip
    before = _first(backwards, PLACE < place, last=True)
    after = _first(_queries(me, granted), PLACE > place)
    return before.number if before else None, after.number if after else None


def take(me: Officer, granted: Set[Permission]) -> Application | None:
    """The head of the queue, claimed when it lies on the pile; None when nothing waits.

    Two who press at once are given two different ones.
    """
    pile = PERMITTED[Work.START_SCREENING] in granted
    queries = _queries(me, granted, without=Work.START_SCREENING)
    if pile:
        waiting = desk_work.query(Work.START_SCREENING, me)
        queries.append(waiting.with_for_update(of=Application, skip_locked=True))
    head = _first(queries)
    if head is not None and pile and head.state is ApplicationState.SUBMITTED:
        handling.start(head, version=head.version, by=me)
    return head


def _queries(me: Officer, granted: Set[Permission], without: Work | None = None) -> list[Select[Any]]:
    return [
        desk_work.query(work, me) for work in QUEUED if PERMITTED[work] in granted and work is not without
    ]


def _first(queries: list[Select[Any]], *where: Any, last: bool = False) -> Application | None:
    found = [db.session.scalar(query.where(*where).limit(1)) for query in queries]
    there = sorted((one for one in found if one is not None), key=lambda one: (one.due_on, one.id))
    return there[-1 if last else 0] if there else None
