"""What can be found in a subject field."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    REFUSE = "refuse"
    """The value cannot stand in a certificate."""
    WARN = "warn"
    """A screener decides."""
    NOTE = "note"
    """The value is mended by itself; the person is told how."""


class FindingCode(StrEnum):
    """One member per sentence. The order here is the order in which findings are shown."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    CONTROL = "control"
    BIDI = "bidi"
    TAG = "tag"
    INVISIBLE = "invisible"
    UNASSIGNED = "unassigned"
    SPACE = "space"
    LOOK_ALIKE = "look-alike"
    JAPANESE = "japanese"
    DECORATED = "decorated"
    PUNCTUATION = "punctuation"
    ACCENT = "accent"
    NON_ASCII = "non-ascii"
    AMPERSAND = "ampersand"
    RESERVED = "reserved"
    NOT_PRINTABLE = "not-printable"
    IDENTIFIER = "identifier"
    PLACEHOLDER = "placeholder"
    DIGITS_ONLY = "digits-only"
    SYMBOLS_ONLY = "symbols-only"
    NO_LETTER = "no-letter"
    SINGLE_LETTER = "single-letter"
    LEADING_PUNCTUATION = "leading-punctuation"
    TRAILING_PUNCTUATION = "trailing-punctuation"
    DIGIT_IN_WORD = "digit-in-word"
    REPEATED = "repeated"
    BRACKETS = "brackets"
    DOMAIN = "domain"
    LEGAL_FORM = "legal-form"
    COMPANY_KIND = "company-kind"
    SIMILAR = "similar"
    ANOTHERS = "anothers"
    DUPLICATE = "duplicate"
    ROMANISATION = "romanisation"
    DIFFERENT = "different"
    OTHER_DOMAIN = "other-domain"
    OUTER_SPACE = "outer-space"
    DOUBLE_SPACE = "double-space"
    CHANGED = "changed"


@dataclass(frozen=True)
class Finding:
    code: FindingCode
    severity: Severity
    sentence: str
    """Japanese, names the mend."""
    detail: str = ""
    """The characters concerned as U+XXXX NAME, in ASCII: safe to log and to show anywhere."""


def refuse(code: FindingCode, sentence: str, detail: str = "") -> Finding:
    return Finding(code, Severity.REFUSE, sentence, detail)


def warn(code: FindingCode, sentence: str) -> Finding:
    return Finding(code, Severity.WARN, sentence)


def note(code: FindingCode, sentence: str) -> Finding:
    return Finding(code, Severity.NOTE, sentence)
