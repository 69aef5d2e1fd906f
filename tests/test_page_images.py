"""Page images of PDFs by strangers: drawn small enough, or refused; never a crash of ours."""

from io import BytesIO

import pytest
from PIL import Image

from jcanweb import page_images
from jcanweb.services.demo_cast import paper

PAPER = paper()
PAGELESS = PAPER.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]/Count 0")
HUGE = PAPER.replace(b"[0 0 595 842]", b"[0 0 9e9 9e9]")
LONG = PAPER.replace(b"[0 0 595 842]", b"[0 0 1 99999]")
ENDLESS = PAPER.replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
MANY = PAPER.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[" + b"3 0 R " * 9 + b"]/Count 9")


def size(drawn: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(drawn)) as image:
        image.load()
        return image.size


def test_a_page_is_drawn_as_png() -> None:
    assert page_images.count(PAPER) == 1
    wide, high = size(page_images.image(PAPER, 1))
    assert wide == page_images.WIDTH
    assert 1.4 < high / wide < 1.43


@pytest.mark.parametrize("source", [HUGE, LONG], ids=["huge", "long"])
def test_a_page_of_any_size_gives_a_bounded_image(source: bytes) -> None:
    try:
        wide, high = size(page_images.image(source, 1))
    except page_images.NoImage:
        return
    assert wide * high <= page_images.PIXELS * 1.01
    assert max(wide, high) <= page_images.SIDE + 1


@pytest.mark.parametrize(
    "source", [b"", b"%PDF-1.4\n%%EOF", b"<html>", PAPER[:300], PAGELESS, ENDLESS, b"%PDF-1.7\n" + b"[" * 100_000 + b"\n%%EOF"],
    ids=["empty", "nothing", "other", "cut", "no pages", "own parent", "nested"],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(source: bytes) -> None:
    with pytest.raises(page_images.NoImage):
        page_images.image(source, 1)
    assert page_images.count(source) in (0, 1)


def test_only_the_first_pages_are_drawn_and_others_are_refused() -> None:
    assert page_images.count(MANY) == page_images.MOST
    for page in (0, -1, page_images.MOST + 1, 10**9):
        with pytest.raises(page_images.NoImage):
            page_images.image(MANY, page)
    with pytest.raises(page_images.NoImage):
        page_images.image(PAPER, 2)


def test_a_child_without_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_images, "SECONDS", 0.001)
    with pytest.raises(page_images.NoImage):
        page_images.image(PAPER, 1)
