"""Set-up of the first administrator, joining by link, the list of officers, one's own page."""

from flask import Blueprint, abort, g, redirect, url_for
from flask_security.utils import login_user
from werkzeug.wrappers import Response

from jcanweb import mail
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.forms.officers import InviteForm, JoinForm, RolesForm, VersionForm
from jcanweb.identity import hash_of
from jcanweb.models import Officer
from jcanweb.permissions import public, requires
from jcanweb.roles import Permission, Role
from jcanweb.services import demo as demo_world
from jcanweb.services import officers
from jcanweb.web import absolute, attempt, limiter, respond, said

blueprint = Blueprint("officers", __name__)


@blueprint.route("/setup/<token>", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour")
def setup(token: str) -> tuple[str, int] | Response:
    """The one-time link of the first start: the first administrator."""
    if officers.invitation(token).email is not None:
        abort(404)
    return _join(token, "officers/setup.html")


@blueprint.post("/setup/<token>/demo")
@public
@limiter.limit("20 per hour")
def demo(token: str) -> tuple[str, int]:
    """The other way to begin: the demo world; its passwords are on this one answer and nowhere else."""
    if officers.invitation(token).email is not None:
        abort(404)
    made: list[demo_world.World] = []
    problem = attempt(lambda: made.append(demo_world.create(hash_of)), event=Event.DEMO_CREATED,
                      subject=Subject.INSTALLATION, subject_id=1)  # fmt: skip
    if problem:
        return respond("errors/409.html", sentence=problem.sentence, status=409)
    return respond("officers/demo.html", world=made[0])


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour")
def join(token: str) -> tuple[str, int] | Response:
    if officers.invitation(token).email is None:
        abort(404)
    return _join(token, "officers/join.html")


def _join(token: str, page: str) -> tuple[str, int] | Response:
    found = officers.invitation(token)
    form = JoinForm(name=found.name, email=found.email)
    if not form.validate_on_submit():
        return respond(page, form=form, invitation=found, status=422 if form.is_submitted() else 200)
    made: list[Officer] = []
    problem = attempt(
        lambda: made.append(officers.join(token, name=form.name.data or "", email=form.email.data or "",
                                          password_hash=hash_of(form.password.data or ""))),
        event=Event.OFFICER_JOINED, subject=Subject.OFFICER, subject_id=f"invitation:{found.id}",
    )  # fmt: skip
    if problem:
        return respond(page, form=form, invitation=found, problem=problem.sentence, status=409)
    login_user(made[0], authn_via=["password"])
    said("登録が完了しました。")
    return redirect(url_for("officers.me"), 303)


@blueprint.route("/officers", methods=["GET"])
@requires(Permission.OFFICER_VIEW)
def listing() -> tuple[str, int]:
    return respond("officers/listing.html", officers=officers.everyone(), form=InviteForm())


@blueprint.post("/officers/invite")
@requires(Permission.OFFICER_MANAGE, fresh=True)
def invite() -> tuple[str, int] | Response:
    form = InviteForm()
    if not form.validate_on_submit():
        return respond("officers/listing.html", officers=officers.everyone(), form=form, status=422)
    tokens: list[str] = []
    problem = attempt(
        lambda: tokens.append(officers.invite(email=form.email.data or "", name=form.name.data or "",
                                              roles={Role(role) for role in form.roles.data or []}, by=g.officer)),
        event=Event.OFFICER_INVITED, subject=Subject.OFFICER, subject_id="invitation",
    )  # fmt: skip
    if problem:
        return respond("officers/listing.html", officers=officers.everyone(), form=form, problem=problem.sentence,
                       status=409)  # fmt: skip
    mail.send(form.email.data or "", "officer_invitation", name=form.name.data,
              link=absolute("officers.join", token=tokens[0]))  # fmt: skip
    said("招待のメールを送りました。")
    return redirect(url_for("officers.listing"), 303)


@blueprint.route("/officers/<int:officer_id>", methods=["GET", "POST"])
@requires(Permission.OFFICER_MANAGE, fresh=True)
def show(officer_id: int) -> tuple[str, int] | Response:
    officer = db.get_or_404(Officer, officer_id)
    form = RolesForm(version=officer.version, roles=[held.name.value for held in officer.roles])
    if not form.validate_on_submit():
        return respond(
            "officers/show.html", officer=officer, form=form, status=422 if form.is_submitted() else 200
        )
    problem = attempt(
        lambda: officers.change_roles(officer, {Role(role) for role in form.roles.data or []},
                                      version=int(form.version.data or 0), by=g.officer),
        event=Event.OFFICER_ROLES_CHANGED, subject=Subject.OFFICER, subject_id=officer_id,
    )  # fmt: skip
    if problem:
        return respond("officers/show.html", officer=officer, form=form, problem=problem.sentence, status=409)
    said("役割を変更しました。")
    return redirect(url_for("officers.listing"), 303)


@blueprint.post("/officers/<int:officer_id>/deactivate")
@requires(Permission.OFFICER_MANAGE, fresh=True)
def deactivate(officer_id: int) -> tuple[str, int] | Response:
    officer = db.get_or_404(Officer, officer_id)
    form = VersionForm()
    problem = attempt(
        lambda: officers.deactivate(officer, version=int(form.version.data or 0), by=g.officer),
        event=Event.OFFICER_DEACTIVATED, subject=Subject.OFFICER, subject_id=officer_id,
    )  # fmt: skip
    if problem:
        roles = RolesForm(version=officer.version, roles=[held.name.value for held in officer.roles])
        return respond(
            "officers/show.html", officer=officer, form=roles, problem=problem.sentence, status=409
        )
    said("アカウントを停止しました。")
    return redirect(url_for("officers.listing"), 303)


@blueprint.get("/me")
@requires(Permission.PROFILE_MANAGE)
def me() -> tuple[str, int]:
    return respond("officers/me.html", officer=g.officer, custodian=g.custodian)
