"""Names in Japanese, of companies and of people: kept exactly as typed, compared by a key."""

import unicodedata

import jaconv

from jcanweb.names.characters import describe, unseen
from jcanweb.names.findings import FindingCode
from jcanweb.names.kanji import FOLDED
from jcanweb.names.refusal import NameRefused

_MARKS = 4
"""The longest run of combining marks."""
_IDEOGRAPHIC_VARIATION = range(0xE0100, 0xE01F0)
_STANDARD_VARIATION = range(0xFE00, 0xFE03)
_SELECTORS = dict.fromkeys((*_IDEOGRAPHIC_VARIATION, *range(0xFE00, 0xFE10)))
_SMALL = str.maketrans("ァィゥェォャュョッヮヵヶヰヱ", "アイウエオヤユヨツワカケイエ")
"""キヤノン is written large and read small, 霞ヶ関 both ways; ヰ and ヱ are old forms of イ and エ."""

_SENTENCES = {
    FindingCode.CONTROL: "{what}に改行やタブなどの制御文字（{seen}）が含まれています。"
    "消してから、1行で入力してください。",
    FindingCode.BIDI: "{what}に文字の並びを変える見えない文字（{seen}）が含まれています。消してください。",
    FindingCode.TAG: "{what}に見えないタグ文字（{seen}）が含まれています。貼り付けずに入力してください。",
    FindingCode.INVISIBLE: "{what}に見えない文字（{seen}）が含まれています。貼り付けずに入力してください。",
    FindingCode.UNASSIGNED: "{what}に外字など、ほかの機器で読めない文字（{seen}）が含まれています。"
    "近い字に置き換えてください。",
    FindingCode.SPACE: "{what}に特殊な空白（{seen}）が含まれています。ふつうの空白に置き換えてください。",
}


def check_name(raw: str, what: str, longest: int = 100) -> str:
    """The same text, untouched, when it may be kept as a name of a company, person, department or post.

    `what` is the Japanese word of the field for the sentence; `longest` counts code points. Raises
    `NameRefused` on nothing, too much, outer spaces, unseen or unreadable characters (Cc, Cf, Cs, Co, Cn, Zl,
    Zp, fillers, tags), more than 4 combining marks in a run, or no letter or digit at all. A variation
    selector (U+E0100–E01EF, U+FE00–FE02) may stand once, after a kanji. Never normalised: NFC alone alters
    U+FA19.
    """
    if not raw.strip(" \u3000"):
        raise NameRefused(f"{what}を入力してください。")
    if len(raw) > longest:
        raise NameRefused(f"{what}は{longest}文字以内で入力してください（いま {len(raw)} 文字）。")
    if raw != raw.strip(" \u3000"):
        raise NameRefused(f"{what}の前後の空白を取り除いてください。")
    marks = 0
    for before, character in zip(" " + raw, raw, strict=False):
        if ord(character) in _SELECTORS:
            if not is_variation(before, character):
                raise NameRefused(
                    _SENTENCES[FindingCode.INVISIBLE].format(what=what, seen=describe(character))
                )
            continue
        kind = unseen(character)
        if kind:
            raise NameRefused(_SENTENCES[kind].format(what=what, seen=describe(character)))
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks > _MARKS:
            raise NameRefused(f"{what}に重ねた記号が多すぎます。取り除いてください。")
    if not any(unicodedata.category(character)[0] in "LN" for character in raw):
        raise NameRefused(f"{what}に文字がありません。記号だけでなく、名前を入力してください。")
    return raw


def furigana(typed: str, what: str = "フリガナ", longest: int = 100) -> str:
    """The reading in full-width katakana with ー, ・ and single U+3000 between parts.

    Hiragana, half-width kana and outer spaces are accepted. Raises `NameRefused` like `check_name`,
    and on other letters.
    """
    check_name(typed.strip(" \u3000"), what, longest)
    parts = jaconv.hira2kata(unicodedata.normalize("NFKC", typed)).split(" ")
    reading = "\u3000".join(part for part in parts if part)
    if not all("ァ" <= character <= "ヺ" or character in "ー・\u3000" for character in reading):
        raise NameRefused(f"{what}は全角カタカナで入力してください（例：ヤマダ　タロウ）。")
    return reading


def comparison_key(raw: str) -> str:
    """The key under which two names are the same and duplicates warned of; never shown, never kept as a name.

    NFKC and case folding, no spaces, no variation selectors, old and variant kanji folded (髙=高, 邊=辺).
    Applying it twice changes nothing.
    """
    key, before = raw.translate(_SELECTORS), ""
    while key != before:
        before = key
        key = "".join(unicodedata.normalize("NFKC", key).casefold().translate(FOLDED).split())
    return key


def search_key(text: str) -> str:
    """The key of a search box, of what is typed there and of what is looked through: a part finds its whole.

    The `comparison_key` with kana as large katakana and letters and digits alone: no hyphens, long marks (ー),
    middle dots, brackets or accents left. Empty when nothing can be sought. Applying it twice changes nothing.
    """
    key, before = comparison_key(text), ""
    while key != before:
        before = key
        kana = jaconv.hira2kata(key).translate(_SMALL)
        key = comparison_key(
            "".join(c for c in kana if c not in "ーｰ" and unicodedata.category(c)[0] in "LN")
        )
    return key


def is_variation(before: str, character: str) -> bool:
    """Does this variation selector choose the form of the kanji before it (葛󠄀 in names)?"""
    return ord(character) in (*_IDEOGRAPHIC_VARIATION, *_STANDARD_VARIATION) and _is_kanji(before)


def _is_kanji(character: str) -> bool:
    return unicodedata.name(character, "").startswith(
        ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH")
    )
