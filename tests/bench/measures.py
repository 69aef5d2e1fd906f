"""What the measures and the list of renewals cost at a million applications, and by which index they are read.

    .venv/bin/python -m tests.bench.measures [applications]

Seeds SQLite by plain SQL: four audit entries an application over five years, 2,000 that wait, and one corporation with
5,000 certificates. Prints the median of 9 calls, each with its ratio to the limit (below 1 is good), and the plans.
"""

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import event, insert, text

from jcanweb import calendar, clock, create_app
from jcanweb.database import alembic, db, transaction
from jcanweb.models import MeasuredDay, Person
from jcanweb.services import measures, renewal
from jcanweb.services.setup import prepare
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import Interval
from tests import builders
from tests.bench.staff_pages import copies, unique
from tests.issued import issued_certificate

LIMIT = 0.025
"""seconds of one reading"""
DAYS = 5 * 365
ACTS = ("application:submitted", "application:field_checked", "application:approved", "certificate:issued")


def fill(many: int) -> Person:
    """Decided applications, what waits, the audit record, a row a day; the person of the large corporation."""
    first = issued_certificate()
    arrivals = count(1000)
    for state in (A.SUBMITTED, A.SCREENING):
        copies(
            "application",
            builders.application(state).id,
            1000,
            number=lambda n, s=state: f"{s.value[:2]}{n:07}",
            arrival=lambda _: next(arrivals),
        )
    ids = copies("application", first.application_id, 5000, number=lambda n: f"B{n:08}",
                 arrival=lambda _: next(arrivals))  # fmt: skip
    orders = copies("ca_order", first.order_id, 5000, request_id=unique, public_key_sha256=unique,
                    jc_number=lambda n: f"JC-{n + 10_000_000}", application_id=ids.__getitem__)  # fmt: skip
    copies("certificate", first.id, 5000, jc_number=lambda n: f"JC-{n + 10_000_000}", serial_number=unique,
           public_key_sha256=unique, application_id=ids.__getitem__, order_id=orders.__getitem__)  # fmt: skip
    columns = [
        column.name
        for column in db.metadata.tables["application"].columns
        if column.name not in {"id", "number", "arrival"}
    ]
    db.session.execute(text(
        f"INSERT INTO application (number, arrival, {', '.join(columns)}) WITH RECURSIVE n(i) AS "  # noqa: S608 - our own columns
        f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT 'M' || i, 100000 + i, {', '.join(columns)} FROM n, application "
        "WHERE application.id = :first"
    ), {"many": many, "first": first.application_id})  # fmt: skip
    begun = clock.now() - timedelta(days=DAYS)
    db.session.execute(text(
        "INSERT INTO audit_entry (sequence, at, event, outcome, subject, subject_id, actor, facts, act, leaf, peak) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :entries) "
        "SELECT i + 1000000, strftime('%Y-%m-%d %H:%M:%S.000000', :begun, '+' || (i * :step) || ' seconds'), "
        "CASE i % 4 WHEN 0 THEN :a WHEN 1 THEN :b WHEN 2 THEN :c ELSE :d END, 'done', "
        "'application', i / 4, 'system', :facts, :act, :act, :act FROM n"
    ), {"entries": 4 * many, "begun": f"{begun:%Y-%m-%d %H:%M:%S}", "step": DAYS * 86400 / (4 * many),
        "facts": '{"revision": 1, "due_on": "2030-01-01"}', "act": secrets.token_hex(16),
        **dict(zip("abcd", ACTS, strict=True))})  # fmt: skip
    today = calendar.jst_date(clock.now())
    db.session.execute(insert(MeasuredDay), [
        {"day": today - timedelta(days=n), "submitted": 550, "decided": 550, "in_time": 540, "returned": 60,
         "returned_for": {"common_name": 40}} for n in range(1, DAYS)
    ])  # fmt: skip
    return first.application.person


def report(what: str, act: Callable[[], Any]) -> None:
    """The median of 9, and the plan of every statement of the last."""
    taken, said = [], []
    event.listen(db.engine, "before_cursor_execute", lambda *call: said.append(call[2:4]))
    for _ in range(9):
        db.session.expire_all()
        said.clear()
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    median = statistics.median(taken)
    print(f"{what}: {1000 * median:.1f} ms, {median / LIMIT:.2f} of the limit")
    for statement, values in list(said):
        if statement.lstrip().startswith("SELECT"):
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            print("    " + "; ".join(row[3] for row in plan))


def main(many: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"TESTING": True, "PFX_ROUNDS": 2048}, instance=folder)
        with app.test_request_context("/"):
            alembic.upgrade()
            with transaction():
                prepare()
                person = fill(many)
                db.session.execute(text("ANALYZE"))
            asked, today = measures.usual(), calendar.jst_date(clock.now())
            report("what waits", measures.waiting)
            report("one day", lambda: measures.count(today - timedelta(days=1)))
            report("six months", lambda: measures.spans(asked, Interval.MONTH))
            report("the strip's share", measures.this_month)
            report("renewals of 5,000 certificates", lambda: renewal.listing(person))
            report("own renewals", lambda: renewal.open_for(person))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
