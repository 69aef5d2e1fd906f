"""What a CA sent back is what was approved, or every field that is not is named."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jcanweb.pki.comparison import differences
from jcanweb.pki.profile import build, new_serial

DER = serialization.Encoding.DER


@pytest.fixture
def judge(ca, profile, subject, subscriber_key, at):
    """The fields that differ, of a certificate (or any bytes), against the approved order."""
    spki = subscriber_key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def judged(found, issuer=ca.issuing.certificate, moment=at):
        sent = found if isinstance(found, bytes) else found.public_bytes(DER)
        issuer = issuer if isinstance(issuer, bytes) else issuer.public_bytes(DER)
        return differences(
            sent, issuer, profile=profile, subject=subject, years=2, public_key_der=spki, at=moment
        )

    return judged


@pytest.fixture
def builder(ca, profile, subject, subscriber_key, at):
    """What the CA should sign, open to be bent."""
    return build(profile, subject, 2, subscriber_key.public_key(), ca.issuing.certificate, new_serial(), at)


@pytest.fixture
def signed(ca):
    return lambda made, digest=hashes.SHA256(): made.sign(ca.issuing.key, digest)  # noqa: B008 - a constant


def test_what_was_approved_has_no_difference(judge, certificate):
    assert judge(certificate) == []


def test_the_ca_may_begin_up_to_a_day_later_or_earlier(judge, certificate, at):
    assert judge(certificate, moment=at - timedelta(hours=24)) == []
    assert judge(certificate, moment=at + timedelta(hours=24)) == []
    assert judge(certificate, moment=at + timedelta(hours=25)) == ["not_before"]


def test_another_subject_is_named(judge, builder, signed):
    other = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody Else")])
    builder._subject_name = other
    assert judge(signed(builder)) == ["subject"]


def test_the_same_words_in_another_order_are_another_subject(judge, builder, signed):
    builder._subject_name = x509.Name(reversed(list(builder._subject_name)))
    assert judge(signed(builder)) == ["subject"]


def test_another_string_type_is_another_subject(judge, builder, signed):
    printable = x509.name._ASN1Type.PrintableString
    builder._subject_name = x509.Name(
        x509.NameAttribute(one.oid, one.value, _type=printable) for one in builder._subject_name
    )
    assert judge(signed(builder)) == ["subject"]


def test_another_key_is_named_with_its_identifier(judge, ca, profile, subject):
    other = rsa.generate_private_key(65537, 2048)
    assert judge(ca.certify(profile, subject, other)) == ["public_key", "extensions"]


def test_a_longer_life_is_named(judge, builder, signed):
    builder._not_valid_after += timedelta(days=365)
    assert judge(signed(builder)) == ["not_after"]


def test_a_short_serial_number_is_named(judge, builder, signed):
    builder._serial_number = 2**64 - 1
    assert judge(signed(builder)) == ["serial_number"]


def test_a_key_usage_more_is_named(judge, builder, signed):
    more = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    builder._extensions = [
        x509.Extension(one.oid, one.critical, more) if isinstance(one.value, x509.ExtendedKeyUsage) else one
        for one in builder._extensions
    ]
    assert judge(signed(builder)) == ["extensions"]


def test_an_extension_more_less_or_with_another_criticality_is_named(judge, builder, signed):
    kept = list(builder._extensions)
    basic = x509.BasicConstraints(ca=True, path_length=None)
    first = x509.Extension(kept[0].oid, not kept[0].critical, kept[0].value)
    for bent in ([*kept, x509.Extension(basic.oid, True, basic)], kept[1:], [first, *kept[1:]]):
        builder._extensions = bent
        assert judge(signed(builder)) == ["extensions"]


def test_a_signature_of_another_key_is_named(judge, builder):
    stranger = rsa.generate_private_key(65537, 2048)
    assert judge(builder.sign(stranger, hashes.SHA256())) == ["signature"]


def test_another_digest_is_named(judge, builder, signed):
    assert judge(signed(builder, hashes.SHA512())) == ["signature"]


def test_a_broken_signature_is_named(judge, certificate):
    bytes_ = bytearray(certificate.public_bytes(DER))
    bytes_[-1] ^= 1
    assert judge(bytes(bytes_)) == ["signature"]


def test_another_issuer_is_named(judge, ca, certificate):
    found = judge(certificate, issuer=ca.root.certificate)
    assert {"issuer", "extensions", "signature"} <= set(found)


@pytest.mark.parametrize("found", [b"", b"no certificate", bytes(2000)])
def test_bytes_that_cannot_be_read_are_a_difference_and_no_error(judge, found):
    assert judge(found) == ["encoding"]


def test_an_issuer_that_cannot_be_read_is_a_difference_and_no_error(judge, certificate):
    assert judge(certificate, issuer=b"no issuer") == ["encoding"]


def test_an_issuer_without_a_key_identifier_is_a_difference_and_no_error(judge, certificate, at):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bare CA")])
    bare = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(at).not_valid_after(at + timedelta(days=3650)).sign(key, hashes.SHA256())
    )  # fmt: skip
    assert judge(certificate, issuer=bare) == ["encoding"]


def test_every_bit_of_what_is_signed_counts(judge, certificate):
    """A flipped bit anywhere is found, and never as an exception."""
    whole = certificate.public_bytes(DER)
    for place in range(len(whole)):
        bent = bytearray(whole)
        bent[place] ^= 0x10
        assert judge(bytes(bent)) != [], place
