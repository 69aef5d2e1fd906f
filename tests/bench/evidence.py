"""Time to build the evidence of a certificate and to verify it, each as a share of the second it may take.

    .venv/bin/python -m tests.bench.evidence [audit entries, …]

Prints the median and the slowest of 10 rounds at each size of the audit record (10,000 and 100,000 unless told), with
the ratio to the limit (below 1 is good).
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from jcanweb import create_app, verifier
from jcanweb.database import Base, alembic, db, transaction
from jcanweb.models import AuditEntry, AuditHead, Certificate
from jcanweb.pki.tree import Frontier
from jcanweb.services import evidence, receipts
from jcanweb.services.setup import prepare
from tests.services.test_evidence import certificate, deliver, revoke

LIMIT = 1.0
ROUNDS = 10
BATCH = 10_000


def fill(size: int) -> None:
    """Entries about other things up to this size, with the tree that `audit` would have made of them."""
    head, table = db.session.get_one(AuditHead, 1), _table()
    row = dict(db.session.execute(select(table).where(table.c.sequence == 1)).mappings().one())
    frontier, rows = Frontier.load(head.size, head.frontier), []
    while frontier.size < size:
        leaf = frontier.size.to_bytes(32)  # what is hashed is not asked for
        frontier.append(leaf)
        rows.append(row | {"sequence": frontier.size, "subject_id": "0", "leaf": leaf.hex(), "peak": frontier.peak().hex()})  # fmt: skip
        if len(rows) == BATCH or frontier.size == size:
            db.session.execute(insert(table), rows)
            rows = []
    head.size, head.frontier, head.root = frontier.size, frontier.dump(), frontier.root().hex()


def _table() -> Table:
    return Base.metadata.tables[AuditEntry.__tablename__]


def timed(what: str, act: Callable[[], Any]) -> Any:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        made = act()
        took.append(time.perf_counter() - begun)
    middle, worst = statistics.median(took), max(took)
    print(f"{middle * 1000:7.1f} ms  x{middle / LIMIT:.2f}   worst {worst * 1000:7.1f} ms  x{worst / LIMIT:.2f}   {what}")  # fmt: skip
    return made


def measure(certificate_id: int) -> None:
    size = db.session.get_one(AuditHead, 1).size

    def build() -> bytes:
        db.session.rollback()
        return evidence.build(db.session.get_one(Certificate, certificate_id))

    made = timed(f"build, {size:,} audit entries", build)
    trusted = {receipts.fingerprint()}
    found = timed(f"verify, {len(made):,} bytes", lambda: verifier.verify(made, trusted))
    assert verifier.exit_code(found) == 0


def main() -> None:
    sizes = [int(size.replace(",", "")) for size in sys.argv[1:]] or [10_000, 100_000]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"TESTING": True, "RATELIMIT_ENABLED": False, "PFX_ROUNDS": 2048}
        app = create_app(settings, instance=str(Path(folder) / "instance"))
        with app.app_context():
            alembic.upgrade()
        with app.test_request_context(), transaction():
            prepare()
        with app.test_request_context(), transaction():
            one = certificate()
            number = one.id
            deliver(one)
            revoke(one)
        for size in sizes:
            with app.test_request_context(), transaction():
                fill(size)
            with app.test_request_context():
                measure(number)


if __name__ == "__main__":
    main()
