"""What changed between two editions: article by article, paragraph by paragraph, item by item, word by word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jcanweb.terms.document import Article, Document, Item, Paragraph, Revision
from jcanweb.terms.lines import is_page_number
from jcanweb.terms.pairing import Part, pairs
from jcanweb.terms.pieces import Pieces, is_changed, pieces

T = TypeVar("T", Item, Paragraph, Article)


@dataclass(frozen=True)
class ItemComparison:
    old: Item | None
    """None: only the new edition has it."""
    new: Item | None
    """None: only the old edition has it."""
    text: Pieces

    @property
    def moved(self) -> bool:
        """In both, under another number."""
        return _moved(self.old, self.new)

    @property
    def changed(self) -> bool:
        """Words or number; an added or removed one too."""
        return not (self.old and self.new) or self.moved or is_changed(self.text)


@dataclass(frozen=True)
class ParagraphComparison:
    old: Paragraph | None
    new: Paragraph | None
    caption: Pieces
    text: Pieces
    items: tuple[ItemComparison, ...]
    after: Pieces

    @property
    def moved(self) -> bool:
        """In both, under another number."""
        return _moved(self.old, self.new)

    @property
    def changed(self) -> bool:
        """Words or number, here or in an item; an added or removed one too."""
        words = is_changed(self.caption + self.text + self.after)
        own = not (self.old and self.new) or self.moved or words
        return own or any(item.changed for item in self.items)


@dataclass(frozen=True)
class ArticleComparison:
    old: Article | None
    new: Article | None
    heading: Pieces
    paragraphs: tuple[ParagraphComparison, ...]

    @property
    def number(self) -> int:
        """In the new edition; of a removed article in the old one."""
        article = self.new or self.old
        return article.number if article else 0

    @property
    def moved(self) -> bool:
        """In both, under another number."""
        return _moved(self.old, self.new)

    @property
    def changed(self) -> bool:
        """Words or number, here or below; an added or removed one too."""
        own = not (self.old and self.new) or self.moved or is_changed(self.heading)
        return own or any(paragraph.changed for paragraph in self.paragraphs)


@dataclass(frozen=True)
class Comparison:
    title: Pieces
    publisher: Pieces
    articles: tuple[ArticleComparison, ...]
    """In the order of the new edition; a removed one below the one it stood below."""
    revisions_added: tuple[Revision, ...]
    revisions_removed: tuple[Revision, ...]
    elsewhere: Pieces
    """Lines outside the articles (`Document.unread`: supplement, tables), less page numbers and repeats."""

    @property
    def changed(self) -> bool:
        """Whether the editions differ in any word or number."""
        around = is_changed(self.title + self.publisher + self.elsewhere)
        revisions = bool(self.revisions_added or self.revisions_removed)
        return around or revisions or any(article.changed for article in self.articles)


def compare(old: Document, new: Document) -> Comparison:
    """The differences between two editions.

    Articles, paragraphs and items are found again as `pairing` says; then their words are compared.
    """
    return Comparison(
        title=pieces(old.title, new.title),
        publisher=pieces(old.publisher, new.publisher),
        articles=tuple(_article(a, b) for a, b in _paired(old.articles, new.articles, _of_article)),
        revisions_added=tuple(row for row in new.revisions if row not in old.revisions),
        revisions_removed=tuple(row for row in old.revisions if row not in new.revisions),
        elsewhere=pieces(_elsewhere(old), _elsewhere(new)),
    )


def _article(old: Article | None, new: Article | None) -> ArticleComparison:
    paragraphs = _paired(old.paragraphs if old else (), new.paragraphs if new else (), _of_paragraph)
    heading = pieces(old.heading if old else "", new.heading if new else "")
    return ArticleComparison(old, new, heading, tuple(_paragraph(a, b) for a, b in paragraphs))


def _paragraph(old: Paragraph | None, new: Paragraph | None) -> ParagraphComparison:
    items = _paired(old.items if old else (), new.items if new else (), _of_item)
    return ParagraphComparison(
        old,
        new,
        caption=pieces(old.caption if old else "", new.caption if new else ""),
        text=pieces(old.text if old else "", new.text if new else ""),
        items=tuple(ItemComparison(a, b, pieces(a.text if a else "", b.text if b else "")) for a, b in items),
        after=pieces(old.after if old else "", new.after if new else ""),
    )


def _paired(old: Sequence[T], new: Sequence[T], part: Callable[[T], Part]) -> list[tuple[T | None, T | None]]:
    found = pairs([part(one) for one in old], [part(one) for one in new])
    return [(None if a is None else old[a], None if b is None else new[b]) for a, b in found]


def _of_item(item: Item) -> Part:
    return Part(item.number, "", item.text)


def _of_paragraph(paragraph: Paragraph) -> Part:
    items = "".join(item.text for item in paragraph.items)
    return Part(paragraph.number, paragraph.caption, paragraph.text + items + paragraph.after)


def _of_article(article: Article) -> Part:
    inside = [_of_paragraph(paragraph) for paragraph in article.paragraphs]
    return Part(article.number, article.heading, "".join(one.heading + one.text for one in inside))


def _moved(old: Item | Paragraph | Article | None, new: Item | Paragraph | Article | None) -> bool:
    return old is not None and new is not None and old.number != new.number


def _elsewhere(document: Document) -> str:
    known = {document.title, document.publisher}
    rows = dict.fromkeys(text for _, text in document.unread if not is_page_number(text))
    return "\n".join([*(row for row in rows if row not in known), document.closing])
