"""Recovery asked for, authorised by another, declined or lapsed; what may not be recovered."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.errors import (
    CustodiansMissing,
    FieldRefused,
    OwnApplication,
    RecoveryRefused,
    StalePage,
    TwoPersonRule,
    WordsNeeded,
    WrongState,
)
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import AuditEntry, Certificate, Consent, ConsentStatement, Mail, Person, Recovery
from jcanweb.roles import Role
from jcanweb.services import backup, custodians, recovery_ledger, revocation
from jcanweb.services import recovery as service
from jcanweb.vocabulary import (
    CertificateState,
    CustodianGroup,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests.issued import issued_certificate
from tests.people import officer
from tests.recoveries import Cast, colleague, put_halves, sent


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


@pytest.fixture
def certificate(cast: Cast) -> Certificate:
    return issued_certificate()


def events(recovery: Recovery) -> list[tuple[Event, Outcome]]:
    found = db.session.query(AuditEntry).filter_by(subject=Subject.RECOVERY, subject_id=str(recovery.id))
    return [(entry.event, entry.outcome) for entry in found.order_by(AuditEntry.sequence)]


def revoking(certificate: Certificate, reason: RevocationReason) -> Any:
    return revocation.receive(certificate, reason=reason, requester=RevocationRequester.CORPORATION, words="退職。",
                              by=officer(Role.SCREENER))  # fmt: skip


def revoked(certificate: Certificate, reason: RevocationReason) -> None:
    made = revoking(certificate, reason)
    revocation.decide(made, version=made.version, by=officer(Role.APPROVER))
    revocation.execute(
        made, confirmation=certificate.jc_number, version=made.version, by=officer(Role.OPERATOR)
    )


# --- asking -------------------------------------------------------------------------------------------


def test_an_operator_asks(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate, proof="\r\n登録の電話番号に折り返した。\r\n所属長も確認。 ")
    assert (made.state, made.requested_by, made.requested_at) == (
        RecoveryState.REQUESTED,
        cast.operator.id,
        clock.now(),
    )
    assert made.proof == "登録の電話番号に折り返した。\n所属長も確認。"
    assert events(made) == [(Event.RECOVERY_REQUESTED, Outcome.DONE)]
    assert sent() == []


@pytest.mark.parametrize("proof", ["", " \n　"])
def test_a_request_needs_its_proof(cast: Cast, certificate: Certificate, proof: str) -> None:
    with pytest.raises(WordsNeeded) as caught:
        cast.ask(certificate, proof=proof)
    assert caught.value.field == "proof"


@pytest.mark.parametrize("proof", ["あ" * 1001, "右\u202eから左", "鐘\u0007"])
def test_an_unreadable_proof_is_refused_at_its_field(
    cast: Cast, certificate: Certificate, proof: str
) -> None:
    with pytest.raises(FieldRefused) as caught:
        cast.ask(certificate, proof=proof)
    assert caught.value.field == "proof"


def test_the_subscriber_does_not_ask_as_an_officer(cast: Cast, certificate: Certificate) -> None:
    cast.operator.email = db.session.get_one(Person, certificate.person_id).email
    with pytest.raises(OwnApplication, match="利用者"):
        cast.ask(certificate)


def test_a_suspended_then_compromised_certificate_is_refused(cast: Cast, certificate: Certificate) -> None:
    made = revoking(certificate, RevocationReason.KEY_COMPROMISE)
    with pytest.raises(RecoveryRefused, match="利用停止中"):
        cast.ask(certificate)
    revocation.decide(made, version=made.version, by=officer(Role.APPROVER))
    revocation.execute(made, confirmation=certificate.jc_number, version=made.version, by=cast.operator)
    with pytest.raises(RecoveryRefused, match="漏えいによる失効"):
        cast.ask(certificate)


def test_a_revocation_under_way_then_a_revoked_certificate_is_refused(
    cast: Cast, certificate: Certificate
) -> None:
    made = revoking(certificate, RevocationReason.SUPERSEDED)
    with pytest.raises(RecoveryRefused, match="失効の手続き中"):
        cast.ask(certificate)
    revocation.decide(made, version=made.version, by=officer(Role.APPROVER))
    revocation.execute(made, confirmation=certificate.jc_number, version=made.version, by=cast.operator)
    with pytest.raises(RecoveryRefused, match="失効した証明書"):
        cast.ask(certificate)


def test_a_false_alarm_leaves_it_recoverable(cast: Cast, certificate: Certificate) -> None:
    made = revoking(certificate, RevocationReason.KEY_COMPROMISE)
    revocation.refuse(made, words="誤報。", version=made.version, by=cast.approver)
    assert cast.ask(certificate).state is RecoveryState.REQUESTED


def test_an_expired_certificate_is_refused(cast: Cast, certificate: Certificate, hands: Any) -> None:
    hands.at = certificate.not_after
    with pytest.raises(RecoveryRefused, match="有効期限"):
        cast.ask(certificate)


def test_without_consent_to_the_backup_it_is_refused(cast: Cast, certificate: Certificate) -> None:
    whole = db.session.get_one(Consent, certificate.consent_id)
    less = Consent(application_id=whole.application_id, person_id=whole.person_id, edition_id=whole.edition_id,
                   edition_sha256=whole.edition_sha256, button="承諾", locale="ja", given_at=clock.now(),
                   presentation=whole.presentation, nonce="0" * 32)  # fmt: skip
    less.statements = [ConsentStatement(number=one.number, verb=one.verb, words=one.words)
                       for one in whole.statements if one.number != 2]  # fmt: skip
    db.session.add(less)
    db.session.flush()
    certificate.consent_id = less.id
    db.session.flush()
    with pytest.raises(RecoveryRefused, match="同意していない"):
        cast.ask(certificate)


def test_a_destroyed_backup_is_refused(cast: Cast, certificate: Certificate) -> None:
    backup.destroy(backup.living(certificate)[SecretKind.PIN], by=None)
    with pytest.raises(RecoveryRefused, match="廃棄"):
        cast.ask(certificate)


def test_a_second_recovery_of_one_certificate_is_refused(cast: Cast, certificate: Certificate) -> None:
    cast.ask(certificate)
    with pytest.raises(RecoveryRefused, match="既に進んで"):
        cast.ask(certificate)


def test_the_database_holds_one_open_recovery_a_certificate(cast: Cast, certificate: Certificate) -> None:
    cast.ask(certificate)
    with pytest.raises(IntegrityError, match="certificate_id|uq_recovery_open"):
        db.session.execute(text(
            "INSERT INTO recovery (certificate_id, state, ground, proof, requested_by, requested_at, version)"
            " SELECT certificate_id, state, ground, proof, requested_by, requested_at, 1 FROM recovery"))  # fmt: skip


def test_without_custodians_in_every_group_it_is_refused(cast: Cast, certificate: Certificate) -> None:
    custodians.release(cast.holders[CustodianGroup.PIN], by=officer(Role.ADMINISTRATOR))
    with pytest.raises(CustodiansMissing):
        cast.ask(certificate)


@pytest.mark.parametrize("group", list(CustodianGroup))
def test_who_alone_could_open_a_half_does_not_ask(cast: Cast, certificate: Certificate, group: Any) -> None:
    with pytest.raises(RecoveryRefused, match="開封できる鍵の管理者がいません"):
        cast.ask(certificate, by=cast.holder(group))


def test_a_custodian_appointed_after_the_sealing_opens_nothing_of_it(
    cast: Cast, certificate: Certificate
) -> None:
    custodians.release(cast.holders[CustodianGroup.PIN], by=officer(Role.ADMINISTRATOR))
    colleague(CustodianGroup.PIN)
    with pytest.raises(RecoveryRefused, match="開封できる鍵の管理者がいません"):
        cast.ask(certificate)


# --- authorising and declining ------------------------------------------------------------------------


def test_another_authorises_and_the_subscriber_is_told(cast: Cast, certificate: Certificate) -> None:
    made = cast.authorize(cast.ask(certificate))
    assert (made.state, made.authorized_by, made.authorized_at) == (
        RecoveryState.AUTHORIZED,
        cast.approver.id,
        clock.now(),
    )
    assert made.open_from == clock.now() + timedelta(hours=24)
    assert made.open_until == clock.now() + timedelta(hours=24, days=7)
    (mail,) = sent()
    assert mail.to == db.session.get_one(Person, certificate.person_id).email
    assert certificate.jc_number in mail.subject
    assert "利用者がPINを失った" in mail.body
    assert "2026年11月25日（水） 10:00" in mail.body
    assert "心当たりがない場合" in mail.body
    assert made.proof not in mail.body


def test_who_asked_does_not_authorise(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate, by=cast.approver)
    with pytest.raises(TwoPersonRule, match="依頼した本人"):
        cast.authorize(made)
    assert made.state is RecoveryState.REQUESTED


def test_who_asked_does_not_authorise_by_sql(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    with pytest.raises(IntegrityError, match="two_person"):
        db.session.execute(text(
            "UPDATE recovery SET state = 'authorized', authorized_by = requested_by, authorized_at = requested_at,"
            " open_from = requested_at, open_until = requested_at, ephemeral_sealed = :seal WHERE id = :id"),
            {"id": made.id, "seal": b"x"})  # fmt: skip


def test_the_subscriber_does_not_authorise_as_an_officer(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    cast.approver.email = recovery_ledger.application(certificate).pin_recipient_email.upper()
    with pytest.raises(OwnApplication):
        cast.authorize(made)


def test_who_asked_does_not_decline(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate, by=cast.approver)
    with pytest.raises(TwoPersonRule, match="依頼した本人"):
        service.decline(made, reason="誤り", version=made.version, by=cast.approver)
    assert made.state is RecoveryState.REQUESTED


@pytest.mark.parametrize("half", ["person", "pin_recipient"])
def test_the_subscriber_does_not_decline_as_an_officer(
    cast: Cast, certificate: Certificate, half: str
) -> None:
    made = cast.ask(certificate)
    of = recovery_ledger.application(certificate)
    cast.approver.email = (of.person.email if half == "person" else of.pin_recipient_email).upper()
    with pytest.raises(OwnApplication):
        service.decline(made, reason="誤り", version=made.version, by=cast.approver)
    assert made.state is RecoveryState.REQUESTED


def test_a_page_that_grew_old_is_refused(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    with pytest.raises(StalePage):
        service.authorize(made, version=made.version - 1, by=cast.approver)
    with pytest.raises(StalePage):
        service.decline(made, reason="誤り。", version=made.version + 1, by=cast.approver)


def test_it_is_authorised_once(cast: Cast, certificate: Certificate) -> None:
    made = cast.authorized(certificate)
    with pytest.raises(WrongState):
        cast.authorize(made)


def test_what_may_no_longer_be_recovered_is_not_authorised(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    revoking(certificate, RevocationReason.KEY_COMPROMISE)
    with pytest.raises(RecoveryRefused, match="利用停止中"):
        cast.authorize(made)


def test_who_alone_could_open_a_half_does_not_authorise(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(RecoveryRefused, match="開封できる鍵の管理者がいません"):
        cast.authorize(cast.ask(certificate), by=cast.holder(CustodianGroup.SECURITY))


def test_a_request_is_declined_without_a_word_to_the_subscriber(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    service.decline(made, reason="本人と確認できない。", version=made.version, by=cast.approver)
    assert (made.state, made.declined_by, made.declined_at, made.declined_reason) == (
        RecoveryState.DECLINED, cast.approver.id, clock.now(), "本人と確認できない。")  # fmt: skip
    assert sent() == []
    assert cast.ask(certificate).state is RecoveryState.REQUESTED


def test_an_authorised_one_is_declined_its_halves_are_gone_and_the_subscriber_is_told(
    cast: Cast, certificate: Certificate, hands: Any
) -> None:
    made = cast.authorized(certificate)
    hands.forward(hours=25)
    put_halves(made, cast.holders[CustodianGroup.KEY])
    service.decline(made, reason="利用者に心当たりがない。", version=made.version, by=officer(Role.APPROVER))
    assert (made.state, made.ephemeral_sealed) == (RecoveryState.DECLINED, None)
    assert [one.resealed for one in made.openings] == [None]
    told = sent()[-1]
    assert (told.template, "中止" in told.subject) == ("recovery_stopped", True)
    assert "心当たりがない。" not in told.body


@pytest.mark.parametrize("reason", ["", "　\n"])
def test_declining_needs_a_reason(cast: Cast, certificate: Certificate, reason: str) -> None:
    made = cast.ask(certificate)
    with pytest.raises(WordsNeeded):
        service.decline(made, reason=reason, version=made.version, by=cast.approver)


def test_what_ended_is_not_declined(cast: Cast, certificate: Certificate) -> None:
    made = cast.ask(certificate)
    service.decline(made, reason="誤り。", version=made.version, by=cast.approver)
    with pytest.raises(WrongState):
        service.decline(made, reason="誤り。", version=made.version, by=cast.approver)


# --- lapsing ------------------------------------------------------------------------------------------


def test_what_nobody_opened_in_time_lapses_and_the_subscriber_is_told(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        made = Cast().authorized(issued_certificate())
    hands.forward(days=8)
    with app.app_context(), transaction():  # as a job does it
        assert service.lapse_overdue() == 1
    with app.app_context():
        found = db.session.get_one(Recovery, made.id)
        assert (found.state, found.ephemeral_sealed) == (RecoveryState.LAPSED, None)
        assert events(found)[-1] == (Event.RECOVERY_LAPSED, Outcome.DONE)
        assert db.session.query(Mail).order_by(Mail.id.desc()).first().template == "recovery_stopped"  # type: ignore[union-attr]  # there is one
        assert service.lapse_overdue() == 0


def test_what_is_in_time_does_not_lapse(cast: Cast, certificate: Certificate, hands: Any) -> None:
    cast.authorized(certificate)
    cast.ask(issued_certificate())
    hands.forward(days=7, hours=23)
    assert service.lapse_overdue() == 0


def test_a_request_for_what_has_expired_lapses(cast: Cast, certificate: Certificate, hands: Any) -> None:
    made = cast.ask(certificate)
    hands.at = certificate.not_after
    assert service.lapse_overdue() == 1
    assert made.state is RecoveryState.LAPSED


def test_a_new_one_may_follow_at_once_what_should_have_lapsed(
    cast: Cast, certificate: Certificate, hands: Any
) -> None:
    made = cast.authorized(certificate)
    hands.forward(days=9)
    assert cast.ask(certificate).state is RecoveryState.REQUESTED
    assert made.state is RecoveryState.LAPSED


def test_a_revocation_closes_the_open_recovery(cast: Cast, certificate: Certificate, hands: Any) -> None:
    made = cast.authorized(certificate)
    hands.forward(hours=25)
    put_halves(made, *cast.holders.values())
    revoked(certificate, RevocationReason.CESSATION_OF_OPERATION)
    assert certificate.state is CertificateState.REVOKED
    assert (made.state, made.ephemeral_sealed) == (RecoveryState.LAPSED, None)
    assert {one.resealed for one in made.openings} == {None}
    assert [mail.template for mail in sent()] == ["stop_use"]
    assert audit.verify() == []


# --- reading ------------------------------------------------------------------------------------------


def put(certificate: Certificate, cast: Cast, state: RecoveryState) -> Recovery:
    at = clock.now()
    made = Recovery(certificate_id=certificate.id, state=state, ground=RecoveryGround.LEGAL_ORDER, proof="令状。",
                    requested_by=cast.operator.id, requested_at=at)  # fmt: skip
    if state is RecoveryState.DECLINED:
        made.declined_by, made.declined_at, made.declined_reason = cast.approver.id, at, "誤り。"
    db.session.add(made)
    db.session.flush()
    return made


def test_the_list_shows_what_goes_on_first_and_pages_through_all(
    cast: Cast, certificate: Certificate
) -> None:
    ended = [put(certificate, cast, RecoveryState.DECLINED).id for _ in range(60)]
    going = [cast.ask(one).id for one in (issued_certificate(), certificate)]
    first = recovery_ledger.page()
    assert [one.id for one in first.recoveries[:3]] == [*going, ended[-1]]
    assert len(first.recoveries) == 50
    second = recovery_ledger.page(after=first.after)
    assert [one.id for one in second.recoveries] == ended[11::-1]
    assert second.after is None


def test_a_page_may_end_among_those_going_on(cast: Cast, certificate: Certificate, monkeypatch: Any) -> None:
    monkeypatch.setattr(recovery_ledger, "PAGE", 1)
    ended = put(certificate, cast, RecoveryState.LAPSED)
    going = [cast.ask(one) for one in (certificate, issued_certificate())]
    seen, after = [], None
    for _ in range(4):
        rows = recovery_ledger.page(after=after)
        seen += rows.recoveries
        after = rows.after
        if after is None:
            break
    assert seen == [*going, ended]


def test_the_list_is_narrowed_by_state_and_number(cast: Cast, certificate: Certificate) -> None:
    put(issued_certificate(), cast, RecoveryState.LAPSED)
    made = cast.ask(certificate)
    assert recovery_ledger.page(state=RecoveryState.REQUESTED).recoveries == [made]
    assert recovery_ledger.page(number=certificate.jc_number).recoveries == [made]
    assert recovery_ledger.page(number=certificate.jc_number, state=RecoveryState.LAPSED).recoveries == []


@pytest.mark.parametrize("after", ["", "x", "g", "e-1", "g１", "g" + "9" * 30])
def test_a_mangled_cursor_starts_at_the_top(cast: Cast, certificate: Certificate, after: str) -> None:
    made = cast.ask(certificate)
    assert recovery_ledger.page(after=after).recoveries == [made]


def test_a_custodian_sees_what_waits_for_the_own_share(
    cast: Cast, certificate: Certificate, hands: Any
) -> None:
    cast.ask(issued_certificate())
    made = cast.authorized(certificate)
    hands.forward(hours=25)
    for holder in cast.holders.values():
        assert recovery_ledger.waiting_for(holder) == [made]
        put_halves(made, holder)
        assert recovery_ledger.waiting_for(holder) == []
    late = colleague(CustodianGroup.KEY)
    assert recovery_ledger.waiting_for(late) == []
