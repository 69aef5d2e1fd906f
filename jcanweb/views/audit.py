"""The audit record for auditors: unfinished acts first, then everything, newest first."""

from flask import Blueprint, request, url_for

from jcanweb import audit, labels
from jcanweb.permissions import requires
from jcanweb.services import trail
from jcanweb.vocabulary import Event, Permission
from jcanweb.web import respond

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@requires(Permission.AUDIT_VIEW)
def listing() -> tuple[str, int]:
    known = {member.value for member in Event}
    event = Event(request.args["event"]) if request.args.get("event") in known else None
    before = request.args.get("before", type=int)
    entries = trail.page(before=before, event=event)
    more = len(entries) > trail.PAGE
    older = url_for("audit.listing", before=entries[trail.PAGE - 1].sequence, event=event) if more else None
    return respond("audit/listing.html", "audit/_rows.html", entries=entries[: trail.PAGE], older=older, event=event,
                   unfinished=audit.unfinished(), events=labels.choices(Event))  # fmt: skip


@blueprint.post("/audit/verify")
@requires(Permission.AUDIT_VIEW)
def verify() -> tuple[str, int]:
    return respond("audit/verified.html", troubles=audit.verify())
