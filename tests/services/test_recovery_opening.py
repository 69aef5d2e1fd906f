"""Shares opened each by its own custodian, the joining in a child, and what stops either."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from sqlalchemy import bindparam, text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import UtcDateTime, db, transaction
from jcanweb.errors import (
    CoolingOff,
    FieldRefused,
    OwnApplication,
    RecoveryFailed,
    RecoveryRefused,
    RuleViolation,
    TwoPersonRule,
    WrongKey,
    WrongState,
)
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import (
    AuditEntry,
    Backup,
    Certificate,
    Custodian,
    Delivery,
    Officer,
    Recovery,
    ShareOpening,
)
from jcanweb.roles import Role
from jcanweb.services import backup, custodians, delivery, recovery_ledger, revocation
from jcanweb.services import recovery as requests
from jcanweb.services import recovery_opening as service
from jcanweb.vocabulary import (
    CertificateState,
    CustodianGroup,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests.issued import PASSPHRASE, Issued, issued, issued_certificate, put_out
from tests.people import officer
from tests.recoveries import Cast, also_sealed_to, at_home, colleague, put_halves, sent, shares_of, token

KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY
URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


@pytest.fixture
def made(cast: Cast) -> Issued:
    return issued()


@pytest.fixture
def recovery(cast: Cast, made: Issued, hands: Any) -> Recovery:
    """Authorised, and the cooling-off is over."""
    authorized = cast.authorized(made.certificate)
    hands.forward(hours=24)
    return authorized


def entries(recovery: Recovery, event: Event = Event.RECOVERY_OPENED) -> list[AuditEntry]:
    found = db.session.query(AuditEntry).filter_by(
        event=event, subject=Subject.RECOVERY, subject_id=str(recovery.id)
    )
    return list(found.order_by(AuditEntry.sequence))


def took(certificate: Certificate) -> tuple[bytes, str]:
    """What the subscriber takes by the two links."""
    taken = {}
    for kind in SecretKind:
        link = token(kind)
        found = delivery.find(link, kind)
        assert found is not None
        assert found.certificate_id == certificate.id
        taken[kind] = delivery.take(found, link, by=None)
    return taken[SecretKind.PFX], taken[SecretKind.PIN].decode()


def opens(pfx: bytes, pin: str) -> bool:
    try:
        pkcs12.load_pkcs12(pfx, pin.encode())
    except ValueError:
        return False
    return True


# --- the whole way ------------------------------------------------------------------------------------


def test_three_custodians_give_the_same_key_under_a_new_pin(
    cast: Cast, made: Issued, recovery: Recovery
) -> None:
    certificate, old = made.certificate, backup.living(made.certificate)
    put_out(made)
    newcomer = colleague(KEY)
    for group in (KEY, PIN, SECURITY):
        assert recovery.state is RecoveryState.AUTHORIZED
        service.open_here(recovery, PASSPHRASE, by=cast.holder(group))
    assert (recovery.state, recovery.opened_at, recovery.ephemeral_sealed) == (
        RecoveryState.OPENED, clock.now(), None)  # fmt: skip
    assert {one.resealed for one in recovery.openings} == {None}

    told = {mail.template: mail for mail in sent()}
    application = recovery_ledger.application(certificate)
    assert told["delivery_pfx"].to == application.person.email
    assert told["delivery_pin"].to == application.pin_recipient_email
    pfx, pin = took(certificate)
    assert pin not in "".join(mail.body for mail in told.values())
    assert pin != made.pin
    assert opens(pfx, pin)
    assert not opens(pfx, made.pin)
    key, leaf, chain = pkcs12.load_key_and_certificates(pfx, pin.encode())
    before, _, _ = pkcs12.load_key_and_certificates(made.pfx, made.pin.encode())
    assert key is not None
    assert before is not None
    assert key.private_numbers() == before.private_numbers()  # type: ignore[union-attr]  # RSA keys
    assert leaf == x509.load_der_x509_certificate(certificate.der)
    assert chain[0].subject.rfc4514_string() == certificate.issuer_name

    assert certificate.state is CertificateState.DELIVERED
    ended = db.session.query(Delivery).filter_by(certificate_id=certificate.id, recovery_id=None).all()
    assert [(one.ended_at, one.taken_at) for one in ended] == [(clock.now(), None)] * 2
    for kind, kept in backup.living(certificate).items():
        assert kept.record_id != old[kind].record_id
        assert (old[kind].destroyed_at, old[kind].shares) == (clock.now(), [])
        assert db.session.query(Backup.ciphertext).filter_by(id=old[kind].id).scalar() is None
        groups = {PIN} if kind is SecretKind.PIN else {KEY}
        holders = {share.custodian for share in kept.shares}
        assert {holder.group for holder in holders} == groups | {SECURITY}
        assert (newcomer in holders) == (kind is SecretKind.PFX)

    begun, done = entries(recovery)
    assert (begun.outcome, done.outcome, begun.act) == (Outcome.BEGUN, Outcome.DONE, done.act)
    assert len(entries(recovery, Event.RECOVERY_SHARE_OPENED)) == 4
    assert audit.unfinished() == []
    assert audit.verify() == []
    said = json.dumps([entry.facts for entry in db.session.query(AuditEntry)], default=str)
    assert pin not in said
    assert made.pin not in said


def test_a_second_recovery_follows_the_first(
    cast: Cast, made: Issued, recovery: Recovery, hands: Any
) -> None:
    put_halves(recovery, *cast.holders.values())
    service.finish(recovery, by=cast.holder(KEY))
    first = took(made.certificate)
    again = cast.authorized(made.certificate)
    hands.forward(hours=24)
    put_halves(again, *cast.holders.values())
    service.finish(again, by=cast.holder(PIN))
    pfx, pin = took(made.certificate)
    assert len({made.pin, first[1], pin}) == 3
    assert opens(pfx, pin)
    assert not opens(pfx, first[1])


def test_shares_opened_on_the_own_computer_are_pasted(cast: Cast, made: Issued, recovery: Recovery) -> None:
    put_halves(recovery, cast.holders[KEY], cast.holders[PIN])
    holder, by = cast.holders[SECURITY], cast.holder(SECURITY)
    holder.private_pem = None  # kept at home
    db.session.flush()
    packages = {share.id: at_home(share, recovery) for share in shares_of(recovery, holder)}
    assert len(packages) == 2
    service.open_with(recovery, packages, by=by)
    assert recovery.state is RecoveryState.OPENED
    assert opens(*took(made.certificate))


def test_the_package_for_the_own_computer_holds_the_own_share_sealed(cast: Cast, recovery: Recovery) -> None:
    (share,) = shares_of(recovery, cast.holders[KEY])
    assert json.loads(service.package(recovery, share.id, by=cast.holder(KEY)))["half"] == "custodian"
    with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
        service.package(recovery, share.id, by=cast.holder(PIN))


# --- who opens nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", list(itertools.combinations(CustodianGroup, 2)), ids="+".join)
def test_one_group_or_two_get_nothing(
    cast: Cast, made: Issued, recovery: Recovery, pair: tuple[CustodianGroup, ...]
) -> None:
    for group in pair:
        put_halves(recovery, cast.holders[group])
        with pytest.raises(RecoveryRefused, match="開封されていない"):
            service.finish(recovery, by=cast.holder(group))
        with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
            service.open_here(recovery, PASSPHRASE, by=cast.holder(group))
    assert recovery.state is RecoveryState.AUTHORIZED
    assert db.session.query(Delivery).count() == 0
    assert entries(recovery) == []


@pytest.mark.parametrize(("who", "sentence"), [("operator", "依頼した"), ("approver", "承認した")])
def test_who_asked_or_authorised_opens_nothing(
    cast: Cast, made: Issued, hands: Any, who: str, sentence: str
) -> None:
    by = getattr(cast, who)
    also_sealed_to(made.certificate, SecretKind.PFX, colleague(KEY, by))
    recovery = cast.authorized(made.certificate)
    hands.forward(hours=24)
    for tried in (
        lambda: service.open_here(recovery, PASSPHRASE, by=by),
        lambda: service.package(recovery, 1, by=by),
        lambda: service.finish(recovery, by=by),
    ):
        with pytest.raises(TwoPersonRule, match=sentence):
            tried()


OPENING = text(
    "INSERT INTO share_opening (recovery_id, backup_id, half, custodian_id, requested_by, authorized_by, opened_by,"
    " opened_at, resealed) VALUES (:recovery, :backup, :half, :custodian, :requested, :authorized, :opened, :at, :seal)"
).bindparams(bindparam("at", type_=UtcDateTime()))


def by_sql(recovery: Recovery, holder: Custodian, **values: Any) -> None:
    share = next(
        one for one in backup.living(recovery.certificate)[SecretKind.PFX].shares if one.half == "custodian"
    )
    opening: dict[str, Any] = {
        "recovery": recovery.id, "backup": share.backup_id, "half": "custodian", "custodian": holder.id,
        "requested": recovery.requested_by, "authorized": recovery.authorized_by, "opened": holder.officer_id,
        "at": clock.now(), "seal": b"x", **values,
    }  # fmt: skip
    db.session.execute(OPENING, opening)


def test_by_sql_the_own_share_in_its_time_is_kept_once(cast: Cast, recovery: Recovery) -> None:
    by_sql(recovery, cast.holders[KEY])
    with pytest.raises(IntegrityError, match="uq_share_opening_once|backup_id"):
        by_sql(recovery, cast.holders[KEY])


@pytest.mark.parametrize("who", ["requested", "authorized"])
def test_by_sql_who_asked_or_authorised_opens_nothing(cast: Cast, recovery: Recovery, who: str) -> None:
    holder = cast.holders[KEY]
    with pytest.raises(IntegrityError, match="other_person"):
        by_sql(recovery, holder, **{who: holder.officer_id})


def test_by_sql_nobody_opens_in_anothers_name(cast: Cast, recovery: Recovery) -> None:
    other = officer(Role.SCREENER)
    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        by_sql(recovery, cast.holders[KEY], opened=other.id)


@pytest.mark.parametrize("group", [PIN, SECURITY])
def test_by_sql_another_group_opens_nothing(cast: Cast, recovery: Recovery, group: CustodianGroup) -> None:
    with pytest.raises(IntegrityError, match="share_opening_own"):
        by_sql(recovery, cast.holders[group])


def test_by_sql_nothing_is_opened_before_its_time(cast: Cast, recovery: Recovery, hands: Any) -> None:
    hands.forward(seconds=-1)
    with pytest.raises(IntegrityError, match="share_opening_own"):
        by_sql(recovery, cast.holders[KEY])


def test_by_sql_nothing_is_opened_after_its_time(cast: Cast, recovery: Recovery, hands: Any) -> None:
    hands.forward(days=7)
    with pytest.raises(IntegrityError, match="share_opening_own"):
        by_sql(recovery, cast.holders[KEY])


def test_an_officer_who_is_no_custodian_opens_nothing(cast: Cast, recovery: Recovery) -> None:
    with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
        service.open_here(recovery, PASSPHRASE, by=officer(Role.SCREENER))


def test_the_subscriber_opens_nothing_as_a_custodian(cast: Cast, made: Issued, recovery: Recovery) -> None:
    cast.holder(KEY).email = recovery_ledger.application(made.certificate).person.email
    with pytest.raises(OwnApplication):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))


def test_a_released_custodian_opens_nothing(cast: Cast, recovery: Recovery) -> None:
    custodians.release(cast.holders[KEY], by=officer(Role.ADMINISTRATOR))
    with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))
    with pytest.raises(IntegrityError, match="share_opening_own"):
        by_sql(recovery, cast.holders[KEY])


def test_a_custodian_appointed_later_opens_nothing(cast: Cast, recovery: Recovery) -> None:
    late = colleague(KEY)
    with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
        service.open_here(recovery, PASSPHRASE, by=db.session.get_one(Officer, late.officer_id))


def test_anothers_share_is_refused(cast: Cast, recovery: Recovery) -> None:
    (share,) = shares_of(recovery, cast.holders[KEY])
    with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
        service.open_with(recovery, {share.id: at_home(share, recovery)}, by=cast.holder(PIN))


def test_the_same_share_is_opened_once(cast: Cast, recovery: Recovery) -> None:
    (share,) = shares_of(recovery, cast.holders[KEY])
    pasted = at_home(share, recovery)
    service.open_with(recovery, {share.id: pasted}, by=cast.holder(KEY))
    for again in (
        lambda: service.open_with(recovery, {share.id: pasted}, by=cast.holder(KEY)),
        lambda: service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY)),
    ):
        with pytest.raises(RecoveryRefused, match="開封できる持分はありません"):
            again()
    assert len(recovery.openings) == 1


def test_a_wrong_passphrase_opens_nothing(cast: Cast, recovery: Recovery) -> None:
    with pytest.raises(WrongKey) as caught:
        service.open_here(recovery, PASSPHRASE.upper(), by=cast.holder(SECURITY))
    assert caught.value.field == "passphrase"
    assert recovery.openings == []


def test_a_key_that_is_not_kept_here_needs_the_own_computer(cast: Cast, recovery: Recovery) -> None:
    cast.holders[KEY].private_pem = None
    db.session.flush()
    with pytest.raises(WrongKey, match="手元の鍵ファイル"):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))


# --- what is pasted -----------------------------------------------------------------------------------


def spoilt(pasted: str, **values: str) -> str:
    return json.dumps(json.loads(pasted) | values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [(lambda typed: "", "読めません"), (lambda typed: "こんにちは", "読めません"), (lambda typed: typed[:-9], "読めません"),
     (lambda typed: "[" * 5000, "読めません"), (lambda typed: "null", "読めません"),
     (lambda typed: spoilt(typed, format="jcanweb/share/v1"), "読めません"),
     (lambda typed: spoilt(typed, resealed="AAAA"), "読めません"),
     (lambda typed: spoilt(typed, recovery="999"), "別の鍵回復"),
     (lambda typed: spoilt(typed, half="security"), "別の鍵回復または別の持分"),
     (lambda typed: spoilt(typed, record="f" * 32), "別の鍵回復または別の持分")],
)  # fmt: skip
def test_another_text_is_refused_at_its_field(
    cast: Cast, recovery: Recovery, change: Any, sentence: str
) -> None:
    (share,) = shares_of(recovery, cast.holders[KEY])
    with pytest.raises(FieldRefused, match=sentence) as caught:
        service.open_with(recovery, {share.id: change(at_home(share, recovery))}, by=cast.holder(KEY))
    assert caught.value.field == f"package_{share.id}"
    assert recovery.openings == []


def test_the_package_that_was_downloaded_is_not_the_opened_one(cast: Cast, recovery: Recovery) -> None:
    (share,) = shares_of(recovery, cast.holders[KEY])
    downloaded = service.package(recovery, share.id, by=cast.holder(KEY))
    with pytest.raises(FieldRefused, match="読めません"):
        service.open_with(recovery, {share.id: downloaded}, by=cast.holder(KEY))


def test_a_half_of_another_recovery_under_this_name_is_refused(cast: Cast, made: Issued, hands: Any) -> None:
    earlier = cast.authorized(made.certificate)
    (share,) = shares_of(earlier, cast.holders[KEY])
    pasted = at_home(share, earlier)
    requests.decline(earlier, reason="誤り。", version=earlier.version, by=cast.approver)
    recovery = cast.authorized(made.certificate)
    hands.forward(hours=24)
    with pytest.raises(FieldRefused, match="別の鍵回復"):
        service.open_with(recovery, {share.id: pasted}, by=cast.holder(KEY))
    with pytest.raises(FieldRefused, match="確かめられません"):
        service.open_with(
            recovery, {share.id: spoilt(pasted, recovery=str(recovery.id))}, by=cast.holder(KEY)
        )


def test_of_two_pasted_texts_the_wrong_one_is_named(cast: Cast, recovery: Recovery) -> None:
    first, second = shares_of(recovery, cast.holders[SECURITY])
    packages = {first.id: at_home(first, recovery), second.id: at_home(first, recovery)}
    with pytest.raises(FieldRefused) as caught:
        service.open_with(recovery, packages, by=cast.holder(SECURITY))
    assert caught.value.field == f"package_{second.id}"


# --- when nothing opens -------------------------------------------------------------------------------


def test_nothing_opens_during_the_cooling_off(cast: Cast, recovery: Recovery, hands: Any) -> None:
    hands.forward(seconds=-1)
    with pytest.raises(CoolingOff, match="2026年11月25日（水） 10:00から"):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))
    hands.forward(seconds=1)
    service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))
    assert len(recovery.openings) == 1


def test_nothing_opens_after_the_last_day(cast: Cast, recovery: Recovery, hands: Any) -> None:
    hands.forward(days=7)
    with pytest.raises(RecoveryRefused, match="期限が過ぎました"):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))
    requests.lapse_overdue()
    with pytest.raises(WrongState):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))


def test_nothing_opens_unauthorised_or_declined(cast: Cast, made: Issued, hands: Any) -> None:
    asked = cast.ask(made.certificate)
    hands.forward(hours=24)
    with pytest.raises(WrongState):
        service.open_here(asked, PASSPHRASE, by=cast.holder(KEY))
    requests.decline(asked, reason="誤り。", version=asked.version, by=cast.approver)
    with pytest.raises(WrongState):
        service.finish(asked, by=cast.holder(KEY))


def test_a_compromise_reported_meanwhile_stops_the_opening(
    cast: Cast, made: Issued, recovery: Recovery
) -> None:
    put_halves(recovery, *cast.holders.values())
    report = revocation.receive(made.certificate, reason=RevocationReason.KEY_COMPROMISE, words="盗難。",
                                requester=RevocationRequester.SUBSCRIBER, by=cast.operator)  # fmt: skip
    with pytest.raises(RecoveryRefused, match="利用停止中"):
        service.finish(recovery, by=cast.holder(KEY))
    revocation.refuse(report, words="誤報。", version=report.version, by=cast.approver)
    service.finish(recovery, by=cast.holder(KEY))
    assert recovery.state is RecoveryState.OPENED


def test_a_revoked_certificate_opens_nothing(cast: Cast, made: Issued, recovery: Recovery) -> None:
    put_halves(recovery, cast.holders[KEY])
    made_ = revocation.receive(made.certificate, reason=RevocationReason.SUPERSEDED, words="差替え。",
                               requester=RevocationRequester.CORPORATION, by=cast.operator)  # fmt: skip
    revocation.decide(made_, version=made_.version, by=cast.approver)
    revocation.execute(
        made_, confirmation=made.certificate.jc_number, version=made_.version, by=cast.operator
    )
    for holder in (PIN, SECURITY):
        with pytest.raises(WrongState):
            service.open_here(recovery, PASSPHRASE, by=cast.holder(holder))


def test_without_custodians_to_seal_to_anew_nothing_is_joined(cast: Cast, recovery: Recovery) -> None:
    put_halves(recovery, *cast.holders.values())
    custodians.release(cast.holders[PIN], by=officer(Role.ADMINISTRATOR))
    with pytest.raises(RuleViolation, match="そろっていない"):
        service.finish(recovery, by=cast.holder(KEY))
    assert entries(recovery) == []


# --- halves that do not fit, a child that fails -------------------------------------------------------


def test_halves_that_do_not_fit_together_close_the_recovery(
    cast: Cast, made: Issued, recovery: Recovery
) -> None:
    db.session.execute(
        text("UPDATE backup SET ciphertext = :spoilt WHERE kind = 'pin'"), {"spoilt": b"\0" * 36}
    )
    put_halves(recovery, *cast.holders.values())
    db.session.commit()
    service.finish(recovery, by=cast.holder(KEY))
    db.session.commit()
    assert recovery.state is RecoveryState.LAPSED
    assert service.spoilt(recovery)
    assert {one.resealed for one in recovery.openings} == {None}
    assert [entry.outcome for entry in entries(recovery)] == [Outcome.BEGUN, Outcome.REFUSED]
    assert db.session.query(Delivery).count() == 0
    assert audit.unfinished() == []
    assert set(backup.living(made.certificate)) == set(SecretKind)
    assert sent()[-1].template == "recovery_stopped"


def test_a_child_that_fails_leaves_the_begun_act_and_the_next_finishes_it(
    cast: Cast, made: Issued, recovery: Recovery, monkeypatch: Any
) -> None:
    put_halves(recovery, *cast.holders.values())
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(RecoveryFailed) as caught:
            service.finish(recovery, by=cast.holder(KEY))
    assert caught.value.act is None
    audit.refuse(
        Event.RECOVERY_OPENED, Subject.RECOVERY, recovery.id, by=cast.holder(KEY), reason="RecoveryFailed"
    )
    assert service.unfinished(recovery)
    (begun,) = audit.unfinished(Subject.RECOVERY, recovery.id)
    service.finish(recovery, by=cast.holder(SECURITY))
    assert entries(recovery)[-1].act == begun.act
    assert audit.unfinished() == []
    assert opens(*took(made.certificate))


def test_a_child_that_fails_at_a_share_keeps_nothing(
    cast: Cast, recovery: Recovery, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RecoveryFailed, match="持分は開封されていません"):
        service.open_here(recovery, PASSPHRASE, by=cast.holder(KEY))
    assert recovery.openings == []


def test_a_child_that_fails_at_the_authorisation_authorises_nothing(
    cast: Cast, made: Issued, monkeypatch: Any
) -> None:
    asked = cast.ask(made.certificate)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RecoveryFailed, match="承認はされていません"):
        cast.authorize(asked)
    assert asked.state is RecoveryState.REQUESTED


@pytest.mark.parametrize("end", ["decline", "lapse", "revoke"])
def test_what_closes_a_recovery_ends_its_begun_act_too(
    cast: Cast, made: Issued, recovery: Recovery, monkeypatch: Any, hands: Any, end: str
) -> None:
    put_halves(recovery, *cast.holders.values())
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(RecoveryFailed):
            service.finish(recovery, by=cast.holder(KEY))
    db.session.rollback()
    assert len(audit.unfinished()) == 1
    if end == "decline":
        requests.decline(recovery, reason="中止。", version=recovery.version, by=cast.approver)
    elif end == "lapse":
        hands.forward(days=7)
        requests.lapse_overdue()
    else:
        made.certificate.state = CertificateState.REVOKED
        made.certificate.revoked_at = clock.now()
        db.session.flush()
        requests.lapse_overdue(made.certificate)
    assert audit.unfinished() == []


# --- at the same moment, and killed -------------------------------------------------------------------


def ready(hands: Any, *groups: CustodianGroup) -> tuple[Cast, Issued, int]:
    """An authorised recovery after its cooling-off in which these groups have opened their halves."""
    cast = Cast()
    made = issued()
    recovery = cast.authorized(made.certificate)
    hands.forward(hours=24)
    put_halves(recovery, *(cast.holders[group] for group in groups))
    return cast, made, recovery.id


def at_once(app: Any, *acts: Any) -> list[str]:
    """Each act in a thread and a transaction of its own, all at the same moment; what came of them."""
    gate, outcomes = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        with app.test_request_context("/"):
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    act()
                outcomes.append("done")
            except RuleViolation as violation:
                audit.refuse(Event.RECOVERY_OPENED, Subject.RECOVERY, 1, by=None, reason=violation.code,
                             act=violation.act)  # fmt: skip
                outcomes.append(violation.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def opener(recovery_id: int, officer_id: int) -> Any:
    return lambda: service.open_here(
        db.session.get_one(Recovery, recovery_id), PASSPHRASE, by=db.session.get_one(Officer, officer_id)
    )


def test_two_custodians_open_the_last_halves_at_once(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast, made, number = ready(hands, KEY)
        ids = [cast.holder(group).id for group in (PIN, SECURITY)]
    assert at_once(app, *(opener(number, who) for who in ids)) == ["done", "done"]
    with app.test_request_context("/"):
        recovery = db.session.get_one(Recovery, number)
        assert recovery.state is RecoveryState.OPENED
        assert [entry.outcome for entry in entries(recovery)] == [Outcome.BEGUN, Outcome.DONE]
        assert db.session.query(Delivery).count() == 2
        assert db.session.query(Backup).filter(Backup.destroyed_at.is_(None)).count() == 2
        assert audit.verify() == []


def test_two_custodians_of_one_group_open_the_same_half_at_once(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast = Cast()
        made = issued_certificate()
        other = also_sealed_to(made, SecretKind.PFX, colleague(KEY))
        number = cast.authorized(made).id
        hands.forward(hours=24)
        ids = [cast.holder(KEY).id, other.officer_id]
    assert at_once(app, *(opener(number, who) for who in ids)) == ["RecoveryRefused", "done"]
    with app.test_request_context("/"):
        assert db.session.query(ShareOpening).filter_by(recovery_id=number).count() == 1


def test_two_who_finish_at_once_make_one_recovery(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast, made, number = ready(hands, KEY, PIN, SECURITY)
        ids = [cast.holder(group).id for group in (PIN, SECURITY)]

    def finisher(who: int) -> Any:
        return lambda: service.finish(
            db.session.get_one(Recovery, number), by=db.session.get_one(Officer, who)
        )

    assert at_once(app, *(finisher(who) for who in ids)) == ["WrongState", "done"]
    with app.test_request_context("/"):
        assert db.session.query(Delivery).count() == 2
        assert audit.unfinished() == []


KILLED = """
import os, signal, sys
from datetime import datetime
from jcanweb import clock, create_app
instance, uri, moment, recovery_id, officer_id = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-25T01:00:00+00:00"))
settings = {"TESTING": True, "PFX_ROUNDS": 2048} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {})
app = create_app(settings, instance=instance)
from jcanweb.database import UtcDateTime, db, transaction
from jcanweb.models import Officer, Recovery
from jcanweb.pki import enclave
from jcanweb.services import recovery_opening as service
recover = enclave.recover
def die(**halves):
    if moment == "after":
        recover(**halves)
    os.kill(os.getpid(), signal.SIGKILL)
with app.test_request_context("/"):
    found, by = db.session.get_one(Recovery, int(recovery_id)), db.session.get_one(Officer, int(officer_id))
    if moment != "commit":
        enclave.recover = die
    with transaction():
        service.open_here(found, "seven grey herons", by=by)
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["before", "after", "commit"])
def test_killed_while_joining_the_halves_stay_and_another_press_finishes(
    app: Any, hands: Any, moment: str
) -> None:
    with app.test_request_context("/"), transaction():
        cast, made, number = ready(hands, KEY, SECURITY)
        last = cast.holder(PIN)
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, str(number), str(last.id)],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    with app.test_request_context("/"):
        recovery = db.session.get_one(Recovery, number)
        assert recovery.state is RecoveryState.AUTHORIZED
        assert service.unfinished(recovery)
        assert db.session.query(Delivery).count() == 0
        assert {one.id for one in backup.living(made.certificate).values()} == {1, 2}
        (begun,) = audit.unfinished(Subject.RECOVERY, number)
        assert begun.event is Event.RECOVERY_OPENED
        service.finish(recovery, by=last)
        assert recovery.state is RecoveryState.OPENED
        assert entries(recovery)[-1].act == begun.act
        assert opens(*took(made.certificate))
        assert audit.unfinished() == []
        assert audit.verify() == []


def test_a_revocation_at_the_same_moment_leaves_one_of_two_ends(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast, made, number = ready(hands, KEY, PIN, SECURITY)
        by = cast.holder(KEY).id

    def report() -> None:
        certificate = db.session.get_one(Certificate, made.certificate.id)
        revocation.receive(certificate, reason=RevocationReason.KEY_COMPROMISE, words="盗難。",
                           requester=RevocationRequester.SUBSCRIBER,
                           by=db.session.get_one(Officer, cast.operator.id))  # fmt: skip

    def finish() -> None:
        service.finish(db.session.get_one(Recovery, number), by=db.session.get_one(Officer, by))

    outcomes = at_once(app, report, finish)
    with app.test_request_context("/"):
        recovery = db.session.get_one(Recovery, number)
        done = recovery.state is RecoveryState.OPENED
        assert outcomes == (["done", "done"] if done else ["RecoveryRefused", "done"])
        assert recovery.certificate.state is CertificateState.SUSPENDED
        assert db.session.query(Delivery).count() == (2 if done else 0)
        assert audit.unfinished() == []
