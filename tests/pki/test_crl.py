import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from jcanweb.pki.crl import CrlEntry, CrlRefused, build_crl, is_listed, read_crl, verify_crl
from jcanweb.pki.profile import new_serial
from jcanweb.vocabulary import RevocationReason


@pytest.fixture
def make(ca, at):
    def make(entries=(), number=7, this_update=at, days=7):
        return build_crl(
            ca.issuing.certificate,
            ca.issuing.key,
            number,
            this_update,
            this_update + timedelta(days=days),
            entries,
        )

    return make


def test_an_empty_list_says_number_and_times_and_has_no_entries(make, at):
    facts = read_crl(make())
    assert (facts.number, facts.this_update, facts.next_update) == (7, at, at + timedelta(days=7))
    assert facts.size == 0


def test_every_reason_reads_back_as_written(make, at):
    entries = [CrlEntry(new_serial(), at, reason) for reason in RevocationReason]
    crl = x509.load_der_x509_crl(make(entries))
    for entry in entries:
        read = crl.get_revoked_certificate_by_serial_number(entry.serial)
        if entry.reason is RevocationReason.UNSPECIFIED:
            assert not list(read.extensions), "RFC 5280 §5.3.1: unspecified is not encoded"
        else:
            assert (
                read.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
                == entry.reason.value
            )


def test_an_entry_keeps_its_time_and_its_invalidity_date(make, at):
    since = at - timedelta(days=3)
    entry = CrlEntry(2**158 + 5, at, RevocationReason.KEY_COMPROMISE, since)
    read = x509.load_der_x509_crl(make([entry])).get_revoked_certificate_by_serial_number(entry.serial)
    assert read.revocation_date_utc == at
    assert read.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc == since


def test_the_list_equals_what_the_library_would_write(make, at, ca):
    from cryptography.hazmat.primitives import hashes

    entry = CrlEntry(0x80 << 100, at, RevocationReason.SUPERSEDED, at)
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(entry.serial)
        .revocation_date(at)
        .add_extension(x509.CRLReason(x509.ReasonFlags.superseded), critical=False)
        .add_extension(x509.InvalidityDate(at.replace(tzinfo=None)), critical=False)
        .build()
    )
    ski = ca.issuing.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    library = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.issuing.certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=7))
        .add_revoked_certificate(revoked)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
        .add_extension(x509.CRLNumber(7), critical=False)
        .sign(ca.issuing.key, hashes.SHA256())
    )
    assert x509.load_der_x509_crl(make([entry])).tbs_certlist_bytes == library.tbs_certlist_bytes


def test_from_2050_on_times_are_generalized(make):
    facts = read_crl(make(this_update=datetime(2049, 12, 30, tzinfo=UTC)))
    assert facts.next_update == datetime(2050, 1, 6, tzinfo=UTC)


def test_a_listed_number_is_found_and_another_is_not(make, at):
    serial = new_serial()
    der = make([CrlEntry(serial, at)])
    assert is_listed(der, serial)
    assert not is_listed(der, serial + 1)


def test_twenty_thousand_entries_cost_less_than_a_second(make, at):
    entries = [CrlEntry(2**100 + n, at, RevocationReason.SUPERSEDED) for n in range(20_000)]
    begun = time.process_time()
    der = make(entries)
    assert time.process_time() - begun < 1
    assert read_crl(der).size == 20_000


@pytest.mark.parametrize("number", [0, -1, 2**159])
def test_a_number_out_of_range_is_refused(make, number):
    with pytest.raises(CrlRefused, match="CRL number"):
        make(number=number)


def test_a_list_that_ends_before_it_begins_is_refused(make):
    with pytest.raises(CrlRefused, match="nextUpdate"):
        make(days=0)


def test_a_list_signed_with_a_key_that_is_not_the_issuers_does_not_leave(ca, at):
    with pytest.raises(CrlRefused, match="signature"):
        build_crl(ca.issuing.certificate, ca.root.key, 1, at, at + timedelta(days=7), [])


def test_a_changed_list_does_not_verify(make, ca):
    der = make()
    with pytest.raises(CrlRefused, match="signature"):
        verify_crl(der[:-1] + bytes([der[-1] ^ 1]), ca.issuing.certificate)


def test_another_issuers_list_does_not_verify(make, ca):
    with pytest.raises(CrlRefused, match="another issuer"):
        verify_crl(make(), ca.root.certificate)


def test_what_is_no_list_is_refused():
    with pytest.raises(CrlRefused):
        read_crl(b"0\x03\x02\x01\x01")
