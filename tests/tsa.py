"""A time-stamping authority for tests: `openssl ts` under a root and a certificate made here, and the same by hand
for the stamps that openssl would not give."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
"""openssl stamps with the machine's clock, so the certificates hold for long"""

CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.2.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = {ess}
"""

SHA256 = bytes.fromhex("300d06096086480165030402010500")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
METHODS = {
    "ec": bytes.fromhex("300a06082a8648ce3d040302"),
    "rsa": bytes.fromhex("300d06092a864886f70d0101010500"),
}


def openssl(*arguments):
    """What openssl prints."""
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def new_key(kind):
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)


def certify(name, key, issuer=None, issuer_key=None, *, ca=False, usage=(ExtendedKeyUsageOID.TIME_STAMPING,),
            critical=True, until=TO):  # fmt: skip
    """A certificate of a TSA or, with ca, of a CA; signed by itself without an issuer."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
        .issuer_name(issuer.subject if issuer else subject).serial_number(x509.random_serial_number())
        .not_valid_before(FROM).not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )  # fmt: skip
    if ca:
        use = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(use, critical=True)
    elif usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    return builder.sign(issuer_key or key, hashes.SHA256())


@dataclass(frozen=True)
class Tsa:
    folder: Path
    kind: str
    root: x509.Certificate
    root_key: Any
    certificate: x509.Certificate
    key: Any

    @property
    def root_pem(self):
        return self.root.public_bytes(PEM)

    def answer(self, request):
        """The TimeStampResp of openssl to a TimeStampReq."""
        (self.folder / "request.tsq").write_bytes(request)
        openssl("ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile", self.folder / "request.tsq",
                "-out", self.folder / "answer.tsr")  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()

    def stamp(self, signed, certificate=None, *, at="20261124010005Z", kind=TST_INFO, told=None, others=(),
              method=None):  # fmt: skip
        """A token by hand (RFC 5652 §5). `kind`: eContentType; `told`: the content type among the signed
        attributes; `others`: more certificates in it; `method`: the signature's AlgorithmIdentifier."""
        certificate, method = certificate or self.certificate, method or METHODS[self.kind]
        imprint = tlv(0x30, SHA256, tlv(0x04, hashlib.sha256(signed).digest()))
        policy = bytes.fromhex("06042a030405")
        info = tlv(0x30, b"\x02\x01\x01", policy, imprint, b"\x02\x01\x05", tlv(0x18, at.encode()))
        ess = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, certificate.fingerprint(hashes.SHA256())))))
        attributes = (
            tlv(0x30, bytes.fromhex("06092a864886f70d010903"), tlv(0x31, told or TST_INFO))
            + tlv(
                0x30,
                bytes.fromhex("06092a864886f70d010904"),
                tlv(0x31, tlv(0x04, hashlib.sha256(info).digest())),
            )
            + tlv(0x30, bytes.fromhex("060b2a864886f70d010910022f"), tlv(0x31, ess))
        )
        scheme = (ec.ECDSA(hashes.SHA256()),) if self.kind == "ec" else (padding.PKCS1v15(), hashes.SHA256())
        signature = self.key.sign(tlv(0x31, attributes), *scheme)
        serial = certificate.serial_number
        number = tlv(0x02, serial.to_bytes(serial.bit_length() // 8 + 1))
        sid = tlv(0x30, certificate.issuer.public_bytes(), number)
        signer = tlv(0x30, b"\x02\x01\x01", sid, SHA256, tlv(0xA0, attributes), method, tlv(0x04, signature))
        bag = tlv(0xA0, *(one.public_bytes(DER) for one in (certificate, *others)))
        content = tlv(0x30, kind, tlv(0xA0, tlv(0x04, info)))
        data = tlv(0x30, b"\x02\x01\x03", tlv(0x31, SHA256), content, bag, tlv(0x31, signer))
        return tlv(0x30, bytes.fromhex("06092a864886f70d010702"), tlv(0xA0, data))


def tlv(tag, *parts):
    """A DER element."""
    content = b"".join(parts)
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1)
    return bytes([tag]) + (length if size < 128 else bytes([128 | len(length)]) + length) + content


def make(folder, kind="ec", ess="sha256"):
    """A TSA with keys of this kind."""
    root_key, key = new_key(kind), new_key(kind)
    root = certify("Sample TSA Root", root_key, ca=True)
    certificate = certify("Sample TSA", key, root, root_key)
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tsa.key").write_bytes(private)
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(PEM))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder, ess=ess))
    return Tsa(folder, kind, root, root_key, certificate, key)
