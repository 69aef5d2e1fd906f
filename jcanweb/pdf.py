"""PDF by typst: a template of ours, and data as JSON, so that no word of it is ever markup.

No network and no font of the machine: the Japanese one comes from its wheel and is embedded. Tagged, readable in
decades and by a screen reader (PDF/A-3a, PDF/UA-1).
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pylopdf_fonts_jp
import typst

from jcanweb.config import HOME
from jcanweb.errors import PdfRefused

FONTS = Path(pylopdf_fonts_jp.__file__).parent


def typeset(template: str, data: dict[str, Any], *, at: datetime, attached: bytes) -> bytes:
    """The PDF of templates/<template> with a text file in it: the same bytes for the same arguments.

    The template reads `sys.inputs.data` (JSON) and `sys.inputs.file`; `at` is the date of the document. Raises
    PdfRefused, for a character that the font lacks above all.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False), "file": attached.decode()}
    try:
        made, warnings = typst.compile_with_warnings(
            HOME / "templates" / template, format="pdf", font_paths=[FONTS], ignore_system_fonts=True,
            sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=at,
        )  # fmt: skip
    except typst.TypstError:  # its message tells the words
        raise PdfRefused() from None
    if warnings or not isinstance(made, bytes):
        raise PdfRefused()
    return made
