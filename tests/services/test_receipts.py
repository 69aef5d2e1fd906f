"""Receipts by the services: with the consent or not at all, as it was then, and found to hold by the verifier."""

import base64
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from jcanweb import audit, clock, keys, terms, verifier
from jcanweb.database import db, transaction
from jcanweb.events import Event, Subject
from jcanweb.models import Application, AuditEntry, Consent, Edition, Person, Receipt
from jcanweb.pki import canonical
from jcanweb.services import enrollment, receipts
from jcanweb.services import terms as editions
from jcanweb.vocabulary import Authority
from tests import builders
from tests.terms import pdfs

ARTICLES = "".join(f"## 第{number}条（約束）\n\n約束の言葉です。\n\n" for number in "１２３４")
MARKDOWN = f"""# 見本の約束

{ARTICLES}## 第５条（借りる方の約束）

借りる方は、次のことを約束します。

- （１）名前を見ることに同意する。
- （２）控えを置くことを認める。

以上

| 版 | 内容 | 日付 |
|---|---|---|
| 1.0 | はじめ | 2025-07-01 |
"""


def accept(person: Person, **values: Any) -> Application:
    edition = editions.in_force()
    statements = terms.statements(editions.document(edition))
    served = enrollment.serve(edition, statements, to=person)
    return enrollment.accept(served, {one.number for one in statements}, by=person, **values)


def against(content: bytes) -> list[str]:
    """The names of the findings that do not hold."""
    found = receipts.check(content)
    assert isinstance(found, receipts.Checked)
    return [one.name for one in found.findings if one.ok is not True]


@pytest.fixture
def draft(context: Any) -> Application:
    return accept(builders.person())


def test_the_receipt_holds_with_the_own_key(draft: Application) -> None:
    (made,) = receipts.of(draft)
    found = receipts.check(receipts.file(made))
    assert isinstance(found, receipts.Checked)
    assert (found.holds, [one for one in found.findings if one.ok is not True]) == (True, [])
    assert found.verdict == verifier.VERDICTS[0]
    assert (
        receipts.key_id(made)
        == receipts.fingerprint()
        == verifier.fingerprint(receipts.public_key().encode())
    )


def test_it_says_what_the_consent_says(draft: Application) -> None:
    (made,), (given,) = receipts.of(draft), draft.consents
    said, person = receipts.read(made), draft.person
    assert (said["record_id"], said["application"]) == (f"consent:{given.id}", draft.number)
    assert said["kind"] == "application"
    assert said["statements"] == [
        {"number": one.number, "verb": one.verb.value, "text": one.words} for one in given.statements
    ]
    assert (said["button"], said["language"]) == (given.button, given.locale)
    assert said["presentation"]["text"] == given.presentation
    assert base64.b64decode(said["terms"]["content"]) == given.edition.source
    assert said["terms"]["media_type"] == "text/plain"
    assert said["pii_principal"]["name"] == person.name
    assert said["pii_principal"]["authority"] == "representative"
    assert said["organization"]["corporate_number"] == person.corporation.corporate_number
    assert canonical.time_of(said["event"]["event_time"]) == given.given_at
    entry = db.session.query(AuditEntry).filter_by(event=Event.CONSENT_GIVEN).one()
    assert said["audit"]["entry"].encode() == audit.canonical(entry)
    assert said["audit"]["tree_size"] == entry.sequence


def test_the_two_keys_are_files_of_their_own(app: Any) -> None:
    folder = Path(app.instance_path) / "keys"
    held = [(folder / f"{name}.key").read_bytes() for name in ("receipt", "presentation", "field", "session")]
    assert len(set(held)) == 4
    assert {(folder / f"{name}.key").stat().st_mode & 0o777 for name in ("receipt", "presentation")} == {
        0o600
    }
    assert keys.receipt_key().private_bytes_raw() == held[0]
    assert keys.presentation_key().private_bytes_raw() == held[1]


def test_the_receipt_key_signs_no_presentation(draft: Application) -> None:
    said = receipts.read(receipts.of(draft)[0])
    assert keys.receipt_key().public_key() != keys.presentation_key().public_key()
    assert (
        base64.b64decode(said["presentation"]["key"])[-32:]
        == keys.presentation_key().public_key().public_bytes_raw()
    )


def test_a_delegate_stands_with_the_days_of_the_delegation(context: Any) -> None:
    person = builders.person(authority=Authority.DELEGATE, delegated_from=date(2026, 1, 1),
                             delegated_to=date(2026, 11, 24))  # fmt: skip
    (made,) = receipts.of(accept(person))
    said = receipts.read(made)["pii_principal"]
    assert (said["authority"], said["delegated_from"], said["delegated_to"]) == (
        "delegate",
        "2026-01-01",
        "2026-11-24",
    )
    assert against(receipts.file(made)) == []


def test_the_receipt_stays_as_it_was_when_the_person_changes(draft: Application) -> None:
    (made,) = receipts.of(draft)
    before = receipts.file(made)
    draft.person.name = "別名 太郎"
    db.session.flush()
    db.session.expire_all()
    assert receipts.file(receipts.of(draft)[0]) == before


@pytest.mark.parametrize(
    ("source", "media_type"),
    [(MARKDOWN.encode(), "text/markdown"), (pdfs.terms_pdf(), "application/pdf")],
    ids=["Markdown", "PDF"],
)
def test_a_text_of_another_kind_is_named_as_such(context: Any, source: bytes, media_type: str) -> None:
    builders.edition(source)
    (made,) = receipts.of(accept(builders.person()))
    said = receipts.read(made)["terms"]
    assert (said["media_type"], base64.b64decode(said["content"])) == (media_type, source)
    assert against(receipts.file(made)) == []


def test_a_new_edition_makes_another_receipt_of_the_same_application(draft: Application) -> None:
    builders.edition(terms.sample() + b"\n")
    accept(draft.person, application=draft)
    newest, first = receipts.of(draft)
    assert receipts.read(newest)["terms"]["version"] == "9.0"
    assert receipts.read(first)["terms"]["version"] == "見本"
    assert against(receipts.file(newest)) == against(receipts.file(first)) == []


def test_a_receipt_holds_at_every_place_of_the_record(context: Any) -> None:
    for _ in range(9):
        (made,) = receipts.of(accept(builders.person()))
        assert against(receipts.file(made)) == []
    assert audit.verify() == []


def test_every_byte_counts(draft: Application) -> None:
    content = receipts.file(receipts.of(draft)[0])
    for at in (30, len(content) // 2, len(content) - 120):
        other = bytearray(content)
        other[at] = other[at] ^ 1
        found = receipts.check(bytes(other))
        assert isinstance(found, str) or not found.holds, at


def test_a_receipt_of_another_installation_does_not_hold(draft: Application, monkeypatch: Any) -> None:
    content = receipts.file(receipts.of(draft)[0])
    monkeypatch.setitem(keys._held, "receipt", keys.presentation_key())
    assert against(content) == ["署名の鍵"]


@pytest.mark.parametrize("content", [b"x", b"{}", b"PK\x03\x04", b"[1,2]", "受領".encode("cp932")])
def test_what_is_no_receipt_is_told_so(context: Any, content: bytes) -> None:
    assert isinstance(receipts.check(content), str)


@pytest.mark.parametrize("statement", ["UPDATE receipt SET content = signature", "DELETE FROM receipt"])
def test_the_database_changes_no_receipt(draft: Application, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append_only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_the_database_keeps_one_receipt_of_a_consent(draft: Application) -> None:
    given = draft.consents[0]
    db.session.add(
        Receipt(consent_id=given.id, content=b"x", signature_key=b"x", signature=b"x", made_at=clock.now())
    )
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def kept() -> list[int]:
    entries = db.session.query(AuditEntry).filter_by(event=Event.CONSENT_GIVEN).count()
    return [db.session.query(Consent).count(), db.session.query(Receipt).count(), entries]


def test_a_database_that_fails_at_commit_keeps_neither(app: Any) -> None:
    with app.app_context(), transaction():
        person = builders.person()

    def fail(_: Any) -> None:
        raise OSError("the disk is full")

    def give() -> None:
        with transaction():
            accept(db.session.get_one(Person, person.id))
            assert kept() == [1, 1, 1]

    with app.app_context():
        event.listen(db.session.registry(), "before_commit", fail)
        with pytest.raises(OSError, match="full"):
            give()
    with app.app_context():
        assert kept() == [0, 0, 0]
        assert audit.verify() == []


def test_a_receipt_that_fails_keeps_no_consent(app: Any, monkeypatch: Any) -> None:
    with app.app_context(), transaction():
        person = builders.person()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with app.app_context():
        monkeypatch.setattr(receipts, "make", fail)
        with pytest.raises(OSError, match="full"), transaction():
            accept(db.session.get_one(Person, person.id))
    with app.app_context():
        assert kept() == [0, 0, 0]


def test_an_entry_is_handed_out_with_its_way_to_the_head(context: Any) -> None:
    edition = db.session.query(Edition).one()
    for _ in range(5):
        entry, head = audit.record_placed(Event.EDITION_IMPORTED, Subject.EDITION, edition.id, by=None, version="見本",
                                          sha256=edition.sha256, proposed_on="2018-01-01")  # fmt: skip
        assert entry.leads_to(head)
        newest = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
        assert newest is not None
        assert (entry.index + 1, head.size) == (newest.sequence, newest.sequence)


def test_a_built_application_has_a_receipt_that_holds(context: Any) -> None:
    assert against(receipts.file(builders.receipt(builders.application()))) == []
