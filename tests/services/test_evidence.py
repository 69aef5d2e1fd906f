"""The evidence of a certificate: it verifies, every byte of it counts, and nobody else is in it."""

import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from jcanweb import audit, clock, terms, verifier
from jcanweb.database import db
from jcanweb.errors import EvidenceRefused
from jcanweb.events import Event, Subject
from jcanweb.models import AuditEntry, Certificate, Document, FieldCheck, Officer, Person
from jcanweb.roles import Role
from jcanweb.services import delivery, evidence, receipts, revocation, withdrawal
from jcanweb.vocabulary import (
    ApplicationState,
    CertificateState,
    CheckedField,
    RecoveryGround,
    RevocationReason,
    RevocationRequester,
    Verdict,
)
from tests import builders, reconsents, recoveries
from tests.issued import issued, put_out
from tests.people import officer

NAMES = {"manifest.json", "audit.json", "index.html", "receipt.json", "application.json", "screening.json",
         "decision.json", "policy.json", "certificate.cer", "chain.pem", "crl.crl", "status.json", "deliveries.json",
         "backups.json", "revocation.json", "recoveries.json", "withdrawal.json", "reconsents.json"}  # fmt: skip


def certificate(state: CertificateState = CertificateState.ISSUED, **values: Any) -> Certificate:
    """Of an application whose consent has its receipt, with both deliveries waiting."""
    application = builders.application(ApplicationState.APPROVED, **values)
    builders.receipt(application)
    made = issued(state, application=application)
    put_out(made)
    return made.certificate


def deliver(one: Certificate) -> None:
    for sent in delivery.history(one):
        sent.taken_at = sent.ended_at = clock.now()
        sent.sealed = None
        db.session.flush()
        delivery.confirm(sent, by=delivery.holder(sent))


def revoke(
    one: Certificate, requester: RevocationRequester = RevocationRequester.SUBSCRIBER, **values: Any
) -> None:
    asked = revocation.receive(one, reason=RevocationReason.SUPERSEDED, requester=requester, by=officer(Role.SCREENER),
                               **values)  # fmt: skip
    revocation.decide(asked, version=asked.version, by=officer(Role.APPROVER))
    revocation.execute(asked, confirmation=one.jc_number, version=asked.version, by=officer(Role.OPERATOR))


def files(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said(made: bytes, name: str) -> Any:
    return json.loads(files(made)[f"{name}.json"])


def wrong(made: bytes) -> set[str]:
    """What does not hold under the key of this installation."""
    return {one.name for one in verifier.verify(made, {receipts.fingerprint()}) if one.ok is not True}


def test_a_whole_life_is_in_it_and_verifies(context: Any) -> None:
    one = certificate()
    deliver(one)
    revoke(one)
    made = evidence.build(one)
    assert wrong(made) == set()
    assert set(files(made)) == NAMES
    told = {one.name: one.sentence for one in verifier.verify(made, {receipts.fingerprint()})}
    assert "失効として載っています" in told["失効リスト"]
    application = said(made, "application")
    assert (application["number"], application["common_name"]) == (one.application.number, one.common_name)
    assert application["seal_certificate"]["sha256"] == db.session.query(Document).one().sha256
    decision = said(made, "decision")
    people = [decision[act]["by"] for act in ("screened", "approved", "issued")]
    assert people == [f"officer:{one.screened_by}", f"officer:{one.approved_by}", f"officer:{one.issued_by}"]
    assert decision["screener_is_not_approver"] is decision["approver_is_not_operator"] is True
    assert [check["field"] for check in said(made, "screening")["field_checks"]] == [
        "organization_unit", "common_name", "pin_recipient", "seal_certificate"]  # fmt: skip
    (entry,) = said(made, "screening")["second_entries"]
    assert (entry["agrees"], entry["by"]) == (True, f"officer:{one.approved_by}")
    assert {sent["kind"]: bool(sent["confirmed_at"]) for sent in said(made, "deliveries")} == {
        "pfx": True,
        "pin": True,
    }
    (asked,) = said(made, "revocation")
    assert (asked["state"], asked["reason"], asked["seen"]["crl_number"]) == ("executed", "superseded", 1)
    assert said(made, "status")["crl"]["listed"] is True
    assert said(made, "policy")["version"] == one.policy_version
    entries = [json.loads(entry["entry"]) for entry in said(made, "audit")]
    wanted = {"consent:given", "delivery:confirmed", "revocation:executed", "crl:published"}
    assert wanted <= {entry["event"] for entry in entries}
    assert not {"person:signed_in", "officer:signed_in"} & {entry["event"] for entry in entries}


def test_a_withdrawal_is_told_with_its_words_and_who_asked_for_the_revocation(context: Any) -> None:
    one = certificate()
    assert said(evidence.build(one), "withdrawal") == []
    withdrawal.withdraw(one, confirmation=one.jc_number, read=withdrawal.shown(), by=one.application.person)
    made = evidence.build(one)
    assert wrong(made) == set()
    (told,) = said(made, "withdrawal")
    assert (told["by"], told["words"].splitlines()) == (
        f"person:{one.person_id}",
        list(withdrawal.consequences()),
    )
    assert said(made, "revocation")[0]["received"]["by"] == f"person:{one.person_id}"
    assert "consent:withdrawn" in {json.loads(entry["entry"])["event"] for entry in said(made, "audit")}


def test_a_later_consent_is_in_it_with_its_receipt(context: Any) -> None:
    one = certificate()
    reconsents.scheduled()
    reconsents.run()
    (asked,) = reconsents.rows()
    reconsents.agree(asked)
    made = evidence.build(one)
    assert wrong(made) == set()
    (told,) = said(made, "reconsents")
    assert (told["edition"], told["state"]) == ("4.0", "agreed")
    assert said(made, "reconsent-1")["receipt"]["terms"]["version"] == "4.0"


def test_one_byte_changed_is_named_with_its_file(context: Any) -> None:
    one = certificate()
    revoke(one)
    made = evidence.build(one)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        places = {
            entry.filename: entry.header_offset + 30 + len(entry.filename) for entry in archive.infolist()
        }
    for name, content in files(made).items():
        doctored = bytearray(made)
        doctored[places[name] + len(content) // 2] ^= 1
        found = {
            one.name for one in verifier.verify(bytes(doctored), {receipts.fingerprint()}) if one.ok is False
        }
        named = (
            {"目録の形式", "目録の署名", "目録の署名の鍵"}
            if name == "manifest.json"
            else {f"ファイル {name}"}
        )
        assert named & found, name


def test_nobody_else_is_in_it(context: Any) -> None:
    colleagues = [officer(role) for role in Role]
    person = builders.person(name="青空 太郎", email="taro@aozora.example")
    other = builders.person(person.corporation, name="別府 花代", email="hanayo@aozora.example")
    stranger = certificate(person=builders.person(name="無関係 次郎", email="jiro@elsewhere.example"))
    one = certificate(person=person, pin_recipient_name="鈴木 一郎", pin_recipient_email="ichiro@aozora.example",
                      returned_by=colleagues[0].id, returned_at=clock.now(),
                      returned_reason="鈴木一郎様と別府様（HANAYO@aozora.example）に確認。青空 太郎様ご本人より。")  # fmt: skip
    comment = f"担当　{colleagues[1].name.split()[1]}が taro@aozora.example へ照会。"
    db.session.add(FieldCheck(application_id=one.application_id, revision=1, field=CheckedField.COMMON_NAME, value="x",
                              verdict=Verdict.PASS, comment=comment, checked_by=one.screened_by, checked_at=clock.now()))  # fmt: skip
    deliver(one)
    recoveries.Cast().ask(one, ground=RecoveryGround.LEGAL_ORDER, proof="検察 三郎の令状を確認。")
    revoke(one, RevocationRequester.CORPORATION, words="総務の別府花代から電話。")
    made = evidence.build(one)
    assert wrong(made) == set()
    everything = b"\n".join(files(made).values()).decode("utf-8", "replace").casefold()
    told = set(db.session.scalars(db.select(Officer.email))) | {other.email, other.name, "別府", "検察"}
    told |= {"鈴木", "ichiro", "hanayo", "無関係", "jiro", stranger.jc_number, stranger.serial_number}
    told |= {who.name for who in db.session.scalars(db.select(Officer))}
    assert {word for word in told if word.casefold() in everything} == set()
    assert (
        said(made, "screening")["field_checks"][-1]["comment"] == "〔伏せ字〕が taro@aozora.example へ照会。"
    )
    assert said(made, "screening")["last_return"]["reason"] == (
        "〔伏せ字〕様と〔伏せ字〕様（〔伏せ字〕）に確認。青空 太郎様ご本人より。")  # fmt: skip
    assert said(made, "application")["pin_recipient"] == "another"
    (asked,) = said(made, "revocation")
    assert (asked["words"], asked["words_left_out"]) == (None, True)
    assert [recovery["ground"] for recovery in said(made, "recoveries")] == ["legal_order"]


def test_no_secret_is_in_it(context: Any) -> None:
    application = builders.application(ApplicationState.APPROVED)
    builders.receipt(application)
    made = issued(CertificateState.ISSUED, application=application)
    tokens = put_out(made)
    sent = delivery.history(made.certificate)
    everything = b"\n".join(files(evidence.build(made.certificate)).values())
    for secret in (
        made.pin,
        *tokens.values(),
        *(one.token_sha256 for one in sent),
        *(one.context for one in sent),
    ):
        assert secret.encode() not in everything
    assert made.pfx not in everything
    assert builders.PDF not in everything


def test_what_is_not_delivered_yet_is_told_so(context: Any) -> None:
    one = certificate()
    made = evidence.build(one)
    assert wrong(made) == set()
    assert [sent["taken_at"] for sent in said(made, "deliveries")] == [None, None]
    assert said(made, "revocation") == said(made, "recoveries") == []
    assert said(made, "status")["crl"]["listed"] is False
    assert "発行済み" in files(made)["index.html"].decode()


def test_a_suspended_one_holds_as_well(context: Any) -> None:
    assert wrong(evidence.build(certificate(CertificateState.SUSPENDED))) == set()


def test_the_words_of_the_subscriber_stay(context: Any) -> None:
    one = certificate()
    revoke(one, words="端末を替えるため。")
    assert said(evidence.build(one), "revocation")[0]["words"] == "端末を替えるため。"


def test_an_application_returned_again_and_again_keeps_every_consent_and_check(context: Any) -> None:
    application = builders.application(ApplicationState.SCREENING)
    builders.receipt(application)
    screener, approver = officer(Role.SCREENER), officer(Role.APPROVER)
    for version in ("2.0", "3.0"):
        builders.check_all(application, by=screener)
        audit.record(Event.APPLICATION_RETURNED, Subject.APPLICATION, application.id, by=screener,
                     revision=application.revision)  # fmt: skip
        application.revision += 1
        builders.edition(terms.sample() + version.encode(), version=version,
                         effective_on=date(2026, 1, int(version[0])))  # fmt: skip
        builders.consent(application)
        builders.receipt(application)
    builders.check_all(application, by=screener)
    application.screened_by, application.screened_at = screener.id, clock.now()
    builders.enter(application, by=approver)
    application.approved_by, application.approved_at = approver.id, clock.now()
    application.state = ApplicationState.APPROVED
    made = evidence.build(issued(CertificateState.ISSUED, application=application).certificate)
    assert wrong(made) == set()
    versions = [
        said(made, name)["receipt"]["terms"]["version"] for name in ("receipt-1", "receipt-2", "receipt")
    ]
    assert versions == ["見本", "2.0", "3.0"]
    assert said(made, "application")["revision"] == 3
    assert [check["revision"] for check in said(made, "screening")["field_checks"]] == [1] * 4 + [2] * 4 + [
        3
    ] * 4
    events = [json.loads(entry["entry"])["event"] for entry in said(made, "audit")]
    assert events.count("application:returned") == 2
    assert all(verifier.exit_code(verifier.verify(files(made)[f"{name}.json"], {receipts.fingerprint()})) == 0
               for name in ("receipt-1", "receipt-2"))  # fmt: skip


def test_wide_and_hostile_names_stay_words(context: Any) -> None:
    hostile = "<script>alert(1)</script>\"'&{{7*7}}"
    person = builders.person(name=hostile + "名" * 60)
    made = evidence.build(certificate(
        person=person, organization_unit="W" * 64, common_name="M" * 64, organization_unit_ja="株" * 60 + hostile,
        common_name_ja="部" * 60))  # fmt: skip
    assert wrong(made) == set()
    page = files(made)["index.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page
    assert "W" * 64 in page


def test_the_index_stands_alone_and_tells_every_file(context: Any) -> None:
    one = certificate()
    deliver(one)
    made = evidence.build(one)
    page = files(made)["index.html"].decode()
    for asked in ("src=", "url(", "@import", "<link", "<script", "<img", "<form", 'href="http'):
        assert asked not in page, asked
    manifest = said(made, "manifest")["manifest"]["files"]
    for name in NAMES - {"index.html", "manifest.json"}:
        assert manifest[name]["sha256"] in page, name
    for words in (one.jc_number, one.serial_number, one.application.person.name, one.application.person.email,
                  f"受付・審査担当 {one.screened_by}", "規約の承諾", receipts.fingerprint()):  # fmt: skip
        assert words in page, words
    assert "認定認証業務" not in page


def test_a_changed_name_leaves_what_was_signed(context: Any) -> None:
    one = certificate(person=builders.person(name="青空 太郎"))
    db.session.get_one(Person, one.person_id).name = "青海 太郎"
    db.session.flush()
    page = files(evidence.build(one))["index.html"].decode()
    assert "青空 太郎" in page
    assert "青海" not in page


def test_handing_out_is_recorded_and_stands_in_the_next(context: Any) -> None:
    one, auditor = certificate(), officer(Role.AUDITOR)
    made = evidence.hand_out(one, by=auditor)
    entry = db.session.query(AuditEntry).filter_by(event=Event.EVIDENCE_BUILT).one()
    assert entry.facts == {"sha256": verifier.hashlib.sha256(made).hexdigest(), "size": len(made)}
    assert (entry.subject_id, entry.actor) == (str(one.id), f"officer:{auditor.id}")
    again = evidence.build(one)
    assert audit.canonical(entry).decode() in [told["entry"] for told in said(again, "audit")]
    assert audit.verify() == []


def test_the_proofs_hold_at_every_size_of_the_record(context: Any) -> None:
    one = certificate()
    for _ in range(9):
        audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, 999, by=None)
        assert wrong(evidence.build(one)) == set()


def test_without_a_receipt_there_is_no_evidence(context: Any) -> None:
    one = issued(CertificateState.ISSUED).certificate
    with pytest.raises(EvidenceRefused, match="受領証"):
        evidence.build(one)


def test_a_record_that_was_changed_is_not_handed_out(context: Any) -> None:
    one = certificate()
    newest = db.session.query(AuditEntry).filter_by(event=Event.CONSENT_GIVEN).one()
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DROP TRIGGER audit_entry_no_update"))
    else:
        db.session.execute(text("DROP TRIGGER audit_entry_append_only ON audit_entry"))
    db.session.execute(
        text("UPDATE audit_entry SET actor = 'officer:4' WHERE sequence = :n"), {"n": newest.sequence}
    )
    db.session.expire_all()
    with pytest.raises(EvidenceRefused, match="監査記録"):
        evidence.build(one)
    db.session.rollback()


def test_a_certificate_that_differs_from_its_application_is_not_handed_out(context: Any) -> None:
    one = certificate()
    table = "" if db.engine.dialect.name == "sqlite" else " ON application"
    db.session.execute(text(f"DROP TRIGGER two_person_unentered{table}"))
    one.application.common_name = "Another"
    db.session.flush()
    with pytest.raises(EvidenceRefused, match="申請と証明書"):
        evidence.build(one)


def test_what_the_verifier_could_not_read_is_not_handed_out(context: Any, monkeypatch: Any) -> None:
    one = certificate()
    monkeypatch.setattr("jcanweb.pki.bundle.LARGEST", 1000)
    with pytest.raises(EvidenceRefused, match="20 MB"):
        evidence.build(one)


def test_another_installations_key_does_not_hold(context: Any) -> None:
    made = evidence.build(certificate())
    found = verifier.verify(made, {"sha256:" + "0" * 64})
    assert {one.name for one in found if one.ok is False} == {"目録の署名の鍵", "受領証の署名の鍵"}
