"""The applicant's way in (personal link, code), the own page, and the way out."""

from flask import Blueprint, g, redirect, session, url_for
from flask_security.utils import logout_user
from werkzeug.wrappers import Response

from jcanweb import mail
from jcanweb.config import setting
from jcanweb.errors import LinkExpired, RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms.enrollment import CodeForm
from jcanweb.forms.rules import show as show_at
from jcanweb.models import Invitation, Person
from jcanweb.permissions import applicant, public
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services import invitations, organizations, progress, reconsent_ledger, renewal
from jcanweb.web import attempt, limiter, refused, respond, said

blueprint = Blueprint("enrollment", __name__)


@blueprint.get("/apply")
@public
def welcome_back() -> tuple[str, int] | Response:
    """For a person whose session has ended: the personal link opens it again."""
    if g.person is not None:
        return redirect(url_for(".my"), 303)
    return respond("enrollment/welcome_back.html", days=setting("INVITATION_DAYS"))


@blueprint.get("/apply/<token>")
@public
@limiter.limit("120 per hour")
def link(token: str) -> tuple[str, int] | Response:
    """Looking at a link uses nothing up: mail scanners open links too."""
    found = invitations.open_link(token)
    if g.person is not None and g.person.id == found.person_id:
        return redirect(_back(g.person), 303)
    return _link(found, token)


@blueprint.post("/apply/<token>")
@public
@limiter.limit("30 per hour")
def send_code(token: str) -> tuple[str, int] | Response:
    found, sent = invitations.open_link(token), []
    problem = attempt(lambda: sent.append(invitations.send_code(found)), event=Event.PERSON_CODE_SENT,
                      subject=Subject.PERSON, subject_id=found.person_id)  # fmt: skip
    if problem:
        return _link(found, token, problem)
    if sent[0]:
        mail.send(found.person.email, "access_code", person=found.person, code=sent[0],
                  minutes=setting("ACCESS_CODE_MINUTES"))  # fmt: skip
    return redirect(url_for(".code", token=token), 303)


@blueprint.route("/apply/<token>/code", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour", methods=["POST"])
def code(token: str) -> tuple[str, int] | Response:
    found, form = invitations.open_link(token), CodeForm()
    if not form.validate_on_submit():
        return _code(found, token, form, 422 if form.is_submitted() else 200)
    newest = invitations.newest_code(found)
    problem = attempt(lambda: invitations.sign_in(found, form.code.data or ""), event=Event.CODE_DENIED,
                      subject=Subject.ACCESS_CODE, subject_id=newest.id if newest else "none")  # fmt: skip
    if problem:
        show_at(form, problem)
        return _code(found, token, form, 409)
    if g.officer is not None:
        logout_user()
    session.clear()
    session["person"] = found.person_id
    return redirect(_back(found.person), 303)


@blueprint.get("/my")
@applicant
def my() -> tuple[str, int]:
    reconsents = reconsent_ledger.of_person(g.person)
    return respond(
        "enrollment/my.html", person=g.person, applications=ledger.applications(g.person),
        holdings=ledger.holdings(g.person), obstacles=organizations.obstacles(g.person),
        expected_on=ledger.expected_on, lapses_on=ledger.lapses_on, reading=progress.reading(g.person),
        asked=reconsent_ledger.first_unanswered(reconsents), reconsents=reconsents,
        renewable=renewal.open_for(g.person), kind=renewal.kind(g.person.corporation_id),
    )  # fmt: skip


@blueprint.post("/my/sign-out")
@applicant
def sign_out() -> Response:
    invitations.sign_out(by=g.person)
    session.clear()
    said("サインアウトしました。")
    return redirect(url_for("public.home"), 303)


@blueprint.errorhandler(LinkExpired)
def ended(violation: LinkExpired) -> tuple[str, int]:
    return refused(violation, "enrollment/link_ended.html")


def _back(person: Person) -> str:
    """Where the person is asked for an answer or was: in the form, in the terms of the first application, at home."""
    if reconsent_ledger.waiting(person):
        return url_for("reconsent.waiting")
    draft = ledger.unfinished(person)
    if draft is not None:
        return url_for("application_form.form", number=draft.number)
    return url_for(".my" if ledger.applications(person) else "application_form.terms")


def _link(found: Invitation, token: str, problem: RuleViolation | None = None) -> tuple[str, int]:
    return respond("enrollment/link.html", email=invitations.masked(found.person.email), token=token,
                   minutes=setting("ACCESS_CODE_MINUTES"), problem=problem.sentence if problem else None,
                   status=409 if problem else 200)  # fmt: skip


def _code(found: Invitation, token: str, form: CodeForm, status: int) -> tuple[str, int]:
    return respond("enrollment/code.html", email=invitations.masked(found.person.email), form=form, token=token,
                   minutes=setting("ACCESS_CODE_MINUTES"), status=status)  # fmt: skip
