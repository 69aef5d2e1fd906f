import pytest

from jcanweb.terms import ConsentVerb, TermsUnreadable, read, sample, statements
from jcanweb.terms.statements import verb
from tests.terms.pages import ARTICLES, document

AGREE, ACKNOWLEDGE, PROMISE = ConsentVerb.AGREE, ConsentVerb.ACKNOWLEDGE, ConsentVerb.PROMISE
VERBS = [AGREE, AGREE, ACKNOWLEDGE, PROMISE, PROMISE, PROMISE]


@pytest.mark.parametrize("source", [document(), sample()])
def test_each_duty_is_a_statement_with_its_own_verb(source: bytes):
    document = read(source)
    found = statements(document)
    assert [(s.number, s.verb) for s in found] == list(enumerate(VERBS, 1))
    assert [s.text for s in found] == [item.text for item in document.articles[4].paragraphs[0].items]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("写しを作ることに同意します。", AGREE),
        ("写しを作ることに同意するものとする。", AGREE),
        ("写しを作ることに同意する（予備を除く）。", AGREE),
        ("写しを作ることに同意する。ただし、予備は除く。", AGREE),
        ("取りやめを認めます。", ACKNOWLEDGE),
        ("必要と認める場合は、窓口へ知らせる。", PROMISE),
        ("本人の同意を得ずに見せない。", PROMISE),
        ("使うのをやめること。", PROMISE),
    ],
)
def test_the_verb_is_the_one_that_ends_the_sentence(text: str, expected: ConsentVerb):
    assert verb(text) is expected


def test_an_article_of_duties_without_items_is_refused():
    with pytest.raises(TermsUnreadable, match="第5条に利用者の義務の号"):
        statements(read(document(*(block for block in ARTICLES if block.strip()[0] != "（"))))


def test_a_document_without_the_article_of_duties_is_refused():
    with pytest.raises(TermsUnreadable, match="第5条に利用者の義務の号"):
        statements(read(document(*ARTICLES[:3])))


def test_two_lists_in_the_article_of_duties_are_refused():
    blocks = [
        b.replace("使うのをやめること。", "使うのをやめること。\n２ 次も守ります。\n（１）静かにする。")
        for b in ARTICLES
    ]
    with pytest.raises(TermsUnreadable, match="二つ以上"):
        statements(read(document(*blocks)))
