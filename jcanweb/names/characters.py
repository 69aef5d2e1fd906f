"""Single characters: what kind each is, how it is called, and what to type instead."""

import unicodedata

from jcanweb.names.findings import FindingCode

_LOOK_ALIKE_PAIRS = (
    # Cyrillic
    "АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ХX УY ҮY ԌG ԜW ԚQ ԝw аa сc ԁd еe һh "
    "іi јj ӏl Ӏl оo рp ԛq ѕs хx уy үy "
    "вb кk мm нh тt гr пn ѵv Ѵv зb ɡg "
    # Greek
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC Ϳj αa βb γy εe ιi κk νv οo ρp σo τt υu χx ωw ϲc ϳj ηn "
    "µu μu "
    # Armenian, Cherokee, Lisu and Latin strangers
    "ՕO ՍU օo սu հh ոn զq ցg ᎪA ᏴB ᏟC ᎠD ᎬE ᎻH ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ "
    "ꓐB ꓑP ꓓD ꓔT ꓖG ꓗK ꓙJ ꓚC ꓜZ ꓝF ꓟM ꓠN ꓡL ꓢS ꓣR ꓦV ꓧH ꓪW ꓫX ꓬY ꓮA ꓰE ꓲI ꓳO ꓴU "
    "ıi ȷj ɑa ᴀA ᴄc ᴅD ᴇE ɪI ᴊJ ᴋK ᴍM ᴏo ᴘP ᴛT ᴜu ᴠv ᴡw ᴢz ʀR ɴN ʟL ʜH ʙB ɢG ǀl"
)
LOOK_ALIKES: dict[str, str] = {pair[0]: pair[1] for pair in _LOOK_ALIKE_PAIRS.split()}
"""Letters of other alphabets → the Latin letter they are taken for (Unicode Technical Standard 39 §4)."""

PUNCTUATION: dict[str, str] = {
    **dict.fromkeys("‐‑‒–—―−ー〜～⁃﹣─━˗", "-"),
    **dict.fromkeys("‘’‚‛′`´ʼʹ", "'"),
    **dict.fromkeys("、，､‚﹐", ","),
    **dict.fromkeys("。．｡﹒", "."),
    **dict.fromkeys("・･·•‧∙⋅", " "),
    **dict.fromkeys("（「『【〔〈《［｢", "("),
    **dict.fromkeys("）」』】〕〉》］｣", ")"),
    **dict.fromkeys("∕⁄", "/"),
    **dict.fromkeys("：∶꞉", ":"),
    **dict.fromkeys("“”„‟″", "'"),
    "…": ".",
}
"""Punctuation an input method gives → the PrintableString character meant."""

_ACCENTS = {"ß": "ss", "ẞ": "SS", "Ø": "O", "ø": "o", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ł": "L",
            "ł": "l", "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th",
            "Ħ": "H", "ħ": "h"}  # fmt: skip

_BIDI = frozenset({0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)})
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
_JAPANESE = ("CJK ", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "IDEOGRAPHIC", "SQUARE ")


def describe(character: str) -> str:
    """U+XXXX and the Unicode name, in ASCII."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def unseen(character: str) -> FindingCode | None:
    """The kind of a character that shows nothing, reorders its neighbours or means nothing elsewhere.

    Cc, Cf, Cs, Co, Cn, Zl, Zp, spaces other than U+0020 and U+3000, variation selectors, fillers, tags.
    """
    point, category = ord(character), unicodedata.category(character)
    if 0xE0000 <= point <= 0xE007F:
        return FindingCode.TAG
    if point in _BIDI:
        return FindingCode.BIDI
    if category in ("Cc", "Zl", "Zp"):
        return FindingCode.CONTROL
    if category == "Cf" or point in _BLANK:
        return FindingCode.INVISIBLE
    if category in ("Cs", "Co", "Cn") or point == 0xFFFD:
        return FindingCode.UNASSIGNED
    if category == "Zs" and character not in " \u3000":
        return FindingCode.SPACE
    return None


def foreign(character: str) -> FindingCode | None:
    """Why a character may not be typed in an English field; None for ASCII and its full-width twin."""
    if " " <= character <= "~" or "！" <= character <= "～" or character == "\u3000":
        return None
    kind = unseen(character)
    if kind:
        return kind
    if character in LOOK_ALIKES:
        return FindingCode.LOOK_ALIKE
    if character in PUNCTUATION:
        return FindingCode.PUNCTUATION
    folded = unicodedata.normalize("NFKC", character)
    if any(unicodedata.name(c, "").startswith(_JAPANESE) for c in folded + character):
        return FindingCode.JAPANESE
    if character in _ACCENTS or unicodedata.category(character).startswith("M") or _base(character):
        return FindingCode.ACCENT
    if folded.isascii():
        return FindingCode.DECORATED
    return FindingCode.NON_ASCII


def instead(character: str) -> str:
    """The ASCII to type instead of this character, or an empty string when there is none."""
    for table in (LOOK_ALIKES, PUNCTUATION, _ACCENTS):
        if character in table:
            return table[character]
    folded = unicodedata.normalize("NFKC", character)
    return folded if folded.isascii() else _base(character)


def _base(character: str) -> str:
    """The ASCII letter under its accents (é → e)."""
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[0] if len(decomposed) > 1 and decomposed[0].isascii() else ""
