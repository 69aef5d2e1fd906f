"""The duties of 第５条 as statements that a user accepts one by one, each with its own verb."""

import re
from dataclasses import dataclass
from enum import StrEnum

from jcanweb.terms.document import Document, TermsUnreadable

DUTIES = 5  # the article that lists the user's duties

_TAIL = r"(?:する|します|いたします|る|ます)(?:(?:もの|こと)(?:と(?:する|します)|です)?)?$"
_AGREE = re.compile(f"(?:同意|承諾){_TAIL}")
_ACKNOWLEDGE = re.compile(f"(?:認め|了承){_TAIL}")
_ASIDE = re.compile(r"（[^（）]*）|\([^()]*\)")


class ConsentVerb(StrEnum):
    AGREE = "agree"
    ACKNOWLEDGE = "acknowledge"
    PROMISE = "promise"


@dataclass(frozen=True)
class Statement:
    number: int
    text: str
    """The item's words exactly as read."""
    verb: ConsentVerb


def statements(document: Document) -> tuple[Statement, ...]:
    """The items of 第５条 in order. Raises TermsUnreadable if there are none, or two lists of them."""
    article = next((article for article in document.articles if article.number == DUTIES), None)
    lists = [paragraph.items for paragraph in article.paragraphs if paragraph.items] if article else []
    if not lists:
        raise TermsUnreadable("第5条に利用者の義務の号（（１）、（２）…）がありません。")
    if len(lists) > 1:
        raise TermsUnreadable("第5条に号の並びが二つ以上あり、どれが利用者の義務か決められません。")
    return tuple(Statement(item.number, item.text, verb(item.text)) for item in lists[0])


def verb(text: str) -> ConsentVerb:
    """What accepting these words means: the first sentence ending in 同意する or 認める decides."""
    for sentence in re.split("[。\n]", _ASIDE.sub("", text)):
        if _AGREE.search(sentence.strip()):
            return ConsentVerb.AGREE
        if _ACKNOWLEDGE.search(sentence.strip()):
            return ConsentVerb.ACKNOWLEDGE
    return ConsentVerb.PROMISE
