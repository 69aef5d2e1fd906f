"""Who may: role → permissions, roles that exclude each other, `requires()`, and the gate.

An endpoint that has not said who may is not reachable; silence is denial.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from jcanweb import audit, clock
from jcanweb.errors import RolesExclude
from jcanweb.events import Event, Subject
from jcanweb.roles import Permission, Role
from jcanweb.vocabulary import CustodianGroup

P = Permission
_LOOK = {P.DESK_VIEW, P.APPLICATION_VIEW, P.CERTIFICATE_VIEW, P.REVOCATION_VIEW, P.RECOVERY_VIEW,
         P.ORGANIZATION_VIEW, P.TERMS_VIEW, P.PROFILE_MANAGE}  # fmt: skip
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SCREENER: frozenset(
        _LOOK | {P.APPLICATION_SCREEN, P.APPLICATION_ASSIGN, P.APPLICATION_COMMENT, P.DOCUMENT_OPEN, P.ORGANIZATION_REGISTER, P.PERSON_INVITE, P.INTAKE_RECEIVE,
                 P.REVOCATION_REQUEST, P.TERMS_IMPORT, P.RECONSENT_VIEW}
    ),
    Role.APPROVER: frozenset(
        _LOOK | {P.APPLICATION_APPROVE, P.APPLICATION_ASSIGN, P.APPLICATION_COMMENT, P.DOCUMENT_OPEN, P.REVOCATION_DECIDE, P.RECOVERY_AUTHORIZE,
                 P.REPORT_VIEW, P.EVIDENCE_VIEW, P.OFFICER_VIEW, P.TERMS_IMPORT, P.TERMS_APPROVE,
                 P.RECONSENT_VIEW, P.RECONSENT_DECIDE}
    ),
    Role.OPERATOR: frozenset(
        _LOOK | {P.APPLICATION_ISSUE, P.APPLICATION_COMMENT, P.REVOCATION_REQUEST, P.REVOCATION_EXECUTE,
                 P.RECOVERY_REQUEST}
    ),
    Role.AUDITOR: frozenset(_LOOK | {P.AUDIT_VIEW, P.REPORT_VIEW, P.EVIDENCE_VIEW, P.OFFICER_VIEW, P.RECONSENT_VIEW}),
    Role.ADMINISTRATOR: frozenset(
        {P.DESK_VIEW, P.OFFICER_VIEW, P.OFFICER_MANAGE, P.CUSTODIAN_APPOINT, P.REPORT_VIEW, P.TERMS_VIEW,
         P.PROFILE_MANAGE}
    ),
}  # fmt: skip

TOTP_ROLES = frozenset({Role.APPROVER, Role.OPERATOR})  # S/MIME BR 6.5.1
_ALONE = {Role.ADMINISTRATOR, Role.AUDITOR}


def exclude(first: Role, second: Role) -> bool:
    """Administrator and auditor stand alone; the approver neither screens nor operates."""
    if first == second:
        return False
    return bool({first, second} & _ALONE) or Role.APPROVER in {first, second}


def check_roles(roles: set[Role]) -> None:
    """Raise RolesExclude when two of these roles may not be held by one person, or none is given."""
    if not roles or any(exclude(one, other) for one in roles for other in roles):
        raise RolesExclude()


def permissions_of(officer: Any) -> frozenset[Permission]:
    """What this officer may: by roles, and opening own shares while an active custodian."""
    granted: frozenset[Permission] = frozenset().union(*(GRANTS[held.name] for held in officer.roles))
    if getattr(g, "custodian", None) is not None:
        granted |= {Permission.RECOVERY_OPEN, Permission.RECOVERY_VIEW}
    return granted


def roles_with(permission: Permission) -> list[StrEnum]:
    """The roles that could, or the groups of custodians, for the page that says no."""
    if permission is P.RECOVERY_OPEN:
        return list(CustodianGroup)
    return [role for role, granted in GRANTS.items() if permission in granted]


View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """This view is for officers with the permission; `fresh` asks to sign in again first."""

    def mark(view: View) -> View:
        view.who = ("officer", permission, fresh)  # type: ignore[attr-defined]  # the gate reads it
        return view

    return mark


def public(view: View) -> View:
    """Anybody may; the view itself checks any link it was given."""
    view.who = ("public", None, False)  # type: ignore[attr-defined]  # the gate reads it
    return view


def applicant(view: View) -> View:
    """An applicant or subscriber who came by personal link and code."""
    view.who = ("applicant", None, False)  # type: ignore[attr-defined]  # the gate reads it
    return view


def init_app(app: Flask) -> None:
    app.before_request(gate)


def declare_foreign(app: Flask) -> None:
    """Views of libraries: static files are public; Flask-Security guards its own."""
    foreign = {name for name in app.view_functions if name == "static" or name.startswith("security.")}
    app.extensions["foreign_endpoints"] = foreign


def who_may(app: Flask, endpoint: str) -> tuple[str, Permission | None, bool]:
    """What the endpoint declared: (officer | applicant | public | nobody, permission, fresh)."""
    if endpoint in app.extensions["foreign_endpoints"]:
        return ("public", None, False)
    declared: tuple[str, Permission | None, bool] = getattr(
        app.view_functions[endpoint], "who", ("nobody", None, False)
    )
    return declared


def gate() -> Response | None:
    """Run before every view: who is this, and has the view said that they may?"""
    if request.endpoint is None:
        return None
    kind, permission, fresh = who_may(current_app, request.endpoint)
    if kind == "public":
        return None
    if kind == "applicant":
        return None if g.person is not None else redirect(url_for("enrollment.welcome_back"), 303)
    if kind == "nobody":
        _deny(None)
    if g.officer is None:
        return redirect(url_for("security.login", next=request.path if request.method == "GET" else None))
    unfinished = unfinished_sign_in(g.officer)
    if unfinished is not None:
        return redirect(unfinished)
    if permission not in permissions_of(g.officer):
        _deny(permission)
    if fresh and not is_fresh():
        return redirect(url_for("security.verify", next=fresh_target()))
    return None


def unfinished_sign_in(officer: Any) -> str | None:
    """Where an officer must go first: change a one-time password, enrol TOTP."""
    if officer.password_changed_at is None:
        return url_for("security.change_password")
    if officer.holds(*TOTP_ROLES) and not officer.tf_primary_method:
        return url_for("security.two_factor_setup")
    return None


def is_fresh() -> bool:
    """Signed in, or signed in again, within FRESH_SIGN_IN_MINUTES."""
    limit = timedelta(minutes=current_app.config["FRESH_SIGN_IN_MINUTES"])
    since = session.get("fresh_at")
    return since is not None and clock.now().timestamp() - since < limit.total_seconds()


def fresh_target() -> str:
    """After signing in again, back to the page whose button was pressed."""
    return request.path if request.method == "GET" else (request.form.get("page") or url_for("officers.me"))


def _deny(permission: Permission | None) -> None:
    g.needed = roles_with(permission) if permission else []
    audit.refuse(Event.ACCESS_DENIED, Subject.ENDPOINT, str(request.endpoint)[:80],
                 by=g.officer or g.person, reason=str(permission or "undeclared"))  # fmt: skip
    abort(403)
