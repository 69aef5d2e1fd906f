import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from jcanweb.issuers.local import LocalIssuer
from jcanweb.issuers.port import (
    AlreadyRevoked,
    CertificateStatus,
    IssuerRefused,
    IssuerUnavailable,
    Status,
)
from jcanweb.pki.crl import is_listed, read_crl, verify_crl
from jcanweb.pki.profile import subject_name
from jcanweb.vocabulary import RevocationReason

UNKNOWN_SERIAL = 2**100


def rows(directory, table):
    with closing(sqlite3.connect(directory / "ledger.sqlite")) as ledger:
        return ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_an_order_becomes_a_certificate_of_its_subject_and_key_with_its_chain(issuer, order):
    issued = issuer.issue(order)
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    issuing, root = (x509.load_der_x509_certificate(der) for der in issued.chain_der)
    assert certificate.serial_number == issued.serial
    assert certificate.subject == subject_name(order.profile, order.subject)
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert spki == order.public_key_der
    certificate.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)


def test_the_same_order_asked_again_gives_the_same_certificate(issuer, order, directory, at):
    first = issuer.issue(order)
    later = replace(order, not_before=at + timedelta(hours=1))
    assert LocalIssuer(directory).issue(later) == first
    assert rows(directory, "certificate") == 1


def test_what_was_issued_is_found_by_its_request_id_after_the_answer_was_lost(issuer, order, directory):
    issued = issuer.issue(order)
    assert LocalIssuer(directory).find("order-1") == issued
    assert issuer.find("order-2") is None


def test_the_same_request_id_with_another_key_is_refused(issuer, order, public_keys):
    issuer.issue(order)
    with pytest.raises(IssuerRefused, match="another order"):
        issuer.issue(replace(order, public_key_der=public_keys[1]))


def test_the_same_request_id_with_another_subject_validity_or_profile_is_refused(issuer, order):
    issuer.issue(order)
    for other in (
        replace(order, subject=replace(order.subject, common_name="Somebody Else")),
        replace(order, years=1),
        replace(order, profile=replace(order.profile, cdp_url="http://other.example.jp/crl")),
    ):
        with pytest.raises(IssuerRefused, match="another order"):
            issuer.issue(other)


def test_a_key_that_is_already_certified_is_refused(issuer, order):
    issuer.issue(order)
    with pytest.raises(IssuerRefused, match="already certified"):
        issuer.issue(replace(order, request_id="order-2"))


def test_an_order_against_the_profile_is_refused_and_leaves_nothing(issuer, order, directory):
    for other in (
        replace(order, years=3),
        replace(order, subject=replace(order.subject, common_name="青空")),
        replace(order, public_key_der=b"no key"),
        replace(order, profile=replace(order.profile, key_bits=3072)),
    ):
        with pytest.raises(IssuerRefused):
            issuer.issue(other)
    assert rows(directory, "certificate") == 0


def test_a_revoked_certificate_says_when_and_why(issuer, order, at):
    serial = issuer.issue(order).serial
    assert issuer.status(serial) == Status(CertificateStatus.GOOD)
    issuer.revoke(serial, RevocationReason.KEY_COMPROMISE, at, at - timedelta(days=2))
    assert issuer.status(serial) == Status(CertificateStatus.REVOKED, at, RevocationReason.KEY_COMPROMISE)


def test_a_number_never_issued_is_unknown_and_cannot_be_revoked(issuer, at):
    assert issuer.status(UNKNOWN_SERIAL) == Status(CertificateStatus.UNKNOWN)
    with pytest.raises(IssuerRefused, match="no certificate"):
        issuer.revoke(UNKNOWN_SERIAL, RevocationReason.SUPERSEDED, at)


def test_a_second_revocation_is_refused_and_tells_the_first(issuer, order, at):
    serial = issuer.issue(order).serial
    issuer.revoke(serial, RevocationReason.SUPERSEDED, at)
    with pytest.raises(AlreadyRevoked) as refusal:
        issuer.revoke(serial, RevocationReason.KEY_COMPROMISE, at + timedelta(hours=1))
    assert (refusal.value.at, refusal.value.reason) == (at, RevocationReason.SUPERSEDED)


def test_an_invalidity_date_after_the_revocation_is_refused(issuer, order, at):
    serial = issuer.issue(order).serial
    with pytest.raises(IssuerRefused, match="invalidity date"):
        issuer.revoke(serial, RevocationReason.KEY_COMPROMISE, at, at + timedelta(seconds=1))


def test_the_list_shows_a_revocation_and_its_number_grows(issuer, order, at, directory):
    serial, week = issuer.issue(order).serial, timedelta(days=7)
    before = issuer.crl(at, at + week)
    issuer.revoke(serial, RevocationReason.UNSPECIFIED, at)
    after = LocalIssuer(directory).crl(at, at + week)
    assert not is_listed(before, serial)
    assert is_listed(after, serial)
    assert [read_crl(der).number for der in (before, after)] == [1, 2]
    verify_crl(after, issuer.certificate)


def test_a_list_from_before_the_last_one_is_refused(issuer, at):
    issuer.crl(at, at + timedelta(days=7))
    with pytest.raises(IssuerRefused, match="clock"):
        issuer.crl(at - timedelta(seconds=1), at + timedelta(days=7))


def test_a_list_that_ends_before_it_begins_is_refused_and_takes_no_number(issuer, at, directory):
    with pytest.raises(IssuerRefused, match="nextUpdate"):
        issuer.crl(at, at)
    assert rows(directory, "crl") == 0


def test_keys_and_ledger_are_for_their_owner_only(directory):
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("root.key", "issuing.key"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600


def test_a_ca_is_made_once(directory, names, at):
    with pytest.raises(IssuerRefused, match="already there"):
        LocalIssuer.create(directory, **names, at=at)
    assert LocalIssuer.exists(directory)
    assert not list(directory.parent.glob(".ca.*"))


def test_where_no_ca_was_made_none_answers(tmp_path):
    assert not LocalIssuer.exists(tmp_path / "none")
    with pytest.raises(IssuerUnavailable, match="not been set up"):
        LocalIssuer(tmp_path / "none")


def test_a_lost_ledger_is_not_begun_anew(issuer, order, directory):
    (directory / "ledger.sqlite").unlink()
    with pytest.raises(IssuerUnavailable):
        issuer.issue(order)
    assert not (directory / "ledger.sqlite").exists()


def test_a_broken_ledger_does_not_answer(issuer, order, directory):
    (directory / "ledger.sqlite").write_bytes(b"this is not a database file at all" * 100)
    with pytest.raises(IssuerUnavailable):
        issuer.issue(order)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE certificate SET request_id = 'x'",
        "DELETE FROM certificate",
        "UPDATE revocation SET reason = 'x'",
        "DELETE FROM revocation",
        "UPDATE crl SET number = 9",
        "DELETE FROM crl",
    ],
)
def test_nothing_in_the_ledger_can_be_changed(issuer, order, at, directory, sql):
    issuer.revoke(issuer.issue(order).serial, RevocationReason.SUPERSEDED, at)
    issuer.crl(at, at + timedelta(days=7))
    with closing(sqlite3.connect(directory / "ledger.sqlite")) as ledger:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.execute(sql)


def test_eight_threads_asking_for_one_order_get_one_certificate(issuer, order, directory):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: issuer.issue(order), range(16)))
    assert len(set(answers)) == 1
    assert rows(directory, "certificate") == 1


THREE_LISTS = """
import sys, datetime, pathlib
from jcanweb.issuers.local import LocalIssuer
from jcanweb.pki.crl import read_crl
directory, at = pathlib.Path(sys.argv[1]), datetime.datetime.fromisoformat(sys.argv[2])
for _ in range(3):
    print(read_crl(LocalIssuer(directory).crl(at, at + datetime.timedelta(days=7))).number)
"""


def test_several_processes_never_give_one_number_to_two_lists(directory, at):
    command = [sys.executable, "-c", THREE_LISTS, str(directory), at.isoformat()]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    numbers = [int(line) for child in children for line in child.communicate()[0].split()]
    assert sorted(numbers) == list(range(1, 13))
