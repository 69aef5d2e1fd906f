"""index.html of a certificate's evidence: the story in words, the files, and how to verify. It stands alone."""

import hashlib
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from jcanweb import calendar
from jcanweb.config import HOME, setting
from jcanweb.events import Event
from jcanweb.labels import word
from jcanweb.models import AuditEntry
from jcanweb.names.redaction import BLOT
from jcanweb.roles import Role
from jcanweb.services import receipts, trail
from jcanweb.services.evidence_files import Case, listed

ROLES: dict[Event, Role] = dict.fromkeys(
    (Event.APPLICATION_SCREENING_STARTED, Event.APPLICATION_FIELD_CHECKED, Event.APPLICATION_SCREENED), Role.SCREENER
) | dict.fromkeys(
    (Event.APPLICATION_APPROVED, Event.APPLICATION_REJECTED, Event.REVOCATION_DECIDED, Event.REVOCATION_REFUSED,
     Event.RECOVERY_AUTHORIZED, Event.RECOVERY_DECLINED, Event.EDITION_APPROVED), Role.APPROVER
) | dict.fromkeys(
    (Event.ORDER_ASKED, Event.ORDER_FAILED, Event.CERTIFICATE_ISSUED, Event.REVOCATION_EXECUTED, Event.CRL_PUBLISHED,
     Event.RECOVERY_REQUESTED), Role.OPERATOR
)  # fmt: skip
"""The only role that may do it; the others can be done in more than one."""


def render(case: Case, files: Mapping[str, tuple[str, bytes]]) -> bytes:
    """The page. Person and corporation are told as the signed receipt has them, not as they are today."""
    receipt = case.bound.consent.receipt
    if receipt is None:
        raise ValueError("a consent without its receipt is no evidence")
    told = [
        (name, words, len(data), hashlib.sha256(data).hexdigest()) for name, (words, data) in files.items()
    ]
    page = _template().render(
        case=case, certificate=case.certificate, application=case.certificate.application,
        consent=case.bound.consent, signed=receipts.read(receipt), crl=case.crl, listed=listed(case), files=told,
        story=[(one, trail.about(one), who(one)) for one in case.entries],
        lra_name=setting("LRA_NAME_JA"), public_url=setting("PUBLIC_URL"), fingerprint=receipts.fingerprint(), blot=BLOT,
    )  # fmt: skip
    return page.encode()


def who(entry: AuditEntry) -> str:
    """An officer's role and number; anybody else by what they are."""
    kind, _, number = entry.actor.partition(":")
    if kind != "officer":
        return trail.outsider(entry.actor)
    role = ROLES.get(entry.event)
    return f"{word(role) if role else '登録局の担当者'} {number}"


@cache
def _template() -> Template:
    """By itself, without the web's globals: nothing of a request can get in."""
    folder = FileSystemLoader(HOME / "templates" / "evidence")
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.filters |= {
        "moment": calendar.japanese_datetime,
        "date": calendar.japanese_date,
        "word": word,
    }
    return environment.get_template("index.html")
