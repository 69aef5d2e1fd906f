"""The text of a PDF. A PDF is a program by a stranger: it is opened in a child process with its own limits."""

import functools
import json
import subprocess
import sys
from pathlib import Path

from jcanweb.terms.document import TermsUnreadable
from jcanweb.terms.pdf_process import MAXIMUM_PAGES, SECONDS, Refusal

MAXIMUM_FILE = 10_000_000
"""bytes"""
HOME = Path(__file__).resolve().parents[2]

_TEXT = "文字だけのファイル（UTF-8）"
_SENTENCES = {
    Refusal.ENCRYPTED: "パスワードや制限がかかったPDFです。かかっていないPDFを選んでください。",
    Refusal.DAMAGED: "PDFが壊れています。元の文書からPDFを作り直してください。",
    Refusal.NO_TEXT: f"画像だけのPDFで、文字がありません。元の文書から作ったPDFか、{_TEXT}を選んでください。",
    Refusal.TOO_MANY_PAGES: f"{MAXIMUM_PAGES}ページを超えています。規約だけのPDFを選んでください。",
    Refusal.TOO_HEAVY: f"PDFの中身が大きすぎて開けません。元の文書からPDFを作り直すか、{_TEXT}を選んでください。",
    Refusal.HIDDEN: f"{{page}}ページに、画像に重ねた見えない文字があります。元の文書から作ったPDFか、{_TEXT}を選んでください。",
    Refusal.UNSURE: f"{{page}}ページの文字をすべては取り出せません。元の文書からPDFを作り直すか、{_TEXT}を選んでください。",
}


def text(source: bytes) -> str:
    """Its pages, parted by a form feed at the start of a line.

    A page's pictures and written-in notes, whose words cannot be read, stand as a line at its end:
    ［２ページの画像］. Raises TermsUnreadable: encrypted, damaged, without text, more than 200 pages, 10 MB,
    or the child's time and memory, with invisible text, with characters that its fonts do not tell.
    """
    if len(source) > MAXIMUM_FILE:
        raise TermsUnreadable("PDFが10 MBを超えています。規約だけのPDFを選んでください。")
    return _text(source)


@functools.lru_cache(maxsize=8)
def _text(source: bytes) -> str:
    try:
        child = subprocess.run(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", "jcanweb.terms.pdf_process"],
            cwd=HOME,
            input=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=True,
        )
        answer = json.loads(child.stdout)
    except (subprocess.SubprocessError, ValueError):  # ended by its limits
        raise TermsUnreadable(_SENTENCES[Refusal.TOO_HEAVY]) from None
    if "refusal" in answer:
        raise TermsUnreadable(_SENTENCES[Refusal(answer["refusal"])].format(page=answer["page"]))
    pages = [
        "\n".join([page["text"], *(f"［{number}ページの{what}］" for what in page["beside"])])
        for number, page in enumerate(answer["pages"], 1)
    ]
    return "\n\f".join(pages)
