import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names.findings import FindingCode, Severity
from jcanweb.names.refusal import NameRefused
from jcanweb.names.romanisation import hepburn, romanisation_hint

VECTORS = (
    ("ほんま", "HOMMA", "HONMA"),
    ("なんば", "NAMBA", "NANBA"),
    ("さんぺい", "SAMPEI", "SANPEI"),
    ("はっとり", "HATTORI", "HATTORI"),
    ("ほっち", "HOTCHI", "HOCCHI"),
    ("はっちょう", "HATCHO", "HACCHOU"),
    ("おおたに", "OTANI", "OOTANI"),
    ("さいとう", "SAITO", "SAITOU"),
    ("ようこ", "YOKO", "YOUKO"),
    ("ゆうか", "YUKA", "YUUKA"),
    ("りょうたろう", "RYOTARO", "RYOUTAROU"),
    ("せのお", "SENOO", "SENOO"),
    ("たかとお", "TAKATOO", "TAKATOO"),
    ("ニーナ", "NINA", "NIINA"),
    ("まつうら", "MATSUURA", "MATSUURA"),
    ("こうちわ", "KOUCHIWA", "KOUCHIWA"),
    ("おおの", "ONO", "OONO"),
    ("いのうえ", "INOUE", "INOUE"),
    ("おおうち", "OUCHI", "OOUCHI"),
    ("おおおか", "OOKA", "OOOKA"),
    ("ひろおか", "HIROOKA", "HIROOKA"),
    ("たけのうち", "TAKENOUCHI", "TAKENOUCHI"),
    ("こうち", "KOCHI", "KOUCHI"),
    ("しゅうへい", "SHUHEI", "SHUUHEI"),
    ("にいがた", "NIIGATA", "NIIGATA"),
    ("ｼﾞｭﾝｲﾁ", "JUNICHI", "JUNICHI"),
    ("ヤマダ　タロウ", "YAMADA TARO", "YAMADA TAROU"),
    ("ジョン・スミス", "JON SUMISU", "JON SUMISU"),
    ("つづき", "TSUZUKI", "TSUZUKI"),
    ("フィリップ", "FIRIPPU", "FIRIPPU"),
    ("んだ", "NDA", "NDA"),
)


@pytest.mark.parametrize(("kana", "passport", "notice"), VECTORS)
def test_a_reading_is_written_in_both_ways(kana: str, passport: str, notice: str) -> None:
    assert hepburn(kana) == (passport, notice)


@pytest.mark.parametrize("typed", ["大谷", "Otani", "オオタニ1", "", "オオ\u200bタニ"])
def test_what_is_not_kana_is_refused(typed: str) -> None:
    with pytest.raises(NameRefused):
        hepburn(typed)


@given(st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30FC), max_size=12).map("ア".__add__))
def test_every_kana_gives_capitals_only(kana: str) -> None:
    for spelling in hepburn(kana):
        assert re.fullmatch(r"[A-Z]+( [A-Z]+)*", spelling)


@pytest.mark.parametrize(("kana", "passport", "notice"), VECTORS)
def test_a_name_in_either_way_raises_no_doubt(kana: str, passport: str, notice: str) -> None:
    assert romanisation_hint(kana, f"Director, {passport.title()}") is None
    assert romanisation_hint(kana, notice) is None


@pytest.mark.parametrize(
    ("kana", "typed"),
    [
        ("オオノ", "Ohno Taro"),
        ("オオハラ", "Ohara"),
        ("ヤマダ　タロウ", "Taro Yamada, Sales Manager"),
        ("ヤマダ　タロウ", "Yamada-Taro"),
        ("ヤマダ　タロウ", "YAMADATARO"),
        ("ジュンイチ", "Jun'ichi"),
        ("ジュンイチ", "Jun-ichi"),
        ("シンイチ", "Sin-iti"),
        ("ツチヤ　ショウヘイ", "Tutiya Syouhei"),
        ("フジモト", "Huzimoto"),
        ("ホンマ　ハッチョウ", "Honma Hatchou"),
        ("ジョン・スミス", "John Smith"),
        ("山田", "Yamada"),
        ("", "Yamada"),
    ],
)
def test_usual_spellings_and_what_cannot_be_read_raise_no_doubt(kana: str, typed: str) -> None:
    assert romanisation_hint(kana, typed) is None


@pytest.mark.parametrize("typed", ["Yamada Jiro", "Yamata Taro", "Sales Manager", "", "Taro", "Yamadajiro"])
def test_a_name_that_is_not_the_one_read_warns_with_both_ways(typed: str) -> None:
    finding = romanisation_hint("ヤマダ　タロウ", typed)
    assert finding is not None
    assert (finding.code, finding.severity) == (FindingCode.ROMANISATION, Severity.WARN)
    assert "「YAMADA TARO」または「YAMADA TAROU」" in finding.sentence
