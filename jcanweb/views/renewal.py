"""The certificates of the own corporation that may be renewed, and the choice of one."""

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms.officers import whole_number
from jcanweb.models import Application
from jcanweb.permissions import applicant
from jcanweb.services import enrollment, organizations
from jcanweb.services import renewal as service
from jcanweb.web import attempt, respond

blueprint = Blueprint("renewal", __name__)


@blueprint.get("/my/renewals")
@applicant
def listing() -> tuple[str, int]:
    return _listing()


@blueprint.post("/my/renewals/<jc_number>")
@applicant
def renew(jc_number: str) -> tuple[str, int] | Response:
    """Begin the application that renews this certificate; its terms come next."""
    chosen = service.find(jc_number, by=g.person) or abort(404)
    made: list[Application] = []
    problem = attempt(lambda: made.append(enrollment.renew(chosen, by=g.person)),
                      event=Event.APPLICATION_DRAFTED, subject=Subject.CERTIFICATE, subject_id=chosen.id)  # fmt: skip
    if problem:
        return _listing(problem, 409)
    return redirect(url_for("application_form.form", number=made[0].number), 303)


def _listing(problem: RuleViolation | None = None, status: int = 200) -> tuple[str, int]:
    found = service.listing(g.person, whole_number(request.args.get("after")))
    rows, more = found[: service.PAGE], len(found) > service.PAGE
    later = url_for(".listing", after=rows[-1].certificate.id) if more else None
    return respond("renewal/listing.html", "renewal/_rows.html", rows=rows, later=later, me=g.person.id,
                   obstacles=organizations.obstacles(g.person), problem=problem.sentence if problem else None, status=status)  # fmt: skip
