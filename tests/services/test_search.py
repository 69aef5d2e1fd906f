"""Search by its service: any part of any name finds, however it is written; numbers; nothing hostile does harm."""

import random
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from jcanweb import names
from jcanweb.calendar import JST, jst_date
from jcanweb.database import db, flush
from jcanweb.models import Application, Corporation, Officer, SearchEntry
from jcanweb.roles import Role
from jcanweb.services import application_list, organization_ledger, organizations, search
from jcanweb.services import ledger as certificates
from jcanweb.services.application_list import Filters, Hands
from jcanweb.vocabulary import AgreementState, ApplicationKind
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer


@pytest.fixture
def me(context: Any) -> Officer:
    return officer(Role.SCREENER)


def found(me: Officer, typed: str = "", **values: Any) -> list[Application]:
    return application_list.page(Filters(typed=typed, **values), me=me).rows


def named(name: str, **values: Any) -> Application:
    """An application of a corporation of this name."""
    home = builders.corporation(
        name=name, **{"name_en": "Alpha Co., Ltd.", "name_kana": "アルファ", **values}
    )
    return builders.application(person=builders.person(home))


# --- words ----------------------------------------------------------------------------------------------

ALPHABET = (
    "田中髙高橋山﨑崎渡邉辺々〆ヶ株式会社㈱アイウエャュッーあいうがぱABCxyzéß0123４５-・&.（） 　𠮷𩸽葛󠄀"
)


@pytest.mark.parametrize("seed", range(4))
def test_any_part_of_any_stored_name_finds_it(me: Officer, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret

    def name() -> str:
        made = "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(2, 14))).strip()
        return made if len(names.search_key(made)) > 1 else name()

    made = [named(name(), name_kana=name(), name_en=name()) for _ in range(8)]
    for one in made:
        one.organization_unit, one.common_name, one.organization_unit_ja, one.common_name_ja = (
            name() for _ in range(4)
        )
    flush()
    for one in made:
        home = one.corporation
        for whole in (home.name, home.name_kana, home.name_en, one.organization_unit, one.common_name,
                      one.organization_unit_ja, one.common_name_ja):  # fmt: skip
            first = chance.randrange(len(whole))
            part = whole[first : first + chance.randrange(1, 12)]
            if search.read(part).complaint or len(names.search_key(part)) < 2:
                part = whole
            assert one in found(me, part), (whole, part)


@pytest.mark.parametrize(
    "typed",
    ["髙﨑", "高崎", "高碕", "タカサキ", "たかさき", "ﾀｶｻｷ", "商事", "ＴＡＫＡＳＡＫＩ", "takasaki shoji", "co ltd", "Co., Ltd.", "営業 高崎",
     "高崎　shoji　営業部", "株式会社", "髙崎商事株式会社", "山田 太郎", "高 崎", "キヤノン", "キャノン"],
)  # fmt: skip
def test_found_however_it_is_written(me: Officer, typed: str) -> None:
    one = named("髙﨑商事株式会社", name_kana="タカサキショウジ", name_en="Takasaki Shoji Co., Ltd.")
    one.organization_unit_ja, one.common_name_ja, one.common_name = (
        "営業部 キヤノン課",
        "山田　太郎",
        "Yamada Taro",
    )
    flush()
    named("見本株式会社", name_en="Mihon Inc.", name_kana="ミホン")
    assert one in found(me, typed)
    if typed != "株式会社":
        assert found(me, typed) == [one]


@pytest.mark.parametrize("typed", ["髙﨑 人事", "崎高", "商事 商会", "Takasaki Taro"])
def test_all_the_words_must_be_there(me: Officer, typed: str) -> None:
    named("髙﨑商事株式会社", name_en="Takasaki Shoji")
    assert found(me, typed) == []


def test_a_part_does_not_run_from_one_name_into_the_next(me: Officer) -> None:
    named("甲乙商事", name_kana="コウオツ")
    assert found(me, "商事コウ") == []


def test_nobodys_own_name_or_address_is_in_the_index(me: Officer) -> None:
    one = builders.application(pin_recipient_name="秘密 太郎", pin_recipient_email="himitsu@example.jp")
    for typed in (one.person.name.split()[0], "秘密", "himitsu", one.person.email.partition("@")[0]):
        assert found(me, typed) == []


def test_a_changed_text_is_found_and_the_old_one_is_not(me: Officer) -> None:
    one = builders.application(A.RETURNED)
    one.common_name_ja = "鷲尾 室長"
    flush()
    assert found(me, "鷲尾") == [one]
    one.common_name_ja = "白鳥 室長"
    flush()
    assert found(me, "鷲尾") == []
    assert found(me, "白鳥") == [one]


def test_a_renamed_corporation_is_found_by_its_new_name_alone_and_so_are_its_applications(
    me: Officer,
) -> None:
    one = named("旧名商事")
    one.organization_unit_ja = "変わらない組織"
    home = one.corporation
    entry = organizations.CorporationEntry(
        home.corporate_number, home.company_id, "新名物産", "シンメイ", "Shinmei", home.representative,
        AgreementState.ACTIVE, home.agreement_from, None,
    )  # fmt: skip
    organizations.change(home, entry, version=home.version, by=me)
    assert found(me, "旧名") == found(me, "alpha") == organization_ledger.search("旧名") == []
    assert found(me, "新名") == found(me, "しんめい") == [one]
    assert organization_ledger.search("新名") == [home]


def test_what_was_rolled_back_is_not_found(me: Officer) -> None:
    one = builders.application(A.RETURNED)
    db.session.commit()
    one.common_name_ja = "鷲尾 室長"
    flush()
    db.session.rollback()
    assert found(me, "鷲尾") == []
    assert found(me, "営業部") == [one]


def test_a_draft_is_its_applicants_own(me: Officer) -> None:
    one, gone = builders.application(A.DRAFT), builders.application(A.WITHDRAWN, submitted_at=None)
    assert found(me) == found(me, "営業部") == found(me, one.number) == found(me, gone.number) == []
    assert found(me, state=A.DRAFT) == found(me, state=A.WITHDRAWN) == []
    assert db.session.query(SearchEntry).count() == 0


# --- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", ["{}", " {} ", "ａ－０００１２３", "A000123", "a-123", "Ａ ー 123", "{} 営業部"]
)
def test_found_by_its_number(me: Officer, way: str) -> None:
    one = builders.application(number="A-000123")
    builders.application(number="A-000124")
    assert found(me, way.format(one.number)) == [one]


def test_found_by_the_corporations_number(me: Officer) -> None:
    one, _ = builders.application(), builders.application()
    digits = one.corporation.corporate_number
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
    for typed in (digits, wide, f"{digits[:1]}-{digits[1:5]}-{digits[5:9]}-{digits[9:]}", f"{digits[:1]} {digits[1:]}",
                  f"{digits} 営業"):  # fmt: skip
        assert found(me, typed) == [one]
    assert found(me, f"{digits} 人事") == []


def test_a_wrong_check_digit_is_told(me: Officer) -> None:
    assert "検査数字" in search.read("1234567890123").complaint
    assert found(me, "1234567890123") == []


def test_found_by_the_number_of_its_certificate(me: Officer) -> None:
    certificate = issued_certificate()
    issued_certificate()
    for typed in (certificate.jc_number, "ｊｃー１", "JC 1"):
        assert [one.id for one in found(me, typed)] == [certificate.application_id]
        assert [row.certificate for row in certificates.page(typed=typed).rows] == [certificate]


@pytest.mark.parametrize(
    ("typed", "number"),
    [("JC-00000012", "JC-00000012"), ("ｊｃ－１２", "JC-00000012"), ("JC12", "JC-00000012"), ("jc ‐ 12", "JC-00000012"),
     ("12", "JC-00000012"), ("JC-", None), ("JC-1234567890", None), ("JC-1x", None), ("", None), ("١٢", None)],
)  # fmt: skip
def test_a_jc_number_is_read_in_one_way(typed: str, number: str | None) -> None:
    assert search.jc_number(typed) == number


# --- what cannot be looked for, and what tries to do harm ---------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [("%%", "記号だけ"), ("田", "1文字だけ"), ("『』", "記号だけ"), (" 田 、", "1文字だけ")],
)
def test_what_cannot_be_looked_for_is_told(me: Officer, typed: str, words: str) -> None:
    builders.application()
    assert words in search.read(typed).complaint
    assert found(me, typed) == certificates.page(typed=typed).rows == organization_ledger.search(typed) == []


@pytest.mark.parametrize(
    "typed",
    ['"', "''", '" OR 1=1 --', "営業 OR 人事", "NOT 営業", "営*", "pieces:営業", "NEAR(営業 部長)", "営業^", "{営業 部長}", "(営業",
     "営業%", "_業部", "\\", "\0営業", "営業\0", "x" * 10_000, "営業 " * 5000, "%00", "\ud800", "\U0010ffff営業", "#0", "ﷺ" * 100,
     "-" * 200, "AND", "' UNION SELECT key FROM search_entry --"],
)  # fmt: skip
def test_nothing_typed_does_harm(me: Officer, typed: str) -> None:
    builders.application()
    for rows in (found(me, typed), certificates.page(typed=typed).rows, organization_ledger.search(typed)):
        assert len(rows) <= 1


# --- pages and filters --------------------------------------------------------------------------------------


def test_the_last_handed_in_comes_first_also_after_a_return(me: Officer, hands: Any) -> None:
    one, two = builders.application(), builders.application()
    assert found(me) == found(me, "営業") == [two, one]
    hands.forward(hours=1)
    one.submitted_at = hands.now()
    flush()
    assert found(me) == found(me, "営業") == [one, two]


@pytest.mark.parametrize("typed", ["", "営業", "第", "mihon 営業部"])
def test_every_application_stands_on_one_page_while_others_arrive(
    me: Officer, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application_list, "PAGE", 3)
    who = builders.person()
    made = [builders.application(person=who) for _ in range(8)]
    seen: list[Application] = []
    before = None
    while True:
        page = application_list.page(
            Filters(typed=typed.replace("第", "営業 第") if typed else ""), me=me, before=before
        )
        seen += page.rows
        builders.application(person=who)
        if page.before is None:
            break
        before = page.before
    assert seen == made[::-1]


def test_words_and_filters_hold_together(me: Officer) -> None:
    who = builders.person()
    waiting = builders.application(person=who)
    mine = builders.application(A.SCREENING, person=who, screener=me)
    others = builders.application(A.SCREENING, person=who)
    screened = builders.application(A.SCREENING, person=who, screener=me, screened=True)
    assert found(me, state=A.SCREENING) == found(me, "営業", state=A.SCREENING) == [screened, others, mine]
    assert found(me, hands=Hands.MINE) == found(me, "営業", hands=Hands.MINE) == [mine]
    assert found(me, hands=Hands.NOBODY) == found(me, "営業", hands=Hands.NOBODY) == [waiting]
    assert found(me, "人事", hands=Hands.MINE) == found(me, hands=Hands.MINE, state=A.SUBMITTED) == []


def test_the_kind_is_a_filter_of_its_own_and_with_words(me: Officer) -> None:
    first, more = builders.application(), builders.application(kind=ApplicationKind.ADDITIONAL)
    assert (found(me, kind=ApplicationKind.NEW), found(me, kind=ApplicationKind.ADDITIONAL)) == (
        [first],
        [more],
    )
    assert found(me, "営業", kind=ApplicationKind.ADDITIONAL) == [more]
    assert found(me, kind=ApplicationKind.RENEWAL) == []


def test_only_what_is_due_before_today_is_overdue(me: Officer, hands: Any) -> None:
    today = jst_date(hands.now())
    late, due = builders.application(due_on=today - timedelta(days=1)), builders.application(due_on=today)
    assert found(me, overdue=True) == found(me, "営業", overdue=True, state=A.SUBMITTED) == [late]
    hands.forward(days=1)
    assert found(me, overdue=True) == [due, late]
    assert found(me, overdue=True, state=A.APPROVED) == []


def test_a_period_is_of_whole_days_in_japan(me: Officer, hands: Any) -> None:
    made = []
    for _ in range(4):
        made.append(builders.application())
        hands.forward(hours=12)  # 10:00 and 22:00 in Japan
    day = jst_date(made[2].submitted_at)
    assert found(me, since=day) == found(me, "営業", since=day) == [made[3], made[2]]
    assert found(me, until=day) == made[::-1]
    assert found(me, since=day, until=day) == [made[3], made[2]]
    before = jst_date(made[0].submitted_at)
    assert found(me, until=before) == found(me, "営業", until=before) == [made[1], made[0]]
    assert found(me, since=jst_date(hands.now().astimezone(JST)).replace(year=2030)) == []


@pytest.mark.parametrize("stretch", [2, 100])
def test_common_words_under_a_narrow_filter_are_gone_through(
    me: Officer, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    """The words alone find more than a page looks at; what the filter leaves is looked at instead, bit by bit."""
    monkeypatch.setattr(application_list, "CANDIDATES", 3)
    monkeypatch.setattr(application_list, "STRETCH", stretch)
    who = builders.person()
    old = [builders.application(A.RETURNED, person=who) for _ in range(3)]
    old[0].common_name_ja = "鷲尾 営業"
    flush()
    for _ in range(5):
        builders.application(person=who)
    page = application_list.page(Filters("営業", A.RETURNED), me=me)
    seen = list(page.rows)
    while page.before:
        assert page.unfinished
        page = application_list.page(Filters("営業", A.RETURNED), me=me, before=page.before)
        seen += page.rows
    assert seen == old[::-1]


def test_common_words_of_few_certificates_are_gone_through(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "BATCH", 2)
    monkeypatch.setattr(certificates, "BATCHES", 2)
    certificate = issued_certificate()
    for _ in range(5):
        builders.application()
    page = certificates.page(typed="mihon")
    assert page.rows == []
    assert page.unfinished
    page = certificates.page(typed="mihon", after=page.after)
    assert [row.certificate for row in page.rows] == [certificate]
    assert page.after is None


def test_certificates_are_found_by_words_and_state(context: Any) -> None:
    first, second = issued_certificate(), issued_certificate()
    assert [row.certificate for row in certificates.page(typed="営業部").rows] == [second, first]
    home = db.session.get_one(Corporation, first.corporation_id)
    assert [row.certificate for row in certificates.page(typed=home.name).rows] == [first]
    assert certificates.page(typed="営業部", standing=certificates.Standing.REVOKED).rows == []


def test_the_index_has_one_entry_for_each_that_was_handed_in(me: Officer, hands: Any) -> None:
    one = builders.application()
    builders.application(A.DRAFT)
    hands.forward(hours=1)
    one.submitted_at, one.common_name_ja = hands.now(), "監査室 室長"
    flush()
    assert [(entry.id, entry.application_id) for entry in db.session.query(SearchEntry)] == [
        (one.arrival, one.id)
    ]
    if db.engine.dialect.name == "sqlite":
        for index in ("application_fts", "corporation_fts"):
            db.session.execute(text(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')"))  # noqa: S608


@pytest.mark.parametrize("typed", ["営業", "営業 商事 部長", "mihon"])
def test_words_are_found_by_the_full_text_index(me: Officer, typed: str) -> None:
    from tests.services.test_ledger import plans

    builders.application()
    db.session.flush()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET enable_seqscan = off"))
    said = "\n".join(plans(lambda: found(me, typed)))
    assert re.search(r"VIRTUAL TABLE INDEX|Bitmap Index Scan on application_fts", said), said
