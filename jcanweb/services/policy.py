"""CP documents: registration, approval by another, and which one is bound to certificates (RFC 3647; product.md §3)."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import CertificatePoliciesOID
from sqlalchemy import select

from jcanweb import audit, clock, names
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, TwoPersonRule
from jcanweb.events import Event, Subject
from jcanweb.models import Officer, PolicyApproval, PolicyDocument
from jcanweb.pki.canonical import canonical
from jcanweb.services import schedule
from jcanweb.vocabulary import EditionState


@dataclass(frozen=True)
class PolicyEntry:
    """A CP as it was typed."""

    name: str
    version: str
    url: str
    oid: str
    proposed_on: date
    content: bytes | None = None
    """a PDF or a text in UTF-8"""


SAMPLE = PolicyEntry("JCAN Certificate Policy", "見本", "https://cp.example.jp/",
                     "1.3.6.1.4.1.99999.1.1", date(2018, 1, 1))  # fmt: skip


def register(entry: PolicyEntry, *, by: Officer) -> PolicyDocument:
    """Keep a CP as a draft; another officer approves it.

    Raises FieldRefused at the field of what cannot be kept, at `version` also when that is approved already or
    this officer's draft of the same already.
    """
    version = schedule.new_version(PolicyDocument, entry.version)
    check_name(entry.name)
    check_content(entry.content)
    made = _document(entry, version, official=True, by=by)
    same = select(PolicyDocument).filter_by(version=version, registered_by=by.id)
    if registered_sha256(made) in {registered_sha256(one) for one in db.session.scalars(same)}:
        raise FieldRefused(f"同じ内容が、版 {version} の下書きとして既に登録されています。", "version")
    _keep(made, by)
    return made


def set_up_sample() -> None:
    """The sample, in force from the start while there is no official CP; nobody has to approve it."""
    made = _document(SAMPLE, SAMPLE.version, official=False, by=None)
    _keep(made, None)
    _approve(made, SAMPLE.proposed_on, None)


def approve(policy: PolicyDocument, *, effective_on: date, by: Officer) -> None:
    """Schedule a draft: certificates ordered from that day on (in Japan, at midnight) are bound to it.

    Raises TwoPersonRule for who registered it, and what schedule.check raises.
    """
    if policy.registered_by == by.id:
        raise TwoPersonRule("登録した担当者が承認することはできません。別の承認者が承認してください。")
    schedule.check(PolicyDocument, policy.version, effective_on)
    _approve(policy, effective_on, by)


def in_force(day: date | None = None) -> PolicyDocument:
    """The CP in force on that day (Japan's today by default): official before sample, latest first."""
    policy = schedule.in_force(PolicyDocument, day)
    if policy is None:
        raise FieldRefused("有効な証明書ポリシーがありません。管理者に連絡してください。")
    return policy


def find(policy_id: int) -> PolicyDocument | None:
    """The CP document of this id."""
    return db.session.get(PolicyDocument, policy_id)


def policies() -> list[PolicyDocument]:
    """All CP documents: drafts first, then by day, newest first."""
    return schedule.listing(PolicyDocument)


def states(of: list[PolicyDocument]) -> dict[int, EditionState]:
    """By id the state of each of these today."""
    return schedule.states(PolicyDocument, of)


def registered_sha256(policy: PolicyDocument) -> str:
    """Of all that was registered and will be bound: the audit record holds it (RFC 8785, SHA-256, hexadecimal)."""
    told = {"name": policy.name, "version": policy.version, "url": policy.url, "oid": policy.oid,
            "sha256": policy.sha256}  # fmt: skip
    return hashlib.sha256(canonical(told)).hexdigest()


def check_name(typed: str) -> None:
    """Raises NameRefused for what cannot be kept as the document's name."""
    names.check_name(typed, "名称", 200)


def address(typed: str) -> str:
    """The URL as it is kept and stands in certificates (an IA5String, RFC 5280 §4.2.1.4). Raises FieldRefused."""
    url = unicodedata.normalize("NFKC", typed).strip()
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and not parts.username and not parts.fragment
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or not all("!" <= character <= "~" and character not in '"<>\\^`{|}' for character in url):
        raise FieldRefused(
            "URLは「https://」で始まる、公開されている文書のアドレスを入力してください。", "url"
        )
    if len(url) > 300:
        raise FieldRefused(f"URLは300文字以内で入力してください（いま {len(url)} 文字）。", "url")
    return url


def policy_oid(typed: str) -> str:
    """The OID of certificatePolicies in dotted decimals; never anyPolicy. Raises FieldRefused."""
    oid = unicodedata.normalize("NFKC", typed).strip()
    try:
        same = x509.ObjectIdentifier(oid).dotted_string == oid
    except ValueError:
        same = False
    if not same or len(oid) > 100:
        raise FieldRefused(
            "OIDは「1.2.392.200000.1」のように、数字を「.」で区切って入力してください。", "oid"
        )
    if oid == CertificatePoliciesOID.ANY_POLICY.dotted_string:
        raise FieldRefused(f"{oid} はどのポリシーも指さないOIDです。この文書のOIDを入力してください。", "oid")
    return oid


def check_content(content: bytes | None) -> None:
    """Is this nothing, a PDF, or a text in UTF-8, of UPLOAD_MAX_BYTES at most? Raises FieldRefused at `file`."""
    if content is None:
        return
    limit = setting("UPLOAD_MAX_BYTES")
    if len(content) > limit:
        raise FieldRefused(
            f"ファイルが大きすぎます。{limit // (1024 * 1024)} MB以内のものを選んでください。", "file"
        )
    if not content or not (is_pdf(content) or _is_text(content)):
        raise FieldRefused(
            "読めないファイルです。PDFか、文字だけのファイル（UTF-8）を選んでください。", "file"
        )


def is_pdf(content: bytes) -> bool:
    """ISO 32000-1 §7.5.2."""
    return content.startswith((b"%PDF-1.", b"%PDF-2."))


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


def _document(entry: PolicyEntry, version: str, *, official: bool, by: Officer | None) -> PolicyDocument:
    sha256 = None if entry.content is None else hashlib.sha256(entry.content).hexdigest()
    return PolicyDocument(name=entry.name, version=version, url=address(entry.url), oid=policy_oid(entry.oid),
                          official=official, content=entry.content, sha256=sha256, proposed_on=entry.proposed_on,
                          registered_by=by.id if by else None, registered_at=clock.now())  # fmt: skip


def _keep(policy: PolicyDocument, by: Officer | None) -> None:
    db.session.add(policy)
    flush()
    audit.record(Event.POLICY_REGISTERED, Subject.POLICY, policy.id, by=by, version=policy.version, oid=policy.oid,
                 registered_sha256=registered_sha256(policy), proposed_on=policy.proposed_on.isoformat())  # fmt: skip


def _approve(policy: PolicyDocument, effective_on: date, by: Officer | None) -> None:
    policy.approval = PolicyApproval(
        version=policy.version, official=policy.official, registered_by=policy.registered_by,
        approved_by=by.id if by else None, approved_at=clock.now(), effective_on=effective_on,
    )  # fmt: skip
    flush()
    audit.record(Event.POLICY_APPROVED, Subject.POLICY, policy.id, by=by, version=policy.version, oid=policy.oid,
                 registered_sha256=registered_sha256(policy), effective_on=effective_on.isoformat())  # fmt: skip
