"""The front door, health, and the development outbox."""

from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, jsonify, request

from jcanweb.database import db
from jcanweb.permissions import public
from jcanweb.web import respond

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@public
def home() -> tuple[str, int]:
    return respond("public/home.html", development=_shows_mails())


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    db.session.execute(db.select(1))
    return jsonify(status="ok")


@blueprint.get("/outbox")
@public
def outbox() -> tuple[str, int]:
    """Mails not sent by SMTP, newest first: in development, and on this very computer only."""
    if not _shows_mails():
        abort(404)
    files = sorted((Path(current_app.instance_path) / "outbox").glob("*.eml"), reverse=True)[:50]
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
    shown = [{"to": mail["To"], "subject": mail["Subject"], "at": mail["Date"], "body": mail.get_content()}
             for mail in mails]  # fmt: skip
    return respond("public/outbox.html", mails=shown)


def _shows_mails() -> bool:
    """Mails hold codes and links: no page shows them where anybody else could look."""
    settings, here = current_app.config, {"127.0.0.1", "::1", "localhost"}
    local = urlsplit(settings["PUBLIC_URL"]).hostname in here and request.remote_addr in here
    return bool(settings["DEVELOPMENT"] and not settings["SMTP_HOST"] and local)
