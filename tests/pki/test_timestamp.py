"""Time-stamps with `openssl ts` as the authority."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from jcanweb.pki.timestamp import TimestampRefused, accept, check, request
from tests import tsa
from tests.tsa import needs_openssl

pytestmark = needs_openssl
SIGNED = b"the 64 bytes of a signature"


@pytest.fixture(scope="module", params=["ec", "rsa"])
def authority(request, tmp_path_factory):
    return tsa.make(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def asked():
    return request(SIGNED)


@pytest.fixture(scope="module")
def answer(authority, asked):
    return authority.answer(asked.content)


def test_the_answer_of_the_authority_is_accepted_and_holds_later(authority, asked, answer):
    token = accept(answer, asked, SIGNED, [authority.root_pem])
    assert token.at.utcoffset().total_seconds() == 0
    assert token.serial_number > 0
    assert check(token.content, SIGNED, [authority.root_pem]) == token


def test_openssl_reads_the_request(asked, tmp_path):
    (tmp_path / "request.tsq").write_bytes(asked.content)
    said = tsa.openssl("ts", "-query", "-in", tmp_path / "request.tsq", "-text").decode()
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert f"{asked.nonce:X}".zfill(2) in said


def test_every_request_has_its_own_nonce():
    assert len({request(SIGNED).nonce for _ in range(20)}) == 20


def test_a_stamp_over_other_bytes_is_refused(authority, asked, answer):
    with pytest.raises(TimestampRefused, match="[Mm]ismatch"):
        accept(answer, asked, b"other bytes", [authority.root_pem])


def test_the_answer_to_another_request_is_refused(authority, answer):
    with pytest.raises(TimestampRefused, match="another request"):
        accept(answer, request(SIGNED), SIGNED, [authority.root_pem])


def test_an_authority_under_another_root_is_refused(authority, asked, answer):
    key = serialization.load_pem_private_key((authority.folder / "tsa.key").read_bytes(), None)
    other = tsa.certify("Sample TSA Root", key, ca=True).public_bytes(tsa.PEM)
    with pytest.raises(TimestampRefused):
        accept(answer, asked, SIGNED, [other])


@pytest.mark.parametrize("roots", [[], [b""], [b"no certificate"]])
def test_without_a_pinned_root_nothing_is_accepted(asked, answer, roots):
    with pytest.raises(TimestampRefused):
        accept(answer, asked, SIGNED, roots)


def test_a_certificate_that_is_not_for_time_stamping_is_refused(authority):
    for options in ({"usage": ()}, {"usage": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, {"critical": False}):
        other = tsa.certify("Sample TSA", authority.key, authority.root, authority.root_key, **options)
        with pytest.raises(TimestampRefused):
            check(authority.stamp(SIGNED, other), SIGNED, [authority.root_pem])


def test_a_stamp_made_after_the_certificate_had_ended_is_refused(authority):
    ended = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    other = tsa.certify("Sample TSA", authority.key, authority.root, authority.root_key, until=ended)
    check(authority.stamp(SIGNED, other, at="20261124005959Z"), SIGNED, [authority.root_pem])
    with pytest.raises(TimestampRefused):
        check(authority.stamp(SIGNED, other, at="20261124010001Z"), SIGNED, [authority.root_pem])


def test_a_tampered_token_is_refused(authority, asked, answer):
    token = accept(answer, asked, SIGNED, [authority.root_pem]).content
    at = token.index(b"Z", token.index(bytes.fromhex("180f"))) - 1  # a digit of genTime
    changed = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
    with pytest.raises(TimestampRefused):
        check(changed, SIGNED, [authority.root_pem])


@pytest.mark.parametrize(
    "junk",
    [b"", b"0", b"\x30\x03\x02\x01\x00", bytes.fromhex("30053003020102"), b"<html>", bytes(70_000)],
    ids=lambda junk: junk[:7].hex(),
)
def test_what_is_no_time_stamp_is_refused(authority, asked, junk):
    with pytest.raises(TimestampRefused):
        accept(junk, asked, SIGNED, [authority.root_pem])
    with pytest.raises(TimestampRefused):
        check(junk, SIGNED, [authority.root_pem])


def test_a_refusal_of_the_authority_is_no_time_stamp(authority):
    refusal = authority.answer(b"no request")
    with pytest.raises(TimestampRefused, match="no time-stamp"):
        accept(refusal, request(SIGNED), SIGNED, [authority.root_pem])
