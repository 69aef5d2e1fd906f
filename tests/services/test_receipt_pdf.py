"""The receipt on paper: what it says, that it carries its proof, and that it reads the same everywhere."""

import io
import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from jcanweb import verifier
from jcanweb.errors import PdfRefused
from jcanweb.models import Receipt
from jcanweb.pdf import typeset
from jcanweb.services import receipts
from jcanweb.vocabulary import Authority
from tests import builders

LONG = "長" * 60
HOSTILE = r"髙㐂𠮷 #set text(red) *b* _i_ $x^2$ \ `c` @a <l> [#pagebreak()] // e /* f"


@pytest.fixture
def made(context: Any) -> Receipt:
    home = builders.corporation(name=LONG)
    person = builders.person(home, name=HOSTILE, authority=Authority.DELEGATE,
                             delegated_from=date(2026, 1, 1), delegated_to=date(2026, 12, 31))  # fmt: skip
    return builders.receipt(builders.application(person=person))


def opened(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text(content: bytes) -> str:
    """The words without the blanks and line ends that setting them brings in."""
    return "".join("".join(page.extract_text() for page in opened(content).pages).split())


def test_it_says_what_was_signed(made: Receipt) -> None:
    said, words = receipts.read(made), text(receipts.pdf(made))
    for one in said["statements"]:
        assert "".join(one["text"].split()) in words
    for value in ("同意します", "認めます", "約束します", "2026年11月24日（火）10:00:00", "2026-11-2401:00:00UTC", LONG,
                  "委任を受けた者2026年1月1日（木）から2026年12月31日（木）まで", said["organization"]["corporate_number"],
                  said["application"], said["terms"]["sha256"], said["audit"]["root"], receipts.key_id(made),
                  said["pii_principal"]["email"], f"第{said['audit']['index'] + 1}行", "付いていません。"):  # fmt: skip
        assert value in words, value
    assert f"「{said['button']}」" in words


def test_a_hostile_name_is_only_text(made: Receipt) -> None:
    content = receipts.pdf(made)
    assert "".join(HOSTILE.split()) in text(content)
    assert len(opened(content).pages) <= 2


def test_the_attached_file_is_the_receipt_and_holds(made: Receipt) -> None:
    (attached,) = opened(receipts.pdf(made)).attachment_list
    content = receipts.file(made)
    assert (attached.name, attached.content) == (
        f"receipt-{receipts.read(made)['application']}.json",
        content,
    )
    assert verifier.exit_code(verifier.verify(attached.content, {receipts.fingerprint()})) == 0


def test_it_is_tagged_and_its_fonts_are_embedded(made: Receipt) -> None:
    reader = opened(receipts.pdf(made))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("ja")
    assert "/StructTreeRoot" in root
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == f"承諾の受領証 {receipts.read(made)['application']}"
    assert reader.metadata.creation_date == made.made_at
    fonts = {name for page in reader.pages for name in _fonts(page)}
    assert fonts
    assert all(embedded for _, embedded in fonts), fonts


def _fonts(page: Any) -> set[tuple[str, bool]]:
    found = set()
    for font in page["/Resources"]["/Font"].values():
        inner = font.get_object()["/DescendantFonts"][0].get_object()
        descriptor = inner["/FontDescriptor"].get_object()
        found.add((str(inner["/BaseFont"]), bool({"/FontFile2", "/FontFile3"} & set(descriptor))))
    return found


def test_the_same_receipt_makes_the_same_bytes_in_any_process(made: Receipt) -> None:
    program = ("import sys, json, datetime; from jcanweb.pdf import typeset; said = json.load(sys.stdin); "
               "sys.stdout.buffer.write(typeset('receipts/receipt.typ', said['data'], attached=said['file'].encode(), "
               "at=datetime.datetime.fromisoformat(said['at'])))")  # fmt: skip
    said = {
        "data": receipts._printed(made),
        "file": receipts.file(made).decode(),
        "at": made.made_at.isoformat(),
    }
    child = subprocess.run([sys.executable, "-c", program], input=json.dumps(said).encode(), capture_output=True,
                           check=True)  # fmt: skip
    assert child.stdout == receipts.pdf(made) == receipts.pdf(made)


def test_a_character_without_a_glyph_is_refused_and_not_told(context: Any) -> None:
    one = builders.receipt(builders.application(person=builders.person(name="見本 👍 太郎")))
    with pytest.raises(PdfRefused) as refusal:
        receipts.pdf(one)
    assert refusal.value.__cause__ is None
    assert "👍" not in str(refusal.value)


def test_a_template_that_does_not_compile_is_refused(made: Receipt) -> None:
    with pytest.raises(PdfRefused):
        typeset("receipts/receipt.typ", {}, at=made.made_at, attached=b"{}")
