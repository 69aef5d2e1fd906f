"""The evidence of one certificate as a ZIP that has one form only, under a manifest signed with the receipt key.

Stored, not compressed, without dates or attributes: so `jcanweb/verifier.py` can write it again from its files
and compare every byte.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jcanweb.pki import receipt
from jcanweb.pki.canonical import canonical, time_text

SCHEMA = "jcanweb/bundle/v1"
LARGEST = 20 * 2**20
"""bytes; the verifier reads no more"""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
OWN = {"manifest.json", "audit.json"}


class BundleRefused(ValueError):
    """What is to be signed would not verify."""


class TooLarge(BundleRefused):
    """More bytes than the verifier reads."""


@dataclass(frozen=True)
class Bundle:
    jc_number: str
    application: str
    """受付番号"""
    made_at: datetime
    head: receipt.Head
    entries: tuple[receipt.Entry, ...]
    """the certificate's audit entries, all under this head; the consent's is one of them"""
    files: Mapping[str, bytes]
    """name → content; see `build`"""


def build(bundle: Bundle, key: Ed25519PrivateKey) -> bytes:
    """The ZIP. `files` holds at least receipt.json, application.json and certificate.cer; the verifier also knows
    chain.pem and crl.crl, and any other name is carried with its digest.

    - application.json: a JSON object with number, organization_unit and common_name as approved
    - certificate.cer, crl.crl: DER; chain.pem: the issuing CA's certificate first, the root's last

    Raises BundleRefused: a name out of the pattern or written here (manifest.json, audit.json), an audit entry
    not under the head; TooLarge: more than LARGEST bytes.
    """
    for name in bundle.files:
        if name in OWN or not NAME.fullmatch(name):
            raise BundleRefused(f"no name for a file of a bundle: {name!r}")
    if not all(entry.leads_to(bundle.head) for entry in bundle.entries):
        raise BundleRefused("an audit entry is not under this head")
    files = dict(bundle.files) | {"audit.json": entries_file(bundle.entries)}
    content = canonical(
        {
            "schema_version": SCHEMA,
            "jc_number": bundle.jc_number,
            "application": bundle.application,
            "made_at": time_text(bundle.made_at),
            "audit": receipt.head_fields(bundle.head),
            "files": {
                name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                for name, data in files.items()
            },
        }
    )
    manifest = receipt.write(content, receipt.sign(content, key), part="manifest")
    packed = _pack({"manifest.json": manifest} | {name: files[name] for name in sorted(files)})
    if len(packed) > LARGEST:
        raise TooLarge("too large for the verifier")
    return packed


def entries_file(entries: tuple[receipt.Entry, ...]) -> bytes:
    """audit.json."""
    return canonical([receipt.entry_fields(entry) for entry in entries])


def _pack(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980-01-01
            entry.create_system, entry.external_attr = 3, 0o600 << 16  # the same on every system
            archive.writestr(entry, data)
    return buffer.getvalue()
