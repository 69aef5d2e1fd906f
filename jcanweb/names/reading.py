"""What a screener should look at twice in a text that may be used."""

import re
from collections.abc import Iterator

from jcanweb.names import legal_form
from jcanweb.names.findings import Finding, FindingCode, warn

_DIGIT_IN_WORD = re.compile(r"[A-Za-z][01]+[A-Za-z]|\b0[A-Za-z]{2}|[A-Za-z]{3}0\b|\b1(?!st\b)[a-z]{2}")
"""0 and 1 where a word has O, I or l: T0kyo, 0saka, Toky0, 1shikawa; but not Area 10, B1, 1st."""
_DOMAIN = re.compile(
    r"(?:https?:|\bwww\.|[a-z0-9-]\.(?:com|net|org|info|biz|jp|io|dev|app|local|localhost)(?![a-z0-9]))",
    re.IGNORECASE,
)


def doubts(text: str) -> Iterator[Finding]:
    """Warnings about a certificate text, none of which refuses it."""
    if _DIGIT_IN_WORD.search(text):
        yield warn(
            FindingCode.DIGIT_IN_WORD,
            "英字の並びに数字の 0 または 1 があります。"
            "O（オー）や l（エル）、I（アイ）の打ち間違いでないか確かめてください。",
        )
    if re.search(r"([^0-9 ])\1\1", text.replace("III", ""), re.IGNORECASE) or re.search(
        r"['(),\-/:]{2}|\.\.", text.replace(".,", ",").replace("),", ",")
    ):
        yield warn(FindingCode.REPEATED, "同じ文字や記号が続いています。打ち間違いでないか確かめてください。")
    if not _balanced(text):
        yield warn(FindingCode.BRACKETS, "かっこの開きと閉じが合っていません。対になるように直してください。")
    if _DOMAIN.search(text):
        yield warn(
            FindingCode.DOMAIN,
            "ウェブサイトのアドレスのように読めます。会社、部署、役職、人の名前を入力してください。",
        )
    slips = legal_form.slips(text)
    if slips:
        listed = "、".join(f"「{found}」は「{right}」" for found, right in slips)
        yield warn(
            FindingCode.LEGAL_FORM,
            f"会社の種類の書き方を確かめてください。{listed}と書くのがふつうです。"
            "定款などの英語の名前がこのとおりなら、このままでかまいません。",
        )


def _balanced(text: str) -> bool:
    depth = 0
    for bracket in re.findall("[()]", text):
        depth += 1 if bracket == "(" else -1
        if depth < 0:
            return False
    return depth == 0
