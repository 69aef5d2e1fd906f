"""The embedded CA: a root, an issuing CA and a ledger in one directory of its own.

The ledger is the CA's memory, apart from the registration authority's database: what is signed is committed
there (WAL, synchronous=FULL) before the answer is given, so a lost answer is found again by its request_id.
Every call opens its own connection and takes the write lock at once, so threads and processes may share the
directory.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from jcanweb.issuers.port import (
    AlreadyRevoked,
    CertificateStatus,
    Issued,
    IssuerRefused,
    IssuerUnavailable,
    Order,
    Status,
)
from jcanweb.pki.authority import Authority, create_issuing, create_root
from jcanweb.pki.crl import CrlEntry, CrlRefused, build_crl
from jcanweb.pki.profile import build, new_serial, spki_sha256, subject_name
from jcanweb.vocabulary import RevocationReason

LOCK_SECONDS = 10


class LocalIssuer:
    """Keeps the promises of `port.Issuer`. Time is always a parameter; nothing here reads a clock."""

    def __init__(self, directory: Path) -> None:
        """Opens a CA that `create` made. Raises IssuerUnavailable if there is none."""
        self.directory = directory
        if not self.exists(directory):
            raise IssuerUnavailable("the embedded CA has not been set up")
        self.root = x509.load_pem_x509_certificate((directory / "root.pem").read_bytes())
        self.certificate = x509.load_pem_x509_certificate((directory / "issuing.pem").read_bytes())

    @staticmethod
    def exists(directory: Path) -> bool:
        """Has `create` finished here?"""
        return (directory / "issuing.pem").is_file()

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        country: str,
        organization: str,
        root_common_name: str,
        issuing_common_name: str,
        root_certificate_url: str,
        at: datetime,
    ) -> Self:
        """Makes root, issuing CA and an empty ledger, once; a half-made directory is never seen.
        Key files are readable by their owner only. The root key is not used again: move it off the machine.
        Raises IssuerRefused if the CA is there already."""
        if cls.exists(directory):
            raise IssuerRefused("the embedded CA is already there")
        draft = directory.with_name(f".{directory.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        root = create_root(country, organization, root_common_name, at)
        issuing = create_issuing(root, country, organization, issuing_common_name, root_certificate_url, at)
        for name, authority in (("root", root), ("issuing", issuing)):
            _write(draft / f"{name}.key", _key_pem(authority))
            _write(draft / f"{name}.pem", authority.certificate.public_bytes(serialization.Encoding.PEM))
        with contextlib.closing(sqlite3.connect(draft / "ledger.sqlite")) as ledger:
            ledger.executescript(resources.files(__package__).joinpath("local_ledger.sql").read_text("utf-8"))
        try:
            draft.rename(directory)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise IssuerRefused("the embedded CA is already there") from None
        return cls(directory)

    def issue(self, order: Order) -> Issued:
        """Signs once per request_id. Raises IssuerRefused (also for an order that breaks the profile) and
        IssuerUnavailable."""
        try:
            key_sha256, order_sha256 = spki_sha256(order.public_key_der), _fingerprint(order)
        except ValueError as refusal:
            raise IssuerRefused(str(refusal)) from None
        with self._ledger() as ledger:
            row = ledger.execute(
                "SELECT order_sha256, certificate FROM certificate WHERE request_id = ?", (order.request_id,)
            ).fetchone()
            if row is not None:
                if row[0] != order_sha256:
                    raise IssuerRefused("this request_id was used for another order")
                return self._issued(row[1])
            if ledger.execute("SELECT 1 FROM certificate WHERE key_sha256 = ?", (key_sha256,)).fetchone():
                raise IssuerRefused("this key is already certified")
            certificate = self._sign(order)
            der = certificate.public_bytes(serialization.Encoding.DER)
            ledger.execute(
                "INSERT INTO certificate (serial, request_id, order_sha256, key_sha256, certificate)"
                " VALUES (?, ?, ?, ?, ?)",
                (_hex(certificate.serial_number), order.request_id, order_sha256, key_sha256, der),
            )
        return self._issued(der)

    def find(self, request_id: str) -> Issued | None:
        """What was issued for this request_id, or None."""
        with self._ledger() as ledger:
            query = "SELECT certificate FROM certificate WHERE request_id = ?"
            row = ledger.execute(query, (request_id,)).fetchone()
        return None if row is None else self._issued(row[0])

    def revoke(
        self, serial: int, reason: RevocationReason, at: datetime, invalidity_date: datetime | None = None
    ) -> None:
        """Revokes for good. Raises AlreadyRevoked, IssuerRefused for an unknown serial number or an
        invalidity date after the revocation (RFC 5280 §5.3.2)."""
        if invalidity_date is not None and invalidity_date > at:
            raise IssuerRefused("the invalidity date is after the revocation")
        with self._ledger() as ledger:
            status = _status(ledger, serial)
            if status.state is CertificateStatus.UNKNOWN:
                raise IssuerRefused("no certificate has this serial number")
            if status.revoked_at is not None and status.reason is not None:
                raise AlreadyRevoked(status.revoked_at, status.reason)
            since = None if invalidity_date is None else _text(invalidity_date)
            ledger.execute(
                "INSERT INTO revocation (serial, reason, revoked_at, invalidity_date) VALUES (?, ?, ?, ?)",
                (_hex(serial), reason.value, _text(at), since),
            )

    def status(self, serial: int) -> Status:
        """good, revoked (with time and reason), or unknown for a number that was never issued."""
        with self._ledger() as ledger:
            return _status(ledger, serial)

    def crl(self, at: datetime, next_update: datetime) -> bytes:
        """A new full CRL in DER with a number one above the last. Entries stay for ever, thus beyond the
        certificate's expiry (RFC 5280 §3.3). Raises IssuerRefused when `at` is before the last list."""
        with self._ledger() as ledger:
            number, last = ledger.execute("SELECT max(number), max(this_update) FROM crl").fetchone()
            if last is not None and _text(at) < last:
                raise IssuerRefused("the clock stands before the last CRL")
            rows = ledger.execute(
                "SELECT serial, revoked_at, reason, invalidity_date FROM revocation"
                " ORDER BY revoked_at, serial"
            )
            entries = (
                CrlEntry(int(row[0], 16), _time(row[1]), RevocationReason(row[2]), row[3] and _time(row[3]))
                for row in rows
            )
            number = (number or 0) + 1
            try:
                der = build_crl(self.certificate, self._key(), number, at, next_update, entries)
            except CrlRefused as refusal:
                raise IssuerRefused(str(refusal)) from None
            ledger.execute(
                "INSERT INTO crl (number, this_update, next_update, sha256) VALUES (?, ?, ?, ?)",
                (number, _text(at), _text(next_update), hashlib.sha256(der).hexdigest()),
            )
        return der

    def _sign(self, order: Order) -> x509.Certificate:
        public_key = serialization.load_der_public_key(order.public_key_der)
        serial = new_serial()
        profile, subject = order.profile, order.subject
        try:
            builder = build(
                profile, subject, order.years, public_key, self.certificate, serial, order.not_before
            )
        except ValueError as refusal:
            raise IssuerRefused(str(refusal)) from None
        certificate = builder.sign(self._key(), hashes.SHA256())
        again = x509.load_der_x509_certificate(certificate.public_bytes(serialization.Encoding.DER))
        if again.subject != subject_name(profile, subject) or again.serial_number != serial:
            raise IssuerRefused("what was signed is not what was ordered")
        return certificate

    def _issued(self, der: bytes) -> Issued:
        chain = (self.certificate, self.root)
        return Issued(
            der,
            tuple(each.public_bytes(serialization.Encoding.DER) for each in chain),
            x509.load_der_x509_certificate(der).serial_number,
        )

    def _key(self) -> rsa.RSAPrivateKey:
        path = self.directory / "issuing.key"
        return _load_key(str(path), path.stat().st_mtime_ns)

    @contextlib.contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        try:
            place = (self.directory.resolve() / "ledger.sqlite").as_uri() + "?mode=rw"  # never made anew
            ledger = sqlite3.connect(place, uri=True, timeout=LOCK_SECONDS, isolation_level=None)
        except sqlite3.DatabaseError as fault:
            raise IssuerUnavailable(f"the ledger does not open: {fault}") from None
        with contextlib.closing(ledger):
            try:
                ledger.execute("PRAGMA foreign_keys = ON")
                ledger.execute("PRAGMA synchronous = FULL")
                ledger.execute("BEGIN IMMEDIATE")
                yield ledger
                ledger.execute("COMMIT")
            except sqlite3.DatabaseError as fault:
                raise IssuerUnavailable(f"the ledger does not answer: {fault}") from None


@lru_cache(maxsize=8)
def _load_key(path: str, changed: int) -> rsa.RSAPrivateKey:
    """Loading a checked RSA key takes 50 ms: once per process (and again if the file changed)."""
    key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise IssuerUnavailable("the issuing key is not RSA")
    return key


def _status(ledger: sqlite3.Connection, serial: int) -> Status:
    row = ledger.execute(
        "SELECT revoked_at, reason FROM certificate LEFT JOIN revocation USING (serial) WHERE serial = ?",
        (_hex(serial),),
    ).fetchone()
    if row is None:
        return Status(CertificateStatus.UNKNOWN)
    if row[0] is None:
        return Status(CertificateStatus.GOOD)
    return Status(CertificateStatus.REVOKED, _time(row[0]), RevocationReason(row[1]))


def _fingerprint(order: Order) -> str:
    """SHA-256 over what the order decides about the certificate, its begin excepted: a retry may come
    later."""
    parts = [
        spki_sha256(order.public_key_der),
        subject_name(order.profile, order.subject).public_bytes().hex(),
        repr(order.profile),
        str(order.years),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hex(serial: int) -> str:
    return f"{serial:040x}"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _key_pem(authority: Authority) -> bytes:
    return authority.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
