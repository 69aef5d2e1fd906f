"""The CP documents: registered by one officer, approved by another for a day, bound to certificates from then on."""

from typing import Any

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.policy import RegisterForm
from jcanweb.forms.terms import ApproveForm
from jcanweb.models import PolicyDocument
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import policy as service
from jcanweb.services import schedule, trail
from jcanweb.web import attempt, download, respond, said

blueprint = Blueprint("policy", __name__)


@blueprint.get("/policies")
@requires(Permission.TERMS_VIEW)
def listing() -> tuple[str, int]:
    policies = service.policies()
    return respond("policy/listing.html", policies=policies, states=service.states(policies))


@blueprint.route("/policies/new", methods=["GET", "POST"])
@requires(Permission.TERMS_IMPORT)
def new() -> tuple[str, int] | Response:
    form, made, page = RegisterForm(), [], "policy/new.html"
    if not form.validate_on_submit():
        return respond(page, form=form, status=422 if form.is_submitted() else 200)
    problem = attempt(lambda: made.append(service.register(form.entry(), by=g.officer)),
                      event=Event.POLICY_REGISTERED, subject=Subject.POLICY, subject_id="new")  # fmt: skip
    if problem:
        return respond(page, form=form, problem=rules.show(form, problem), status=409)
    said("証明書ポリシーを下書きとして登録しました。別の承認者の承認を待っています。")
    return redirect(url_for(".show", policy_id=made[0].id), 303)


@blueprint.get("/policies/<int:policy_id>")
@requires(Permission.TERMS_VIEW)
def show(policy_id: int) -> tuple[str, int]:
    policy = _found(policy_id)
    return _page(policy, ApproveForm(formdata=None, data={"effective_on": schedule.offered_day(policy)}))


@blueprint.post("/policies/<int:policy_id>/approve")
@requires(Permission.TERMS_APPROVE, fresh=True)
def approve(policy_id: int) -> tuple[str, int] | Response:
    policy, form = _found(policy_id), ApproveForm()
    if not form.validate_on_submit():
        return _page(policy, form, status=422)
    problem = attempt(lambda: service.approve(policy, effective_on=form.effective_on.data, by=g.officer),
                      event=Event.POLICY_APPROVED, subject=Subject.POLICY, subject_id=policy_id)  # fmt: skip
    if problem:
        return _page(policy, form, problem=rules.show(form, problem), status=409)
    said("証明書ポリシーを承認しました。施行日から、発行する証明書に結び付きます。")
    return redirect(url_for(".show", policy_id=policy_id), 303)


@blueprint.get("/policies/<int:policy_id>/document")
@requires(Permission.TERMS_VIEW)
def document(policy_id: int) -> Response:
    policy = _found(policy_id)
    content = policy.content or abort(404)
    kind, mimetype = ("pdf", "application/pdf") if service.is_pdf(content) else ("txt", "text/plain")
    return download(content, f"cp-{policy.version}.{kind}", mimetype)


def _found(policy_id: int) -> PolicyDocument:
    return service.find(policy_id) or abort(404)


def _page(policy: PolicyDocument, form: ApproveForm, **more: Any) -> tuple[str, int]:
    """The page of a CP; a refused form keeps what was typed."""
    return respond("policy/show.html", policy=policy, form=form, state=service.states([policy])[policy.id],
                   current=service.in_force(), me=g.officer.id,
                   history=trail.history(Subject.POLICY, policy.id), **more)  # fmt: skip
