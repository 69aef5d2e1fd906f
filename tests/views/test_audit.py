"""The audit page: unfinished acts first, filters in the address, keyset pages, the walk over the record."""

from typing import Any

import pytest
from sqlalchemy import event, text

from jcanweb import audit
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import AuditEntry
from jcanweb.roles import Role
from tests import builders
from tests.issued import issued_certificate
from tests.page import Page, Visitor
from tests.people import enter, officer


@pytest.fixture
def auditor(app: Any, browser: Visitor) -> Visitor:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR)
    enter(app, browser, made)
    return browser


def rows(page: Page) -> list[str]:
    """The rows of the record, each as words; not those of the unfinished acts."""
    table = next(found for found in page.all("table") if "監査記録" in "".join(found.itertext()))
    return [" ".join("".join(row.itertext()).split()) for row in table.iter() if row.tag.endswith("}tr")][1:]


def begin(app: Any, number: int = 5, by: object = None) -> str:
    with app.app_context():
        return audit.begin(
            Event.RECOVERY_OPENED, Subject.RECOVERY, number, by=by, certificate=1, deliveries=[]
        )


def test_the_newest_come_first_with_the_officers_name(app: Any, auditor: Visitor) -> None:
    page = auditor.get("/audit")
    assert "サインイン" in rows(page)[0]
    assert "担当" in rows(page)[0]
    assert "officer:1" in rows(page)[0]
    assert "システムの初期設定" in rows(page)[-1]
    assert "自動処理" in rows(page)[-1]


def test_an_unfinished_act_stands_first_with_what_it_is_and_since_when(
    app: Any, auditor: Visitor, hands: Any
) -> None:
    assert "終わっていない操作" not in auditor.get("/audit").text
    act = begin(app)
    hands.forward(minutes=2)
    page = auditor.get("/audit")
    notice = page.text.split("検証する")[0]
    for words in (
        "終わっていない操作が 1 件",
        "鍵回復の完了",
        "鍵回復 5",
        "2026年11月24日（火） 10:00 から",
        "自動処理",
    ):
        assert words in notice
    with app.app_context(), transaction():
        audit.record(
            Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, act=act, certificate=1, deliveries=[]
        )
    assert "終わっていない操作" not in auditor.get("/audit").text


def test_pages_of_fifty_follow_by_key(app: Any, auditor: Visitor) -> None:
    with app.app_context(), transaction():
        for number in range(110):
            audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, number, by=None)
    page, seen = auditor.get("/audit?event=application:lapsed"), []
    for _ in range(3):
        seen += rows(page)
        following = [link.get("href") for link in page.all("a") if link.get("rel") == "next"]
        page = auditor.get(str(following[0])) if following else page
    assert len(seen) == 110
    assert len(set(seen)) == 110
    assert following == []
    with app.app_context(), transaction():  # a new entry moves no page
        audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, 999, by=None)
    assert rows(auditor.get(page.url)) == rows(page)


def test_the_event_is_a_filter_in_the_address(app: Any, auditor: Visitor) -> None:
    auditor.get("/audit")
    page = auditor.send("絞り込む", event="installation:created")
    assert len(rows(page)) == 1
    assert 'value="installation:created" selected' in page.text
    assert "event=installation" in page.url


def test_a_thing_is_a_filter_by_its_kind_and_number(app: Any, auditor: Visitor) -> None:
    with app.test_request_context(), transaction():
        certificate = issued_certificate()
        application = builders.application()
        for kind, number in ((Subject.CERTIFICATE, certificate.id), (Subject.APPLICATION, application.id)):
            audit.record(Event.APPLICATION_LAPSED, kind, number, by=None)
        audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, 999, by=None)
        jc_number, number = certificate.jc_number, application.number
    wide = jc_number.translate({ord("J"): "ｊ", ord("0"): "０"})
    for typed in (jc_number, wide, str(certificate.id)):
        page = auditor.get(f"/audit?subject=certificate&id={typed}")
        assert len(rows(page)) == 1
        assert f'value="{typed}"' in page.text
    assert len(rows(auditor.get(f"/audit?subject=application&id={number}"))) == 1
    assert "当てはまる記録はありません" in rows(auditor.get("/audit?subject=application&id=T77777777"))[0]
    page = auditor.get("/audit?subject=application&id=999")
    link = next(a.get("href") for a in page.all("a") if "id=999" in str(a.get("href")))
    assert rows(auditor.get(str(link))) == rows(page)


@pytest.mark.parametrize(
    "query", ["subject=certificate", "subject=certificate&id=", "id=5", "subject=nothing&id=5"]
)
def test_half_of_a_thing_is_refused_and_kept(auditor: Visitor, query: str) -> None:
    page = auditor.get(f"/audit?{query}", status=422)
    assert "両方を指定してください" in page.text
    if "id=5" in query:
        assert 'value="5"' in page.text


@pytest.mark.parametrize(
    "query", ["event=nothing", "before=x", f"before={'9' * 40}", "before=-1", "before=", "event=%00"]
)
def test_a_mangled_address_is_no_error(auditor: Visitor, query: str) -> None:
    assert auditor.client.get(f"/audit?{query}").status_code in {200, 404}


def test_htmx_gets_only_the_rows(auditor: Visitor) -> None:
    part = auditor.client.get("/audit", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.strip().startswith('<div id="_rows">')


def test_the_walk_says_that_the_record_is_whole(auditor: Visitor) -> None:
    auditor.get("/audit")
    assert "記録は改変されていません" in auditor.send("検証する").text


def test_the_walk_says_what_is_wrong_in_japanese(app: Any, auditor: Visitor) -> None:
    with app.app_context(), transaction():
        for number in range(3):
            audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, number, by=None)
        sqlite = db.engine.dialect.name == "sqlite"
        trigger = "audit_entry_no_update" if sqlite else "audit_entry_append_only ON audit_entry"
        db.session.execute(text(f"DROP TRIGGER {trigger}"))
        db.session.execute(text("UPDATE audit_entry SET actor = 'officer:9' WHERE sequence = 4"))
    auditor.get("/audit")
    page = auditor.send("検証する")
    assert "記録が書き換えられています（番号 4）" in page.words("li")
    assert "システムの管理者に知らせてください" in page.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_only_the_auditor_reads_the_record(app: Any, browser: Visitor, role: Role) -> None:
    with app.app_context(), transaction():
        made = officer(role)
    enter(app, browser, made)
    assert "内部監査" in browser.get("/audit", status=403).text
    browser.get("/me")
    browser.post("/audit/verify", status=403)
    with app.app_context():
        last = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
        assert last is not None
        assert (last.event, last.outcome, last.subject_id) == (
            Event.ACCESS_DENIED,
            Outcome.REFUSED,
            "audit.verify",
        )


def test_the_page_costs_the_same_however_long(app: Any, auditor: Visitor) -> None:
    with app.app_context(), transaction():
        people = [officer(Role.SCREENER) for _ in range(20)]
        for number in range(60):
            audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, number, by=people[number % 20])
        engine = db.engine
    said: list[str] = []
    listen = lambda *given: said.append(given[2])  # noqa: E731 - a listener of one line
    event.listen(engine, "before_cursor_execute", listen)
    auditor.get("/audit")
    event.remove(engine, "before_cursor_execute", listen)
    assert len(said) < 12, said
