"""Free text of several lines: reasons, comments, grounds."""

from jcanweb.names.characters import describe, unseen
from jcanweb.names.person import is_variation
from jcanweb.names.refusal import NameRefused


def check_words(typed: str, what: str, longest: int = 1000) -> str:
    """The text with \\n as line end and without blanks around it; an empty one stays empty.

    `what` is the Japanese word of the field for the sentence; `longest` counts code points. Raises `NameRefused`
    on too much, and on control, bidirectional, invisible and unassigned characters other than a line end
    and the variation selector of a kanji.
    """
    words = typed.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(words) > longest:
        raise NameRefused(f"{what}は{longest}文字以内で入力してください（いま {len(words)} 文字）。")
    strange = next((character for before, character in zip(" " + words, words, strict=False)
                    if character != "\n" and unseen(character) and not is_variation(before, character)), None)  # fmt: skip
    if strange:
        raise NameRefused(f"{what}に見えない文字（{describe(strange)}）が含まれています。消してください。")
    return words
