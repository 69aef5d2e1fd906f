"""The child process in which keys, PINs and PKCS#12 exist: `enclave` starts it and speaks with it.

Messages are JSON with a length of 4 bytes before it, on stdin and stdout; bytes are base64. Each request
names an operation; the answer is {"ok": …} or {"error": name}, a name without any detail. The process ends
with its stdin, and memory goes with it. It imports the standard library and `cryptography` only: it has to
start fast.
"""

import base64
import contextlib
import ctypes
import hashlib
import json
import sys
from collections.abc import Callable
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jcanweb.pki import officer_key, pfx, sealbox, vault
from jcanweb.pki.pin import new_pin
from jcanweb.vocabulary import SecretKind

MAXIMUM_MESSAGE = 1 << 24
PR_SET_DUMPABLE = 4


class KeyMismatch(ValueError):
    """The certificate is not for the key that this process made."""


class OutOfOrder(ValueError):
    """`finish` without `begin`, or an operation that does not exist."""


ERRORS: dict[type[Exception], str] = {
    officer_key.WrongPassphrase: "wrong_passphrase",
    officer_key.PassphraseTooShort: "passphrase_too_short",
    vault.CannotOpen: "cannot_open",
    sealbox.CannotUnseal: "cannot_open",
    pfx.CannotOpenPfx: "cannot_open",
    vault.GroupsOverlap: "groups_overlap",
    KeyMismatch: "key_mismatch",
    OutOfOrder: "out_of_order",
}


class Enclave:
    """The operations; state is the one key and PIN between `begin` and `finish`."""

    def __init__(self) -> None:
        self._key: rsa.RSAPrivateKey | None = None

    def begin(self, key_bits: int) -> bytes:
        """Makes the subscriber's key; gives its SubjectPublicKeyInfo."""
        self._key = rsa.generate_private_key(65537, key_bits)
        return self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def finish(
        self, certificate: bytes, chain: list[bytes], friendly_name: str, rounds: int, outlet: dict[str, Any]
    ) -> dict[str, Any]:
        """Puts key, certificate and chain into a PKCS#12 under a new PIN, and seals both."""
        if self._key is None:
            raise OutOfOrder
        key, self._key = self._key, None
        loaded = x509.load_der_x509_certificate(certificate)
        if loaded.public_key() != key.public_key():
            raise KeyMismatch
        links = tuple(x509.load_der_x509_certificate(link) for link in chain)
        return _put_out(pfx.PfxContent(key, loaded, links, friendly_name), rounds, outlet)

    def open_delivery(self, token: str, sealed: bytes, context: str) -> bytes:
        """The content of a delivery."""
        return sealbox.open_delivery(token, sealed, context)

    def new_officer_key(self, passphrase: str) -> dict[str, Any]:
        """A key pair of an officer, the private half encrypted."""
        made = officer_key.new_officer_key(passphrase)
        return {"private_pem": made.private_pem, "public_key": made.public_key}

    def check_officer_key(self, pem: bytes, passphrase: str) -> bytes:
        """The public half of an officer's key file that opens."""
        return officer_key.load_officer_key(pem, passphrase).public_key().public_bytes_raw()

    def open_share(
        self,
        pem: bytes,
        passphrase: str,
        sealed: bytes,
        info: bytes,
        ephemeral_public_key: bytes,
        reseal_info: bytes,
    ) -> bytes:
        """Opens an officer's share and seals it again to a recovery's key."""
        key = officer_key.load_officer_key(pem, passphrase)
        return vault.reseal_share(key, sealed, info, ephemeral_public_key, reseal_info)

    def new_ephemeral(self) -> dict[str, Any]:
        """A key pair for one recovery."""
        key = X25519PrivateKey.generate()
        return {"private_key": key.private_bytes_raw(), "public_key": key.public_key().public_bytes_raw()}

    def check_share(self, ephemeral_private_key: bytes, resealed: bytes, info: bytes) -> bool:
        """Does a share that was sealed to a recovery open there?"""
        vault.open_share(X25519PrivateKey.from_private_bytes(ephemeral_private_key), resealed, info)
        return True

    def recover(
        self,
        ephemeral_private_key: bytes,
        recovery_id: str,
        serial: int,
        cert_sha256: str,
        backups: dict[str, dict[str, Any]],
        rounds: int,
        outlet: dict[str, Any],
    ) -> dict[str, Any]:
        """Joins both records, opens the PKCS#12 with its old PIN and puts the key out under a new one."""
        opener = X25519PrivateKey.from_private_bytes(ephemeral_private_key)
        contents = {
            kind: _join(opener, recovery_id, kind, serial, cert_sha256, backups[kind.value])
            for kind in SecretKind
        }
        content = pfx.open_pfx(contents[SecretKind.PFX], contents[SecretKind.PIN].decode())
        return _put_out(content, rounds, outlet)


def _join(
    opener: X25519PrivateKey,
    recovery_id: str,
    kind: SecretKind,
    serial: int,
    sha256: str,
    backup: dict[str, Any],
) -> bytes:
    aad = vault.record_aad(kind, backup["record_id"], serial, sha256)
    halves: tuple[vault.Half, vault.Half] = ("custodian", "security")
    a, s = (
        vault.open_share(opener, backup[half], vault.reseal_info(aad, half, recovery_id)) for half in halves
    )
    return vault.join(backup["nonce"], backup["ciphertext"], aad, a, s)


def _put_out(content: pfx.PfxContent, rounds: int, outlet: dict[str, Any]) -> dict[str, Any]:
    """One PKCS#12 and its new PIN, each into a vault record and a delivery; nothing leaves unsealed."""
    groups = {name: [(officer, key) for officer, key in outlet[name]] for name in ("pfx", "pin", "security")}
    vault.check_groups(*groups.values())
    pin = new_pin()
    serial, sha256 = content.certificate.serial_number, _sha256(content.certificate)
    made: dict[str, Any] = {}
    for kind, secret in (
        (SecretKind.PFX, pfx.build_pfx(content, pin, rounds)),
        (SecretKind.PIN, pin.encode()),
    ):
        target = outlet["targets"][kind.value]
        record = vault.seal(
            secret, kind, target["record_id"], serial, sha256, groups[kind.value], groups["security"]
        )
        made[f"{kind.value}_sealed"] = {
            "nonce": record.nonce,
            "ciphertext": record.ciphertext,
            "commit_sha256": record.commit_sha256,
            "shares": [[share.half, share.officer_id, share.sealed] for share in record.shares],
        }
        made[f"{kind.value}_delivery"] = sealbox.seal_delivery(target["token"], secret, target["context"])
    return made


def _sha256(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def pack(value: Any) -> Any:
    """JSON has no bytes: {"b64": …}."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: pack(one) for name, one in value.items()}
    return [pack(one) for one in value] if isinstance(value, list | tuple) else value


def unpack(value: Any) -> Any:
    """The reverse of `pack`."""
    if isinstance(value, dict):
        if value.keys() == {"b64"}:
            return base64.b64decode(value["b64"])
        return {name: unpack(one) for name, one in value.items()}
    return [unpack(one) for one in value] if isinstance(value, list) else value


def send(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Writes one message."""
    content = json.dumps(pack(message)).encode()
    stream.write(len(content).to_bytes(4) + content)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Reads one message; None at the end, or when it is cut or too long."""
    head = stream.read(4)
    if len(head) < 4 or (size := int.from_bytes(head)) > MAXIMUM_MESSAGE:
        return None
    content = stream.read(size)
    if len(content) < size:
        return None
    message: dict[str, Any] = unpack(json.loads(content))
    return message


def harden() -> None:
    """No core dump and no debugger: RLIMIT_CORE 0; on Linux PR_SET_DUMPABLE 0 (prctl(2))."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def main() -> None:
    """Answers requests until stdin ends."""
    harden()
    enclave = Enclave()
    operations: dict[str, Callable[..., Any]] = {
        name: getattr(enclave, name) for name in vars(Enclave) if not name.startswith("_")
    }
    while (request := receive(sys.stdin.buffer)) is not None:
        try:
            operation = operations.get(request.pop("operation"))
            if operation is None:
                raise OutOfOrder
            answer = {"ok": operation(**request)}
        except Exception as error:  # whatever it is, only its name leaves: a message may hold a secret
            answer = {"error": ERRORS.get(type(error), "failed")}
        send(sys.stdout.buffer, answer)


if __name__ == "__main__":
    main()
