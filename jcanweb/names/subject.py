"""The English fields copied into a certificate: OU2 (organizationalUnitName) and CN (commonName).

RFC 5280 Appendix A.1 (ub-common-name, ub-organizational-unit-name = 64); PrintableString: X.680 §41.4.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from jcanweb.names.characters import describe, foreign, instead
from jcanweb.names.findings import Finding, FindingCode, Severity, note, refuse
from jcanweb.names.reading import doubts
from jcanweb.names.refusal import NameRefused

__all__ = [
    "LONGEST",
    "Finding",
    "FindingCode",
    "Severity",
    "acceptable",
    "by_weight",
    "certificate_text",
    "findings",
    "to_certificate_text",
]

LONGEST = 64
_READABLE = 1024
"""Longer input is only called too long; nothing in it is looked at."""
_LISTED = 5
_ORDER = {member: place for place, member in enumerate((*Severity, *FindingCode))}

ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '(),-./:")
_RESERVED = frozenset("+=?")
"""In PrintableString, but + and = are the grammar of a written name (RFC 4514 §2) and ? names nothing."""

_PLACEHOLDERS = frozenset(
    "na none test tests nashi nashidesu tokuninashi null nil nan unknown undefined undecided tbd tbc tba dummy sample "
    "example nothing blank empty temp tmp notapplicable notavailable noname tesuto fumei mitei mikinyu mitouroku "
    "hoge hogehoge foobar asdf asdfgh qwerty xx xxx xxxx xxxxx testtest test1 test2 test123 username yourname "
    "yourcompany name fullname firstname lastname namae shimei company companyname kaisha kaishamei department "
    "departmentname dept busho bushomei yakushoku".split()
)
_IDENTIFIER = re.compile(r"(CN|JFBA|CPA|ACT[12]|REA)\s*[-:]\s*[0-9]+", re.IGNORECASE)
"""How the CA's own OU names a corporation, lawyer, accountant, architect or appraiser by number."""

_SENTENCES: dict[FindingCode, str] = {
    FindingCode.CONTROL: "改行やタブなどの制御文字（{list}）が含まれています。"
    "消してから、1行で入力してください。",
    FindingCode.BIDI: "文字の並びを変える見えない文字（{list}）が含まれています。"
    "消してから入力してください。",
    FindingCode.TAG: "見えないタグ文字（{list}）が含まれています。"
    "貼り付けずに、キーボードから入力してください。",
    FindingCode.INVISIBLE: "見えない文字（{list}）が含まれています。"
    "貼り付けずに、キーボードから入力してください。",
    FindingCode.UNASSIGNED: "外字など、ほかの機器で読めない文字（{list}）が含まれています。"
    "英数字に置き換えてください。",
    FindingCode.SPACE: "特殊な空白（{list}）が含まれています。"
    "ふつうの空白（スペースキー）に置き換えてください。",
    FindingCode.LOOK_ALIKE: "英字に似た別の文字が含まれています。{list} のように、英字で入力してください。",
    FindingCode.JAPANESE: "日本語の文字（{list}）が含まれています。"
    "英字（ローマ字または英語）で入力してください。",
    FindingCode.DECORATED: "飾り文字や記号が含まれています。{list} のように、"
    "ふつうの英数字で入力してください。",
    FindingCode.PUNCTUATION: "英数字用でない記号が含まれています。"
    "{list} のように、半角の記号で入力してください。",
    FindingCode.ACCENT: "アクセント記号の付いた文字が含まれています。"
    "{list} のように、記号のない英字で入力してください。",
    FindingCode.NON_ASCII: "証明書に使えない文字（{list}）が含まれています。英数字に置き換えてください。",
    FindingCode.AMPERSAND: "「&」は証明書に使えません。「and」と入力してください（例：A and B Co., Ltd.）。",
    FindingCode.RESERVED: "「{list}」は証明書の名前では使えません。取り除くか、言葉で書いてください。",
    FindingCode.NOT_PRINTABLE: "「{list}」は証明書に使えません。使える記号は ' ( ) , - . / : と空白です。",
}


def to_certificate_text(typed: str) -> str:
    """The text a certificate would carry: NFKC, outer spaces trimmed, inner runs of spaces made one.

    Full-width typing becomes ASCII. Only U+0020 is trimmed: a control or invisible character stays.
    Says nothing about whether the text may be used; ask `acceptable`.
    """
    return re.sub(" +", " ", unicodedata.normalize("NFKC", typed)).strip(" ")


def acceptable(typed: str) -> bool:
    """True when nothing in `findings` refuses: the certificate text is then a PrintableString of 2 to 64."""
    return not any(finding.severity is Severity.REFUSE for finding in findings(typed))


def certificate_text(typed: str) -> str:
    """The text a certificate will carry. Raises `NameRefused` with the first sentence that refuses it."""
    for finding in findings(typed):
        if finding.severity is Severity.REFUSE:
            raise NameRefused(finding.sentence)
    return to_certificate_text(typed)


def findings(typed: str) -> tuple[Finding, ...]:
    """All that is to be said about a typed OU2 or CN: refusals first, then warnings, then notes.

    Characters are judged as typed, so nothing forbidden is stripped in silence; shape and length are judged
    on the certificate text. One finding per code.
    """
    if len(typed) > _READABLE:
        return (_too_long(len(typed)),)
    text = to_certificate_text(typed)
    if not text:
        return (refuse(FindingCode.EMPTY, "入力してください。英数字で2文字以上です。"),)
    found = list(_by_character(typed, text))
    if len(text) > LONGEST:
        found.append(_too_long(len(text)))
    found += _by_shape(text)
    if all(finding.severity is not Severity.REFUSE for finding in found):
        found += doubts(text)
    found += _by_change(typed, text)
    return tuple(sorted(found, key=by_weight))


def by_weight(finding: Finding) -> tuple[int, int]:
    """The order in which findings are shown: refusals, warnings, notes; then by code."""
    return _ORDER[finding.severity], _ORDER[finding.code]


def _by_character(typed: str, text: str) -> Iterator[Finding]:
    kinds: dict[FindingCode, dict[str, None]] = {}
    for character in dict.fromkeys(typed):
        kind = foreign(character)
        if kind:
            kinds.setdefault(kind, {})[character] = None
    for character in dict.fromkeys(text):
        if character.isascii() and character.isprintable() and character not in ALLOWED:
            kinds.setdefault(_ascii_kind(character), {})[character] = None
    for kind, characters in kinds.items():
        sentence = _SENTENCES[kind].format(list=_listed(kind, characters))
        yield refuse(kind, sentence, ", ".join(describe(c) for c in list(characters)[:_LISTED]))


def _ascii_kind(character: str) -> FindingCode:
    if character == "&":
        return FindingCode.AMPERSAND
    return FindingCode.RESERVED if character in _RESERVED else FindingCode.NOT_PRINTABLE


def _listed(kind: FindingCode, characters: Iterable[str]) -> str:
    """The characters as the sentence shows them; what cannot be seen is shown by its number."""
    shown = list(characters)[:_LISTED]
    if kind in (FindingCode.RESERVED, FindingCode.NOT_PRINTABLE):
        return " ".join(shown)
    if kind in (FindingCode.LOOK_ALIKE, FindingCode.DECORATED, FindingCode.PUNCTUATION, FindingCode.ACCENT):
        return "、".join(f"「{_seen(c)}」（{describe(c)}）→{_mend(c)}" for c in shown)
    if kind in (FindingCode.JAPANESE, FindingCode.NON_ASCII):
        return "、".join(f"「{_seen(c)}」" for c in shown)
    return "、".join(describe(c) for c in shown)


def _mend(character: str) -> str:
    replacement = instead(character)
    if not replacement:
        return "取り除く"
    return f"「{replacement}」" if replacement.strip() else "空白"


def _seen(character: str) -> str:
    return f"\u25cc{character}" if unicodedata.category(character).startswith("M") else character


def _by_shape(text: str) -> Iterator[Finding]:
    letters = [c for c in text if c.isalpha()]
    marks = [c for c in text if not c.isalnum() and c != " "]
    core = "".join(c for c in text if c.isalnum())
    if core.casefold() in _PLACEHOLDERS or (not core and len(set(marks)) == 1 and len(marks) <= 3):
        yield refuse(
            FindingCode.PLACEHOLDER,
            "仮の値や「なし」を表す値は使えません。証明書に載せる正式な英語の名前を入力してください。",
        )
    elif not core:
        yield refuse(FindingCode.SYMBOLS_ONLY, "記号だけの値は使えません。英字を含む名前を入力してください。")
    elif not letters:
        yield (
            refuse(
                FindingCode.NO_LETTER, "数字と記号だけの値は使えません。英字を含む名前を入力してください。"
            )
            if marks
            else refuse(
                FindingCode.DIGITS_ONLY, "数字だけの値は使えません。英字を含む名前を入力してください。"
            )
        )
    elif len(core) == 1 and core.isascii():
        yield refuse(FindingCode.SINGLE_LETTER, "1文字だけの値は使えません。略さずに入力してください。")
    if identifier := _IDENTIFIER.match(text):
        yield refuse(
            FindingCode.IDENTIFIER,
            f"「{identifier[0][:24]}」は、証明書で法人や資格者の番号を表す書き方です。"
            "番号ではなく、英語の名前を入力してください。",
        )
    if core and text[0] in "'(),-./:":
        yield refuse(
            FindingCode.LEADING_PUNCTUATION, f"先頭の「{text[0]}」を取り除いてください。英数字から始めます。"
        )
    if core and text[-1] in "'(,-/:":
        yield refuse(
            FindingCode.TRAILING_PUNCTUATION,
            f"末尾の「{text[-1]}」を取り除いてください。末尾に置ける記号は「.」と「)」だけです。",
        )


def _by_change(typed: str, text: str) -> Iterator[Finding]:
    plain = unicodedata.normalize("NFKC", typed)
    if plain != plain.strip(" "):
        yield note(FindingCode.OUTER_SPACE, "前後の空白は取り除いて登録します。")
    if "  " in plain.strip(" "):
        yield note(FindingCode.DOUBLE_SPACE, "続いた空白は1つにして登録します。")
    if plain != typed and text.isascii() and text.isprintable():
        yield note(FindingCode.CHANGED, f"全角の文字は半角にして「{text[:LONGEST]}」として登録します。")


def _too_long(length: int) -> Finding:
    return refuse(
        FindingCode.TOO_LONG, f"{LONGEST}文字以内で入力してください（いま {length} 文字）。", str(length)
    )
