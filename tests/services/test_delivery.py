"""Delivery: two roads that never meet, each content taken once, nothing lost and nothing doubled."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.services import delivery as service
from jcanweb.vocabulary import CertificateState as C
from jcanweb.vocabulary import SecretKind
from tests.issued import Issued, issued, put_out

PFX, PIN = SecretKind.PFX, SecretKind.PIN


@pytest.fixture
def made(context: Any) -> Issued:
    return issued(C.ISSUED)


@pytest.fixture
def tokens(made: Issued) -> dict[SecretKind, str]:
    return put_out(made)


def outbox(app: Any) -> list[Any]:
    """The mails that went out, in order."""
    return [message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted((Path(app.instance_path) / "outbox").glob("*.eml"))]  # fmt: skip


# --- the two mails ------------------------------------------------------------------------------------


def test_two_links_go_two_roads_and_no_secret_with_them(made: Issued, tokens: Any, app: Any) -> None:
    with transaction():
        service.announce(made.certificate, tokens)
    application = made.certificate.application
    file, pin = outbox(app)
    assert (file["To"], pin["To"]) == (application.person.email, application.pin_recipient_email)
    assert pin["Subject"] == "【CECTRUST-Lightサービス】PINのお知らせ"
    texts = [mail.get_content() for mail in (file, pin)]
    links = [
        f"http://127.0.0.1:8000/{place}/{tokens[kind]}" for place, kind in (("receive", PFX), ("pin", PIN))
    ]
    for text, own, other in zip(texts, links, reversed(links), strict=True):
        assert own in text.splitlines()
        assert other.rsplit("/", 1)[1] not in text
        assert "2026年11月27日（金） 10:00（日本時間）" in text
        assert "CECTRUST-Lightのみ" in text
        assert "特定認証業務として行うものではありません" in text
        assert made.pin not in text
        assert "認定認証業務" not in text


def test_one_address_for_both_gets_two_mails(made: Issued, tokens: Any, app: Any) -> None:
    made.certificate.application.pin_recipient_email = made.certificate.application.person.email
    with transaction():
        service.announce(made.certificate, tokens)
    assert [mail["To"] for mail in outbox(app)] == [made.certificate.application.person.email] * 2


def test_the_subject_of_the_pin_mail_is_a_setting(made: Issued, tokens: Any, app: Any) -> None:
    app.config["PIN_MAIL_SUBJECT"] = "暗証番号のご案内"
    with transaction():
        service.announce(made.certificate, tokens)
    assert [mail["Subject"] for mail in outbox(app)][1] == "暗証番号のご案内"


def test_nothing_is_mailed_when_the_issuance_is_rolled_back(made: Issued, tokens: Any, app: Any) -> None:
    service.announce(made.certificate, tokens)
    db.session.rollback()
    assert outbox(app) == []
