"""The files of a certificate's evidence, each from what stands in the database. A further one is a line in `of`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from jcanweb.database import db
from jcanweb.errors import EvidenceRefused
from jcanweb.models import (
    AuditEntry,
    Certificate,
    Consent,
    Crl,
    FieldCheck,
    Officer,
    Person,
    Recovery,
    Revocation,
)
from jcanweb.names.redaction import blotter
from jcanweb.pki import bundle
from jcanweb.pki.canonical import time_text
from jcanweb.pki.receipt import Entry, Head
from jcanweb.roles import Role
from jcanweb.services import receipts, recovery_ledger, status
from jcanweb.services.ledger import Bound
from jcanweb.vocabulary import RevocationRequester

NO_RECEIPT = "この証明書のもとになった承諾には受領証がないため、証拠ファイルを作れません。"

Blotter = Callable[[str | None], str]


@dataclass(frozen=True)
class Case:
    """Everything about one certificate at one moment."""

    certificate: Certificate
    bound: Bound
    consents: list[Consent]
    """of its application, newest first"""
    crl: Crl | None
    """the newest"""
    entries: list[AuditEntry]
    proofs: tuple[Entry, ...]
    """the same entries, each with its way to the head"""
    head: Head
    at: datetime


def of(case: Case) -> dict[str, tuple[str, bytes]]:
    """Name → what it is in words, and its content. What does not exist is an empty list, no missing file; but there
    is a crl.crl only where there is a CRL."""
    hide = _blotter(case)
    return {
        "receipt.json": ("承諾の受領証（規約の全文、項目、提示の署名を含む）", _receipt(case.bound.consent)),
        **_earlier(case),
        **_anew(case),
        "reconsents.json": ("発行後に改めて求めた同意と、その答え", _json(_reconsents(case, hide))),
        "application.json": ("承認されたとおりの申請", _json(_application(case))),
        "screening.json": ("項目ごとの審査", _json(_screening(case, hide))),
        "decision.json": ("審査・承認・発行をした担当者の番号と日時", _json(_decision(case))),
        "policy.json": ("発行時の証明書ポリシー", _json(_policy(case))),
        "certificate.cer": ("証明書（DER）", case.certificate.der),
        "chain.pem": ("発行認証局とルート認証局の証明書", _chain(case)),
        "status.json": ("作成時の状態と、失効リストにあるか", _json(_status(case))),
        **({"crl.crl": ("作成時の失効リスト（DER）", case.crl.der)} if case.crl else {}),
        "deliveries.json": ("交付の日時", _json(_deliveries(case))),
        "backups.json": ("バックアップの封緘と廃棄の日時", _json(_backups(case))),
        "withdrawal.json": ("バックアップの同意の撤回", _json(_withdrawal(case))),
        "revocation.json": ("失効の受付・判断・実行", _json(_revocations(case, hide))),
        "recoveries.json": (
            "鍵回復の日時",
            _json([_recovery(one) for one in reversed(case.bound.recoveries)]),
        ),
        "audit.json": ("監査記録の行と、その証明", bundle.entries_file(case.proofs)),
    }


def _receipt(consent: Consent) -> bytes:
    if consent.receipt is None:
        raise EvidenceRefused(NO_RECEIPT)
    return receipts.file(consent.receipt)


def _earlier(case: Case) -> dict[str, tuple[str, bytes]]:
    """The other consents of the application, counted from the first."""
    others = [one for one in reversed(case.consents) if one.id != case.certificate.consent_id]
    return {
        f"receipt-{number}.json": (f"前に行われた承諾の受領証（{number}）", _receipt(one))
        for number, one in enumerate(others, 1)
    }


def _anew(case: Case) -> dict[str, tuple[str, bytes]]:
    """The consents that the subscriber gave to later editions, counted from the first."""
    given = [one.consent for one in reversed(case.bound.reconsents) if one.consent]
    return {
        f"reconsent-{number}.json": (f"新しい版への承諾の受領証（{number}）", _receipt(one))
        for number, one in enumerate(given, 1)
    }


def _reconsents(case: Case, hide: Blotter) -> list[dict[str, Any]]:
    """What the subscriber was asked anew; the words of a refusal and of its decision with other people blotted."""
    return [
        {"edition": one.campaign.edition.version, "edition_sha256": one.campaign.edition.sha256, "state": one.state,
         "asked_at": _at(one.asked_at), "reminders": one.reminders, "answered_at": _at(one.answered_at),
         "consent": one.consent_id, "words": hide(one.words), "decision": one.decision,
         "decided": _act(one.decided_by, one.decided_at, Role.APPROVER), "comment": hide(one.comment)}
        for one in reversed(case.bound.reconsents)
    ]  # fmt: skip


def _application(case: Case) -> dict[str, Any]:
    """As approved: an application cannot be changed after that."""
    one = case.certificate.application
    paper = one.seal_certificate
    return {
        "number": one.number, "revision": one.revision, "subscriber": f"person:{one.person_id}",
        "corporate_number": one.corporation.corporate_number,
        "organization_unit": one.organization_unit, "organization_unit_typed": one.organization_unit_typed,
        "organization_unit_ja": one.organization_unit_ja,
        "common_name": one.common_name, "common_name_typed": one.common_name_typed, "common_name_ja": one.common_name_ja,
        "years": one.years,
        "pin_recipient": "subscriber" if one.pin_recipient_email == one.person.email else "another",
        "seal_certificate": paper and {"sha256": paper.sha256, "size": paper.size,
                                       "issued_on": one.seal_certificate_on and one.seal_certificate_on.isoformat(),
                                       "uploaded_at": time_text(paper.uploaded_at)},
        "drafted_at": time_text(one.drafted_at), "submitted_at": _at(one.submitted_at),
    }  # fmt: skip


def _screening(case: Case, hide: Blotter) -> dict[str, Any]:
    """Every verdict on every revision, whether the approvers' own reading agreed, and the last return."""
    one = case.certificate.application
    reason = {"reason": hide(one.returned_reason)}
    returned = one.returned_by and _act(one.returned_by, one.returned_at) | reason

    def told(check: FieldCheck) -> dict[str, Any]:
        seen = {
            "revision": check.revision,
            "field": check.field,
            "value": check.value,
            "verdict": check.verdict,
            "matched": check.matched.split(),
        }
        return (
            seen | {"comment": hide(check.comment)} | _act(check.checked_by, check.checked_at, Role.SCREENER)
        )

    entries = [{"revision": entry.revision, "agrees": entry.agrees} | _act(entry.entered_by, entry.entered_at, Role.APPROVER)
               for entry in one.entries]  # fmt: skip
    return {"field_checks": [told(check) for check in one.checks], "second_entries": entries,
            "last_return": returned or None}  # fmt: skip


def _decision(case: Case) -> dict[str, Any]:
    """Who screened, approved and issued, and that no two of them in a row are one person."""
    one, application = case.certificate, case.certificate.application
    return {
        "screened": _act(one.screened_by, application.screened_at, Role.SCREENER),
        "approved": _act(one.approved_by, application.approved_at, Role.APPROVER),
        "issued": _act(one.issued_by, one.issued_at, Role.OPERATOR),
        "screener_is_not_approver": one.screened_by != one.approved_by,
        "approver_is_not_operator": one.approved_by != one.issued_by,
        "jc_number": one.jc_number,
        "order": {"request_id": one.order.request_id, "public_key_sha256": one.order.public_key_sha256,
                  "asked_at": time_text(one.order.asked_at), "ended_at": _at(one.order.ended_at)},
    }  # fmt: skip


def _policy(case: Case) -> dict[str, Any]:
    """The certificate policy that it was issued under."""
    one = case.certificate
    return {"document": one.policy_document, "version": one.policy_version, "url": one.policy_url}


def _chain(case: Case) -> bytes:
    """The issuing CA's certificate, then the root's."""
    ders = [case.certificate.chain_der, status.ca_certificate("root") or b""]
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in ders if der)


def _status(case: Case) -> dict[str, Any]:
    """What the CRL beside it says of this serial number."""
    one, crl, entry = case.certificate, case.crl, listed(case)
    return {
        "serial_number": one.serial_number, "state": one.state, "not_before": time_text(one.not_before),
        "not_after": time_text(one.not_after), "delivered_at": _at(one.delivered_at), "revoked_at": _at(one.revoked_at),
        "crl": crl and {"number": crl.number, "this_update": time_text(crl.this_update),
                        "next_update": time_text(crl.next_update), "sha256": crl.sha256,
                        "listed": entry is not None, "revocation_date": entry and time_text(entry.revocation_date_utc)},
    }  # fmt: skip


def listed(case: Case) -> x509.RevokedCertificate | None:
    """Its line in the newest CRL."""
    if case.crl is None:
        return None
    crl = x509.load_der_x509_crl(case.crl.der)
    return crl.get_revoked_certificate_by_serial_number(int(case.certificate.serial_number, 16))


def _deliveries(case: Case) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind, "after_recovery": one.recovery_id is not None, "sent_at": time_text(one.sent_at),
         "expires_at": time_text(one.expires_at), "taken_at": _at(one.taken_at), "confirmed_at": _at(one.confirmed_at),
         "ended_at": _at(one.ended_at)}
        for one in reversed(case.bound.deliveries)
    ]  # fmt: skip


def _backups(case: Case) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind, "sealed_at": time_text(one.sealed_at), "destroyed_at": _at(one.destroyed_at),
         "commit_sha256": one.commit_sha256}
        for one in reversed(case.bound.backups)
    ]  # fmt: skip


def _revocations(case: Case, hide: Blotter) -> list[dict[str, Any]]:
    """All requests, also refused ones. Words are told of the subscriber's own alone: others' may name who asked."""

    def told(one: Revocation) -> dict[str, Any]:
        own = one.requester is RevocationRequester.SUBSCRIBER
        return {
            "state": one.state, "reason": one.reason, "requester": one.requester, "words_left_out": not own and bool(one.words or one.decision_words),
            "words": hide(one.words) if own else None, "invalid_from": _at(one.invalid_from),
            "received": _received(one), "due_at": time_text(one.due_at),
            "decided": _act(one.decided_by, one.decided_at, Role.APPROVER),
            "decision_words": hide(one.decision_words) if own else None,
            "executed": _act(one.executed_by, one.executed_at, Role.OPERATOR),
            "seen": one.crl_number and {"crl_number": one.crl_number, "at": _at(one.published_at)},
        }  # fmt: skip

    return [told(one) for one in reversed(case.bound.revocations)]


def _received(one: Revocation) -> dict[str, Any]:
    """By an officer, from the subscriber themselves, or by the system, as the audit record names them."""
    if one.received_upon is not None:
        return {"by": "system", "at": _at(one.received_at)}
    if one.received_from is None:
        return _act(one.received_by, one.received_at)
    return {"by": f"person:{one.received_from}", "at": _at(one.received_at)}


def _withdrawal(case: Case) -> list[dict[str, Any]]:
    """The withdrawal of the consent to the backup, in the words that were shown; empty while there is none."""
    one = case.bound.withdrawal
    if one is None:
        return []
    return [{"consent": one.consent_id, "by": f"person:{one.person_id}", "at": _at(one.withdrawn_at),
             "words": one.words, "button": one.button}]  # fmt: skip


def _recovery(one: Recovery) -> dict[str, Any]:
    """Times and groups; the proof of who asked may be another's and stays out."""
    opened = {one.group: one.opening.opened_at for one in recovery_ledger.slots(one) if one.opening}
    return {
        "state": one.state, "ground": one.ground, "requested_at": time_text(one.requested_at),
        "authorized_at": _at(one.authorized_at), "open_from": _at(one.open_from), "open_until": _at(one.open_until),
        "declined_at": _at(one.declined_at), "opened_at": _at(one.opened_at),
        "shares_opened": {group: time_text(at) for group, at in opened.items()},
    }  # fmt: skip


def _blotter(case: Case) -> Blotter:
    """Blots other people out of free words: the PIN's recipient, the corporation's people, the officers."""
    application = case.certificate.application
    person, home = application.person, application.corporation
    people = select(Person.name).where(Person.corporation_id == home.id)
    found = {*db.session.scalars(people), *db.session.scalars(select(Officer.name))}
    found |= {application.pin_recipient_name, home.representative}
    own = "".join(person.name.split())
    blotted = blotter({name for name in found if "".join(name.split()) != own}, own=person.email)
    return lambda text: blotted(text or "")


def _act(officer_id: int | None, at: datetime | None, role: Role | None = None) -> dict[str, Any]:
    """Who did it, as the audit record names them, and when; empty when nobody did."""
    if officer_id is None:
        return {}
    return {"by": f"officer:{officer_id}", "at": _at(at)} | ({"role": role} if role else {})


def _at(at: datetime | None) -> str | None:
    return time_text(at) if at else None


def _json(value: object) -> bytes:
    """For eyes as well as for programs."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
