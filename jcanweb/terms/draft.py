"""Articles while they are being read: where the next stretch of text belongs."""

from dataclasses import dataclass, field

from jcanweb.terms.document import Article, Item, Paragraph
from jcanweb.terms.lines import gap


class Words:
    """A text that grows line by line; a list, since long ones come from strangers."""

    def __init__(self, text: str = "") -> None:
        self._parts = [text] if text else []

    def __str__(self) -> str:
        return "".join(self._parts)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, text: str, new_line: bool) -> None:
        """More text, on a line of its own or joined as the layout broke it."""
        if text:
            self._parts += ["\n" if new_line and self else gap("".join(self._parts[-20:]), text), text]


@dataclass
class ItemDraft:
    number: int
    mark: str
    text: Words


@dataclass
class ParagraphDraft:
    number: int
    mark: str = ""
    caption: str = ""
    text: Words = field(default_factory=Words)
    items: list[ItemDraft] = field(default_factory=list)
    after: Words = field(default_factory=Words)
    inner: int = 0
    """The last number of a list inside the open item, typed in another style."""

    @property
    def is_empty(self) -> bool:
        return not (self.caption or self.text or self.items)

    def begin(self, item: ItemDraft) -> None:
        """A next item; text set apart below the item before it was that item's after all."""
        if self.after:
            self.items[-1].text.add(str(self.after), new_line=True)
            self.after = Words()
        self.items.append(item)
        self.inner = 0

    def add(self, text: str, new_line: bool, below: bool) -> None:
        """More text; `below` when the author ended the line above, so that it is not the last item's."""
        if self.after or (self.items and below):
            self.after.add(text, new_line)
        elif self.items:
            self.items[-1].text.add(text, new_line)
        else:
            self.text.add(text, new_line)

    def finish(self) -> Paragraph:
        items = tuple(Item(item.number, str(item.text), item.mark) for item in self.items)
        return Paragraph(self.number, self.caption, str(self.text), items, str(self.after), self.mark)


@dataclass
class ArticleDraft:
    number: int
    heading: str
    mark: str
    paragraphs: list[ParagraphDraft] = field(default_factory=lambda: [ParagraphDraft(1)])

    @property
    def last(self) -> ParagraphDraft:
        return self.paragraphs[-1]

    def finish(self) -> Article:
        return Article(self.number, self.heading, tuple(p.finish() for p in self.paragraphs), self.mark)
