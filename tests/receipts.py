"""A consent with everything that belongs to it, its receipt and a bundle of evidence, all invented."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from jcanweb.pki import bundle, presentation, receipt
from jcanweb.pki.canonical import canonical
from jcanweb.pki.presentation import Presentation, Statement
from jcanweb.pki.tree import Frontier, inclusion_proof, leaf_hash
from tests import tsa

GIVEN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
TEXT = """見本の約束

第５条（使う人の約束）

（１）手続きのため、証明書にある私の情報を見ることに同意する。
（２）鍵と PIN の控えを置くことを認める。
3 / 9
（３）名前が変わったときは、
4 / 9
すぐに知らせる。
""".encode()
STATEMENTS = (
    Statement(1, "agree", "手続きのため、証明書にある私の情報を見ることに同意する。"),
    Statement(2, "acknowledge", "鍵と PIN の控えを置くことを認める。"),
    Statement(3, "promise", "名前が変わったときは、すぐに知らせる。"),
)
EDITION_SHA256 = hashlib.sha256(TEXT).hexdigest()
EDITION = receipt.EditionText("3.0", date(2025, 1, 20), "text/plain", TEXT)
PERSON = receipt.Principal(
    7, "青空 太郎 𠮷", "taro@aozora.example", "delegate", date(2026, 1, 1), date(2026, 12, 31)
)
COMPANY = receipt.Organization("7000012050002", "AO-1", "青空建設株式会社")
BUTTON = "以上をすべて承諾する"


@cache
def key(purpose):
    """A fixed key for each purpose."""
    return Ed25519PrivateKey.from_private_bytes(purpose.encode().ljust(32, b"."))


def shown(**changes):
    """What was served to the person nine minutes before."""
    served = GIVEN - timedelta(minutes=9)
    made = Presentation("3.0", EDITION_SHA256, STATEMENTS, BUTTON, "ja", 7, "00" * 16, served,
                        served + timedelta(hours=8))  # fmt: skip
    return presentation.sign(replace(made, **changes), key("presentation"))


def entry_text(sequence=18, **changes):
    """The audit entry of the consent, as audit.canonical writes it."""
    facts = {"consent": 17, "edition": 2, "edition_sha256": EDITION_SHA256, "statements": [1, 2, 3]}
    entry = {"sequence": sequence, "at": GIVEN.isoformat(timespec="microseconds"), "event": "consent:given",
             "outcome": "done", "subject": "application", "subject_id": "5", "actor": "person:7", "act": "ab" * 16,
             "facts": facts} | changes  # fmt: skip
    return canonical(entry)


def leaves(count, texts):
    """Leaf hashes of an audit record; `texts` by index, the others invented."""
    return [leaf_hash(texts.get(index, b"entry %d" % index)) for index in range(count)]


def placed(text=None):
    """The consent's entry as the newest of eighteen, and the head after it."""
    text, frontier = text or entry_text(), Frontier()
    for leaf in leaves(17, {}):
        frontier.append(leaf)
    path = tuple(frontier.next_path())
    frontier.append(leaf_hash(text))
    return receipt.Entry(text, 17, path), receipt.Head(18, frontier.root())


def sample(**changes):
    """The receipt's data."""
    entry, head = placed()
    made = receipt.Receipt(
        consent_id=17, kind="application", application="A-000005", controller="見本登録局", edition=EDITION,
        statements=STATEMENTS, button=BUTTON, locale="ja", principal=PERSON, organization=COMPANY, given_at=GIVEN,
        presentation=shown(), presentation_key=key("presentation").public_key(), entry=entry, head=head,
    )  # fmt: skip
    return replace(made, **changes)


def signed(content, timestamp=None, *, by="receipt", part="receipt"):
    """The file of canonical bytes."""
    return receipt.write(content, receipt.sign(content, key(by)), timestamp, part=part)


def file(**changes):
    """A receipt's file without a time-stamp."""
    return signed(receipt.build(sample(**changes)))


def evidence(files, **changes):
    """A bundle of these files and the audit entries 3 and 17 of a record of forty."""
    texts = {17: entry_text(), 3: entry_text(4, event="person:signed_in", facts={})}
    record = leaves(40, texts)
    entries = tuple(
        receipt.Entry(texts[index], index, tuple(inclusion_proof(record, index))) for index in sorted(texts)
    )
    frontier = Frontier()
    for leaf in record:
        frontier.append(leaf)
    head = receipt.Head(40, frontier.root())
    made = bundle.Bundle("JC-00000017", "A-000005", GIVEN + timedelta(days=9), head, entries, files)
    return bundle.build(replace(made, **changes), key("receipt"))


def application(**changes):
    """application.json as it was approved."""
    fields = {"number": "A-000005", "organization_unit": "Aozora Construction Co., Ltd.",
              "common_name": "Purchasing Dept. General Manager", "years": 2}  # fmt: skip
    return json.dumps(fields | changes).encode()


@cache
def issuers():
    """An issuing CA and its root, each with its key; the issuing one first."""
    root_key, issuing_key = tsa.new_key("ec"), tsa.new_key("ec")
    root = tsa.certify("Sample Root CA", root_key, ca=True)
    return (tsa.certify("Sample Issuing CA", issuing_key, root, root_key, ca=True), issuing_key), (
        root,
        root_key,
    )


def certificate(*, unit="Aozora Construction Co., Ltd.", number="CN-7000012050002",
                name="Purchasing Dept. General Manager"):  # fmt: skip
    """A subscriber's certificate of the issuing CA."""
    (issuer, key), _ = issuers()
    units, common = (number, unit), x509.NameAttribute(NameOID.COMMON_NAME, name)
    named = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, one) for one in units]
    return (
        x509.CertificateBuilder().subject_name(x509.Name([*named, common])).issuer_name(issuer.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key()).serial_number(4711)
        .not_valid_before(GIVEN).not_valid_after(GIVEN + timedelta(days=730)).sign(key, hashes.SHA256())
    )  # fmt: skip


def crl(*serials, by=0):
    """A CRL of the issuing CA (or, by=1, of the root)."""
    issuer, key = issuers()[by]
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    builder = builder.last_update(GIVEN + timedelta(days=8)).next_update(GIVEN + timedelta(days=15))
    for serial in serials:
        one = (
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(GIVEN + timedelta(days=5))
        )
        builder = builder.add_revoked_certificate(one.build())
    return builder.sign(key, hashes.SHA256()).public_bytes(tsa.DER)


def chain():
    return b"".join(one.public_bytes(tsa.PEM) for one, _ in issuers())


def files(**changes):
    """What goes into a whole bundle; a name's dot is written as two underlines, None leaves it out."""
    made = {"receipt.json": file(), "application.json": application(), "decision.json": b"{}",
            "certificate.cer": certificate().public_bytes(tsa.DER), "chain.pem": chain(), "crl.crl": crl()}  # fmt: skip
    made |= {name.replace("__", "."): content for name, content in changes.items()}
    return {name: content for name, content in made.items() if content is not None}
