"""Files of rows: read in the background, judged as by hand, carried out once."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from jcanweb.database import db, transaction
from jcanweb.errors import AlreadyReceived, AlreadyStarted, FieldRefused
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Corporation, Intake, IntakeRow, Mail, Officer
from jcanweb.roles import Role
from jcanweb.services import enrollment, intake, intake_ledger
from jcanweb.vocabulary import AgreementState, ApplicationState, IntakeKind
from jcanweb.vocabulary import RowResult as R
from tests import builders
from tests.intakes import CORPORATION, application, carried_out, corporation, csv, received, work
from tests.people import officer

CORPORATIONS, APPLICATIONS = IntakeKind.CORPORATIONS, IntakeKind.APPLICATIONS


@pytest.fixture
def clerk(context: Any) -> Officer:
    with transaction():
        return officer(Role.SCREENER)


def rows(intake_id: int) -> list[tuple[int, R, dict[str, str]]]:
    query = select(IntakeRow).where(IntakeRow.intake_id == intake_id).order_by(IntakeRow.number)
    return [(row.number, row.result, row.notes) for row in db.session.scalars(query)]


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- corporations ---------------------------------------------------------------------------------------


def test_rows_are_new_changed_unchanged_or_refused_and_carried_out_as_by_hand(clerk: Officer) -> None:
    first = received(CORPORATIONS, csv(corporation(1), corporation(2)), by=clerk)
    assert [result for _, result, _ in rows(first)] == [R.NEW, R.NEW]
    assert carried_out(first, by=clerk).done_at is not None
    second = received(CORPORATIONS, csv(corporation(1), corporation(2, 契約状態="終了", 契約終了日="２０２６／１１／２２"),
                                        corporation(3), corporation(4, 代表者="", 契約開始日="46348")), by=clerk)  # fmt: skip
    assert rows(second) == [
        (2, R.UNCHANGED, {}), (3, R.CHANGED, {"agreement_state": "有効", "agreement_to": ""}), (4, R.NEW, {}),
        (5, R.REFUSED, {"representative": "代表者の氏名を入力してください。",
                        "agreement_from": "契約開始日を「2026-11-22」「2026/11/22」「令和8年11月22日」のような形で入力してください。"}),
    ]  # fmt: skip
    assert count(Corporation) == 2
    carried_out(second, by=clerk)
    assert [result for _, result, _ in rows(second)] == [R.UNCHANGED, R.DONE, R.DONE, R.REFUSED]
    ended = db.session.scalars(select(Corporation).where(Corporation.company_id == "CT900002")).one()
    assert (ended.agreement_state, str(ended.agreement_to)) == (AgreementState.ENDED, "2026-11-22")
    assert ended.registered_by == clerk.id
    told = [
        entry.event
        for entry in db.session.scalars(select(AuditEntry))
        if entry.actor == f"officer:{clerk.id}"
    ]
    assert told.count(Event.CORPORATION_REGISTERED) == 3
    assert told.count(Event.CORPORATION_CHANGED) == 1


def test_a_key_that_stands_twice_refuses_each_of_its_rows_across_batches(
    clerk: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jcanweb.services.intake_work.JUDGED", 2)
    found = rows(received(CORPORATIONS, csv(corporation(1), corporation(2), corporation(3, 企業ID="CT900002"),
                                            corporation(4), corporation(1, 企業ID="CT900009")), by=clerk))  # fmt: skip
    assert [result for _, result, _ in found] == [R.REFUSED, R.REFUSED, R.REFUSED, R.NEW, R.REFUSED]
    assert found[0][2] == {"corporate_number": "6行目と法人番号が同じです。一行だけを残してください。"}
    assert found[1][2] == {"company_id": "4行目と企業IDが同じです。一行だけを残してください。"}
    assert found[4][2] == {"corporate_number": "2行目と法人番号が同じです。一行だけを残してください。"}


def test_what_changed_since_it_was_seen_is_refused_and_not_overwritten(clerk: Officer) -> None:
    with transaction():
        known = builders.corporation(corporate_number=builders.corporate_number(1), company_id="CT900001")
    number = received(CORPORATIONS, csv(corporation(1), corporation(2)), by=clerk)
    with transaction():
        known.representative = "別の 代表"
        builders.corporation(corporate_number=builders.corporate_number(2))
    carried_out(number, by=clerk)
    first, second = rows(number)
    assert first[1:] == (
        R.REFUSED,
        {
            "": "この行を確認したあとに、この法人の登録が変わりました。もう一度取り込んで、違いを確かめてください。"
        },
    )
    assert second[1] is R.REFUSED
    assert list(second[2]) == ["corporate_number"]
    assert known.representative == "別の 代表"


def test_a_column_that_the_file_does_not_have_stays_as_it_is(clerk: Officer) -> None:
    with transaction():
        builders.corporation(
            corporate_number=builders.corporate_number(1), company_id="CT900001", name_kana="フルイ"
        )
    short = {title: cell for title, cell in corporation(1).items() if title != "法人名カナ"}
    carried_out(received(CORPORATIONS, csv(short), by=clerk), by=clerk)
    assert db.session.scalars(select(Corporation.name_kana)).one() == "フルイ"


# --- applications ---------------------------------------------------------------------------------------


def test_rows_become_drafts_of_their_people_who_get_one_mail_each(clerk: Officer) -> None:
    with transaction():
        one, other = builders.person(), builders.person()
    source = csv(
        application(one),
        application(one, **{"部署・役職または氏名（英字）": "Purchase Dept."}),
        application(other),
    )
    number = received(APPLICATIONS, source, by=clerk)
    assert [result for _, result, _ in rows(number)] == [R.NEW] * 3
    carried_out(number, by=clerk)
    drafts = list(db.session.scalars(select(Application).order_by(Application.id)))
    assert [(draft.person_id, draft.state) for draft in drafts] == [
        (one.id, ApplicationState.DRAFT), (one.id, ApplicationState.DRAFT), (other.id, ApplicationState.DRAFT)
    ]  # fmt: skip
    assert drafts[1].common_name == "Purchase Dept."
    assert drafts[0].consents == []
    assert [mail.template for mail in db.session.scalars(select(Mail))] == ["drafts_waiting"] * 2


def test_each_wrong_cell_of_an_application_is_named(clerk: Officer) -> None:
    with transaction():
        known = builders.person()
        ended = builders.person(
            builders.corporation(representative="申請 花子", agreement_state=AgreementState.ENDED)
        )
    found = rows(received(APPLICATIONS, csv(
        application(known, 申請者メールアドレス="nobody@example.jp"), application(known, 法人番号=builders.corporate_number(999)),
        application(known, **{"会社名（英字）": "見本商事", "有効期間(年)": "3"}), application(ended)), by=clerk))  # fmt: skip
    assert [result for _, result, _ in found] == [R.REFUSED] * 4
    assert [list(notes) for _, _, notes in found] == [
        ["email"], ["corporate_number"], ["organization_unit", "years"], ["email"]
    ]  # fmt: skip


def test_the_same_rows_again_add_nothing_until_what_they_made_has_ended(clerk: Officer) -> None:
    with transaction():
        person = builders.person()
    carried_out(received(APPLICATIONS, csv(application(person)), by=clerk), by=clerk)
    again = received(
        APPLICATIONS,
        csv(application(person), application(person, **{"会社名（英字）": "Other Co., Ltd."})),
        by=clerk,
    )
    made = db.session.scalars(select(Application)).one()
    assert rows(again)[0] == (2, R.UNCHANGED, {"": f"申請 {made.number} として取込み済みです。"})
    assert carried_out(again, by=clerk)
    assert count(Application) == 2
    with transaction():
        enrollment.withdraw(made, version=made.version, by=person)
    third = received(
        APPLICATIONS,
        csv(application(person), application(person, **{"会社名（英字）": "Third Co., Ltd."})),
        by=clerk,
    )
    carried_out(third, by=clerk)
    assert count(Application) == 4


# --- the file -------------------------------------------------------------------------------------------


def test_the_same_file_is_received_once_and_tells_of_the_earlier(clerk: Officer) -> None:
    source = csv(CORPORATION)
    first = received(CORPORATIONS, source, by=clerk)
    with pytest.raises(AlreadyReceived) as refused:
        intake.receive(CORPORATIONS, "b.csv", source, again=True, by=clerk)
    assert (refused.value.earlier, refused.value.done) == (first, False)
    carried_out(first, by=clerk)
    with pytest.raises(AlreadyReceived) as refused:
        intake.receive(CORPORATIONS, "b.csv", source, by=clerk)
    assert (refused.value.earlier, refused.value.done) == (first, True)
    with transaction():
        second = intake.receive(CORPORATIONS, "b.csv", source, again=True, by=clerk)
    work()
    assert rows(second.id) == [(2, R.UNCHANGED, {})]
    with pytest.raises(FieldRefused, match="反映する行がありません"):
        intake.start(second, by=clerk)


def test_nothing_is_started_before_all_is_read_twice_or_after_it_was_discarded(clerk: Officer) -> None:
    with transaction():
        one = intake.receive(CORPORATIONS, "a.csv", csv(CORPORATION), by=clerk)
    with pytest.raises(FieldRefused, match="まだすべての行"):
        intake.start(one, by=clerk)
    work()
    with transaction():
        intake.start(one, by=clerk)
    with pytest.raises(AlreadyStarted):
        intake.start(one, by=clerk)
    with pytest.raises(AlreadyStarted):
        intake.discard(one, by=clerk)


def test_a_file_too_long_is_refused_as_a_whole(clerk: Officer, context: Any) -> None:
    context.config["INTAKE_MAX_ROWS"] = 3
    number = received(CORPORATIONS, csv(*(corporation(n) for n in range(1, 5))), by=clerk)
    one = db.session.get_one(Intake, number)
    assert one.trouble == "3行を超えています。分けて取り込んでください。"
    assert one.done_at is not None
    assert rows(number) == []


def test_file_and_content_are_deleted_in_time_and_numbers_and_results_stay(
    clerk: Officer, hands: Any
) -> None:
    number = received(CORPORATIONS, csv(corporation(1), corporation(2, 代表者="")), by=clerk)
    unstarted = received(CORPORATIONS, csv(corporation(3)), by=clerk)
    one = carried_out(number, by=clerk)
    hands.forward(days=29)
    with transaction():
        intake.erase_due()
    assert one.erased_at is None
    hands.forward(days=2)
    with transaction():
        intake.erase_due()
        intake.erase_due()
    db.session.expire_all()
    assert [(row.cells, row.notes) for row in db.session.scalars(select(IntakeRow))] == [({}, {})] * 3
    assert [result for _, result, _ in rows(number)] == [R.DONE, R.REFUSED]
    assert intake.content(one) == b""
    assert db.session.get_one(Intake, unstarted).done_at is not None


def test_the_refused_rows_come_back_as_a_file_that_is_corrected_and_taken_in(clerk: Officer) -> None:
    short = {
        title: cell
        for title, cell in corporation(2, 代表者="", 法人名="＋プラス株式会社").items()
        if title != "法人名カナ"
    }
    first = {title: corporation(1)[title] for title in short}
    one, out = carried_out(received(CORPORATIONS, csv(first, short), by=clerk), by=clerk), BytesIO()
    assert intake_ledger.build_refused_csv(one, out, by=clerk).rows == 1
    text = out.getvalue().decode("utf-8-sig")
    assert text.startswith('"法人番号","企業ID","法人名","法人名英字",')  # no column that was not there
    assert "代表者: 代表者の氏名を入力してください。" in text
    assert '"\'＋プラス株式会社"' in text
    again = received(CORPORATIONS, text.replace('""', '"新 代表"', 1).encode("utf-8-sig"), by=clerk)
    assert db.session.get_one(Intake, again).unknown == []
    carried_out(again, by=clerk)
    assert (
        db.session.scalars(select(Corporation.name).order_by(Corporation.id)).all()[1] == "＋プラス株式会社"
    )
