"""Receipts of consents: made in the consent's own transaction, read from what was signed, checked for anybody."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jcanweb import clock, keys, labels, verifier
from jcanweb.calendar import JST, japanese_date
from jcanweb.config import setting
from jcanweb.database import flush
from jcanweb.models import Application, Consent, Person, Receipt
from jcanweb.pdf import typeset
from jcanweb.pki import canonical, receipt
from jcanweb.pki.presentation import Presentation
from jcanweb.services import timestamps
from jcanweb.terms import ConsentVerb, SourceKind
from jcanweb.vocabulary import Authority

LARGEST = verifier.LARGEST
"""bytes of a file that is checked"""
MEDIA_TYPES = {SourceKind.TEXT: "text/plain", SourceKind.MARKDOWN: "text/markdown", SourceKind.PDF: "application/pdf"}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What the verifier says of a file, under this installation's own key."""

    findings: tuple[verifier.Finding, ...]
    holds: bool
    """nothing is against it; a finding may still be None (nobody vouches for it)"""
    verdict: str


def make(consent: Consent, shown: Presentation, *, application: Application | None, by: Person, entry: receipt.Entry,
         head: receipt.Head) -> Receipt:  # fmt: skip
    """Sign and keep the receipt of a consent that was just given, with the person's authority as it is now.

    `entry` and `head` are what `audit.record_placed` gave for this consent.
    """
    edition, corporation, key = consent.edition, by.corporation, keys.receipt_key()
    if edition.effective_on is None:
        raise ValueError("a draft of the terms is accepted by nobody")
    content = receipt.build(receipt.Receipt(
        consent_id=consent.id, kind=consent.kind, application=application.number if application else None, controller=setting("LRA_NAME_JA"),
        edition=receipt.EditionText(edition.version, edition.effective_on, MEDIA_TYPES[edition.kind], edition.source),
        statements=shown.statements, button=consent.button, locale=consent.locale,
        principal=receipt.Principal(by.id, by.name, by.email, by.authority.value, by.delegated_from, by.delegated_to),
        organization=receipt.Organization(corporation.corporate_number, corporation.company_id, corporation.name),
        given_at=consent.given_at, presentation=consent.presentation,
        presentation_key=keys.presentation_key().public_key(), entry=entry, head=head,
    ))  # fmt: skip
    signature = receipt.sign(content, key)
    made = Receipt(
        content=content, signature_key=signature.key, signature=signature.value, made_at=clock.now()
    )
    consent.receipt = made
    flush()
    return made


def of(application: Application) -> list[Receipt]:
    """The receipts of an application's consents, newest first."""
    return [one.receipt for one in reversed(application.consents) if one.receipt is not None]


def file(one: Receipt) -> bytes:
    """The file that verifies without this installation, with its time-stamp as soon as there is one."""
    return receipt.write(one.content, _signature(one), one.timestamp.token if one.timestamp else None)


def file_name(one: Receipt, kind: str = "json") -> str:
    """receipt-A-000001.json, or receipt-consent-17.json where there is no application."""
    signed = read(one)
    return f"receipt-{(signed['application'] or signed['record_id']).replace(':', '-')}.{kind}"


def pdf(one: Receipt) -> bytes:
    """The receipt to read and print, with the file that verifies attached. Raises PdfRefused."""
    return typeset("receipts/receipt.typ", _printed(one), at=one.made_at, attached=file(one))


def read(one: Receipt) -> dict[str, Any]:
    """What was signed, by the names of the file."""
    content: dict[str, Any] = canonical.read(one.content)
    return content


def key_id(one: Receipt) -> str:
    """The fingerprint of the key that signed this receipt."""
    return _signature(one).key_id


def public_key() -> str:
    """The key of this installation's receipts as PEM."""
    return receipt.public_key_pem(keys.receipt_key().public_key())


def fingerprint() -> str:
    """What names that key: sha256: and 64 hexadecimal digits."""
    return receipt.fingerprint(keys.receipt_key().public_key())


def program() -> bytes:
    """The verifier as one file that runs alone."""
    return Path(verifier.__file__).read_bytes()


def check(content: bytes) -> Checked | str:
    """What holds of a receipt or a bundle of this installation; the sentence why, where it cannot be read.

    Nothing of the file is kept.
    """
    try:
        findings = verifier.verify(content, {fingerprint()}, timestamps.roots())
    except verifier.Unreadable as trouble:
        return str(trouble)
    code = verifier.exit_code(findings)
    return Checked(tuple(findings), code != 1, verifier.VERDICTS[code])


def _signature(one: Receipt) -> receipt.Signature:
    return receipt.Signature(one.signature_key, one.signature)


def _printed(one: Receipt) -> dict[str, Any]:
    """What templates/receipts/receipt.typ prints: of what was signed, in the words of the page."""
    signed, signature, url = read(one), _signature(one), setting("PUBLIC_URL")
    person, terms, number = (
        signed["pii_principal"],
        signed["terms"],
        signed["application"] or signed["record_id"],
    )
    days = [
        day and japanese_date(date.fromisoformat(day))
        for day in (person["delegated_from"], person["delegated_to"])
    ]
    authority = [
        labels.word(Authority(person["authority"])),
        days[0] and f"{days[0]} から",
        days[1] and f"{days[1]} まで",
    ]
    return {
        "number": number, "application": signed["application"], "file": file_name(one),
        "controller": signed["pii_controllers"][0]["party_name"], "button": signed["button"],
        "given": _moments(datetime.fromisoformat(signed["event"]["event_time_jst"])),
        "person": {"name": person["name"], "email": person["email"], "authority": " ".join(filter(None, authority))},
        "organization": signed["organization"],
        "statements": [one | {"verb": labels.word(ConsentVerb(one["verb"]))} for one in signed["statements"]],
        "terms": {"version": terms["version"], "sha256": terms["sha256"],
                  "effective_on": japanese_date(date.fromisoformat(terms["effective_on"]))},
        "audit": {"row": signed["audit"]["index"] + 1, "size": signed["audit"]["tree_size"], "root": signed["audit"]["root"]},
        "signature": {"value": canonical.base64_text(signature.value), "key_id": signature.key_id},
        "stamped": one.timestamp and _moments(one.timestamp.stamped_at), "awaited": bool(setting("TSA_URL")),
        "verify_url": f"{url}/receipts/verify", "program_url": f"{url}/receipts/verifier.py", "key_url": f"{url}/keys/receipt.pem",
    }  # fmt: skip


def _moments(at: datetime) -> dict[str, str]:
    local = at.astimezone(JST)
    return {
        "jst": f"{japanese_date(local.date())} {local:%H:%M:%S}",
        "utc": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }
