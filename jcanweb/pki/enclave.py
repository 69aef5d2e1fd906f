"""Work with keys, PINs and PKCS#12, done in a child process that ends afterwards.

What Python once held stays in its memory after `del` (measured), so the web process never holds it: it sends
public things in and gets sealed things out. The two exceptions are the person at the page: the content of a
delivery that is being taken, and the passphrase of an officer that is being typed; both only pass through.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from jcanweb.pki.enclave_child import (
    TIMEOUT,
    CannotOpen,
    Child,
    EnclaveError,
    EnclaveFailed,
    GroupsOverlap,
    KeyMismatch,
    PassphraseTooShort,
    WrongPassphrase,
)
from jcanweb.pki.officer_key import OfficerKey
from jcanweb.pki.pfx import ROUNDS
from jcanweb.pki.vault import Officer, SealedRecord, Share

__all__ = [
    "CannotOpen",
    "EnclaveError",
    "EnclaveFailed",
    "GroupsOverlap",
    "Finished",
    "Issuing",
    "KeyMismatch",
    "OpenedBackup",
    "PassphraseTooShort",
    "WrongPassphrase",
    "check_officer_key",
    "check_share",
    "new_ephemeral",
    "new_officer_key",
    "open_custodian_share",
    "open_delivery",
    "recover",
]


@dataclass(frozen=True)
class Finished:
    """All of it sealed: nothing here opens with what the server has."""

    pfx_sealed: SealedRecord
    pin_sealed: SealedRecord
    pfx_delivery: bytes
    pin_delivery: bytes


@dataclass(frozen=True)
class OpenedBackup:
    """A vault record and both halves of its key, each sealed to the recovery's ephemeral key."""

    record_id: str
    nonce: bytes
    ciphertext: bytes
    custodian_share: bytes
    security_share: bytes


class Issuing:
    """`with Issuing() as issuing:` – a key that lives in the child until `finish` has sealed it.

    Leaving the block without `finish` destroys the key.
    """

    def __init__(self, key_bits: int = 2048, rounds: int = ROUNDS, timeout: float = TIMEOUT) -> None:
        self._child = Child(timeout)
        self._key_bits, self._rounds = key_bits, rounds
        self.public_key = b""
        """SubjectPublicKeyInfo in DER"""

    def __enter__(self) -> Self:
        self._child.__enter__()
        try:
            self.public_key = self._child.ask("begin", key_bits=self._key_bits)
        except BaseException:
            self._child.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.__exit__(kind, error, trace)

    def finish(
        self,
        certificate_der: bytes,
        chain_der: list[bytes] | tuple[bytes, ...],
        friendly_name: str,
        *,
        pfx_custodians: list[Officer],
        pin_custodians: list[Officer],
        security_officers: list[Officer],
        pfx_record_id: str,
        pin_record_id: str,
        pfx_delivery_token: str,
        pin_delivery_token: str,
        pfx_delivery_context: str,
        pin_delivery_context: str,
    ) -> Finished:
        """PKCS#12 and PIN, each as a vault record and as a delivery. The record ids are new and unique;
        tokens are of sealbox.new_token. Raises KeyMismatch, GroupsOverlap, EnclaveFailed."""
        outlet = _outlet(
            pfx_custodians,
            pin_custodians,
            security_officers,
            (pfx_record_id, pfx_delivery_token, pfx_delivery_context),
            (pin_record_id, pin_delivery_token, pin_delivery_context),
        )
        answer = self._child.ask(
            "finish",
            certificate=certificate_der,
            chain=list(chain_der),
            friendly_name=friendly_name,
            rounds=self._rounds,
            outlet=outlet,
        )
        return _finished(answer)


def open_delivery(token: str, sealed: bytes, context: str, timeout: float = TIMEOUT) -> bytes:
    """The content of a delivery: the PKCS#12, or the PIN in ASCII. Raises CannotOpen, EnclaveFailed."""
    with Child(timeout) as child:
        content: bytes = child.ask("open_delivery", token=token, sealed=sealed, context=context)
    return content


def new_officer_key(passphrase: str, timeout: float = TIMEOUT) -> OfficerKey:
    """A new key of an officer. Raises PassphraseTooShort, EnclaveFailed."""
    with Child(timeout) as child:
        return OfficerKey(**child.ask("new_officer_key", passphrase=passphrase))


def check_officer_key(officer_pem: bytes, passphrase: str, timeout: float = TIMEOUT) -> bytes:
    """The public half of a key file that opens. Raises WrongPassphrase, EnclaveFailed."""
    with Child(timeout) as child:
        public_key: bytes = child.ask("check_officer_key", pem=officer_pem, passphrase=passphrase)
    return public_key


def open_custodian_share(
    officer_pem: bytes,
    passphrase: str,
    sealed: bytes,
    info: bytes,
    ephemeral_public_key: bytes,
    reseal_info: bytes,
    timeout: float = TIMEOUT,
) -> bytes:
    """An officer's share, sealed to the recovery's key. `info` is vault.share_info, `reseal_info` is
    vault.reseal_info. Raises WrongPassphrase, CannotOpen, EnclaveFailed."""
    with Child(timeout) as child:
        resealed: bytes = child.ask(
            "open_share",
            pem=officer_pem,
            passphrase=passphrase,
            sealed=sealed,
            info=info,
            ephemeral_public_key=ephemeral_public_key,
            reseal_info=reseal_info,
        )
    return resealed


def new_ephemeral(timeout: float = TIMEOUT) -> tuple[bytes, bytes]:
    """Private and public key (32 bytes each) of one recovery. The private one is kept sealed until it is
    used."""
    with Child(timeout) as child:
        made = child.ask("new_ephemeral")
    return made["private_key"], made["public_key"]


def check_share(
    ephemeral_private_key: bytes, resealed: bytes, reseal_info: bytes, timeout: float = TIMEOUT
) -> None:
    """A share sealed to this recovery opens with the recovery's key. Raises CannotOpen, EnclaveFailed."""
    with Child(timeout) as child:
        child.ask(
            "check_share", ephemeral_private_key=ephemeral_private_key, resealed=resealed, info=reseal_info
        )


def recover(
    *,
    ephemeral_private_key: bytes,
    recovery_id: str,
    serial: int,
    cert_sha256: str,
    pfx: OpenedBackup,
    pin: OpenedBackup,
    pfx_custodians: list[Officer],
    pin_custodians: list[Officer],
    security_officers: list[Officer],
    pfx_record_id: str,
    pin_record_id: str,
    pfx_delivery_token: str,
    pin_delivery_token: str,
    pfx_delivery_context: str,
    pin_delivery_context: str,
    rounds: int = ROUNDS,
    timeout: float = TIMEOUT,
) -> Finished:
    """Opens both backups and gives the same key under a new PIN: new records, which replace the old, and new
    deliveries. Nothing unsealed comes back. Raises CannotOpen, GroupsOverlap, EnclaveFailed."""
    outlet = _outlet(
        pfx_custodians,
        pin_custodians,
        security_officers,
        (pfx_record_id, pfx_delivery_token, pfx_delivery_context),
        (pin_record_id, pin_delivery_token, pin_delivery_context),
    )
    with Child(timeout) as child:
        answer = child.ask(
            "recover",
            ephemeral_private_key=ephemeral_private_key,
            recovery_id=recovery_id,
            serial=serial,
            cert_sha256=cert_sha256,
            backups={kind: _opened(backup) for kind, backup in (("pfx", pfx), ("pin", pin))},
            rounds=rounds,
            outlet=outlet,
        )
    return _finished(answer)


def _opened(backup: OpenedBackup) -> dict[str, Any]:
    return {
        "record_id": backup.record_id,
        "nonce": backup.nonce,
        "ciphertext": backup.ciphertext,
        "custodian": backup.custodian_share,
        "security": backup.security_share,
    }


def _outlet(
    pfx_custodians: list[Officer],
    pin_custodians: list[Officer],
    security_officers: list[Officer],
    pfx_target: tuple[str, str, str],
    pin_target: tuple[str, str, str],
) -> dict[str, Any]:
    names = ("record_id", "token", "context")
    return {
        "pfx": pfx_custodians,
        "pin": pin_custodians,
        "security": security_officers,
        "targets": {
            "pfx": dict(zip(names, pfx_target, strict=True)),
            "pin": dict(zip(names, pin_target, strict=True)),
        },
    }


def _finished(answer: dict[str, Any]) -> Finished:
    return Finished(
        _record(answer["pfx_sealed"]),
        _record(answer["pin_sealed"]),
        answer["pfx_delivery"],
        answer["pin_delivery"],
    )


def _record(sealed: dict[str, Any]) -> SealedRecord:
    shares = tuple(Share(half, officer_id, share) for half, officer_id, share in sealed["shares"])
    return SealedRecord(sealed["nonce"], sealed["ciphertext"], sealed["commit_sha256"], shares)
