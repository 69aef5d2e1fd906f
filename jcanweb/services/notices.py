"""The mails written about an application: what, to whom, when, and whether they left. Never what they say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from jcanweb import mail
from jcanweb.database import db
from jcanweb.models import Application, Mail

KINDS = {
    "application_received": "受付のお知らせ", "application_returned": "差戻しのお知らせ",
    "application_approved": "承認のお知らせ", "application_rejected": "却下のお知らせ",
    "application_lapsed": "期限切れのお知らせ", "delivery_pfx": "証明書の受け取りのリンク",
    "delivery_pin": "PINの受け取りのリンク", "consent_withdrawn": "同意の撤回の控え", "stop_use": "利用停止のお願い",
    "recovery_authorized": "鍵回復の承認のお知らせ", "recovery_stopped": "鍵回復の中止のお知らせ",
}  # fmt: skip
"""Template → what an officer calls it."""
ADDRESS = frozenset({"SMTPRecipientsRefused", "SMTPDataError", "ValueError", "HeaderParseError"})
"""Failures of this mail; any other is of the server."""


class Passage(StrEnum):
    """Where a mail is."""

    SENT = "sent"
    WAITING = "waiting"
    ADDRESS_REFUSED = "address_refused"
    SERVER_TROUBLE = "server_trouble"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Notice:
    what: str
    to: str
    written_at: datetime
    sent_at: datetime | None
    passage: Passage
    again_at: datetime | None
    """When it is tried again."""


def of(application: Application) -> list[Notice]:
    """The newest 50, newest first."""
    query = select(Mail).where(Mail.application_id == application.id).order_by(Mail.id.desc()).limit(50)
    return [
        Notice(KINDS.get(one.template, one.template), mail.recipient(one), one.written_at, one.sent_at, _passage(one),
               None if one.sent_at or one.attempts >= mail.ATTEMPTS else one.due_at)
        for one in db.session.scalars(query)
    ]  # fmt: skip


def _passage(one: Mail) -> Passage:
    if one.sent_at is not None:
        return Passage.SENT
    if one.attempts >= mail.ATTEMPTS:
        return Passage.GIVEN_UP
    if one.failure is None:
        return Passage.WAITING
    return Passage.ADDRESS_REFUSED if one.failure in ADDRESS else Passage.SERVER_TROUBLE
