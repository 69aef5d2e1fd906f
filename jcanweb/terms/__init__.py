"""Reading an official terms document into articles, items and revisions; comparing two. Pure: bytes in, values out."""

from importlib.resources import files

from jcanweb.terms.comparison import (
    ArticleComparison,
    Comparison,
    ItemComparison,
    ParagraphComparison,
    compare,
)
from jcanweb.terms.document import (
    Article,
    Document,
    Item,
    Paragraph,
    Revision,
    SourceKind,
    TermsUnreadable,
    written,
)
from jcanweb.terms.pieces import Change, Piece
from jcanweb.terms.reader import read
from jcanweb.terms.source import kind_of, text_of
from jcanweb.terms.statements import ConsentVerb, Statement, statements

__all__ = [
    "Article",
    "ArticleComparison",
    "Change",
    "Comparison",
    "ConsentVerb",
    "Document",
    "Item",
    "ItemComparison",
    "Paragraph",
    "ParagraphComparison",
    "Piece",
    "Revision",
    "SourceKind",
    "Statement",
    "TermsUnreadable",
    "compare",
    "kind_of",
    "read",
    "sample",
    "statements",
    "text_of",
    "written",
]


def sample() -> bytes:
    """A sample edition in our own words, marked 見本, for use until an official one is published. UTF-8."""
    return files("jcanweb.terms").joinpath("sample.txt").read_bytes()
