"""The only clock of the house. Everything else is handed a time or asks here."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def replace(source: Callable[[], datetime] | None) -> None:
    """Put another clock in place (tests, rehearsals); None puts the system's clock back."""
    global _source
    _source = source or _system
