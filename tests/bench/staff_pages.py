"""Server time of the officers' pages at 10,000 certificates, as a share of the 100 ms a page may take.

    .venv/bin/python -m tests.bench.staff_pages [certificates]

Prints the median and the slowest of 20 requests a page, each with its ratio to the limit (below 1 is good).
"""

import secrets
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from jcanweb import clock, create_app
from jcanweb.database import Base, alembic, db, transaction
from jcanweb.models import Certificate, Revocation
from jcanweb.roles import Role
from jcanweb.services import revocation
from jcanweb.services.setup import prepare
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CertificateState, RevocationReason, RevocationRequester
from tests import builders
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter, officer

LIMIT = 0.100
ROUNDS = 20


def fill(many: int) -> dict[str, Any]:
    """One real case through the builders, then copies of its rows: what the pages read is what stands there."""
    staff = {role: officer(role) for role in Role}
    first = issued_certificate(CertificateState.DELIVERED)
    arrivals = count(1000)
    for state in (A.SUBMITTED, A.SCREENING, A.APPROVED):
        waiting = builders.application(state)
        copies("application", waiting.id, 200, number=lambda n, s=state: f"{s.value[:2].upper()}{n:07}",
               arrival=lambda _: next(arrivals))  # fmt: skip
    ids = copies("application", first.application_id, many, number=lambda n: f"B{n:08}",
                 arrival=lambda _: next(arrivals))  # fmt: skip
    orders = copies("ca_order", first.order_id, many, request_id=unique, public_key_sha256=unique,
                    jc_number=lambda n: f"JC-{n + 10_000_000}", application_id=ids.__getitem__)  # fmt: skip
    ages = [clock.now() - timedelta(hours=n) for n in range(many)]
    certificates = copies(
        "certificate", first.id, many, jc_number=lambda n: f"JC-{n + 10_000_000}", serial_number=unique,
        public_key_sha256=unique, application_id=ids.__getitem__, order_id=orders.__getitem__,
        issued_at=ages.__getitem__, common_name=lambda n: f"Department {n}",
    )  # fmt: skip
    received = revocation.receive(
        first, reason=RevocationReason.CESSATION_OF_OPERATION, requester=RevocationRequester.CORPORATION,
        words="退職のため。", by=staff[Role.SCREENER],
    )  # fmt: skip
    copies("revocation", received.id, many // 20, certificate_id=certificates.__getitem__,
           received_at=ages.__getitem__)  # fmt: skip
    for _ in range(many // 50):
        builders.corporation()
    return {"staff": staff, "certificate": first, "revocation": received}


def unique(_: int) -> str:
    return secrets.token_hex(20)


def copies(table_name: str, row_id: int, many: int, **changes: Any) -> list[int]:
    """Rows like that one, each column in `changes` by its number; their ids."""
    table: Table = Base.metadata.tables[table_name]
    row = dict(db.session.execute(select(table).where(table.c.id == row_id)).mappings().one())
    row.pop("id")
    rows = [row | {name: make(n) for name, make in changes.items()} for n in range(many)]
    made = db.session.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
    return [number for (number,) in made]


def pages(world: dict[str, Any]) -> list[tuple[Role, str]]:
    number = world["certificate"].jc_number
    return [
        (Role.SCREENER, "/desk"), (Role.APPROVER, "/desk"), (Role.OPERATOR, "/desk"),
        (Role.SCREENER, "/applications"), (Role.SCREENER, "/applications?state=submitted"),
        (Role.SCREENER, f"/applications/{world['certificate'].application.number}"),
        (Role.OPERATOR, "/issue"), (Role.OPERATOR, "/certificates"), (Role.OPERATOR, f"/certificates/{number}"),
        (Role.OPERATOR, "/certificates?state=delivered"), (Role.APPROVER, "/revocations"),
        (Role.APPROVER, f"/revocations/{world['revocation'].id}"), (Role.OPERATOR, "/recoveries"),
        (Role.SCREENER, "/corporations"), (Role.SCREENER, "/corporations?q=%E5%95%86%E4%BA%8B"),
        (Role.APPROVER, "/reports"), (Role.AUDITOR, "/audit"),
    ]  # fmt: skip


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            {"TESTING": True, "RATELIMIT_ENABLED": False}, instance=str(Path(folder) / "instance")
        )
        with app.app_context():
            alembic.upgrade()
        with app.test_request_context(), transaction():
            prepare()
        with app.test_request_context(), transaction():
            world = fill(many)
            there = (db.session.query(Certificate).count(), db.session.query(Revocation).count())
            asked = pages(world)
            staff = world["staff"]
        print(
            f"{there[0]:,} certificates, {there[1]:,} revocations, {app.config['SQLALCHEMY_DATABASE_URI'].split(':')[0]}"
        )
        visitors = {role: Visitor(app) for role in {role for role, _ in asked}}
        for role, visitor in visitors.items():
            enter(app, visitor, staff[role])
        for role, url in asked:
            took = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                answer = visitors[role].client.get(url)
                took.append(time.perf_counter() - begun)
                assert answer.status_code == 200, (url, answer.status_code)
            middle, worst = statistics.median(took), max(took)
            print(f"{middle * 1000:7.1f} ms  x{middle / LIMIT:.2f}   worst {worst * 1000:7.1f} ms  x{worst / LIMIT:.2f}   "
                  f"{role.value:14} {url}")  # fmt: skip


if __name__ == "__main__":
    main()
