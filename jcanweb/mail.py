"""Mail through one function: written in the transaction, sent after its commit, tried again until it is gone.

With SMTP_HOST it goes by SMTP; without, into instance/outbox as .eml files that a local page shows. No
transaction is open while a server is spoken to. A process that dies between sending and noting it sends again:
at least once, under the same Message-ID.
"""

import json
import smtplib
import ssl
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

from flask import current_app, render_template
from sqlalchemy import select

from jcanweb import clock, database, keys
from jcanweb.calendar import JST
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import Mail

BATCH = 20
DRAIN_SECONDS = 50
ATTEMPTS = 50
"""About two days: the wait doubles from two minutes up to an hour."""
OF_THIS_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
"""Any other trouble with the server (every SMTPException is an OSError) would meet the next mail as well."""


def send(to: str, template: str, *, bulk: bool = False, **values: Any) -> None:
    """Write a mail from templates/mail/<template>.txt (first line: subject) to one address.

    `bulk`: one of thousands; it waits until no other is due, and for the job (`drain`).
    """
    subject, _, body = render_template(
        f"mail/{template}.txt", public_url=setting("PUBLIC_URL"), **values
    ).partition("\n")
    content = json.dumps(
        {"to": to, "subject": subject.strip(), "body": body.strip() + "\n"}, ensure_ascii=False
    )
    at, sealed = clock.now(), keys.sealer().seal(content.encode(), "mail")
    db.session.add(Mail(sealed=sealed, template=template, bulk=bulk, written_at=at, due_at=at))
    if not bulk:
        database.after_commit(dispatch)


def drain() -> None:
    """Send for DRAIN_SECONDS, or until nothing is due or the server is silent; each mail a transaction of its own."""
    until = monotonic() + DRAIN_SECONDS
    while dispatch() and monotonic() < until:
        pass


def dispatch() -> bool:
    """Send what is due, up to BATCH; whether more may be due.

    What fails stays and is tried again later; a silent server ends the round.
    """
    for _ in range(BATCH):
        mail = _claim()
        if mail is None:
            return False
        try:
            _hand_over(mail)
        except Exception as failure:  # one bad mail never holds up the others
            _note(mail, type(failure).__name__)
            if isinstance(failure, OSError) and not isinstance(failure, OF_THIS_MAIL):
                return False
        else:
            _note(mail, None)
    return True


def _claim() -> Mail | None:
    """The mail that has waited longest, put off in the same breath so that nobody else takes it as well."""
    at = clock.now()
    due = select(Mail).where(Mail.sent_at.is_(None), Mail.due_at <= at, Mail.attempts < ATTEMPTS)
    with database.transaction():
        mail = db.session.scalar(
            due.order_by(Mail.bulk, Mail.due_at, Mail.id).limit(1).with_for_update(skip_locked=True)
        )
        if mail is not None:
            mail.attempts += 1
            mail.due_at = at + timedelta(minutes=min(2**mail.attempts, 60))
    return mail


def _note(mail: Mail, failure: str | None) -> None:
    """Sent: the body is wiped. Not sent: the error's name is kept, never its text, which may tell an address."""
    with database.transaction():
        mail.failure = failure
        if failure is None:
            mail.sent_at, mail.sealed = clock.now(), None


def _hand_over(mail: Mail) -> None:
    if mail.sealed is None:
        return
    message = _message(mail, json.loads(keys.sealer().open(mail.sealed, "mail")))
    if setting("SMTP_HOST"):
        with smtplib.SMTP(setting("SMTP_HOST"), setting("SMTP_PORT"), timeout=10) as server:
            if setting("SMTP_STARTTLS"):
                server.starttls(context=ssl.create_default_context())
            if setting("SMTP_USER"):
                server.login(setting("SMTP_USER"), setting("SMTP_PASSWORD"))
            server.send_message(message)
        return
    folder = Path(current_app.instance_path) / "outbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    moment = clock.now().astimezone(JST).strftime("%Y%m%d-%H%M%S")
    (folder / f"{moment}-{mail.id:06}-{mail.template}.eml").write_bytes(bytes(message))


def _message(mail: Mail, content: dict[str, str]) -> EmailMessage:
    """One recipient and one subject line, whatever they hold: anything more raises ValueError."""
    message = EmailMessage()
    message["From"] = setting("MAIL_FROM")
    message["To"] = Address(addr_spec=content["to"])
    message["Subject"] = content["subject"]
    message["Date"] = clock.now()
    message["Message-ID"] = (
        f"<{mail.id}.{mail.written_at:%Y%m%d%H%M%S}@{setting('MAIL_FROM').rpartition('@')[2].rstrip('>')}>"
    )
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(content["body"])
    return message
