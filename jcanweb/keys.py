"""The keys of this installation: files in instance/keys, made once, readable by their owner only."""

from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jcanweb.config import setting
from jcanweb.issuers.local import LocalIssuer
from jcanweb.issuers.port import IssuerRefused
from jcanweb.pki.sealbox import Sealer, new_key_file, read_key_file

_held: dict[str, Any] = {}


def load(app: Any) -> None:
    """Make or read the session secret, the field-sealing key and the two keys that sign; nothing of them reaches
    the database."""
    folder = Path(app.instance_path) / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _key(folder / "session.key")
    _held.clear()
    _held["sealer"] = Sealer(_key(folder / "field.key"))
    for purpose in ("presentation", "receipt"):
        _held[purpose] = Ed25519PrivateKey.from_private_bytes(_key(folder / f"{purpose}.key"))
    _held["ca"] = Path(app.instance_path) / "ca"
    app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or secret.hex()
    app.config["SECURITY_PASSWORD_SALT"] = derive(secret, "password salt")
    app.config["SECURITY_TOTP_SECRETS"] = {"1": derive(_key(folder / "field.key"), "totp")}


def derive(secret: bytes, purpose: str) -> str:
    """Another key for another purpose, hexadecimal (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, None, f"jcanweb/{purpose}".encode()).derive(secret).hex()


def _key(path: Path) -> bytes:
    return read_key_file(path) if path.exists() else new_key_file(path)


def sealer() -> Sealer:
    """Seals small fields at rest: waiting mails, documents, a recovery's ephemeral key."""
    seal: Sealer = _held["sealer"]
    return seal


def presentation_key() -> Ed25519PrivateKey:
    """Signs what a person is about to be shown, and nothing else."""
    key: Ed25519PrivateKey = _held["presentation"]
    return key


def receipt_key() -> Ed25519PrivateKey:
    """Signs receipts and what is handed out with them, and nothing else."""
    key: Ed25519PrivateKey = _held["receipt"]
    return key


def issuer() -> LocalIssuer:
    """The embedded CA, opened once per process."""
    if "issuer" not in _held:
        _held["issuer"] = LocalIssuer(_held["ca"])
    found: LocalIssuer = _held["issuer"]
    return found


def create_ca(at: datetime) -> LocalIssuer:
    """Make root and issuing CA at first start; an existing one is left as it is."""
    try:
        _held["issuer"] = LocalIssuer.create(
            _held["ca"],
            country=setting("LRA_COUNTRY"),
            organization=setting("LRA_ORGANIZATION"),
            root_common_name="jcanweb Root CA",
            issuing_common_name="jcanweb Issuing CA",
            root_certificate_url=f"{setting('PUBLIC_URL')}/ca/root.cer",
            at=at,
        )
    except IssuerRefused:
        pass  # another process, or an earlier start, has made it
    return issuer()
