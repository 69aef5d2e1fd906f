"""A campaign for 100,000 subscribers: seconds of the job, its memory at a tenth and at the whole, and the page.

    .venv/bin/python -m tests.bench.reconsent [subscribers]

Filling and the job are processes of their own, so that the peak is the job's. Good: memory flat, the page below 100 ms.
"""

import gc
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from jcanweb import create_app, terms
from jcanweb.database import alembic, db, transaction
from jcanweb.models import Campaign, Certificate, Mail, Officer, OfficerRole, Reconsent
from jcanweb.roles import Role
from jcanweb.services import campaign
from jcanweb.services.setup import prepare
from tests import builders
from tests.bench.staff_pages import copies, unique
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter

LIMIT = 0.100
BATCH = 10_000


def fill(many: int) -> None:
    """Holders of one certificate each: copies of one real case."""
    first = issued_certificate()
    for begun in range(0, many, BATCH):
        size = min(BATCH, many - begun)
        people = copies("person", first.person_id, size, email=lambda n, b=begun: f"p{b + n}@example.jp")
        given = copies("application", first.application_id, size, number=lambda n, b=begun: f"B{b + n:08}",
                       arrival=lambda n, b=begun: 1000 + b + n, person_id=people.__getitem__)  # fmt: skip
        orders = copies("ca_order", first.order_id, size, request_id=unique, public_key_sha256=unique,
                        jc_number=lambda n, b=begun: f"JC-{b + n + 10_000_000}", application_id=given.__getitem__)  # fmt: skip
        copies("certificate", first.id, size, jc_number=lambda n, b=begun: f"JC-{b + n + 10_000_000}",
               serial_number=unique, public_key_sha256=unique, application_id=given.__getitem__,
               order_id=orders.__getitem__, person_id=people.__getitem__)  # fmt: skip


def kilobytes(name: str) -> int:
    """A line of /proc/self/status."""
    return int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1))  # type: ignore[union-attr]  # Linux has it


def forget_peak() -> int:
    """Begin the peak anew (proc(5), clear_refs): it would be that of the filling. What the process holds now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return kilobytes("VmRSS")


def opened(folder: str) -> Any:
    return create_app({"TESTING": True, "RATELIMIT_ENABLED": False}, instance=str(Path(folder) / "instance"))


def prepared(many: int, folder: str) -> None:
    app = opened(folder)
    with app.app_context():
        alembic.upgrade()
    with app.test_request_context(), transaction():
        prepare()
    with app.test_request_context(), transaction():
        fill(many - 1)
        builders.edition(terms.sample() + b"\n", version="4.0", effective_on=date(2099, 1, 1))


def measure(many: int, folder: str) -> None:
    app = opened(folder)
    with app.app_context(), transaction():
        approvers = db.session.query(Officer).join(OfficerRole).filter(OfficerRole.name == Role.APPROVER)
        who = approvers.order_by(Officer.id).first()
        assert who is not None
    before = forget_peak()
    with app.app_context():
        for step in (campaign.start, campaign.list_some, campaign.write_some):
            begun, batches, more = time.perf_counter(), 0, True
            while more:
                with transaction():
                    more = step()
                batches += 1
            took = time.perf_counter() - begun
            print(
                f"  {step.__name__:10} {took:8.1f} s  {batches:5} transactions  {took / batches * 1000:6.0f} ms each"
            )
        peak = kilobytes("VmHWM")
        there = [db.session.query(kind).count() for kind in (Certificate, Reconsent, Mail)]
        edition_id = db.session.query(Campaign).one().edition_id
        db.session.rollback()
    print(
        f"  memory before {before / 1024:.0f} MiB, peak {peak / 1024:.0f} MiB: {(peak - before) / 1024:+.1f} MiB"
    )
    print(f"  certificates, asked, mails: {there}")
    visitor = Visitor(app)
    enter(app, visitor, who)
    for url in (f"/terms/{edition_id}/consents", f"/terms/{edition_id}/consents?state=agreed",
                f"/terms/{edition_id}/consents?state=asked&after={many // 2}", "/desk"):  # fmt: skip
        took = []
        for _ in range(10):
            begun = time.perf_counter()
            assert visitor.client.get(url).status_code == 200
            took.append(time.perf_counter() - begun)
        middle = statistics.median(took)
        print(f"  {middle * 1000:7.1f} ms  x{middle / LIMIT:.2f}   worst {max(took) * 1000:7.1f} ms   {url}")
    begun = time.perf_counter()
    size = len(visitor.client.get(f"/terms/{edition_id}/consents.csv").data)
    print(f"  CSV {size / 2**20:.1f} MiB in {time.perf_counter() - begun:.1f} s")


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        {"fill": prepared, "job": measure}[sys.argv[2]](many, sys.argv[3])
        return
    for size in (many // 10, many):
        print(f"{size:,} subscribers", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for part in ("fill", "job"):
                program = [sys.executable, "-m", "tests.bench.reconsent", str(size), part, folder]
                subprocess.run(program, check=True)


if __name__ == "__main__":
    main()
