"""Corporations: the list with its search, registering, correcting; their people and their links."""

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import clock, mail
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms.officers import whole_number
from jcanweb.forms.organizations import ChangeForm, CorporationForm, PersonForm
from jcanweb.forms.rules import show as show_at
from jcanweb.models import Corporation, Person
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import agreements, organizations, search, trail, vetting
from jcanweb.services import organization_history as past
from jcanweb.services import organization_ledger as ledger
from jcanweb.vocabulary import AgreementState
from jcanweb.web import absolute, attempt, respond, said, shut_in

blueprint = Blueprint("organizations", __name__)
SHOWN = 15
"""changes on the page of a corporation; all of them are a page of their own"""


@blueprint.get("/corporations")
@requires(Permission.ORGANIZATION_VIEW)
def listing() -> tuple[str, int]:
    typed, before = request.args.get("q", "")[:200], whole_number(request.args.get("before")) or None
    found = ledger.search(typed, before=before)
    more = len(found) > ledger.PAGE
    found = found[: ledger.PAGE]
    older = url_for(".listing", q=typed or None, before=found[-1].id) if more else None
    return respond(
        "organizations/listing.html",
        "organizations/_rows.html",
        found=found,
        older=older,
        typed=typed,
        complaint=search.read(typed).complaint,
    )


@blueprint.route("/corporations/new", methods=["GET", "POST"])
@requires(Permission.ORGANIZATION_REGISTER)
def register() -> tuple[str, int] | Response:
    form = CorporationForm()
    if not form.validate_on_submit():
        return respond("organizations/register.html", form=form, status=422 if form.is_submitted() else 200)
    made: list[Corporation] = []
    problem = attempt(lambda: made.append(organizations.register(form.entry(), by=g.officer)),
                      event=Event.CORPORATION_REGISTERED, subject=Subject.CORPORATION, subject_id="new")  # fmt: skip
    if problem:
        return respond("organizations/register.html", form=form, problem=show_at(form, problem), status=409)
    said("法人を登録しました。続けて権限者を登録してください。")
    return redirect(url_for(".show", corporate_number=made[0].corporate_number), 303)


@blueprint.get("/corporations/<corporate_number>")
@requires(Permission.ORGANIZATION_VIEW)
def show(corporate_number: str) -> tuple[str, int]:
    return _show(_corporation(corporate_number))


@blueprint.route("/corporations/<corporate_number>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANIZATION_REGISTER)
def change(corporate_number: str) -> tuple[str, int] | Response:
    corporation = _corporation(corporate_number)
    form = ChangeForm(obj=corporation)
    if not form.validate_on_submit():
        return _change_page(corporation, form, 422 if form.is_submitted() else 200)
    entry, version = form.entry(), int(form.version.data or 0)
    concerned = agreements.concerned(corporation, entry.agreement_state, entry.agreement_to)
    if not form.confirms(concerned):
        return _change_page(corporation, form, 422, concerned=concerned)
    problem = attempt(lambda: organizations.change(corporation, entry, version=version, by=g.officer),
                      event=Event.CORPORATION_CHANGED, subject=Subject.CORPORATION, subject_id=corporation.id)  # fmt: skip
    if problem:
        return _change_page(corporation, form, 409, problem=show_at(form, problem))
    said(
        "法人の登録内容を変更しました。"
        + (f"証明書{concerned}枚の失効の判断を、1分以内に用意します。" if concerned else "")
    )
    return redirect(url_for(".show", corporate_number=corporation.corporate_number), 303)


@blueprint.route("/corporations/<corporate_number>/people/new", methods=["GET", "POST"])
@requires(Permission.PERSON_INVITE)
def add_person(corporate_number: str) -> tuple[str, int] | Response:
    """Register an authorised person and send the personal link."""
    corporation = _corporation(corporate_number)
    form, page = PersonForm(), "organizations/add_person.html"
    if not form.validate_on_submit():
        return respond(page, corporation=corporation, form=form, status=422 if form.is_submitted() else 200)
    made: list[Person] = []
    problem = attempt(lambda: made.append(organizations.add_person(corporation, form.entry(), by=g.officer)),
                      event=Event.PERSON_REGISTERED, subject=Subject.CORPORATION, subject_id=corporation.id)  # fmt: skip
    if problem:
        return respond(page, corporation=corporation, form=form, problem=show_at(form, problem), status=409)
    return _invite(made[0], newest=0)


@blueprint.route("/corporations/<corporate_number>/people/<int:person_id>", methods=["GET", "POST"])
@requires(Permission.PERSON_INVITE)
def change_person(corporate_number: str, person_id: int) -> tuple[str, int] | Response:
    person = _person(corporate_number, person_id)
    form = PersonForm(obj=person)
    if not form.validate_on_submit():
        return _person_page(person, form, 422 if form.is_submitted() else 200)
    problem = attempt(lambda: organizations.change_person(person, form.entry(), version=int(form.version.data or 0),
                                                          by=g.officer),
                      event=Event.PERSON_CHANGED, subject=Subject.PERSON, subject_id=person.id)  # fmt: skip
    if problem:
        return _person_page(person, form, 409, show_at(form, problem))
    said("権限者の登録内容を変更しました。")
    return redirect(url_for(".show", corporate_number=corporate_number), 303)


@blueprint.get("/corporations/<corporate_number>/people/<int:person_id>/delegation")
@requires(Permission.DOCUMENT_OPEN)
def delegation(corporate_number: str, person_id: int) -> Response:
    """The 委任状, in a window that may do nothing; that it was opened is recorded."""
    content = organizations.open_delegation(_person(corporate_number, person_id), by=g.officer) or abort(404)
    return shut_in(content, "application/pdf", f"delegation-{person_id}.pdf")


@blueprint.get("/corporations/<corporate_number>/changes")
@requires(Permission.ORGANIZATION_VIEW)
def changes(corporate_number: str) -> tuple[str, int]:
    """All changes of what is registered, by pages."""
    corporation = _corporation(corporate_number)
    found = past.page(corporation, before=whole_number(request.args.get("before")) or None)
    rows, more = found[: past.PAGE], len(found) > past.PAGE
    older = url_for(".changes", corporate_number=corporate_number, before=rows[-1].id) if more else None
    return respond("organizations/changes.html", "organizations/_changes.html", corporation=corporation, changes=rows,
                   older=older, names=trail.officers({one.changed_by for one in rows}))  # fmt: skip


@blueprint.post("/corporations/<corporate_number>/people/<int:person_id>/invite")
@requires(Permission.PERSON_INVITE)
def invite(corporate_number: str, person_id: int) -> tuple[str, int] | Response:
    """A new personal link; the earlier ones end."""
    return _invite(_person(corporate_number, person_id), whole_number(request.form.get("newest")))


def _invite(person: Person, newest: int) -> tuple[str, int] | Response:
    tokens: list[str] = []
    problem = attempt(lambda: tokens.append(organizations.invite(person, newest=newest, by=g.officer)),
                      event=Event.PERSON_INVITED, subject=Subject.PERSON, subject_id=person.id)  # fmt: skip
    if problem:
        return _show(person.corporation, problem)
    link = absolute("enrollment.link", token=tokens[0])
    mail.send(person.email, "invitation", person=person, link=link, days=setting("INVITATION_DAYS"))
    said(f"{person.name} 様に申請のご案内を送りました。")
    return redirect(url_for(".show", corporate_number=person.corporation.corporate_number), 303)


def _show(corporation: Corporation, problem: RuleViolation | None = None) -> tuple[str, int]:
    certificates, changes = ledger.certificates(corporation), past.page(corporation)[: SHOWN + 1]
    vetted = vetting.newest(corporation, *corporation.people)
    return respond("organizations/show.html", corporation=corporation, problem=problem and problem.sentence,
                   invitations=ledger.invitations(corporation), vetted=vetted, valid_until=vetting.valid_until,
                   today=jst_date(clock.now()), decisions=ledger.decisions(corporation),
                   revocations=ledger.revocations(certificates), changes=changes[:SHOWN], more_changes=len(changes) > SHOWN,
                   names=trail.officers({one.changed_by for one in changes} | {one.vetted_by for one in vetted.values()}),
                   certificates=certificates[: ledger.PAGE], living=organizations.living(corporation),
                   more_certificates=len(certificates) > ledger.PAGE,
                   agreement=organizations.agreement_obstacles(corporation),
                   decision_days=setting("REVOCATION_NORMAL_DAYS"),
                   obstacles={person.id: organizations.obstacles(person) for person in corporation.people},
                   history=trail.history(Subject.CORPORATION, corporation.id), status=409 if problem else 200)  # fmt: skip


def _change_page(corporation: Corporation, form: ChangeForm, status: int, *, concerned: int = 0,
                 problem: str | None = None) -> tuple[str, int]:  # fmt: skip
    """`concerned`: how many certificates the change that was sent concerns, to be confirmed."""
    return respond("organizations/change.html", corporation=corporation, form=form, status=status, problem=problem,
                   concerned=concerned, days=setting("REVOCATION_NORMAL_DAYS"),
                   possible=agreements.concerned(corporation, AgreementState.ENDED, None))  # fmt: skip


def _person_page(
    person: Person, form: PersonForm, status: int, problem: str | None = None
) -> tuple[str, int]:
    return respond("organizations/change_person.html", person=person, form=form, problem=problem, status=status,
                   vetted=vetting.newest(person.corporation, person).get(person.id), today=jst_date(clock.now()),
                   valid_until=vetting.valid_until,
                   obstacles=organizations.obstacles(person),
                   history=trail.history(Subject.PERSON, person.id))  # fmt: skip


def _corporation(corporate_number: str) -> Corporation:
    return organizations.by_number(corporate_number) or abort(404)


def _person(corporate_number: str, person_id: int) -> Person:
    return ledger.person_of(_corporation(corporate_number), person_id) or abort(404)
