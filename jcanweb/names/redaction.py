"""Free text that leaves the house: what it says of other people is blotted out as far as it can be known."""

import re
from collections.abc import Callable, Iterable

BLOT = "〔伏せ字〕"
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+[@＠][\w.-]+")
_HONORIFIC = r"(?=\s*(?:様|さま|さん|氏|殿))"


def blotter(others: Iterable[str], *, own: str) -> Callable[[str], str]:
    """What puts BLOT in the place of every e-mail address but the `own`, of the names of `others` in any spacing and
    case, and of one part of such a name before 様, さま, さん, 氏 or 殿."""
    names = {tuple(name.split()) for name in others if name.strip()}
    whole = {r"\s*".join(map(re.escape, "".join(parts))) for parts in names}
    single = {re.escape(part) + _HONORIFIC for parts in names for part in parts}
    longest_first = sorted(whole, key=len, reverse=True) + sorted(single, key=len, reverse=True)
    named = re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)

    def blotted(text: str) -> str:
        kept = _ADDRESS.sub(lambda found: found[0] if found[0].casefold() == own.casefold() else BLOT, text)
        return named.sub(BLOT, kept)

    return blotted
