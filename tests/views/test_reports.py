"""The report pages: the period, the table, the file; who may and what a wrong period is told."""

import csv
import hashlib
import io
from typing import Any
from urllib.parse import quote

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Revocation
from jcanweb.roles import Role
from jcanweb.services import reports, revocation
from jcanweb.vocabulary import RevocationReason, RevocationRequester
from tests.issued import issued_certificate
from tests.page import NotAPage, Visitor
from tests.people import enter, officer
from tests.services.test_reports import thousands

NOVEMBER = "from=2026-11-01&to=2026-11-24"


@pytest.fixture
def administrator(app: Any, browser: Visitor) -> Visitor:
    return signed_in(app, browser, Role.ADMINISTRATOR)


@pytest.fixture
def executed(app: Any) -> Revocation:
    with app.test_request_context(), transaction():
        certificate = issued_certificate()
        made = revocation.receive(certificate, reason=RevocationReason.KEY_COMPROMISE, words="漏えい。",
                                  requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER))  # fmt: skip
        revocation.decide(made, version=made.version, by=officer(Role.APPROVER))
        revocation.execute(
            made, confirmation=certificate.jc_number, version=made.version, by=officer(Role.OPERATOR)
        )
        assert made.certificate.jc_number
        return made


def signed_in(app: Any, visitor: Visitor, role: Role) -> Visitor:
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


def facts(page: Any) -> dict[str, str]:
    return dict(zip(page.words("dt"), page.words("dd"), strict=True))


def test_an_administrator_comes_from_the_menu_to_the_table(
    administrator: Visitor, executed: Revocation
) -> None:
    page = administrator.get("/reports")
    assert [a for a in page.words("a") if a == "帳票"]
    values = [one.get("value") for one in page.all("input") if one.get("name") in {"from", "to"}]
    assert values == ["2026-10-01", "2026-10-31"]
    page = administrator.get(f"/reports/revocation?{NOVEMBER}")
    told = facts(page)
    assert told["期間（実行した日）"] == "2026年11月1日（日） から 2026年11月24日（火） まで"
    assert (told["実行した失効"], told["期限内に実行"]) == ("1件", "1件（100.0%）")
    assert executed.certificate.jc_number in page.text
    assert "期間がまだ終わっていません" in page.text
    assert f"/revocations/{executed.id}" not in [a.get("href") for a in page.all("a")]


def test_an_auditor_may_go_on_to_the_revocation(app: Any, browser: Visitor, executed: Revocation) -> None:
    page = signed_in(app, browser, Role.AUDITOR).get(f"/reports/revocation?{NOVEMBER}")
    assert f"/revocations/{executed.id}" in [a.get("href") for a in page.all("a")]


def test_the_file_carries_its_japanese_name_and_the_digest_is_recorded(
    app: Any, administrator: Visitor, executed: Revocation
) -> None:
    page = administrator.get(f"/reports/revocation?{NOVEMBER}")
    link = next(str(a.get("href")) for a in page.all("a") if "CSV" in "".join(a.itertext()))
    with pytest.raises(NotAPage) as caught:
        administrator.get(link)
    answer = caught.value.response
    name = "失効報告_20261101-20261124.csv"
    assert f"filename*=UTF-8''{quote(name)}" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/csv", "no-store")
    assert answer.headers["Content-Length"] == str(len(answer.data))
    head, line = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
    assert (tuple(head), line[0]) == (reports.REVOCATION_COLUMNS, executed.certificate.jc_number)
    with app.app_context():
        entry = db.session.query(AuditEntry).filter_by(event=Event.REPORT_BUILT).one()
        assert entry.facts["sha256"] == hashlib.sha256(answer.data).hexdigest()


@pytest.mark.parametrize("path", ["/reports/revocation", "/reports/revocation.csv"])
@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [("from=2026-11-24&to=2026-11-01", "to", "初日以後"), ("from=2026-11-31&to=2026-11-24", "from", "の形で入力"),
     ("from=きのう&to=2026-11-24", "from", "の形で入力"), ("from=2026-11-01&to=2026-11-25", "to", "今日までの日"),
     ("from=2016-11-01&to=2026-11-24", "from", "10年以内"), ("from=2026-11-01", "to", "末日を入力して"),
     ("", "from", "初日を入力して"), ("from=9999-12-31&to=9999-12-31", "from", "の形で入力"),
     ("from=%00&to=x", None, "")],
)  # fmt: skip
def test_a_wrong_period_is_told_at_its_field(
    app: Any, administrator: Visitor, path: str, asked: str, field: str | None, words: str
) -> None:
    page = administrator.get(f"{path}?{asked}", status=422 if field else 404)
    if field:
        wrong = next(one for one in page.all("p") if one.get("id") == f"{field}-error")
        assert words in "".join(wrong.itertext())
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(event=Event.REPORT_BUILT).count() == 0


def test_days_may_be_typed_full_width(administrator: Visitor) -> None:
    page = administrator.get("/reports/revocation?from=２０２６／１１／０１&to=2026年11月24日")
    assert facts(page)["実行した失効"] == "0件"


def test_an_empty_period_says_so_and_offers_no_file(administrator: Visitor) -> None:
    page = administrator.get("/reports/revocation?from=2026-10-01&to=2026-10-31")
    assert "この期間に実行した失効はありません" in page.text
    assert "期間がまだ終わっていません" not in page.text
    assert "CSV" not in "".join(page.words("a"))


def test_what_is_open_is_counted_beside_the_report(app: Any, administrator: Visitor) -> None:
    with app.test_request_context(), transaction():
        revocation.receive(issued_certificate(), reason=RevocationReason.SUPERSEDED,
                           requester=RevocationRequester.CORPORATION, by=officer(Role.SCREENER))  # fmt: skip
    page = administrator.get(f"/reports/revocation?{NOVEMBER}")
    assert "まだ実行していないもの 1件、失効しないと判断したもの 0件" in page.text


def test_many_lines_are_paged_and_a_partial_can_be_fetched(
    app: Any, administrator: Visitor, executed: Revocation
) -> None:
    with app.test_request_context():
        thousands(db.session.get_one(Revocation, executed.id), 60)
    page = administrator.get(f"/reports/revocation?{NOVEMBER}")
    assert facts(page)["実行した失効"] == "61件"
    more = next(str(a.get("href")) for a in page.all("a") if a.get("rel") == "next")
    last = administrator.get(more)
    assert sum(cell.startswith("JC-") for cell in last.words("td")) == 11
    part = administrator.client.get(more, headers={"HX-Request": "true"})
    assert part.get_data(as_text=True).lstrip().startswith('<div id="_revocation_rows">')


@pytest.mark.parametrize("role", [Role.SCREENER, Role.OPERATOR])
def test_who_does_not_read_reports_is_refused(app: Any, browser: Visitor, role: Role) -> None:
    signed_in(app, browser, role)
    for path in ("/reports", f"/reports/revocation?{NOVEMBER}", f"/reports/revocation.csv?{NOVEMBER}"):
        browser.get(path, status=403)


def test_a_stranger_is_asked_to_sign_in(browser: Visitor) -> None:
    assert browser.get(f"/reports/revocation.csv?{NOVEMBER}").h1 == "サインイン"
