"""Images of the pages of a PDF by a stranger, drawn by pdfium in a child process with limits of its own.

The PDF goes to the child's stdin and nowhere else; what comes back is a number or one PNG.
"""

import subprocess
import sys
from pathlib import Path

from jcanweb.terms.pdf_process import confine

MOST = 5
"""Pages that are drawn: a 印鑑証明書 has one or two."""
WIDTH = 1400
"""Pixels a page is drawn wide, where PIXELS and SIDE allow: small print can be read."""
PIXELS, SIDE = 4_000_000, 5_000
"""The most pixels of a page, and of one side."""
SECONDS = 20
_HOME = Path(__file__).resolve().parents[1]
_PNG = b"\x89PNG\r\n\x1a\n"


class NoImage(Exception):
    """The PDF is broken, locked or too heavy, or has no such page."""


def count(source: bytes) -> int:
    """How many pages can be asked for, at most MOST; 0 for a PDF that cannot be opened."""
    try:
        return int(_ask(source, 0))
    except (NoImage, ValueError):
        return 0


def image(source: bytes, page: int) -> bytes:
    """The page (from 1) as PNG. Raises NoImage."""
    if not 1 <= page <= MOST:
        raise NoImage
    drawn = _ask(source, page)
    if not drawn.startswith(_PNG):
        raise NoImage
    return drawn


def _ask(source: bytes, page: int) -> bytes:
    try:
        child = subprocess.run(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", "jcanweb.page_images", str(page)],
            cwd=_HOME, input=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=True,
        )  # fmt: skip
    except subprocess.SubprocessError:  # refused by pdfium, or ended by its limits
        raise NoImage from None
    return child.stdout


def main(page: int) -> None:
    """In the child: answers the number of pages for 0, else one page; any trouble ends it."""
    import pypdfium2

    confine(seconds=SECONDS)
    document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    if page == 0:
        sys.stdout.write(str(min(len(document), MOST)))
        return
    sheet = document[page - 1]
    wide, high = (max(side, 1.0) for side in sheet.get_size())
    scale = min(WIDTH / wide, SIDE / high, (PIXELS / (wide * high)) ** 0.5)
    sheet.render(scale=scale).to_pil().save(sys.stdout.buffer, "PNG")


if __name__ == "__main__":
    main(int(sys.argv[1]))
