"""One certificate text beside others: the same subject, a subject taken for another, a subject that changed."""

from collections import Counter
from collections.abc import Iterable

from jcanweb.names.findings import Finding, FindingCode, warn
from jcanweb.names.subject import to_certificate_text

_LISTED = 5
_SEEN = str.maketrans({"0": "o", "1": "l", "i": "l", "m": "rn", "w": "vv", "d": "cl"})
"""Of confusables.txt (Unicode Technical Standard 39 §4) the four lines that lie within the certificate's alphabet:
0→O, 1→l, I→l, m→rn. Since names differing only in case are one name (RFC 5280 §7.1), i and l meet through I.
vv for w and cl for d are our own: a careful eye misses them at the size of a list."""


def subject_key(organization_unit: str, common_name: str) -> str:
    """The key of one subject: equal for two that software must take for the same, at most 129 characters of ASCII.

    Without regard to case and to the number of spaces (caseIgnoreMatch: RFC 5280 §7.1, RFC 4518 §2). A line feed
    stands between, since no certificate text has one.
    """
    return "\n".join(to_certificate_text(typed).casefold() for typed in (organization_unit, common_name))


def skeleton(text: str) -> str:
    """The key under which certificate texts meet that a reader may take for one another; never shown.

    Letters and digits alone, in lower case, look-alikes folded; at most 128 characters for a text of 64.
    The skeleton of a skeleton is itself.
    """
    return "".join(c for c in text.casefold().translate(_SEEN) if c.isalnum())


def subject_keys(organization_unit: str, common_name: str) -> dict[str, str]:
    """What the row of a certificate with these texts keeps so that its duplicates and look-alikes are found by an index."""
    return {"subject_key": subject_key(organization_unit, common_name),
            "organization_unit_look": skeleton(organization_unit), "common_name_look": skeleton(common_name)}  # fmt: skip


def similar(text: str, existing: Iterable[str]) -> Finding | None:
    """A warning when a text looks like a different one that exists; None when none does.

    `existing` may be all there is or only what an index on the skeleton gave. The sentence names texts of
    others: for the eyes of a screener, not of an applicant.
    """
    key = skeleton(text)
    others = list(dict.fromkeys(other for other in existing if other != text and skeleton(other) == key))
    if not others:
        return None
    listed = "".join(f"「{other}」" for other in others[:_LISTED])
    more = f"ほか{len(others) - _LISTED}件" if len(others) > _LISTED else ""
    return warn(
        FindingCode.SIMILAR,
        f"似た名前があります：{listed}{more}。取り違えられるおそれがないか、証拠の書類で確かめてください。",
    )


def marked(text: str, other: str) -> tuple[tuple[str, bool], ...]:
    """The words of a text in their order, each with whether it is missing in the other text."""
    left, words = Counter(other.split()), []
    for word in text.split():
        words.append((word, not left[word]))
        left[word] -= bool(left[word])
    return tuple(words)


def difference(old: str, new: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words gone from the old text and the words come into the new one, each in its own order."""
    gone, come = (tuple(word for word, alone in marked(*pair) if alone) for pair in ((old, new), (new, old)))
    return gone, come


def changed(old: str, new: str) -> Finding | None:
    """A warning that says how a text differs from the one in the previous certificate; None when it does not."""
    if old == new:
        return None
    gone, come = difference(old, new)
    what = [
        f"{label}「{' '.join(words)}」" for label, words in (("前回だけ", gone), ("今回だけ", come)) if words
    ]
    how = "、".join(what) or "語の順序が違います"
    return warn(
        FindingCode.DIFFERENT, f"前回の証明書と違います（{how}）。変わった理由を書類で確かめてください。"
    )
