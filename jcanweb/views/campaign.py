"""Officers: how far the asking of the subscribers has come, the list and its CSV, and the decision on a refusal."""

from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import labels
from jcanweb.config import setting
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.officers import whole_number
from jcanweb.forms.reconsent import DecideForm
from jcanweb.models import Campaign, Reconsent
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import receipts, terms, trail
from jcanweb.services import reconsent as service
from jcanweb.services import reconsent_ledger as ledger
from jcanweb.vocabulary import ReconsentDecision, ReconsentState
from jcanweb.web import attempt, download, picked, respond, said, table

blueprint = Blueprint("campaign", __name__)


@blueprint.get("/terms/<int:edition_id>/consents")
@requires(Permission.RECONSENT_VIEW)
def show(edition_id: int) -> tuple[str, int]:
    campaign = _campaign(edition_id)
    asked: dict[str, Any] = {
        "state": picked(ReconsentState, "state"),
        "typed": request.args.get("q", "")[:200],
    }
    found = ledger.page(campaign, **asked, after=whole_number(request.args.get("after")) or None)
    rows, words = found[: ledger.PAGE], {"state": asked["state"], "q": asked["typed"] or None}
    more = None
    if len(found) > ledger.PAGE:
        more = url_for(".show", edition_id=edition_id, **words, after=rows[-1].id)
    return respond(
        "reconsent/campaign.html", "reconsent/_rows.html", campaign=campaign, edition=campaign.edition, rows=rows,
        more=more, counts=ledger.counts(campaign), states=labels.choices(ReconsentState), words=words,
        standing=terms.states([campaign.edition])[edition_id], remind_days=setting("RECONSENT_REMIND_DAYS"),
        reminders=setting("RECONSENT_REMINDERS"), history=trail.history(Subject.EDITION, edition_id), **asked,
    )  # fmt: skip


@blueprint.get("/terms/<int:edition_id>/consents.csv")
@requires(Permission.RECONSENT_VIEW)
def file(edition_id: int) -> Response:
    campaign = _campaign(edition_id)
    asked: dict[str, Any] = {"state": picked(ReconsentState, "state"), "typed": request.args.get("q", "")}
    return table(f"再同意_版{campaign.edition.version}.csv",
                 lambda out: ledger.build_csv(campaign, out, **asked, by=g.officer).size)  # fmt: skip


@blueprint.get("/reconsents/<int:reconsent_id>")
@requires(Permission.RECONSENT_VIEW)
def person(reconsent_id: int) -> tuple[str, int]:
    return _page(_found(reconsent_id), DecideForm(formdata=None))


@blueprint.post("/reconsents/<int:reconsent_id>/decide")
@requires(Permission.RECONSENT_DECIDE, fresh=True)
def decide(reconsent_id: int) -> tuple[str, int] | Response:
    asked, form = _found(reconsent_id), DecideForm()
    if not form.validate_on_submit():
        return _page(asked, form, status=422)
    problem = attempt(
        lambda: service.decide(asked, ReconsentDecision(form.decision.data), comment=form.comment.data or "",
                               version=int(form.version.data or 0), by=g.officer),
        event=Event.RECONSENT_DECIDED, subject=Subject.RECONSENT, subject_id=reconsent_id,
    )  # fmt: skip
    if problem:
        return _page(asked, form, problem=rules.show(form, problem), status=409)
    said("拒否への対応を決めました。")
    return redirect(url_for(".person", reconsent_id=reconsent_id), 303)


@blueprint.get("/reconsents/<int:reconsent_id>/receipt.json")
@requires(Permission.RECONSENT_VIEW)
def receipt(reconsent_id: int) -> Response:
    consent = _found(reconsent_id).consent
    if consent is None or consent.receipt is None:
        abort(404)
    return download(receipts.file(consent.receipt), receipts.file_name(consent.receipt), "application/json")


def _campaign(edition_id: int) -> Campaign:
    return ledger.of_edition(edition_id) or abort(404)


def _found(reconsent_id: int) -> Reconsent:
    return ledger.one(reconsent_id) or abort(404)


def _page(asked: Reconsent, form: DecideForm, **more: Any) -> tuple[str, int]:
    """The page of one person's answer; a refused form keeps what was typed."""
    return respond(
        "reconsent/person.html", asked=asked, edition=asked.campaign.edition, form=form, person=asked.person,
        certificates=ledger.certificates(asked), own=service.own(asked, g.officer), former=ledger.before(asked),
        names=trail.officers({asked.decided_by}), history=trail.history(Subject.RECONSENT, asked.id), **more,
    )  # fmt: skip
