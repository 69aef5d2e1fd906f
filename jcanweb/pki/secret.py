"""A value that must not be written anywhere by accident (security.md: never in logs, errors or repr)."""

from typing import Generic, NoReturn, TypeVar

T = TypeVar("T", bytes, str)


class SecretLeak(TypeError):
    """Somebody tried to print, format, compare or pickle a secret."""


class Secret(Generic[T]):
    """Holds bytes or text; only `reveal()` gives it back. str, repr, format, ==, hash and pickle raise
    SecretLeak."""

    __slots__ = ("_value",)
    _value: T

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself, for the one call that needs it."""
        return self._value

    def _refuse(self, *_: object) -> NoReturn:
        raise SecretLeak("a secret is not to be shown; call reveal() where it is used")

    def __repr__(self) -> str:
        self._refuse()

    def __str__(self) -> str:
        self._refuse()

    def __format__(self, spec: str) -> str:
        self._refuse()

    def __eq__(self, other: object) -> bool:
        self._refuse()

    def __hash__(self) -> int:
        self._refuse()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._refuse()
