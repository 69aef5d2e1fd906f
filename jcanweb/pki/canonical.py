"""The one way to write a value as JSON (RFC 8785) where it is hashed or signed.

Used of it: objects, arrays, strings, true, false, null, and integers that every reader keeps exactly
(RFC 7493 §2.2). Fractions and exponents are refused, so that no two readers see two numbers.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

LARGEST = 2**53 - 1
DEEPEST = 32
"""arrays and objects inside each other"""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class JsonRefused(ValueError):
    """A value that has no canonical form here, or bytes that are no such JSON."""


def canonical(value: object) -> bytes:
    """RFC 8785: no white space, keys ordered by UTF-16 code units, UTF-8. Raises JsonRefused."""
    text = json.dumps(_ordered(value, 0), ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def read(content: bytes) -> Any:
    """The value of JSON in any layout. Raises JsonRefused for what `canonical` could not write, for a key that
    stands twice (RFC 8785 §3.1), and for bytes that are not UTF-8 JSON."""
    try:
        value = json.loads(
            content.decode(), object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused
        )
    except (ValueError, RecursionError):
        raise JsonRefused("not JSON of this kind") from None
    _ordered(value, 0)
    return value


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals. Raises JsonRefused for a time without a zone."""
    if at.tzinfo is None:
        raise JsonRefused("a time without a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: object) -> datetime:
    """The time that `time_text` wrote. Raises JsonRefused."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise JsonRefused("not a time in UTC")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise JsonRefused("not a time in UTC") from None


def base64_text(content: bytes) -> str:
    """RFC 4648 §4."""
    return base64.b64encode(content).decode()


def bytes_of(text: object) -> bytes:
    """The bytes of a base64 text in its one form: no bit left over, no line break. Raises JsonRefused."""
    try:
        content = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        content = None
    if content is None or base64_text(content) != text:
        raise JsonRefused("not base64")
    return content


def _ordered(value: object, depth: int) -> object:
    if depth > DEEPEST:
        raise JsonRefused("nested too deep")
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= LARGEST:
            return int(value)
        case str():
            return _text(value)
        case list() | tuple():
            return [_ordered(one, depth + 1) for one in value]
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise JsonRefused("a key that is no string")
            keys = sorted(value, key=lambda key: _text(key).encode("utf-16-be"))
            return {_text(key): _ordered(value[key], depth + 1) for key in keys}
    raise JsonRefused("a value that has no canonical form")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise JsonRefused("a surrogate that stands alone") from None
    return str(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonRefused("a key stands twice")
    return found


def _refused(_: str) -> NoReturn:
    raise JsonRefused("a number that is no integer")
