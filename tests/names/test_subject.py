import unicodedata

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from jcanweb.names.subject import Finding, FindingCode, Severity, acceptable, findings, to_certificate_text

from .nasty import DOUBTFUL, GOOD, MENDED, NASTY
from .typed import TYPED

PRINTABLE_STRING = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
"""X.680 §41.4, table 10."""
_DER = serialization.Encoding.DER
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))


def found(typed: str, code: FindingCode) -> Finding:
    return next(finding for finding in findings(typed) if finding.code is code)


@pytest.mark.parametrize(("typed", "code"), NASTY, ids=lambda value: ascii(value)[:40])
def test_a_nasty_value_is_refused_with_its_reason(typed: str, code: FindingCode) -> None:
    if code is FindingCode.EMPTY:
        assert not to_certificate_text(typed)
    assert found(typed, code).severity is Severity.REFUSE
    assert not acceptable(typed)


@pytest.mark.parametrize(("typed", "code"), DOUBTFUL)
def test_a_doubtful_value_may_be_used_but_warns_the_screener(typed: str, code: FindingCode) -> None:
    assert found(typed, code).severity is Severity.WARN
    assert acceptable(typed)


@pytest.mark.parametrize(("typed", "code", "text"), MENDED)
def test_full_width_typing_and_stray_spaces_are_mended_and_said(
    typed: str, code: FindingCode, text: str
) -> None:
    assert found(typed, code).severity is Severity.NOTE
    assert acceptable(typed)
    assert to_certificate_text(typed) == text


@pytest.mark.parametrize("typed", GOOD)
def test_nothing_is_said_about_a_good_value(typed: str) -> None:
    assert findings(typed) == ()
    assert to_certificate_text(typed) == typed


def test_the_table_is_long_and_names_every_finding_of_a_single_text() -> None:
    rows = [*NASTY, *DOUBTFUL, *((typed, code) for typed, code, _ in MENDED)]
    assert len(rows) == len(set(rows)) >= 300
    assert len(GOOD) == len(set(GOOD)) >= 60
    beside_others = {
        FindingCode.SIMILAR, FindingCode.ROMANISATION, FindingCode.DIFFERENT, FindingCode.COMPANY_KIND,
        FindingCode.ANOTHERS, FindingCode.DUPLICATE, FindingCode.OTHER_DOMAIN,
    }  # fmt: skip
    assert {code for _, code in rows} == set(FindingCode) - beside_others


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ("A & B", "「and」"),
        ("S\u0430les", "「\u0430」（U+0430 CYRILLIC SMALL LETTER A）→「a」"),
        ("Café", "→「e」"),
        ("Phase Ⅲ", "→「III」"),
        ("Sales−Dept", "→「-」"),
        ("Sales・Dept", "→空白"),
        ("Cafe\u0301", "→取り除く"),
        ("Sa\u200bles", "U+200B ZERO WIDTH SPACE"),
        ("Sales_Dept", "「_」"),
        ("A" * 65, "65 文字"),
        ("CN-7123456789012", "「CN-7123456789012」"),
        ("Tokyo CO.LTD", "「CO.LTD」は「CO., LTD.」"),
    ],
)
def test_the_sentence_names_the_mend(typed: str, mend: str) -> None:
    assert any(mend in finding.sentence for finding in findings(typed))


def test_one_mixed_value_gives_each_reason_once_and_refusals_first() -> None:
    codes = [f.code for f in findings(" \u0410\u0415 & \u200b\u200bＢ建設 ")]
    assert codes == [
        FindingCode.INVISIBLE,
        FindingCode.LOOK_ALIKE,
        FindingCode.JAPANESE,
        FindingCode.AMPERSAND,
        FindingCode.OUTER_SPACE,
    ]


def test_nothing_is_looked_for_in_a_flood() -> None:
    assert [f.code for f in findings("\u202e&" * 100_000)] == [FindingCode.TOO_LONG]


def test_a_control_character_is_never_stripped_in_silence() -> None:
    assert to_certificate_text("\tSales\n") == "\tSales\n"


@given(st.text(max_size=80) | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80))
@example("Sales\ud800")
@example("\u202e")
def test_sentences_and_details_never_carry_what_hides(typed: str) -> None:
    for finding in findings(typed):
        assert finding.detail.isascii()
        assert "{list}" not in finding.sentence
        assert all(c.isprintable() or c == "\u3000" for c in finding.sentence), ascii(finding)
        finding.sentence.encode("utf-8")


@given(TYPED)
@example("Ａ" * 64)
@example("Ab" * 32)
@example("O'Hara, (A:B) / C. - D")
def test_whatever_is_acceptable_is_a_printable_string_of_64_and_survives_a_certificate_request(
    typed: str,
) -> None:
    if not acceptable(typed):
        return
    text = to_certificate_text(typed)
    assert set(text) <= PRINTABLE_STRING
    assert 2 <= len(text) <= 64
    for kind in (_ASN1Type.PrintableString, _ASN1Type.UTF8String):
        ou = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, text, kind)
        name = x509.Name([ou, x509.NameAttribute(NameOID.COMMON_NAME, text, kind)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEY, None)
        again = x509.load_der_x509_csr(request.public_bytes(_DER)).subject
        assert [attribute.value for attribute in again] == [text, text]
        assert bytes([kind.value, len(text)]) + text.encode("ascii") in again.public_bytes()
        written = x509.Name.from_rfc4514_string(again.rfc4514_string())
        assert [attribute.value for attribute in written] == [text, text]


@given(TYPED)
def test_what_is_accepted_is_read_the_same_a_second_time(typed: str) -> None:
    if not acceptable(typed):
        return
    text = to_certificate_text(typed)
    assert text == to_certificate_text(text) == text.strip()
    assert {unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {text}
    first, second = findings(typed), findings(text)
    assert [finding for finding in first if finding.severity is Severity.WARN] == list(second)
