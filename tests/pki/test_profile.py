import math
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jcanweb.pki.key_check import KeyRefused, check_public_key
from jcanweb.pki.profile import (
    ProfileRefused,
    Subject,
    SubjectRefused,
    build,
    new_serial,
    subject_name,
)


def test_the_subject_is_country_to_common_name_with_the_corporate_number_in_its_own_unit(profile, subject):
    name = subject_name(profile, subject)
    assert [(attribute.oid, attribute.value) for attribute in name] == [
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Tokyo"),
        (NameOID.LOCALITY_NAME, "Chiyoda-ku"),
        (NameOID.ORGANIZATION_NAME, "Sample LRA Co., Ltd."),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "CN-7000012050002"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Aozora Construction Co., Ltd."),
        (NameOID.COMMON_NAME, "Purchasing Dept. General Manager"),
    ]


def test_country_is_a_printable_string_and_everything_else_utf8(profile, subject):
    der = subject_name(profile, subject).public_bytes()
    assert b"\x13\x02JP" in der
    assert b"\x0c\x05Tokyo" in der
    assert b"\x0c\x10CN-7000012050002" in der


@pytest.mark.parametrize("field", ["organization_unit", "common_name"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 65,
        "Aozora & Co",
        "青空",
        "Aozora\u200b",
        "Aozora\n",
        "\u202eAozora",
        " Aozora",
        "Aozora ",
        "A  B",
        "Ａozora",
        "A*",
        "A@b",
        "A\x00",
    ],
)
def test_a_field_that_may_not_stand_in_a_certificate_is_refused(profile, subject, changed, field, text):
    with pytest.raises(SubjectRefused):
        subject_name(profile, changed(subject, **{field: text}))


def test_sixty_four_characters_are_still_accepted(profile, subject, changed):
    assert subject_name(profile, changed(subject, common_name="a" * 64))


@pytest.mark.parametrize(
    "number", ["", "123456789012", "12345678901234", "１２３４５６７８９０１２３", "123456789012x"]
)
def test_a_corporate_number_of_other_than_thirteen_digits_is_refused(profile, number):
    with pytest.raises(SubjectRefused):
        subject_name(profile, Subject(number, "Aozora", "Manager"))


def test_a_country_of_other_than_two_capitals_is_refused(profile, subject, changed):
    with pytest.raises(SubjectRefused):
        subject_name(changed(profile, country="jp"), subject)


def test_an_organisation_too_long_for_the_profile_is_refused(profile, subject, changed):
    with pytest.raises(SubjectRefused):
        subject_name(changed(profile, organization="a" * 65), subject)


def test_the_extensions_are_those_of_a_client_certificate_and_no_more(certificate, ca):
    found = {extension.value.__class__: extension for extension in certificate.extensions}
    assert found.keys() == {
        x509.AuthorityKeyIdentifier,
        x509.SubjectKeyIdentifier,
        x509.KeyUsage,
        x509.CertificatePolicies,
        x509.ExtendedKeyUsage,
        x509.CRLDistributionPoints,
        x509.AuthorityInformationAccess,
    }
    usage = found[x509.KeyUsage]
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_encipherment
    assert not usage.value.key_cert_sign
    assert list(found[x509.ExtendedKeyUsage].value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert len(list(found[x509.CertificatePolicies].value)) == 1
    issuer = ca.issuing.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert found[x509.AuthorityKeyIdentifier].value.key_identifier == issuer.digest


def test_non_repudiation_can_be_left_out(profile, subject, changed, ca, subscriber_key):
    certificate = ca.certify(changed(profile, non_repudiation=False), subject, subscriber_key)
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment


def test_two_years_are_730_whole_days_to_the_second(certificate, at):
    assert certificate.not_valid_before_utc == at
    assert certificate.not_valid_after_utc == at + timedelta(days=730) - timedelta(seconds=1)


def test_a_certificate_becomes_valid_at_a_whole_second(profile, subject, ca, subscriber_key, at):
    later = at.replace(microsecond=999_999)
    builder = build(
        profile, subject, 1, subscriber_key.public_key(), ca.issuing.certificate, new_serial(), later
    )
    assert builder._not_valid_before == at.replace(tzinfo=None)


@pytest.mark.parametrize("years", [0, 3, -1])
def test_a_validity_of_other_than_one_or_two_years_is_refused(profile, years):
    with pytest.raises(ProfileRefused):
        profile.days(years)


@pytest.mark.parametrize("days", [0, 825, 1000])
def test_a_profile_of_825_days_is_refused(profile, changed, days):
    with pytest.raises(ProfileRefused):
        changed(profile, two_year_days=days).days(2)


def test_a_certificate_that_outlives_its_issuer_is_refused(profile, subject, ca, subscriber_key, at):
    late = at + timedelta(days=9.5 * 365)
    with pytest.raises(ProfileRefused):
        build(profile, subject, 2, subscriber_key.public_key(), ca.issuing.certificate, new_serial(), late)


def test_a_certificate_from_before_its_issuer_is_refused(profile, subject, ca, subscriber_key, at):
    early = at - timedelta(seconds=1)
    with pytest.raises(ProfileRefused):
        build(profile, subject, 2, subscriber_key.public_key(), ca.issuing.certificate, new_serial(), early)


def test_serial_numbers_are_positive_159_bits_with_every_bit_in_balance():
    count = 4000
    serials = [new_serial() for _ in range(count)]
    assert len(set(serials)) == count
    assert all(2**64 <= serial < 2**159 for serial in serials)
    deviation = 5 * math.sqrt(count) / 2
    for bit in range(159):
        assert abs(sum(serial >> bit & 1 for serial in serials) - count / 2) < deviation


def test_a_serial_number_below_64_bits_is_drawn_again(monkeypatch):
    draws = iter([bytes(20), b"\x80" + bytes(11) + b"\xff" * 8, b"\xff" * 20])
    monkeypatch.setattr("secrets.token_bytes", lambda size: next(draws))
    assert new_serial() == 2**159 - 1


def test_a_good_key_is_accepted(subscriber_key):
    assert check_public_key(subscriber_key.public_key(), 2048) == subscriber_key.public_key()


def test_a_key_of_another_size_or_kind_is_refused(subscriber_key):
    with pytest.raises(KeyRefused, match="3072 bits"):
        check_public_key(subscriber_key.public_key(), 3072)
    with pytest.raises(KeyRefused, match="RSA"):
        check_public_key(ec.generate_private_key(ec.SECP256R1()).public_key(), 2048)


def test_a_key_with_another_exponent_is_refused(subscriber_key):
    numbers = rsa.RSAPublicNumbers(3, subscriber_key.public_key().public_numbers().n)
    with pytest.raises(KeyRefused, match="exponent"):
        check_public_key(numbers.public_key(), 2048)


def test_a_modulus_with_a_small_factor_is_refused():
    modulus = 751 * (2**2038 + 1)
    assert modulus.bit_length() == 2048
    with pytest.raises(KeyRefused, match="small factor"):
        check_public_key(rsa.RSAPublicNumbers(65537, modulus).public_key(), 2048)


def test_a_modulus_of_two_close_primes_is_refused():
    start = 2**1023 + 2**1022
    near = [
        start + step for step in range(1, 20_000, 2) if all((start + step) % d for d in range(3, 752, 2))
    ][:2]
    with pytest.raises(KeyRefused, match="close together"):
        check_public_key(rsa.RSAPublicNumbers(65537, near[0] * near[1]).public_key(), 2048)
