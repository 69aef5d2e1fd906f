"""The only clock of the house. Everything else is handed a time or asks here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system
_elsewhen: ContextVar[datetime | None] = ContextVar("elsewhen", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _elsewhen.get() or _source()


def replace(source: Callable[[], datetime] | None) -> None:
    """Put another clock in place (tests, rehearsals); None puts the system's clock back."""
    global _source
    _source = source or _system


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What happens inside, in this thread, happens at this aware moment: the demo's past days."""
    before = _elsewhen.set(moment)
    try:
        yield
    finally:
        _elsewhen.reset(before)
