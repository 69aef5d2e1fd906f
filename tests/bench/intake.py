"""Time and memory to judge a file of rows and to carry it out, as a share of the 20 s that 10,000 rows may take.

    .venv/bin/python -m tests.bench.intake [kind:rows:format, …]

One row in twenty is wrong. Each case runs in a process of its own, whose own computing time stands beside the time it took;
memory is the growth of its peak from before the file is read to the end. It does not follow the rows but the bytes of the
file, which are held about five times over while they are sealed and opened. Ratios below 1 are good: seconds for 10,000
rows by the limit, growth by five of the largest files.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook
from sqlalchemy import Table, insert

from jcanweb import clock, create_app
from jcanweb.config import DEFAULTS
from jcanweb.database import Base, alembic, db, transaction
from jcanweb.models import Intake, Officer, Person
from jcanweb.roles import Role
from jcanweb.services import intake, intake_ledger, intake_work
from jcanweb.services.setup import prepare
from jcanweb.vocabulary import Authority, IntakeKind, RowResult
from tests import builders
from tests.intakes import application, corporation, csv
from tests.people import officer

LIMIT = 20.0
"""seconds for 10,000 rows"""
FLAT = 5 * DEFAULTS["INTAKE_MAX_BYTES"] / 2**20
"""MiB"""
CASES = (
    "corporations:10000:csv",
    "corporations:10000:xlsx",
    "corporations:100000:csv",
    "applications:10000:csv",
)


def number(n: int) -> str:
    """A 法人番号 of the n-th corporation, beyond the builders' four digits."""
    from stdnum.jp import cn

    digits = f"8{n:011}"
    return f"{cn.calc_check_digit(digits)}{digits}"


def lines(kind: IntakeKind, many: int) -> Iterator[dict[str, str]]:
    if kind is IntakeKind.CORPORATIONS:
        for n in range(many):
            wrong = {"代表者": ""} if n % 20 == 0 else {}
            yield corporation(n, 法人番号=number(n), 企業ID=f"CT{n:08}", **wrong)
        return
    with transaction():
        home = builders.corporation(representative="見本 太郎")
        table: Table = Base.metadata.tables["person"]
        facts = {"corporation_id": home.id, "name": "見本 太郎", "name_kana": "ミホン タロウ", "version": 1,
                 "authority": Authority.REPRESENTATIVE, "registered_at": clock.now()}  # fmt: skip
        for at in range(0, many, 1000):
            db.session.execute(
                insert(table),
                [facts | {"email": f"p{n}@example.jp"} for n in range(at, min(at + 1000, many))],
            )
        first = db.session.get_one(Person, 1)
    for n in range(many):
        wrong = {"有効期間(年)": "3"} if n % 20 == 0 else {}
        yield application(first, 申請者メールアドレス=f"p{n}@example.jp", **wrong)


def write(path: Path, rows: Iterator[dict[str, str]]) -> None:
    if path.suffix == ".csv":
        with path.open("wb") as out:
            for n, row in enumerate(rows):
                head, _, tail = csv(row).partition(b"\r\n")
                out.write(tail if n else head + b"\r\n" + tail)
        return
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for n, row in enumerate(rows):
        if not n:
            sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(path)


def peak() -> float:
    """MiB that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work() -> tuple[float, float]:
    """Seconds by the clock, and of computing."""
    begun, computed = time.perf_counter(), time.process_time()
    while intake_work.run(3600, 0):
        pass
    return time.perf_counter() - begun, time.process_time() - computed


def measure(kind: IntakeKind, many: int, form: str, folder: Path) -> None:
    app = create_app({"TESTING": True}, instance=str(folder / "instance"))
    with app.app_context():
        alembic.upgrade()
    with app.test_request_context(), transaction():
        prepare()
        by = officer(Role.SCREENER).id
    path = folder / f"rows.{form}"
    with app.app_context():
        write(path, lines(kind, many))
    before = peak()
    with app.app_context():
        with transaction():
            one = intake.receive(kind, path.name, path.read_bytes(), by=db.session.get_one(Officer, by))
            number_of_it = one.id
        took, computed = work()
        grown = peak() - before
        counts = intake_ledger.counts(db.session.get_one(Intake, number_of_it))
    assert (counts[RowResult.NEW], counts[RowResult.REFUSED]) == (many - many // 20, many // 20), counts
    scaled = took * 10_000 / many
    print(f"{took:7.1f} s  x{scaled / LIMIT:.2f}   computing {computed:5.1f} s   +{grown:4.0f} MiB  x{grown / FLAT:.2f}   "
          f"judged, {kind.value}, {many:,} rows, {form}")  # fmt: skip
    if many > 10_000:
        return
    for again in (False, True):
        with app.app_context():
            with transaction():
                if again:
                    one = intake.receive(
                        kind, path.name, path.read_bytes(), again=True, by=db.session.get_one(Officer, by)
                    )
                    number_of_it = one.id
                else:
                    intake.start(db.session.get_one(Intake, number_of_it), by=db.session.get_one(Officer, by))
            took, computed = work()
            counts = intake_ledger.counts(db.session.get_one(Intake, number_of_it))
        done = RowResult.UNCHANGED if again else RowResult.DONE
        assert (counts[done], counts[RowResult.NEW]) == (many - many // 20, 0), counts
        print(f"{took:7.1f} s          computing {computed:5.1f} s                     "
              f"{'again: nothing new' if again else 'carried out'}, {counts[done]:,} rows")  # fmt: skip


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        kind, many, form = sys.argv[2].split(":")
        with tempfile.TemporaryDirectory() as folder:
            measure(IntakeKind(kind), int(many), form, Path(folder))
        return
    for case in sys.argv[1:] or CASES:
        subprocess.run([sys.executable, "-m", "tests.bench.intake", "--one", case], check=True)  # noqa: S603 - ourselves


if __name__ == "__main__":
    main()
