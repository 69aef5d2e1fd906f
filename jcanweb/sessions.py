"""Sessions kept on the server: the cookie holds a random id, the table its hash. Dead at sign-out."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, insert, select, update
from werkzeug.datastructures import CallbackDict

from jcanweb import clock
from jcanweb.config import setting
from jcanweb.database import separate
from jcanweb.models import WebSession

TABLE = WebSession.metadata.tables["web_session"]
SHARED = ("/static/", "/assets/", "/crl/", "/ca/")
"""Where bytes are the same for everybody: caches may keep them, no session is read or kept."""


class ServerSession(CallbackDict[str, Any], SessionMixin):
    def __init__(self, data: dict[str, Any], id_sha256: str | None) -> None:
        super().__init__(data, self._changed)
        self.id_sha256 = id_sha256
        self.modified = False
        self.stale = False
        self.owner = owner(self)

    def _changed(self, _: object) -> None:
        self.modified = True


def owner(session: Any) -> tuple[int | None, int | None]:
    """The officer and the person this session is signed in as."""
    return session.get("officer"), session.get("person")


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


class ServerSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> ServerSession:
        cookie = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if not cookie or request.path.startswith(SHARED):
            return ServerSession({}, None)
        with separate() as connection:
            row = connection.execute(select(TABLE).where(TABLE.c.id_sha256 == _hash(cookie))).first()
        if row is None or not _alive(row):
            return ServerSession({}, None)
        session = ServerSession(row.data, row.id_sha256)
        session.stale = clock.now() - row.seen_at > timedelta(seconds=30)
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Written after the request's own transaction; a change of owner gets a new id."""
        if request.path.startswith(SHARED):
            return
        response.vary.add("Cookie")
        name = app.config["SESSION_COOKIE_NAME"]
        values = {"officer_id": owner(session)[0], "person_id": owner(session)[1], "data": dict(session),
                  "seen_at": clock.now()}  # fmt: skip
        if session.id_sha256 and owner(session) == session.owner and session:
            if session.modified or session.stale:
                with separate() as connection:
                    connection.execute(
                        update(TABLE).where(TABLE.c.id_sha256 == session.id_sha256).values(**values)
                    )
            return
        if not session.modified:
            return
        with separate() as connection:
            if session.id_sha256:
                connection.execute(delete(TABLE).where(TABLE.c.id_sha256 == session.id_sha256))
            if session:
                session_id = secrets.token_urlsafe(32)
                connection.execute(
                    insert(TABLE).values(id_sha256=_hash(session_id), created_at=clock.now(), **values)
                )
                limit = clock.now() - timedelta(hours=setting("OFFICER_ABSOLUTE_HOURS"))
                connection.execute(delete(TABLE).where(TABLE.c.seen_at < limit))
        if not session:
            response.delete_cookie(name, path="/", secure=app.config["SESSION_COOKIE_SECURE"], httponly=True)
            return
        response.set_cookie(name, session_id, path="/", httponly=True, samesite=app.config["SESSION_COOKIE_SAMESITE"],
                            secure=app.config["SESSION_COOKIE_SECURE"])  # fmt: skip


def _alive(row: Any) -> bool:
    idle = setting("OFFICER_IDLE_MINUTES" if row.officer_id else "PERSON_IDLE_MINUTES")
    oldest = timedelta(hours=setting("OFFICER_ABSOLUTE_HOURS"))
    return bool(clock.now() - row.seen_at < timedelta(minutes=idle) and clock.now() - row.created_at < oldest)


def end_all(officer_id: int) -> None:
    """Every session of this officer is dead after this transaction: sign-out everywhere, change of role."""
    from jcanweb.database import db

    db.session.execute(delete(WebSession).where(WebSession.officer_id == officer_id))


def init_app(app: Flask) -> None:
    app.session_interface = ServerSessions()
