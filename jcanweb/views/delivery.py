"""Receiving: the file by one link, the PIN by the other, each by one POST.

Looking uses nothing up, since mail scanners open links too. The answer to the POST is the secret itself (200, kept
by no cache) and is sent after the commit. The PIN's page opens by its own link alone: nobody can confirm that the
file opens before having the PIN, and the PIN recipient need not be who has the file.
"""

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from jcanweb.config import setting
from jcanweb.errors import LinkExpired, RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.models import Delivery
from jcanweb.permissions import public
from jcanweb.services import delivery as service
from jcanweb.vocabulary import SecretKind
from jcanweb.web import attempt, download, limiter, respond, said

blueprint = Blueprint("delivery", __name__)
looking, taking = (
    limiter.shared_limit("120 per hour", "delivery"),
    limiter.shared_limit("30 per hour", "take"),
)


@blueprint.get("/receive/<token>")
@public
@looking
def pfx(token: str) -> tuple[str, int]:
    return _page(service.find(token, SecretKind.PFX), SecretKind.PFX, token)


@blueprint.post("/receive/<token>")
@public
@taking
def take_pfx(token: str) -> tuple[str, int] | Response:
    found = service.find(token, SecretKind.PFX)
    if found is None:
        return _page(found, SecretKind.PFX, token)
    content = _taken(found, token)
    if isinstance(content, RuleViolation):
        return _page(found, SecretKind.PFX, token, content)
    return download(content, service.file_name(found), "application/x-pkcs12")


@blueprint.post("/receive/<token>/confirm")
@public
@taking
def confirm(token: str) -> tuple[str, int] | BaseResponse:
    found = service.find(token, SecretKind.PFX)
    if found is None:
        return _page(found, SecretKind.PFX, token)
    by = service.holder(found)
    problem = attempt(lambda: service.confirm(found, by=by), event=Event.DELIVERY_CONFIRMED, subject=Subject.DELIVERY,
                      subject_id=found.id, by=by)  # fmt: skip
    if problem:
        return _page(found, SecretKind.PFX, token, problem)
    said("受領を確認しました。ありがとうございました。")
    return redirect(url_for(".pfx", token=token), 303)


@blueprint.get("/pin/<token>")
@public
@looking
def pin(token: str) -> tuple[str, int]:
    return _page(service.find(token, SecretKind.PIN), SecretKind.PIN, token)


@blueprint.post("/pin/<token>")
@public
@taking
def show_pin(token: str) -> tuple[str, int]:
    found = service.find(token, SecretKind.PIN)
    if found is None:
        return _page(found, SecretKind.PIN, token)
    content = _taken(found, token)
    if isinstance(content, RuleViolation):
        return _page(found, SecretKind.PIN, token, content)
    shown = content.decode()
    groups = [shown[start : start + 4] for start in range(0, len(shown), 4)]
    return respond("delivery/pin_shown.html", delivery=found, certificate=found.certificate, groups=groups,
                   file_name=service.file_name(found))  # fmt: skip


def _taken(found: Delivery, token: str) -> bytes | RuleViolation:
    """The content, or why there is none."""
    content: list[bytes] = []
    by = service.holder(found)
    problem = attempt(lambda: content.append(service.take(found, token, by=by)), event=Event.DELIVERY_TAKEN,
                      subject=Subject.DELIVERY, subject_id=found.id, by=by)  # fmt: skip
    return problem or content[0]


def _page(found: Delivery | None, kind: SecretKind, token: str,
          problem: RuleViolation | None = None) -> tuple[str, int]:  # fmt: skip
    """The page of a link: to be taken, taken, or one sentence why not. Of a wrong link nothing more is told."""
    obstacle = service.obstacle(found) if found else LinkExpired()
    if found is None or (obstacle is not None and found.taken_at is None):
        status = 404 if found is None else 410 if isinstance(obstacle, LinkExpired) else 409
        return respond("delivery/closed.html", kind=kind, sentence=obstacle.sentence if obstacle else "",
                       lra_contact=setting("LRA_CONTACT"), status=status)  # fmt: skip
    return respond(f"delivery/{kind.value}.html", delivery=found, certificate=found.certificate, token=token,
                   file_name=service.file_name(found), lra_contact=setting("LRA_CONTACT"),
                   problem=problem.sentence if problem else None, status=409 if problem else 200)  # fmt: skip
