"""The articles of a terms document: which line opens an article, paragraph or item, which goes on."""

import re
from collections.abc import Callable, Sequence

from jcanweb.terms import marks
from jcanweb.terms.document import TermsUnreadable
from jcanweb.terms.draft import ArticleDraft, ItemDraft, ParagraphDraft, Words
from jcanweb.terms.lines import Line, join

_CLOSING = re.compile(r"以\s*上")
_SUPPLEMENT = re.compile(r"[附付]\s*則|別\s*[表紙]\s*[0-9０-９]*")
_CHAPTER = re.compile(r"第\s*[0-9０-９一二三四五六七八九十]+\s*[章節編](?:\s[^、。]*|[^、。はがのをに]{,30})")
_DATE_LINE = re.compile(
    r"[（(]?(?:(?:制定|改定|改訂|改正|施行|実施)日?[:：]?\s*)?"
    r"[0-9０-９]{4}\s*[年/.-]\s*[0-9０-９]{1,2}\s*[月/.-]\s*[0-9０-９]{1,2}\s*日?"
    r"\s*(?:制定|改定|改訂|改正|施行|実施|現在|版)?[)）]?"
)
_TABLE_ROW = re.compile(r"\S(?:\t|[ \u3000]{2,})\S.*?(?:\t|[ \u3000]{2,})\S")
_LAST_WORD = re.compile("(?:。|場合|こと|とき|もの|者|事項|行為|情報|書類)[）」』]*$")
_AHEAD = 200  # lines looked at to decide a doubtful number

_Shape = Callable[[str], marks.Mark | None]


class Body:
    """One pass over the lines that are not page furniture."""

    def __init__(self, lines: Sequence[Line], early: Sequence[bool]) -> None:
        self.lines = lines
        self.early = early
        self.articles: list[ArticleDraft] = []
        self.closing = ""
        self.unread: list[Line] = []
        self.first = next((index for index in range(len(lines)) if self._heading(index)[0]), len(lines))
        """Index of the first article heading."""
        self.stopped = len(lines)
        """Index of the line that ended the articles."""
        self._above: int | None = None
        self._over = False
        self._bracketed = True
        if self.first == len(lines):
            raise TermsUnreadable("条（第１条…）が見つかりません。規約の本文を含むファイルを選んでください。")

    def run(self, until: Callable[[str], bool]) -> None:
        """Read from the first heading to the line `until` says yes to, or to the end."""
        index = self.first
        while index < len(self.lines):
            line = self.lines[index]
            if until(line.text) and (self._over or self.early[index] or self._anew(index)):
                self.stopped = index
                return
            taken = 1
            if self._closes(index, until):
                self.closing = line.text
                self._over = True
            elif self._over:
                if self._heading(index)[0]:
                    raise TermsUnreadable(f"本文の終わりの後に条があります（{line.number}行目）。")
                self.unread.append(line)
            elif (self._anew(index) or self._may_end) and self._apart(index):
                self.unread.append(line)
            else:
                span = self._article(index)
                if not span and not self._paragraph(index) and not self._item(index):
                    self._text(index, line.text)
                taken = span or 1
                self._above = index + taken - 1
            index += taken

    def _anew(self, index: int) -> bool:
        """Nothing of a sentence is left open above this line."""
        above = self._above
        if above is None or self.lines[above].ends_sentence or self.early[above]:
            return True
        return self.articles[-1].last.is_empty  # a heading that fills its line

    @property
    def _may_end(self) -> bool:
        """The line above ends in a word that ends an item of a list without a full stop."""
        return self._above is not None and bool(_LAST_WORD.search(self.lines[self._above].text))

    def _closes(self, index: int, until: Callable[[str], bool]) -> bool:
        last = index + 1 == len(self.lines) or until(self.lines[index + 1].text)
        shaped = _CLOSING.fullmatch(self.lines[index].text)
        return bool(shaped) and not self._over and (last or self._anew(index))

    def _apart(self, index: int) -> bool:
        """Supplement, chapter, date line, row of a table: no part of an article."""
        line = self.lines[index]
        if _SUPPLEMENT.fullmatch(line.text):
            self._over = True
            return True
        if _CHAPTER.fullmatch(line.text) and self.early[index]:
            return True
        spaced = _DATE_LINE.fullmatch(line.text) or _TABLE_ROW.search(line.raw.strip())
        return line.row or bool(spaced) or self._tabular(index)

    def _tabular(self, index: int) -> bool:
        """One of two or more lines in a row with three cells or more, and no sentence."""
        return self._cells(index) > 2 and max(self._cells(index - 1), self._cells(index + 1)) > 2

    def _cells(self, index: int) -> int:
        if not self.first <= index < len(self.lines) or not self.early[index]:
            return 0
        text = self.lines[index].text
        marked = marks.heading(text) or marks.paragraph(text) or marks.item(text) or marks.sublist(text)
        return 0 if marked or re.search("[、。：:]", text) else len(text.split())

    def _heading(self, index: int) -> tuple[marks.Heading | None, int]:
        """The heading beginning on this line and how many lines it takes (its bracket may close below)."""
        text = self.lines[index].text
        shape = marks.heading(text)
        if shape and not shape.closed:
            for span, more in enumerate(self.lines[index + 1 : index + 3], 2):
                text = join(text, more.text)
                longer = marks.heading(text)
                if longer and longer.closed:
                    return (None, 0) if longer.rest else (longer, span)
            return None, 0
        return (shape, 1) if shape and (shape.bracketed or self.early[index]) else (None, 0)

    def _article(self, index: int) -> int:
        """Open an article and say how many lines its heading takes; 0 if this line is none."""
        line, (shape, span) = self.lines[index], self._heading(index)
        if not shape or (self.articles and shape.bracketed != self._bracketed):
            return 0
        expected = len(self.articles) + 1
        alone = shape.bracketed and not shape.rest and self.early[index + span - 1]
        if not (self._anew(index) or alone):
            return 0
        if shape.branch:
            raise TermsUnreadable(f"枝番号の条（{shape.written}）は取り込めません（{line.number}行目）。")
        if shape.number != expected:
            raise TermsUnreadable(
                f"条の番号が順になっていません（{line.number}行目）。"
                f"第{expected}条のところに「{shape.written}」があります。"
            )
        self._bracketed = shape.bracketed
        self.articles.append(ArticleDraft(shape.number, shape.words, shape.written))
        if shape.rest:
            self._text(index, shape.rest)
        return span

    def _paragraph(self, index: int) -> bool:
        line, article = self.lines[index], self.articles[-1]
        shape = marks.paragraph(line.text)
        if not shape:
            return False
        empty = article.last.is_empty and not article.last.mark
        expected = article.last.number + (not empty)
        if not self._believed(index, shape, expected, marks.paragraph, "項"):
            return False
        if empty:
            article.last.mark = shape.written
        else:
            article.paragraphs.append(ParagraphDraft(shape.number, shape.written))
        self._text(index, shape.rest)
        return True

    def _item(self, index: int) -> bool:
        line, paragraph = self.lines[index], self.articles[-1].last
        shape = marks.item(line.text)
        if not shape:
            return False
        expected = len(paragraph.items) + 1
        inner = paragraph.items and marks.style(shape.written) != marks.style(paragraph.items[0].mark)
        if inner and (shape.number == paragraph.inner + 1 or shape.number != expected):
            paragraph.inner = shape.number
            return False
        if not self._believed(index, shape, expected, marks.item, "号"):
            return False
        paragraph.begin(ItemDraft(shape.number, shape.written, Words(shape.rest)))
        return True

    def _believed(self, index: int, shape: marks.Mark, expected: int, kind: _Shape, word: str) -> bool:
        """Whether the number opens a paragraph or item here. Refuses one out of order."""
        if self._anew(index):
            if shape.number != expected:
                raise self._disorder(index, shape, expected, word)
            return True
        if shape.number != expected:
            if self._may_end and shape.number in (expected - 1, expected + 1):
                raise self._disorder(index, shape, expected, word)
            return False
        for later in range(index + 1, min(index + _AHEAD, len(self.lines))):
            if self._heading(later)[0] and self.early[later]:
                break
            other = kind(self.lines[later].text)
            if other and (self.early[later - 1] or self.lines[later - 1].ends_sentence):
                if other.number in (expected, expected + 1):
                    return other.number == expected + 1
                break
        return self._may_end

    def _disorder(self, index: int, shape: marks.Mark, expected: int, word: str) -> TermsUnreadable:
        return TermsUnreadable(
            f"第{self.articles[-1].number}条の{word}の番号が順になっていません（{self.lines[index].number}行目）。"
            f"{expected}のところに「{shape.written}」があります。"
        )

    def _text(self, index: int, text: str) -> None:
        """Text of the open paragraph or item; a short first line that ends no sentence is a caption."""
        paragraph = self.articles[-1].last
        if paragraph.is_empty and self._captions(index, text):
            paragraph.caption = text
            return
        above = self._above
        broken = above is not None and self.early[above]
        listed = marks.sublist(text) and self._anew(index)
        finished = broken and above is not None and self.lines[above].ends_sentence
        paragraph.add(text, new_line=listed or finished, below=broken and not listed)

    def _captions(self, index: int, text: str) -> bool:
        if not self.early[index] or re.search("[、。：:]", text) or index + 1 >= len(self.lines):
            return False
        below = self.lines[index + 1].text
        shapes = (marks.heading(below), marks.paragraph(below), marks.item(below))
        return not any(shapes) and not marks.sublist(below) and not _CLOSING.fullmatch(below)
