"""Free text that leaves the house: what it says of other people is blotted out as far as it can be known."""

import re
from collections.abc import Iterable

BLOT = "〔伏せ字〕"
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+[@＠][\w.-]+")
_HONORIFIC = r"(?=\s*(?:様|さま|さん|氏|殿))"


def blotted(text: str, others: Iterable[str], *, own: str) -> str:
    """The text without e-mail addresses but the `own`, without the names of `others`, in any spacing and case,
    and without one part of such a name before 様, さん, 氏 or 殿. BLOT stands in their place."""
    text = _ADDRESS.sub(lambda found: found[0] if found[0].casefold() == own.casefold() else BLOT, text)
    for name in sorted(filter(str.strip, others), key=len, reverse=True):
        text = re.sub(r"\s*".join(map(re.escape, "".join(name.split()))), BLOT, text, flags=re.IGNORECASE)
        for part in name.split()[:9]:
            text = re.sub(re.escape(part) + _HONORIFIC, BLOT, text, flags=re.IGNORECASE)
    return text
