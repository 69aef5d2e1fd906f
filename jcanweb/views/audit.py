"""The audit record for auditors: unfinished acts first, then everything, newest first."""

from flask import Blueprint, request, url_for

from jcanweb import audit, labels
from jcanweb.events import Event, Subject
from jcanweb.forms.officers import whole_number
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import trail
from jcanweb.web import picked, respond

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@requires(Permission.AUDIT_VIEW)
def listing() -> tuple[str, int]:
    event, subject, typed = (
        picked(Event, "event"),
        picked(Subject, "subject"),
        request.args.get("id", "")[:80],
    )
    half = bool(subject) != bool(typed.strip())  # a thing is named by both
    entries = [] if half else trail.page(
        before=whole_number(request.args.get("before", "")) or None, event=event, subject=subject,
        subject_id=trail.subject_id(subject, typed) if subject else None,
    )  # fmt: skip
    shown, unfinished = entries[: trail.PAGE], audit.unfinished()
    older = url_for(".listing", before=shown[-1].sequence, event=event, subject=subject, id=typed or None) \
        if len(entries) > trail.PAGE else None  # fmt: skip
    return respond(
        "audit/listing.html", "audit/_rows.html", entries=shown, older=older, event=event, subject=subject, typed=typed,
        half=half, unfinished=unfinished, names=trail.names([*shown, *unfinished]), events=labels.choices(Event),
        subjects=labels.choices(Subject), status=422 if half else 200,
    )  # fmt: skip


@blueprint.post("/audit/verify")
@requires(Permission.AUDIT_VIEW)
def verify() -> tuple[str, int]:
    return respond("audit/verified.html", troubles=audit.verify())
