"""The CRL: renewed before it grows old, numbered upwards, with what each revocation says of itself."""

import contextlib
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from jcanweb import audit, clock, keys
from jcanweb.config import setting
from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.issuers import local
from jcanweb.issuers.port import IssuerError
from jcanweb.models import AuditEntry, Crl
from jcanweb.services import status
from jcanweb.vocabulary import RevocationReason
from tests.issued import issued_certificate


@pytest.fixture
def locked(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A switch: another process holds the CA's file, and patience is short."""
    monkeypatch.setattr(local, "LOCK_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(Path(app.instance_path) / "ca" / "ledger.sqlite")) as other:
        yield lambda: other.execute("BEGIN EXCLUSIVE")


def parsed(crl: Crl) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(crl.der)


# --- making ---------------------------------------------------------------------------------------------


def test_a_crl_is_kept_with_its_times_and_recorded(context: Any) -> None:
    crl = status.publish()
    assert (crl.number, crl.entries) == (1, 0)
    assert (crl.this_update, crl.next_update) == (clock.now(), clock.now() + timedelta(days=7))
    entry = db.session.query(AuditEntry).filter_by(event=Event.CRL_PUBLISHED).one()
    assert (entry.subject_id, entry.actor, entry.facts["sha256"]) == ("1", "system", crl.sha256)


def test_the_next_update_is_never_later_than_ten_days(context: Any) -> None:
    assert timedelta(days=setting("CRL_VALID_DAYS")) <= timedelta(days=10)  # S/MIME BR 4.9.7


@pytest.mark.parametrize("reason", list(RevocationReason))
def test_an_entry_names_its_reason_but_never_unspecified(context: Any, reason: RevocationReason) -> None:
    serial = int(issued_certificate().serial_number, 16)
    keys.issuer().revoke(serial, reason, clock.now())
    (entry,) = parsed(status.publish())
    assert (entry.serial_number, entry.revocation_date_utc) == (serial, clock.now())
    named = [each.value.reason.value for each in entry.extensions if isinstance(each.value, x509.CRLReason)]
    assert named == ([] if reason is RevocationReason.UNSPECIFIED else [reason.value])


@pytest.mark.parametrize("since", [None, datetime(2026, 11, 23, 15, tzinfo=UTC)])
def test_an_entry_says_since_when_the_key_is_doubtful_if_that_is_known(
    context: Any, since: datetime | None
) -> None:
    serial = int(issued_certificate().serial_number, 16)
    keys.issuer().revoke(serial, RevocationReason.KEY_COMPROMISE, clock.now(), since)
    (entry,) = parsed(status.publish())
    found = [each.value for each in entry.extensions if isinstance(each.value, x509.InvalidityDate)]
    assert [each.invalidity_date_utc for each in found] == ([since] if since else [])


def test_an_expired_certificate_stays_listed(context: Any, hands: Any) -> None:
    keys.issuer().revoke(
        int(issued_certificate().serial_number, 16), RevocationReason.SUPERSEDED, clock.now()
    )
    hands.forward(days=900)
    assert status.publish().entries == 1


def test_openssl_reads_the_list_and_its_signature_holds(context: Any, tmp_path: Path) -> None:
    keys.issuer().revoke(
        int(issued_certificate().serial_number, 16), RevocationReason.KEY_COMPROMISE, clock.now(), clock.now()
    )
    (tmp_path / "crl").write_bytes(status.publish().der)
    (tmp_path / "ca").write_bytes(keys.issuer().certificate.public_bytes(Encoding.PEM))
    said = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", tmp_path / "crl", "-CAfile", tmp_path / "ca", "-noout", "-text"],
        capture_output=True, text=True, check=False)  # fmt: skip
    assert "verify OK" in said.stderr, said.stderr
    for words in ("Version 2 (0x1)", "X509v3 CRL Number", "Key Compromise", "Invalidity Date",
                  "X509v3 Authority Key Identifier"):  # fmt: skip
        assert words in said.stdout


# --- renewing -------------------------------------------------------------------------------------------


def test_it_is_renewed_before_it_grows_old(context: Any, hands: Any) -> None:
    first = status.current()
    hands.forward(hours=24)
    assert status.current() is first
    hands.forward(seconds=1)
    assert status.current().number == first.number + 1


def test_a_day_of_failures_leaves_a_valid_list(context: Any, hands: Any, locked: Any) -> None:
    first = status.current()
    db.session.commit()
    locked()
    hands.forward(days=6, hours=23)
    assert status.current() is first
    assert status.served() is first


def test_no_list_is_served_beyond_its_time(context: Any, hands: Any, locked: Any) -> None:
    status.current()
    db.session.commit()
    hands.forward(days=7)
    locked()
    with pytest.raises(IssuerError):
        status.current()
    assert status.served() is None


def test_numbers_only_grow_when_two_publish_at_once(app: Any) -> None:
    gate, numbers = threading.Barrier(2), []

    def publish() -> None:
        with app.app_context():
            for _ in range(5):
                gate.wait(30)
                with transaction():
                    numbers.append(status.publish().number)

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(numbers) == list(range(1, 11))
    with app.app_context():
        assert status.current().number == 10
        kept = db.session.query(Crl).order_by(Crl.number)
        assert [parsed(crl).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in kept] == [
            crl.number for crl in kept
        ]  # fmt: skip
        assert audit.verify() == []


def test_a_number_is_not_used_again_after_a_roll_back(context: Any) -> None:
    lost = status.publish().number
    db.session.rollback()
    assert status.publish().number == lost + 1
