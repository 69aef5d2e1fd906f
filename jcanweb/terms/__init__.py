"""Reading an official terms document into articles, items and revisions. Pure: bytes in, values out."""

from importlib.resources import files

from jcanweb.terms.document import Article, Document, Item, Paragraph, Revision, TermsUnreadable, written
from jcanweb.terms.reader import read
from jcanweb.terms.statements import ConsentVerb, Statement, statements

__all__ = [
    "Article",
    "ConsentVerb",
    "Document",
    "Item",
    "Paragraph",
    "Revision",
    "Statement",
    "TermsUnreadable",
    "read",
    "sample",
    "statements",
    "written",
]


def sample() -> bytes:
    """A sample edition in our own words, marked 見本, for use until an official one is published. UTF-8."""
    return files("jcanweb.terms").joinpath("sample.txt").read_bytes()
