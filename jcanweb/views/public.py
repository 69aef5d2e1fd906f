"""The front door, health, and the development outbox."""

from email import message_from_bytes, policy
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, jsonify

from jcanweb.database import db
from jcanweb.permissions import public
from jcanweb.web import respond

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@public
def home() -> tuple[str, int]:
    return respond("public/home.html", development=current_app.config["DEVELOPMENT"])


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    db.session.execute(db.select(1))
    return jsonify(status="ok")


@blueprint.get("/outbox")
@public
def outbox() -> tuple[str, int]:
    """Mails not sent by SMTP; in development only, newest first."""
    if not current_app.config["DEVELOPMENT"] or current_app.config["SMTP_HOST"]:
        abort(404)
    files = sorted((Path(current_app.instance_path) / "outbox").glob("*.eml"), reverse=True)[:50]
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
    shown = [{"to": mail["To"], "subject": mail["Subject"], "at": mail["Date"], "body": mail.get_content()}
             for mail in mails]  # fmt: skip
    return respond("public/outbox.html", mails=shown)
