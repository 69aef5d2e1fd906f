"""Corporations and their people by the services: what is kept, what is refused, who may apply."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.errors import FieldRefused, LinkExpired, NotEligible, RuleViolation, StalePage
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Corporation, Document, Invitation, Officer, Person, WebSession
from jcanweb.names import NameRefused
from jcanweb.roles import Role
from jcanweb.services import invitations
from jcanweb.services import organization_history as history
from jcanweb.services import organization_ledger as ledger
from jcanweb.services import organizations as service
from jcanweb.services.organization_entries import CorporationEntry, PersonEntry
from jcanweb.vocabulary import AgreementState, ApplicationState, Authority, CertificateState, DelegationScope
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer

ENTRY = CorporationEntry(
    corporate_number=builders.corporate_number(9001), company_id="CT-9001", name="髙橋𠮷商事株式会社",
    name_kana="たかはしよししょうじ", name_en="Takahashi Yoshi Shoji Co., Ltd.", representative="髙橋 𠮷子",
    agreement_state=AgreementState.ACTIVE, agreement_from=date(2024, 4, 1), agreement_to=None,
)  # fmt: skip
HEAD = PersonEntry("髙橋𠮷子", "たかはし よしこ", "Yoshiko@Example.jp", Authority.REPRESENTATIVE)
DEPUTY = PersonEntry(
    "代理 次郎",
    "ダイリ ジロウ",
    "jiro@example.jp",
    Authority.DELEGATE,
    date(2026, 4, 1),
    date(2027, 3, 31),
    DelegationScope.ALL,
)


@pytest.fixture
def screener(context: Any) -> Officer:
    return officer(Role.SCREENER)


@pytest.fixture
def home(screener: Officer) -> Corporation:
    return service.register(ENTRY, by=screener)


def last(what: Event) -> AuditEntry:
    return db.session.query(AuditEntry).filter_by(event=what).order_by(AuditEntry.sequence.desc()).first()  # type: ignore[return-value]  # there is one


# --- registering --------------------------------------------------------------------------------------


def test_a_corporation_is_kept_as_typed_and_recorded_without_its_name(home: Corporation) -> None:
    assert (home.name, home.name_kana) == ("髙橋𠮷商事株式会社", "タカハシヨシショウジ")
    entry = last(Event.CORPORATION_REGISTERED)
    assert (entry.subject_id, entry.facts) == (str(home.id), {"corporate_number": home.corporate_number})


@pytest.mark.parametrize("shape", ["{}{}", "{}-{}", " {}{}　", "{}－{}", "{}ー{}"])
@pytest.mark.parametrize("width", [0, 0xFEE0])
def test_a_number_may_be_typed_full_width_and_with_hyphens(screener: Officer, shape: str, width: int) -> None:
    digits = "".join(chr(ord(digit) + width) for digit in ENTRY.corporate_number)
    made = service.register(
        replace(ENTRY, corporate_number=shape.format(digits[:1], digits[1:])), by=screener
    )
    assert made.corporate_number == ENTRY.corporate_number


@pytest.mark.parametrize(
    ("values", "words"),
    [({"corporate_number": "1" + ENTRY.corporate_number[1:]}, "検査数字"),
     ({"corporate_number": ENTRY.corporate_number[1:]}, "12桁"),
     ({"corporate_number": "T" + ENTRY.corporate_number}, "「T」"),
     ({"corporate_number": "七〇〇〇"}, "数字だけ"),
     ({"name": "見本\u202e商事"}, "並びを変える"), ({"name": "見本\u200b商事"}, "見えない"),
     ({"name": "見本\n商事"}, "制御文字"), ({"name": "あ" * 101}, "100文字以内"), ({"name": " 　"}, "入力してください"),
     ({"name": "株式会社\ue000"}, "外字"), ({"name_kana": "見本商事"}, "全角カタカナ"),
     ({"name_en": "A & B Co."}, "and"), ({"name_en": "A" * 65}, "64"), ({"name_en": "見本商事"}, "英"),
     ({"representative": "見本\u2066太郎"}, "並びを変える")],
)  # fmt: skip
def test_a_name_or_number_that_cannot_stand_is_refused(screener: Officer, values: Any, words: str) -> None:
    with pytest.raises(NameRefused, match=words):
        service.register(replace(ENTRY, **values), by=screener)


@pytest.mark.parametrize("typed", ["", "CT 1", "企業1", "C" * 41, "CT\u202e1"])
def test_a_company_id_is_ascii_and_short(screener: Officer, typed: str) -> None:
    with pytest.raises(FieldRefused, match="40文字以内") as caught:
        service.register(replace(ENTRY, company_id=typed), by=screener)
    assert caught.value.field == "company_id"


def test_an_agreement_does_not_end_before_it_begins(screener: Officer) -> None:
    with pytest.raises(FieldRefused) as caught:
        service.register(replace(ENTRY, agreement_to=date(2024, 3, 31)), by=screener)
    assert caught.value.field == "agreement_to"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"company_id": "OTHER"}, "corporate_number"),
     ({"corporate_number": builders.corporate_number(9002)}, "company_id")],
)  # fmt: skip
def test_a_number_or_company_id_is_taken_once(
    home: Corporation, screener: Officer, values: Any, field: str
) -> None:
    with pytest.raises(FieldRefused, match="髙橋𠮷商事") as caught:
        service.register(replace(ENTRY, **values), by=screener)
    assert caught.value.field == field


def test_of_two_registering_at_once_one_is_refused_in_words(app: Any) -> None:
    with app.test_request_context(), transaction():
        who = officer(Role.SCREENER).id
    gate, outcomes = threading.Barrier(2), []

    def press() -> None:
        with app.test_request_context():
            gate.wait()
            try:
                with transaction():
                    service.register(ENTRY, by=db.session.get_one(Officer, who))
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["FieldRefused", "won"]
    with app.test_request_context():
        assert db.session.query(Corporation).count() == 1


def test_a_number_of_another_length_is_refused_by_sql(home: Corporation) -> None:
    with pytest.raises(IntegrityError, match="corporate_number"):
        db.session.execute(text("UPDATE corporation SET corporate_number = '123'"))


# --- changing -----------------------------------------------------------------------------------------


def test_a_change_is_recorded_by_its_fields_alone(home: Corporation, screener: Officer) -> None:
    entry = replace(ENTRY, name="新見本株式会社", agreement_state=AgreementState.ENDED)
    service.change(home, entry, version=home.version, by=screener)
    assert last(Event.CORPORATION_CHANGED).facts == {"fields": ["name", "agreement_state"]}
    assert ledger.search("新見本") == [home]


def test_a_page_that_grew_old_changes_nothing(home: Corporation, screener: Officer) -> None:
    with pytest.raises(StalePage):
        service.change(home, ENTRY, version=home.version - 1, by=screener)


def test_another_corporations_number_is_refused(home: Corporation, screener: Officer) -> None:
    other = builders.corporation()
    with pytest.raises(FieldRefused, match=other.name):
        service.change(
            home, replace(ENTRY, corporate_number=other.corporate_number), version=home.version, by=screener
        )


@pytest.mark.parametrize("state", [ApplicationState.SCREENING, ApplicationState.APPROVED])
def test_the_number_stays_while_an_application_is_checked(screener: Officer, state: ApplicationState) -> None:
    home = builders.application(state).corporation
    entry = replace(ENTRY, company_id=home.company_id)
    with pytest.raises(FieldRefused, match="差し戻す") as caught:
        service.change(home, entry, version=home.version, by=screener)
    assert caught.value.field == "corporate_number"


@pytest.mark.parametrize(
    ("state", "kept"), [(CertificateState.DELIVERED, True), (CertificateState.REVOKED, False)]
)
def test_the_number_stays_while_a_certificate_lives(screener: Officer, state: Any, kept: bool) -> None:
    home = db.session.get_one(Corporation, issued_certificate(state).corporation_id)
    if kept:
        with pytest.raises(FieldRefused, match="失効"):
            service.change(home, ENTRY, version=home.version, by=screener)
    else:
        service.change(home, ENTRY, version=home.version, by=screener)
    assert (home.corporate_number == ENTRY.corporate_number) is not kept


def test_the_number_of_a_submitted_application_may_be_put_right(screener: Officer) -> None:
    home = builders.application(ApplicationState.SUBMITTED).corporation
    service.change(home, ENTRY, version=home.version, by=screener)
    assert home.corporate_number == ENTRY.corporate_number


# --- people -------------------------------------------------------------------------------------------


def test_the_representative_is_known_by_the_name_whatever_its_spaces(
    home: Corporation, screener: Officer
) -> None:
    made = service.add_person(home, replace(HEAD, name="高橋吉子"), by=screener)
    assert (made.name, made.email, made.name_kana) == ("高橋吉子", "Yoshiko@example.jp", "タカハシ　ヨシコ")
    assert service.obstacles(made) == []
    assert last(Event.PERSON_REGISTERED).facts == {"corporation": home.id}


def test_another_name_is_no_representative(home: Corporation, screener: Officer) -> None:
    with pytest.raises(FieldRefused, match="委任を受けた者") as caught:
        service.add_person(home, replace(HEAD, name="代理 次郎"), by=screener)
    assert caught.value.field == "authority"


def test_a_delegate_needs_the_first_day(home: Corporation, screener: Officer) -> None:
    with pytest.raises(FieldRefused) as caught:
        service.add_person(home, replace(DEPUTY, delegated_from=None), by=screener)
    assert caught.value.field == "delegated_from"


def test_a_delegation_does_not_end_before_it_begins(home: Corporation, screener: Officer) -> None:
    with pytest.raises(FieldRefused) as caught:
        service.add_person(home, replace(DEPUTY, delegated_to=date(2026, 3, 31)), by=screener)
    assert caught.value.field == "delegated_to"


def test_the_days_of_a_representative_are_not_kept(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, replace(HEAD, delegated_from=date(2026, 4, 1)), by=screener)
    assert made.delegated_from is None


def test_an_address_stands_once_in_a_corporation_and_may_in_another(
    home: Corporation, screener: Officer
) -> None:
    service.add_person(home, HEAD, by=screener)
    with pytest.raises(FieldRefused) as caught:
        service.add_person(home, replace(DEPUTY, email="Yoshiko@EXAMPLE.jp"), by=screener)
    assert caught.value.field == "email"
    other = builders.corporation(representative=HEAD.name)
    assert service.add_person(other, HEAD, by=screener).corporation_id == other.id


def test_a_person_is_found_in_the_own_corporation_only(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, HEAD, by=screener)
    assert ledger.person_of(home, made.id) is made
    assert ledger.person_of(builders.corporation(), made.id) is None


def test_another_address_ends_links_and_sessions(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, HEAD, by=screener)
    link = service.invite(made, newest=0, by=screener)
    at = clock.now()
    db.session.add(WebSession(id_sha256="0" * 64, person_id=made.id, data={}, created_at=at, seen_at=at))
    db.session.flush()
    service.change_person(made, replace(HEAD, name_kana="ヨシコ"), version=made.version, by=screener)
    assert invitations.open_link(link).person_id == made.id
    service.change_person(made, replace(HEAD, email="new@example.jp"), version=made.version, by=screener)
    with pytest.raises(LinkExpired):
        invitations.open_link(link)
    assert db.session.query(WebSession).count() == 0


def test_a_stale_page_changes_no_person(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, HEAD, by=screener)
    with pytest.raises(StalePage):
        service.change_person(made, DEPUTY, version=made.version + 1, by=screener)


def test_a_double_click_does_not_end_the_link_just_sent(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, HEAD, by=screener)
    link = service.invite(made, newest=0, by=screener)
    with pytest.raises(StalePage, match="送られています"):
        service.invite(made, newest=0, by=screener)
    sent = invitations.open_link(link)
    again = service.invite(made, newest=sent.id, by=screener)
    assert ledger.invitations(home)[made.id] is invitations.open_link(again)
    with pytest.raises(LinkExpired):
        invitations.open_link(link)
    assert db.session.query(Invitation).count() == 2


# --- delegations --------------------------------------------------------------------------------------


def test_the_paper_of_a_delegation_is_sealed_and_opening_it_is_recorded(
    home: Corporation, screener: Officer
) -> None:
    made = service.add_person(home, replace(DEPUTY, delegation_document=builders.PDF), by=screener)
    kept = db.session.get_one(Document, made.delegation_document_id)
    assert (kept.person_id, builders.PDF in kept.content) == (made.id, False)
    assert service.open_delegation(made, by=screener) == builders.PDF
    entry = last(Event.PERSON_DOCUMENT_OPENED)
    assert (entry.subject_id, entry.facts) == (str(made.id), {"document": kept.id})
    service.change_person(made, replace(DEPUTY, delegated_to=None), version=made.version, by=screener)
    assert made.delegation_document_id == kept.id  # no file was chosen


def test_a_new_paper_takes_its_place_and_the_one_before_stays_kept(
    home: Corporation, screener: Officer
) -> None:
    made = service.add_person(home, replace(DEPUTY, delegation_document=builders.PDF), by=screener)
    other = builders.PDF.replace(b"1.4", b"1.7")
    service.change_person(made, replace(DEPUTY, delegation_document=other), version=made.version, by=screener)
    assert service.open_delegation(made, by=screener) == other
    assert db.session.query(Document).count() == 2
    assert last(Event.PERSON_CHANGED).facts == {"fields": ["delegation_document"]}


def test_who_becomes_the_representative_has_no_delegation_left(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, replace(DEPUTY, delegation_document=builders.PDF), by=screener)
    service.change_person(
        made, replace(HEAD, delegation_document=builders.PDF), version=made.version, by=screener
    )
    assert (made.delegated_from, made.delegation_scope, made.delegation_document_id) == (None, None, None)
    assert service.open_delegation(made, by=screener) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", builders.PDF[:40]])
def test_what_is_no_pdf_is_refused_at_its_field(home: Corporation, screener: Officer, content: bytes) -> None:
    with pytest.raises(FieldRefused, match="委任状") as caught:
        service.add_person(home, replace(DEPUTY, delegation_document=content), by=screener)
    assert caught.value.field == "delegation_document"


def test_a_delegate_needs_a_scope(home: Corporation, screener: Officer) -> None:
    with pytest.raises(FieldRefused) as caught:
        service.add_person(home, replace(DEPUTY, delegation_scope=None), by=screener)
    assert caught.value.field == "delegation_scope"


@pytest.mark.parametrize(("scope", "may"), [(DelegationScope.ALL, True), (DelegationScope.APPLICATIONS, True),
                                            (DelegationScope.NOTICES, False)])  # fmt: skip
def test_who_is_entrusted_with_notices_only_may_not_apply(
    context: Any, scope: DelegationScope, may: bool
) -> None:
    found = service.obstacles(builders.person(authority=Authority.DELEGATE, delegation_scope=scope))
    assert ["届出・失効の依頼だけ" in words for words in found] == ([] if may else [True])


@pytest.mark.parametrize(
    ("change", "said"),
    [("delegation_scope = NULL", "delegation"), ("delegated_from = NULL", "delegation"),
     ("authority = 'representative'", "no_delegation"), ("delegated_to = '2026-03-31'", "delegation_days"),
     ("delegation_document_id = 0", "(?i)foreign key")],
)  # fmt: skip
def test_by_sql_a_delegation_is_whole(home: Corporation, screener: Officer, change: str, said: str) -> None:
    service.add_person(home, DEPUTY, by=screener)
    db.session.commit()
    with pytest.raises(IntegrityError, match=said):
        db.session.execute(text(f"UPDATE person SET {change}"))  # noqa: S608 - a constant of this test
    db.session.rollback()


# --- history ------------------------------------------------------------------------------------------


def changes(home: Corporation) -> list[tuple[Any, ...]]:
    return [(one.person_id, one.field, one.old, one.new) for one in history.page(home)]


def test_what_is_registered_begins_its_history(home: Corporation) -> None:
    found = {field: (old, new) for _, field, old, new in changes(home)}
    assert len(found) == 8  # no end, no key
    assert found["agreement_state"] == ("", "有効")
    assert found["agreement_from"] == ("", "2024年4月1日（月）")


def test_each_field_that_changed_is_kept_before_and_after(
    home: Corporation, screener: Officer, hands: Any
) -> None:
    before = len(changes(home))
    hands.forward(hours=1)
    other = replace(ENTRY, agreement_state=AgreementState.SUSPENDED, agreement_to=date(2027, 3, 31))
    service.change(home, other, version=home.version, by=screener)
    assert changes(home)[: -before] == [(None, "agreement_to", "", "2027年3月31日（水）"),
                                        (None, "agreement_state", "有効", "停止")]  # fmt: skip
    newest = history.page(home)[0]
    assert (newest.changed_by, newest.changed_at) == (screener.id, clock.now())
    service.change(home, other, version=home.version, by=screener)
    assert len(changes(home)) == before + 2


def test_a_persons_changes_stand_in_the_history_of_the_corporation(
    home: Corporation, screener: Officer
) -> None:
    made = service.add_person(home, HEAD, by=screener)
    assert {field for who, field, *_ in changes(home) if who == made.id} == {
        "name", "name_kana", "email", "authority"}  # fmt: skip
    entry = replace(DEPUTY, delegation_document=builders.PDF)
    service.change_person(made, entry, version=made.version, by=screener)
    found = {field: (old, new) for _, field, old, new in changes(home)[:8]}
    assert found["authority"] == ("代表者本人", "委任を受けた者")
    assert found["delegation_scope"] == ("", "証明書に関する手続き一切")
    assert found["delegation_document"][1].startswith("SHA-256 ")
    assert found["email"] == ("Yoshiko@example.jp", "jiro@example.jp")


def test_a_long_history_is_paged_without_a_gap(home: Corporation, screener: Officer) -> None:
    for number in range(history.PAGE):
        service.change(
            home, replace(ENTRY, representative=f"見本 {number}"), version=home.version, by=screener
        )
    first = history.page(home)
    rest = history.page(home, before=first[history.PAGE - 1].id)
    assert len(first) == history.PAGE + 1
    assert len(first[: history.PAGE] + rest) == history.PAGE + 8


# --- eligibility --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [({"agreement_state": AgreementState.SUSPENDED}, "停止中"), ({"agreement_state": AgreementState.ENDED}, "終了"),
     ({"agreement_from": date(2026, 11, 25)}, "2026年11月25日（水）に始まります"),
     ({"agreement_to": date(2026, 11, 23)}, "2026年11月23日（月）に終わって"),
     ({"representative": "新任 三郎"}, "代表者が交代")],
)  # fmt: skip
def test_each_condition_of_the_corporation_has_its_sentence(context: Any, values: Any, words: str) -> None:
    person = builders.person()
    for name, value in values.items():
        setattr(person.corporation, name, value)
    (found,) = service.obstacles(person)
    assert words in found
    with pytest.raises(NotEligible, match="登録局にご連絡"):
        service.check_eligible(person)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [(date(2026, 11, 25), None, "始まります"),
     (date(2026, 1, 1), date(2026, 11, 23), "終わって")],
)  # fmt: skip
def test_a_delegation_out_of_its_days_does_not_count(
    context: Any, since: Any, until: Any, words: str
) -> None:
    person = builders.person(authority=Authority.DELEGATE, delegated_from=since, delegated_to=until)
    (found,) = service.obstacles(person)
    assert words in found


def test_the_last_day_still_counts_until_midnight_in_japan(context: Any, hands: Any) -> None:
    person = builders.person(builders.corporation(agreement_to=date(2026, 11, 24)))
    hands.at = hands.at.replace(hour=14, minute=59)
    assert service.obstacles(person) == []
    hands.forward(minutes=1)
    assert len(service.obstacles(person)) == 1


# --- lists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["髙橋", "高橋吉", "タカハシ", "ﾀｶﾊｼ", "takahashi yoshi", "ＴＡＫＡ", ENTRY.corporate_number[:5]]
)
def test_a_corporation_is_found_by_name_reading_english_name_or_number(home: Corporation, typed: str) -> None:
    builders.corporation(corporate_number="4011001098993")  # begins otherwise
    assert ledger.search(typed) == [home]


@pytest.mark.parametrize("typed", ["%", "_", "無い会社", "あ" * 5000])
def test_what_is_not_there_is_not_found(home: Corporation, typed: str) -> None:
    assert ledger.search(typed) == []


def test_pages_follow_each_other_without_a_gap_in_three_queries(context: Any) -> None:
    made = [builders.corporation().id for _ in range(ledger.PAGE + 3)]
    first = ledger.search()
    assert len(first) == ledger.PAGE + 1
    rest = ledger.search(before=first[ledger.PAGE - 1].id)
    assert [one.id for one in first[: ledger.PAGE] + rest] == made[::-1]
    db.session.expire_all()
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert [len(one.people) for one in ledger.search()] == [0] * (ledger.PAGE + 1)
    assert len(asked) == 2


def test_living_certificates_are_neither_revoked_nor_expired(context: Any, hands: Any) -> None:
    certificate = issued_certificate()
    home = db.session.get_one(Corporation, certificate.corporation_id)
    assert (service.living(home), ledger.certificates(home)) == (1, [certificate])
    hands.at = certificate.not_after + timedelta(seconds=1)
    assert service.living(home) == 0


def test_living_certificates_come_first_then_the_newest(context: Any) -> None:
    home = builders.corporation()
    people = [builders.person(home) for _ in range(4)]
    states = [
        CertificateState.DELIVERED, CertificateState.REVOKED, CertificateState.ISSUED, CertificateState.REVOKED,
    ]  # fmt: skip
    made = [
        issued_certificate(state, application=builders.application(ApplicationState.APPROVED, person=one))
        for state, one in zip(states, people, strict=True)
    ]
    assert ledger.certificates(home) == [made[2], made[0], made[3], made[1]]


def test_people_come_with_their_corporation(home: Corporation, screener: Officer) -> None:
    made = service.add_person(home, HEAD, by=screener)
    found = service.by_number(home.corporate_number)
    assert found is home
    assert found.people == [made]
    assert db.session.get_one(Person, made.id).corporation is home
    assert service.by_number("0" * 13) is None
