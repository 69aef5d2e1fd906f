"""Mail through one function: written in the transaction, sent after its commit.

With SMTP_HOST it goes by SMTP; without, into instance/outbox as .eml files that a local page shows.
"""

import json
import smtplib
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask import current_app, render_template
from sqlalchemy import select

from jcanweb import clock, database, keys
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import Mail

BATCH = 20


def send(to: str, template: str, **values: Any) -> None:
    """Write a mail from templates/mail/<template>.txt (first line: subject) to one address."""
    subject, _, body = render_template(
        f"mail/{template}.txt", public_url=setting("PUBLIC_URL"), **values
    ).partition("\n")
    content = json.dumps(
        {"to": to, "subject": subject.strip(), "body": body.strip() + "\n"}, ensure_ascii=False
    )
    db.session.add(
        Mail(sealed=keys.sealer().seal(content.encode(), "mail"), template=template, written_at=clock.now())
    )
    database.after_commit(dispatch)


def dispatch() -> None:
    """Send what waits. A failure stays in the table and is tried again at the next occasion."""
    with database.transaction():
        waiting = (
            select(Mail).where(Mail.sent_at.is_(None), Mail.attempts < 50).order_by(Mail.id).limit(BATCH)
        )
        for mail in db.session.scalars(waiting.with_for_update(skip_locked=True)):
            mail.attempts += 1
            try:
                _hand_over(mail)
            except (OSError, smtplib.SMTPException) as failure:
                mail.failure = type(failure).__name__
                continue
            mail.sent_at, mail.sealed, mail.failure = clock.now(), None, None


def _hand_over(mail: Mail) -> None:
    if mail.sealed is None:
        return
    content = json.loads(keys.sealer().open(mail.sealed, "mail"))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        setting("MAIL_FROM"),
        content["to"],
        content["subject"],
    )
    message["Date"] = clock.now()
    message.set_content(content["body"])
    if setting("SMTP_HOST"):
        with smtplib.SMTP(setting("SMTP_HOST"), setting("SMTP_PORT"), timeout=10) as server:
            if setting("SMTP_STARTTLS"):
                server.starttls()
            if setting("SMTP_USER"):
                server.login(setting("SMTP_USER"), setting("SMTP_PASSWORD"))
            server.send_message(message)
        return
    folder = Path(current_app.instance_path) / "outbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    moment = (clock.now() + timedelta(hours=9)).strftime("%Y%m%d-%H%M%S")
    (folder / f"{moment}-{mail.id:06}-{mail.template}.eml").write_bytes(bytes(message))
