"""What every answer has in common: page or partial, downloads, error pages, headers."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib.metadata import distribution
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from jcanweb import audit, calendar, clock, labels
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import Officer
from jcanweb.permissions import permissions_of, public
from jcanweb.roles import Permission
from jcanweb.services import desk
from jcanweb.services.demo import is_demo
from jcanweb.services.trail import Step
from jcanweb.sessions import SHARED

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", default_limits=[])
blueprint = Blueprint("web", __name__)
Member = TypeVar("Member", bound=StrEnum)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TEXT_SIZES = {"normal": "標準", "large": "大", "largest": "特大"}
"""Of an applicant's pages, chosen on the terms and kept with the session."""
SENTENCES = {
    400: "送信された内容を確認できませんでした。しばらく操作がないと、入り直しが必要になります。"
    "前の画面に戻って入力した内容を控え、画面を開き直してから、もう一度お試しください。",
    404: "お探しのページは見つかりません。アドレスを確認してください。",
    405: "この操作は受け付けられません。前の画面に戻ってやり直してください。",
    413: "ファイルが大きすぎます。10MB以内のPDFを選んでください。",
    429: "操作が続けて行われたため、しばらく受け付けを止めています。1分ほど待ってからお試しください。",
    500: "システム内部で問題が起きました。操作は完了していません。時間をおいて、もう一度お試しください。",
}
NAVIGATION = [
    ("desk.home", "仕事", Permission.DESK_VIEW),
    ("screening.listing", "申請", Permission.APPLICATION_VIEW),
    ("issuance.listing", "発行", Permission.APPLICATION_VIEW),
    ("ledger.listing", "証明書", Permission.CERTIFICATE_VIEW),
    ("revocation.listing", "失効", Permission.REVOCATION_VIEW),
    ("recovery.listing", "鍵回復", Permission.RECOVERY_VIEW),
    ("organizations.listing", "法人", Permission.ORGANIZATION_VIEW),
    ("intake.listing", "一括取込", Permission.INTAKE_RECEIVE),
    ("measures.show", "審査の状況", Permission.REPORT_VIEW),
    ("reports.listing", "帳票", Permission.REPORT_VIEW),
    ("terms.listing", "規約", Permission.TERMS_VIEW),
    ("policy.listing", "証明書ポリシー", Permission.TERMS_VIEW),
    ("audit.listing", "監査", Permission.AUDIT_VIEW),
    ("officers.listing", "担当者", Permission.OFFICER_VIEW),
    ("custodians.listing", "鍵の管理者", Permission.CUSTODIAN_APPOINT),
]


def init_app(app: Flask) -> None:
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # as Flask says
    csrf.init_app(app)
    limiter.init_app(app)
    app.register_blueprint(blueprint)
    app.before_request(readable)
    app.after_request(headers)
    app.context_processor(context)
    app.jinja_env.filters.update(
        date=calendar.japanese_date,
        moment=calendar.japanese_datetime,
        word=labels.word,
        tone=labels.tone,
        told=told,
    )
    app.register_error_handler(RuleViolation, refused)
    app.register_error_handler(HTTPException, trouble)
    app.register_error_handler(CSRFError, trouble)
    if not app.testing:
        app.register_error_handler(Exception, crash)


def respond(page: str, partial: str | None = None, *, status: int = 200, **context: Any) -> tuple[str, int]:
    """The page, or only its partial when htmx asks for it."""
    short = partial and request.headers.get("HX-Request") == "true" and not request.headers.get("HX-Boosted")
    return render_template(partial if short and partial else page, **context), status


def attempt(act: Any, *, event: Event, subject: Subject, subject_id: object,
            by: object = None) -> RuleViolation | None:  # fmt: skip
    """Run a service call; a violation is rolled back, audited and handed back for the page to show.

    `by`: who acts, where it is neither the officer nor the person signed in.
    """
    try:
        act()
        db.session.flush()
    except RuleViolation as violation:
        audit.refuse(event, subject, subject_id, by=by or g.officer or g.person, reason=violation.code,
                     act=violation.act)  # fmt: skip
        return violation
    return None


def picked(kind: type[Member], name: str) -> Member | None:
    """The member of an enum that a filter in the address names; None for any other word."""
    return next((member for member in kind if member.value == request.args.get(name)), None)


def told(steps: list[Step]) -> list[dict[str, str]]:
    """The history of a thing (trail.history) in the words of ui.timeline."""
    return [
        {"at": calendar.japanese_datetime(step.at), "who": step.who,
         "what": labels.word(step.event) + (f" {labels.word(step.about)}" if step.about else "") + ("" if step.outcome is Outcome.DONE else f"（{labels.word(step.outcome)}）")}
        for step in steps
    ]  # fmt: skip


def absolute(endpoint: str, **values: Any) -> str:
    """The address of a page as mails tell it: below PUBLIC_URL, whatever host the request named."""
    return str(setting("PUBLIC_URL")) + url_for(endpoint, **values)


def said(words: str) -> None:
    """A line shown on the next page."""
    flash(words, "success")


def download(content: bytes | IO[bytes], name: str, mimetype: str) -> Response:
    """An attachment that no cache keeps; an open file is sent from where it stands, and closed."""
    from io import BytesIO

    file = BytesIO(content) if isinstance(content, bytes) else content
    return send_file(file, mimetype, as_attachment=True, download_name=name, max_age=0)


def shut_in(content: bytes, mimetype: str, name: str) -> Response:
    """What a stranger made, shown in a window that may do nothing."""
    from io import BytesIO

    answer = send_file(BytesIO(content), mimetype, download_name=name, max_age=0)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def table(name: str, build: Callable[[IO[bytes]], int]) -> Response:
    """The CSV that `build` writes and tells the size of in bytes, through a file so that memory stays flat."""
    out = SpooledTemporaryFile(max_size=1024 * 1024, dir=current_app.instance_path)
    size = build(out)
    out.seek(0)
    answer = download(out, name, "text/csv")
    answer.content_length = size
    return answer


@blueprint.get("/assets/htmx.js")
@public
def htmx() -> Response:
    """htmx comes from its wheel; the package itself is never imported."""
    path = distribution("django-htmx").locate_file("django_htmx/static/django_htmx/htmx-2.min.js")
    return send_file(Path(str(path)), "text/javascript", max_age=86400)


def readable() -> None:
    """An address with a NUL or a number beyond 64 bits names nothing, and a database would not even look for it."""
    numbers = [value for value in (request.view_args or {}).values() if isinstance(value, int)]
    if (
        any("\0" in text for text in (request.path, *request.args.values()))
        or max(numbers, default=0) >= 2**63
    ):
        abort(404)


def headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if not request.path.startswith(SHARED) or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("HX-Request")
    return response


def context() -> dict[str, Any]:
    """What layout.html needs; a menu entry is there only when the officer may open it."""
    if not has_request_context():  # a mail written by a job or a command
        return {}
    officer, person = g.get("officer"), g.get("person")
    return {
        "demo": is_demo(),
        "area": "staff" if officer else "applicant" if person else "public",
        "navigation": navigation(officer) if officer else [],
        "signed_in_name": officer.name if officer else person.name if person else None,
        "sign_out_url": url_for("security.logout") if officer else url_for("enrollment.sign_out") if person else None,
        "me_url": url_for("officers.me") if officer else url_for("enrollment.my") if person else None,
        "text_size": session.get("text_size", "normal") if person else "normal",
        "text_sizes": TEXT_SIZES,
        "messages": get_flashed_messages(with_categories=True),
        "footer_links": [(url_for("terms.in_force"), "利用規約"), (url_for("status.crl"), "失効リスト（CRL）"),
                         (url_for("public.home"), "トップ")],
        "may": lambda name: officer is not None and Permission(name) in permissions_of(officer),
        "now": clock.now(),
        "short_day": lambda moment: calendar.short_day(moment, clock.now()),
        "short": lambda moment: calendar.short(moment, clock.now()),
        "remaining": lambda deadline: calendar.remaining(clock.now(), deadline),
        "lra_name": setting("LRA_NAME_JA"),
        "lra_contact": setting("LRA_CONTACT"),
    }  # fmt: skip


def navigation(officer: Officer) -> Iterator[dict[str, Any]]:
    """The entries that may be opened, with what waits for this officer; only asked for where a menu is shown."""
    granted = permissions_of(officer)
    waiting = desk.counts(officer, granted, g.custodian)
    for endpoint, label, permission in NAVIGATION:
        feature = endpoint.split(".")[0]
        if permission in granted and endpoint in current_app.view_functions:
            yield {"endpoint_url": url_for(endpoint), "label": label, "count": desk.told(waiting.get(feature, 0)) if waiting.get(feature) else None,
                   "current": request.blueprint == feature}  # fmt: skip


def refused(violation: RuleViolation, page: str = "errors/409.html") -> tuple[str, int]:
    """A rule refused where the view had no page of its own for it."""
    audit.refuse(Event.ACCESS_DENIED, Subject.ENDPOINT, str(request.endpoint)[:80],
                 by=g.get("officer") or g.get("person"), reason=violation.code)  # fmt: skip
    return render_template(page, heading=violation.heading, sentence=violation.sentence), 409


def trouble(problem: HTTPException) -> Any:
    code = problem.code or 500
    if code < 400:
        return problem
    db.session.rollback()
    known = code if code in {400, 403, 404, 409, 413, 422, 429, 500} else 400 if code < 500 else 500
    needed = "・".join(labels.word(role) for role in g.get("needed", []))
    return render_template(f"errors/{known}.html", sentence=SENTENCES.get(code, SENTENCES.get(known, "")),
                           needed=needed), code  # fmt: skip


def crash(problem: Exception) -> Any:
    """Nothing of the request is told or kept; the log gets the traceback without its data."""
    db.session.rollback()
    current_app.logger.error("unhandled %s in %s", type(problem).__name__, request.endpoint, exc_info=problem)
    return render_template("errors/500.html", sentence=SENTENCES[500], needed=""), 500
