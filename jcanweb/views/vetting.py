"""That a corporation exists and a person may act for it: what was looked into, and recording it."""

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb.events import Event, Subject
from jcanweb.forms.rules import show as show_at
from jcanweb.forms.vetting import VettingForm
from jcanweb.models import Corporation, Person
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import organization_ledger as ledger
from jcanweb.services import organizations, trail
from jcanweb.services import vetting as service
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("vetting", __name__)
HOME, OF_PERSON = (
    "/corporations/<corporate_number>/vettings",
    "/corporations/<corporate_number>/people/<int:person_id>/vettings",
)


@blueprint.get(HOME, defaults={"person_id": None})
@blueprint.get(OF_PERSON)
@requires(Permission.ORGANIZATION_VIEW)
def show(corporate_number: str, person_id: int | None) -> tuple[str, int]:
    return _page(*_found(corporate_number, person_id), VettingForm(formdata=None))


@blueprint.post(HOME, defaults={"person_id": None})
@blueprint.post(OF_PERSON)
@requires(Permission.APPLICATION_SCREEN)
def record(corporate_number: str, person_id: int | None) -> tuple[str, int] | Response:
    corporation, person = _found(corporate_number, person_id)
    form = VettingForm()
    if not form.validate_on_submit():
        return _page(corporation, person, form, status=422)
    about = (Subject.PERSON, person.id) if person else (Subject.CORPORATION, corporation.id)
    problem = attempt(
        lambda: service.record(corporation, person, evidence=form.evidence.data or "", vetted_on=form.vetted_on.data,
                               by=g.officer),
        event=Event.VETTING_RECORDED, subject=about[0], subject_id=about[1],
    )  # fmt: skip
    if problem:
        return _page(corporation, person, form, status=409, problem=show_at(form, problem))
    said("確認の記録を残しました。")
    return redirect(url_for("organizations.show", corporate_number=corporate_number), 303)


def _found(corporate_number: str, person_id: int | None) -> tuple[Corporation, Person | None]:
    corporation = organizations.by_number(corporate_number) or abort(404)
    return corporation, None if person_id is None else ledger.person_of(corporation, person_id) or abort(404)


def _page(corporation: Corporation, person: Person | None, form: VettingForm, *, status: int = 200,
          problem: str | None = None) -> tuple[str, int]:  # fmt: skip
    kept = service.of(corporation, person)
    return respond("vetting/show.html", corporation=corporation, person=person, form=form, kept=kept, problem=problem,
                   valid_until=service.valid_until, names=trail.officers({one.vetted_by for one in kept}),
                   status=status)  # fmt: skip
