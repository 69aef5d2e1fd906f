"""Starting the child process of `enclave_process`, speaking with it, and ending it."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jcanweb.pki.enclave_process import receive, send

TIMEOUT = 60.0
"""seconds for one operation; RSA key generation is the longest, well under 5 s on a slow machine"""
HOME = Path(__file__).resolve().parents[2]


class EnclaveError(Exception):
    """The child could not do it; the message is a name and holds no secret."""


class EnclaveFailed(EnclaveError):
    """It ended, took too long, or failed in a way that has no name."""


class CannotOpen(EnclaveError):
    """Wrong token, key, record or changed bytes."""


class WrongPassphrase(EnclaveError):
    """The officer's key file does not open with this passphrase."""


class PassphraseTooShort(EnclaveError):
    """Fewer than 15 characters."""


class KeyMismatch(EnclaveError):
    """The certificate is for another key."""


class GroupsOverlap(EnclaveError):
    """A group of key holders is empty, or two share an officer or a key."""


ERRORS: dict[str, type[EnclaveError]] = {
    "cannot_open": CannotOpen,
    "wrong_passphrase": WrongPassphrase,
    "passphrase_too_short": PassphraseTooShort,
    "key_mismatch": KeyMismatch,
    "groups_overlap": GroupsOverlap,
}


class Child:
    """One child process, ended at the latest when the block ends."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", "jcanweb.pki.enclave_process"],
            cwd=HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what could not be sent to a dead child
                    stream.close()

    def ask(self, operation: str, **fields: Any) -> Any:
        """One request and its answer. Raises EnclaveError."""
        child = self._process
        if child.stdin is None or child.stdout is None:
            raise EnclaveFailed("the child has no pipes")
        alarm = threading.Timer(self._timeout, child.kill)
        alarm.start()
        try:
            send(child.stdin, {"operation": operation, **fields})
            answer = receive(child.stdout)
        except (OSError, ValueError):
            answer = None
        finally:
            alarm.cancel()
        if answer is None:
            raise EnclaveFailed(f"{operation}: the child ended or took too long")
        if "error" in answer:
            name = str(answer["error"])
            raise ERRORS.get(name, EnclaveFailed)(f"{operation}: {name}")
        return answer["ok"]
