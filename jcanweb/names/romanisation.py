"""フリガナ → Hepburn, in the two ways an applicant may know. Only a hint: the applicant's own spelling wins.

Kana alone cannot tell a long vowel from two words that meet (マツウラ, コウチワ); the usual joints of
Japanese surnames are known here, the rest is left to the reader.
"""

import re

from jcanweb.names.findings import Finding, FindingCode, warn
from jcanweb.names.person import furigana
from jcanweb.names.refusal import NameRefused

_ROWS = {
    "": "アイウエオ", "K": "カキクケコ", "S": "サ_スセソ", "T": "タ__テト", "N": "ナニヌネノ",
    "H": "ハヒ_ヘホ", "M": "マミムメモ", "Y": "ヤ_ユ_ヨ", "R": "ラリルレロ", "W": "ワ____",
    "G": "ガギグゲゴ", "Z": "ザ_ズゼゾ",
    "D": "ダ__デド", "B": "バビブベボ", "P": "パピプペポ", "V": "__ヴ__",
}  # fmt: skip
_SINGLE = {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row, "AIUEO", strict=True)
    if kana != "_"
}
_SINGLE |= {"シ": "SHI", "チ": "CHI", "ツ": "TSU", "フ": "FU", "ジ": "JI", "ヂ": "JI", "ヅ": "ZU",
            "ヲ": "O", "ヰ": "I", "ヱ": "E", "ヵ": "KA", "ヶ": "KE", "ヷ": "VA",
            "ヸ": "VI", "ヹ": "VE", "ヺ": "VO"}  # fmt: skip
_SINGLE |= dict(zip("ァィゥェォャュョヮ", ("A", "I", "U", "E", "O", "YA", "YU", "YO", "WA"), strict=True))

_GLIDES = {"ャ": "A", "ュ": "U", "ョ": "O", "ェ": "E"}
_PAIRS = {kana + small: _SINGLE[kana][:-1] + ("" if kana in "シチジヂ" else "Y") + vowel
          for kana in "キシチニヒミリギジヂビピ" for small, vowel in _GLIDES.items()}  # fmt: skip
_PAIRS |= {kana + small: stem + vowel for kana, stem in (("フ", "F"), ("ヴ", "V"), ("ツ", "TS"), ("ウ", "W"))
           for small, vowel in zip("ァィェォ", "AIEO", strict=True)}  # fmt: skip
_PAIRS |= {"ティ": "TI", "ディ": "DI", "トゥ": "TU", "ドゥ": "DU", "テュ": "TYU", "デュ": "DYU",
           "フュ": "FYU", "ヴュ": "VYU", "クァ": "KWA", "クヮ": "KWA", "グヮ": "GWA", "クォ": "KWO",
           "クェ": "KWE", "クィ": "KWI"}  # fmt: skip

_APART = {"コウチワ": 1}
"""Names whose vowel at this place belongs to the next word."""


def hepburn(kana: str) -> tuple[str, str]:
    """The reading in capitals: as a passport writes it, and by the cabinet notice of 2025 without marks.

    Passport: M before B, M, P; long O and U once (ONO, YUKA), but a final オ is kept (SENOO); ッチ is TCH;
    ー dropped.
    Notice: N everywhere; long vowels side by side as in the kana (OONO, YUUKA, NIINA); ッチ is CCH.
    No apostrophe in either. Hiragana and half-width kana are accepted, parts are parted by one space. Raises
    `NameRefused` for anything that is not kana.
    """
    words = furigana(kana, "フリガナ").replace("・", "\u3000").split("\u3000")
    return " ".join(filter(None, map(_passport, words))), " ".join(filter(None, map(_notice, words)))


def _passport(word: str) -> str:
    return _joined(_morae(word, drop_long=True), before_labial="M", before_ch="T")


def _notice(word: str) -> str:
    return _joined(_morae(word, drop_long=False), before_labial="N", before_ch="C")


def _morae(word: str, drop_long: bool) -> list[str]:
    """The word as syllables; N and Q stand for ン and ッ."""
    morae: list[str] = []
    index, lengthened = 0, False
    while index < len(word):
        size = 2 if word[index : index + 2] in _PAIRS else 1
        kana = word[index : index + size]
        before = morae[-1] if morae else ""
        long = _is_long(word, index, before) and not lengthened
        if kana == "ー":
            if not drop_long and before[-1:] in tuple("AIUEO"):
                morae.append(before[-1])
        elif kana in "ンッ":
            morae.append("N" if kana == "ン" else "Q")
        elif long and drop_long:
            pass
        else:
            morae.append(_PAIRS.get(kana) or _SINGLE[kana])
        lengthened = long
        index += size
    return morae


def _is_long(word: str, index: int, before: str) -> bool:
    """Does the ウ or オ at this place only lengthen the vowel before it?"""
    kana, last, rest = word[index], before[-1:], word[index + 1 :]
    if _APART.get(word) == index or word[index + 1 : index + 2] in tuple("ァィェォ"):
        return False
    if kana == "オ":
        return last == "O" and rest != "" and not (rest == "カ" and word[index - 1] != "オ")
    if kana != "ウ" or last not in ("O", "U"):
        return False
    if last == "U":
        return before.endswith(("YU", "HU", "JU")) or rest[:1] not in tuple("ラチエ")
    joint = rest[:1] in tuple("ラチエ") and before == "NO"
    return not (joint or (rest == "エ" and word[index - 1] != "ョ"))


def _joined(morae: list[str], before_labial: str, before_ch: str) -> str:
    text = ""
    for place, mora in enumerate(morae):
        following = morae[place + 1] if place + 1 < len(morae) else ""
        if mora == "N" and following[:1] in tuple("BMP"):
            text += before_labial
        elif mora == "Q":
            text += (
                before_ch
                if following.startswith("CH")
                else ""
                if following[:1] in tuple("AIUEONQ")
                else following[:1]
            )
        else:
            text += mora
    return text


def romanisation_hint(kana: str, typed: str) -> Finding | None:
    """A warning when a text that should carry a person's name has not the name that is read; None when it has.

    Every part of the reading is looked for among the words of the text, in any order and case, in either
    Hepburn way, with long vowels as O, OO, OU or OH, and in Kunrei (SI, TU, SYA), which other issuers accept too.
    None also for a reading with ・, which is a foreigner's, and for one that cannot be read.
    """
    try:
        passport, notice = hepburn(kana)
    except NameRefused:
        return None
    if "・" in furigana(kana):
        return None
    letters = typed.upper().replace("'", "")
    words = set(re.findall("[A-Z]+", letters)) | set(re.findall("[A-Z]+", letters.replace("-", "")))
    spoken = {_sound(word) for word in words}
    parts = passport.split(" ")
    if all(_sound(part) in spoken for part in parts) or _sound("".join(parts)) in spoken:
        return None
    ways = "または".join(f"「{way}」" for way in dict.fromkeys((passport, notice)))
    return warn(
        FindingCode.ROMANISATION,
        f"フリガナからは{ways}とつづれますが、入力のつづりと合いません。"
        "旅券など本人がふだん使うつづりであれば、このままでかまいません。",
    )


_ONE_SOUND = [(re.compile(how), sound) for how, sound in (
    (r"SY", "SH"), (r"SI", "SHI"), (r"TY", "CH"), (r"TI", "CHI"), (r"TU", "TSU"), (r"(?<![SC])HU", "FU"),
    (r"[ZJ]Y|DY", "J"), (r"[ZD]I", "JI"), (r"DZ?U", "ZU"), (r"TCH", "CCH"), (r"M(?=[BMP])", "N"),
    (r"OH(?![AEIOUY])", "O"), (r"OU", "O"), (r"([AEIOU])\1+", r"\1"), (r"WO", "O"),
)]  # fmt: skip


def _sound(word: str) -> str:
    """One spelling for all that are usual for the same sounds."""
    for how, sound in _ONE_SOUND:
        word = how.sub(sound, word)
    return word
