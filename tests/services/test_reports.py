"""The revocation report: what is in it, what is counted, and the file as it is delivered."""

import csv
import hashlib
import io
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import event, update

from jcanweb import audit
from jcanweb.calendar import JST
from jcanweb.database import db
from jcanweb.errors import FieldRefused
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Certificate, Corporation, Officer, Revocation
from jcanweb.roles import Role
from jcanweb.services import reports as service
from jcanweb.services import revocation
from jcanweb.services.reports import Period, Tally
from jcanweb.vocabulary import RevocationReason, RevocationRequester
from tests.bench.staff_pages import copies, unique
from tests.issued import issued_certificate
from tests.people import officer

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def administrator(context: Any) -> Officer:
    return officer(Role.ADMINISTRATOR)


def executed(certificate: Certificate | None = None, hands: Any = None, days: float = 0,
             reason: RevocationReason = RevocationReason.CESSATION_OF_OPERATION) -> Revocation:  # fmt: skip
    """A revocation received now and executed `days` later."""
    certificate = certificate or issued_certificate()
    made = revocation.receive(certificate, reason=reason, requester=RevocationRequester.CORPORATION, words="退職のため。",
                              by=officer(Role.SCREENER))  # fmt: skip
    revocation.decide(made, version=made.version, by=officer(Role.APPROVER))
    if hands:
        hands.forward(days=days)
    revocation.execute(
        made, confirmation=certificate.jc_number, version=made.version, by=officer(Role.OPERATOR)
    )
    db.session.commit()
    return made


def thousands(of: Revocation, many: int) -> None:
    """Copies of an executed revocation, each with a certificate of its own, a minute apart."""
    certificate = of.certificate
    at = [of.executed_at + timedelta(minutes=n) for n in range(many)]  # type: ignore[operator]  # executed
    ids = copies("application", certificate.application_id, many, number=lambda n: f"B{n:08}",
                 arrival=lambda n: 1000 + n)  # fmt: skip
    orders = copies("ca_order", certificate.order_id, many, request_id=unique, public_key_sha256=unique,
                    jc_number=lambda n: f"JC-1{n:07}", application_id=ids.__getitem__)  # fmt: skip
    certificates = copies("certificate", certificate.id, many, jc_number=lambda n: f"JC-1{n:07}", serial_number=unique,
                          public_key_sha256=unique, application_id=ids.__getitem__,
                          order_id=orders.__getitem__)  # fmt: skip
    copies("revocation", of.id, many, certificate_id=certificates.__getitem__, executed_at=at.__getitem__)
    db.session.commit()


def built(asked: Period, by: Officer) -> tuple[bytes, service.Built]:
    out = io.BytesIO()
    made = service.build_revocation_csv(asked, out, by=by)
    return out.getvalue(), made


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# --- the file -----------------------------------------------------------------------------------------


def test_a_line_says_who_why_when_and_within_what(administrator: Officer, hands: Any) -> None:
    made = executed(hands=hands, days=2)
    content, told = built(NOVEMBER, administrator)
    head, line = read(content)
    assert tuple(head) == service.REVOCATION_COLUMNS
    certificate = made.certificate
    home = db.session.get_one(Corporation, certificate.corporation_id)
    names = [
        db.session.get_one(Officer, one).name for one in (made.received_by, made.decided_by, made.executed_by)
    ]
    assert line == [
        certificate.jc_number, certificate.serial_number, home.corporate_number, home.name,
        certificate.organization_unit, certificate.common_name, "法人", "利用の終了", "cessationOfOperation",
        "2026-11-24 10:00:00", "2026-11-24 10:00:00", "2026-11-26 10:00:00", "48.0", "2026-11-29 10:00:00", "期限内",
        str(made.crl_number), "2026-11-26 10:00:00", *names,
    ]  # fmt: skip
    assert told.rows == 1


def test_bytes_are_utf_8_with_a_mark_quoted_and_in_windows_lines(administrator: Officer) -> None:
    executed()
    content, told = built(NOVEMBER, administrator)
    assert content.startswith(b'\xef\xbb\xbf"JC\xe7\x95\xaa\xe5\x8f\xb7",')
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    first = content.split(b"\r\n")[1]
    assert (first[:1], first[-1:], first.count(b'","')) == (b'"', b'"', len(service.REVOCATION_COLUMNS) - 1)
    assert told.size == len(content)


def test_a_report_is_recorded_with_the_digest_of_its_exact_bytes(administrator: Officer) -> None:
    executed()
    content, told = built(NOVEMBER, administrator)
    entry = db.session.query(AuditEntry).filter_by(event=Event.REPORT_BUILT).one()
    assert entry.facts == {"report": "revocation", "query": "from=2026-11-01&to=2026-11-30", "rows": 1,
                           "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    assert (told.sha256, entry.actor) == (entry.facts["sha256"], f"officer:{administrator.id}")
    assert audit.verify() == []


def test_a_report_that_could_not_be_written_leaves_no_entry(administrator: Officer) -> None:
    class Full(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        service.build_revocation_csv(NOVEMBER, Full(), by=administrator)
    assert db.session.query(AuditEntry).filter_by(event=Event.REPORT_BUILT).count() == 0


def test_an_empty_period_gives_a_file_with_its_heading(administrator: Officer) -> None:
    content, told = built(NOVEMBER, administrator)
    assert [len(row) for row in read(content)] == [len(service.REVOCATION_COLUMNS)]
    assert told.rows == 0


def test_a_spreadsheet_library_reads_the_right_japanese(administrator: Officer, tmp_path: Path) -> None:
    made = executed()
    home = db.session.get_one(Corporation, made.certificate.corporation_id)
    home.name = "髙﨑𠮷葛\U000e0100城①㈱〜商事"
    db.session.flush()
    (tmp_path / "report.csv").write_bytes(built(NOVEMBER, administrator)[0])
    book = openpyxl.Workbook()
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            book.active.append(row)
    book.save(tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx").active
    assert [cell.value for cell in sheet[1]] == list(service.REVOCATION_COLUMNS)
    assert sheet["D2"].value == "髙﨑𠮷葛\U000e0100城①㈱〜商事"
    assert (sheet["C2"].value, sheet["A2"].value) == (home.corporate_number, made.certificate.jc_number)
    assert {cell.data_type for cell in sheet[2]} == {"s"}


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+81", "-1", "@SUM(A1)", "＝ＨＹＰＥＲＬＩＮＫ", "＋", "－", "＠", " =1", "　＝1", "\t=1", "\tx", "\rx", "\nx",
     "\u00a0@x", "﹦1", "123456789012e345", "1" * 40],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_compute_is_guarded(typed: str) -> None:
    assert service.guarded(typed) == f"'{typed}"


@pytest.mark.parametrize(
    "typed", ["", "見本商事", "A-B=C", "9700012001234", "JC-00000001", "4f2e", "48.0", "2026-11-24"]
)
def test_any_other_cell_stays_as_it_is(typed: str) -> None:
    assert service.guarded(typed) == typed


def test_a_corporation_named_like_a_formula_is_guarded_in_the_file(administrator: Officer) -> None:
    made = executed()
    db.session.get_one(Corporation, made.certificate.corporation_id).name = '＝見本,"引用"株式会社'
    db.session.flush()
    assert read(built(NOVEMBER, administrator)[0])[1][3] == '\'＝見本,"引用"株式会社'


# --- the period ---------------------------------------------------------------------------------------


def test_the_days_are_japans_and_both_ends_count(administrator: Officer, hands: Any) -> None:
    hands.at = datetime(2026, 11, 25, 23, 59, 59, tzinfo=JST).astimezone(UTC)
    last = executed()
    hands.at = datetime(2026, 11, 26, tzinfo=JST).astimezone(UTC)
    first = executed()
    for day, found in ((25, last), (26, first)):
        asked = Period(date(2026, 11, day), date(2026, 11, day))
        assert [line.id for line in service.revocation_page(asked)] == [found.id]
    assert [line.id for line in service.revocation_page(NOVEMBER)] == [last.id, first.id]


@pytest.mark.parametrize(
    ("first", "last", "field", "words"),
    [(date(2026, 11, 24), date(2026, 11, 23), "last", "初日以後"), (date(2026, 11, 25), date(2026, 11, 25), "first", "今日まで"),
     (date(2026, 11, 24), date(2026, 11, 25), "last", "今日まで"), (date(2016, 11, 23), date(2026, 11, 24), "first", "10年以内"),
     (date(1900, 1, 1), date(2026, 11, 24), "first", "10年以内")],
)  # fmt: skip
def test_a_period_that_cannot_be_is_refused_at_its_field(
    first: date, last: date, field: str, words: str
) -> None:
    with pytest.raises(FieldRefused, match=words) as caught:
        service.period(first, last)
    assert caught.value.field == field


def test_today_and_ten_years_are_allowed() -> None:
    asked = service.period(date(2016, 11, 24), date(2026, 11, 24))
    assert not asked.is_over
    assert service.period(date(2026, 11, 23), date(2026, 11, 23)).is_over


def test_today_is_japans(hands: Any) -> None:
    hands.at = datetime(2026, 11, 25, 0, 0, tzinfo=JST).astimezone(UTC)
    assert service.period(date(2026, 11, 25), date(2026, 11, 25)).first == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("today", "month"), [("2026-11-24", (10, 31)), ("2027-01-31", (12, 31)), ("2028-03-01", (2, 29))]
)
def test_last_month_is_a_whole_one(hands: Any, today: str, month: tuple[int, int]) -> None:
    hands.at = datetime.fromisoformat(f"{today}T00:30:00+09:00").astimezone(UTC)
    asked = service.last_month()
    assert (asked.first.day, asked.last.month, asked.last.day) == (1, *month)


# --- the totals ---------------------------------------------------------------------------------------


def test_totals_count_the_executed_by_reason_and_what_is_left_out(administrator: Officer, hands: Any) -> None:
    executed()
    executed(hands=hands, days=5)
    executed(hands=hands, days=1.001, reason=RevocationReason.KEY_COMPROMISE)
    waiting, false_alarm = issued_certificate(), issued_certificate()
    for one in (waiting, false_alarm):
        revocation.receive(one, reason=RevocationReason.SUPERSEDED, requester=RevocationRequester.CORPORATION,
                           by=officer(Role.SCREENER))  # fmt: skip
    made = db.session.query(Revocation).filter_by(certificate_id=false_alarm.id).one()
    revocation.refuse(made, words="誤報。", version=made.version, by=officer(Role.APPROVER))
    totals = service.revocation_totals(NOVEMBER)
    assert totals.every == Tally(3, 2)
    assert totals.reasons == {RevocationReason.KEY_COMPROMISE: Tally(1, 0),
                              RevocationReason.CESSATION_OF_OPERATION: Tally(2, 2)}  # fmt: skip
    assert (totals.open, totals.refused) == (1, 1)
    assert len(read(built(NOVEMBER, administrator)[0])) == 4


@pytest.mark.parametrize(
    ("tally", "rate"),
    [(Tally(0, 0), None), (Tally(1, 1), "100.0%"), (Tally(3, 2), "66.6%"), (Tally(10_000, 9_999), "99.9%"), (Tally(9, 0), "0.0%")],
)  # fmt: skip
def test_a_rate_is_rounded_down(tally: Tally, rate: str | None) -> None:
    assert tally.rate == rate


def test_totals_of_nothing_are_none(context: Any) -> None:
    assert service.revocation_totals(NOVEMBER).every == Tally(0, 0)


# --- ten thousand -------------------------------------------------------------------------------------


def test_ten_thousand_lines_are_read_in_one_query_and_never_held(administrator: Officer) -> None:
    made = executed()
    thousands(made, 10_000)
    asked = Period(date(2026, 11, 24), date(2026, 12, 1))
    db.session.expire_all()
    statements: list[str] = []

    def note(*given: Any) -> None:
        statements.append(given[2])

    event.listen(db.engine, "before_cursor_execute", note)
    with io.BytesIO() as out:
        told = service.build_revocation_csv(asked, out, by=administrator)
        assert sum("certificate" in said for said in statements) == 1
        assert len(statements) < 10
        assert (told.rows, told.size) == (10_001, len(out.getvalue()))
        assert told.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    statements.clear()
    assert service.revocation_totals(asked).every.count == 10_001
    assert len(service.revocation_page(asked, after=made.id)) == service.PAGE + 1
    assert len(statements) <= 5
    event.remove(db.engine, "before_cursor_execute", note)
    if db.engine.dialect.name == "sqlite":
        for said in statements:
            if "FROM revocation" in said and "WHERE" in said:
                plan = [row[3] for row in db.session.connection().exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {said}", ("2026-11-24",) * said.count("?"))]  # fmt: skip
                assert not [step for step in plan if step.startswith("SCAN")], (said, plan)

    class Nowhere(io.RawIOBase):
        def write(self, content: Any) -> int:
            return len(content)

    tracemalloc.start()
    service.build_revocation_csv(asked, Nowhere(), by=administrator)  # type: ignore[arg-type]  # only written to
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000 < told.size * 2


def test_pages_follow_each_other_without_a_gap(administrator: Officer) -> None:
    made = executed()
    thousands(made, 119)
    db.session.execute(update(Revocation).values(executed_at=made.executed_at))  # all at the same moment
    db.session.commit()
    asked, seen, after = Period(date(2026, 11, 24), date(2026, 11, 24)), [], None
    while True:
        lines = service.revocation_page(asked, after)
        seen += [line.id for line in lines[: service.PAGE]]
        if len(lines) <= service.PAGE:
            break
        after = lines[service.PAGE - 1].id
    assert seen == sorted(set(seen))
    assert len(seen) == 120


def test_a_cursor_of_nothing_begins_at_the_top(administrator: Officer) -> None:
    made = executed()
    for after in (0, 999_999, None):
        assert [line.id for line in service.revocation_page(NOVEMBER, after)] == [made.id]
