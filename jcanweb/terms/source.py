"""What kind of file an official text is, and its text: extracted text, Markdown, or the PDF itself."""

import re
import unicodedata

from jcanweb.terms import pdf
from jcanweb.terms.document import SourceKind, TermsUnreadable

MAXIMUM_TEXT = 2_000_000
"""bytes of UTF-8"""
MAXIMUM_LINES = 40_000
"""200 pages have 10,000"""

_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs"}  # controls, bidirectional and zero-width marks, private glyphs
_RADICALS = range(0x2E80, 0x2FE0)  # drawn like the characters 人, 民, 長 …, but other code points
_WIDE = r"[^\x00-\xff\s\uff10-\uff19]"  # of Japanese; the space after a full-width number stays
_SPREAD = re.compile(rf"(?<={_WIDE}) (?={_WIDE})")
_TOUCHING = re.compile(rf"(?<={_WIDE})(?={_WIDE})")
_LIGATURES = range(0xFB00, 0xFB07)
_SUPPLEMENT = str.maketrans(
    "⺟⺠⻁⻄⻆⻑⻘⻝⻤⻨⻩⻫⻭⻯⻲", "母民虎西角長青食鬼麦黄斉歯竜亀"
)  # without a form in NFKC
_NUMBER = r"第[ \t\u3000]*\S{1,6}[ \t\u3000]*条"
_MARKED_UP = re.compile(
    rf"^ {{0,3}}#{{1,6}}[ \t]+\**{_NUMBER}"  # ## 第１条（…）
    rf"|^\*\*{_NUMBER}.*\*\*[ \t]*$"
    rf"|^{_NUMBER}.*\n {{0,3}}(?:=+|--+)[ \t]*$"  # the heading underlined
    r"|^ {0,3}\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?[ \t]*)?$",  # below the head of a table
    re.MULTILINE,
)


def kind_of(source: bytes) -> SourceKind:
    """The kind these bytes are, told by their content. Raises TermsUnreadable as `text_of`, except for a PDF."""
    if _is_pdf(source):
        return SourceKind.PDF
    return SourceKind.MARKDOWN if _MARKED_UP.search(_decoded(source)) else SourceKind.TEXT


def text_of(source: bytes) -> str:
    """The text to be read: line ends are \\n, a form feed begins a page.

    Of a PDF what pypdf extracts, of the others the decoded bytes. Refuses (TermsUnreadable) other encodings,
    more than 2 MB of text, characters nobody can see or tell apart (with the line), and what `pdf` refuses.
    """
    if _is_pdf(source):
        text = "\n".join(closed_up(row) for row in unfolded(pdf.text(source)).split("\n"))
        if len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_TEXT:
            raise _too_long()
        return _seen(text, "PDFを作り直すか、文字だけのファイル（UTF-8）を選んでください。")
    return _seen(_decoded(source), "その文字を打ち直すか、PDFから取り出し直してください。")


def unfolded(text: str) -> str:
    """The characters for the radicals and ligatures that some PDF fonts name in their place (⼈ for 人, ﬁ for fi)."""
    plain = text.translate(_SUPPLEMENT)
    return "".join(
        unicodedata.normalize("NFKC", char) if ord(char) in _RADICALS or ord(char) in _LIGATURES else char
        for char in plain
    )


def closed_up(row: str) -> str:
    """A line of a PDF whose letters were set apart to fill it (商 会 の 窓 口), without those spaces."""
    spaces, touching = len(_SPREAD.findall(row)), len(_TOUCHING.findall(row))
    return _SPREAD.sub("", row) if spaces > touching else row


def _is_pdf(source: bytes) -> bool:
    return source[:1024].lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-")


def _decoded(source: bytes) -> str:
    if len(source) > MAXIMUM_TEXT:
        raise _too_long()
    if source.startswith(b"PK\x03\x04"):
        raise TermsUnreadable(
            "文書ソフトのファイルのようです。PDFか、文字だけのファイル（UTF-8）にして選んでください。"
        )
    try:
        text, line = source.decode("utf-8-sig"), 1
        guess = _looks_like(source) if "\0" in text or "\x1b$" in text else ""  # these are ASCII bytes too
        if not guess:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        guess, line = _looks_like(source), source.count(b"\n", 0, error.start) + 1
    found = f"文字コードがUTF-8ではなく、{guess}のようです" if guess else "文字コードがUTF-8ではありません"
    raise TermsUnreadable(f"{found}（{line}行目）。UTF-8で保存したファイルを選んでください。")


def _looks_like(source: bytes) -> str:
    """The encoding that makes the most Japanese of the bytes, or nothing."""
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    names = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp932": "CP932（Shift_JIS）", "euc_jp": "EUC-JP"}
    names["iso2022_jp"] = "ISO-2022-JP（JIS）"
    counts = {}
    for encoding, name in names.items():
        text = source[:20_000].decode(encoding, "ignore")
        likely = len(re.findall("[ぁ-んァ-ヶ、。]", text)) - len(re.findall("[ｦ-ﾟ\ufffd\ue000-\uf8ff]", text))
        counts[likely] = name if likely * 10 > len(text) else ""
    return counts[max(counts)]


def _seen(text: str, mend: str) -> str:
    if text.count("\n") > MAXIMUM_LINES:
        raise TermsUnreadable(
            f"{MAXIMUM_LINES:,}行を超えています。規約の本文だけのファイルを選んでください。"
        )
    for index, char in enumerate(text):
        if char in "\n\t\f\v" or (char != "\ufffd" and unicodedata.category(char) not in _UNSEEN
                                  and ord(char) not in _RADICALS):  # fmt: skip
            continue
        line = text.count("\n", 0, index) + 1
        named = f"（U+{ord(char):04X}）"
        if ord(char) in _RADICALS:
            raise TermsUnreadable(f"{line}行目の「{char}」{named}は、漢字と同じ形の部首の記号です。{mend}")
        raise TermsUnreadable(f"{line}行目に表示できない文字{named}があります。{mend}")
    return text


def _too_long() -> TermsUnreadable:
    return TermsUnreadable("文字が2 MBを超えています。規約の本文だけのファイルを選んでください。")
