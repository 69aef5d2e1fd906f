"""Articles while they are being read: where the next stretch of text belongs."""

from dataclasses import dataclass, field

from jcanweb.terms.document import Article, Item, Paragraph
from jcanweb.terms.lines import join


def _add(before: str, text: str, new_line: bool) -> str:
    return f"{before}\n{text}" if new_line and before else join(before, text)


@dataclass
class ItemDraft:
    number: int
    mark: str
    text: str


@dataclass
class ParagraphDraft:
    number: int
    mark: str = ""
    caption: str = ""
    text: str = ""
    items: list[ItemDraft] = field(default_factory=list)
    after: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.caption or self.text or self.items)

    def begin(self, item: ItemDraft) -> None:
        """A next item; text set apart below the item before it was that item's after all."""
        if self.after:
            self.items[-1].text = _add(self.items[-1].text, self.after, new_line=True)
            self.after = ""
        self.items.append(item)

    def add(self, text: str, new_line: bool, below: bool) -> None:
        """More text; `below` when the author ended the line above, so that it is not the last item's."""
        if self.after or (self.items and below):
            self.after = _add(self.after, text, new_line)
        elif self.items:
            self.items[-1].text = _add(self.items[-1].text, text, new_line)
        else:
            self.text = _add(self.text, text, new_line)

    def finish(self) -> Paragraph:
        items = tuple(Item(item.number, item.text, item.mark) for item in self.items)
        return Paragraph(self.number, self.caption, self.text, items, self.after, self.mark)


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
