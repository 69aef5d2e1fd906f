"""Custodians: the list, appointing and releasing by an administrator, the own key by who was appointed."""

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.custodians import AppointForm, PassphraseForm, PublicKeyForm, ReleaseForm
from jcanweb.forms.officers import whole_number
from jcanweb.models import Custodian, Officer
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import custodians
from jcanweb.vocabulary import CustodianGroup
from jcanweb.web import attempt, respond, said

blueprint = Blueprint("custodians", __name__)


@blueprint.get("/custodians")
@requires(Permission.CUSTODIAN_APPOINT)
def listing() -> tuple[str, int]:
    return _listing(AppointForm(formdata=None))


@blueprint.post("/custodians/appoint")
@requires(Permission.CUSTODIAN_APPOINT, fresh=True)
def appoint() -> tuple[str, int] | Response:
    form = AppointForm()
    if not form.validate_on_submit():
        return _listing(form, status=422)
    chosen = db.session.get(Officer, whole_number(form.officer.data))
    if chosen is None:
        form.officer.errors = ["担当者を選んでください。"]
        return _listing(form, status=422)
    problem = attempt(
        lambda: custodians.appoint(chosen, CustodianGroup(form.group.data), by=g.officer),
        event=Event.CUSTODIAN_APPOINTED, subject=Subject.OFFICER, subject_id=chosen.id,
    )  # fmt: skip
    if problem:
        return _listing(form, problem=rules.show(form, problem), status=409)
    said(f"{chosen.name}さんを選任しました。本人がサインインして鍵を作ると、新しい証明書から使われます。")
    return redirect(url_for(".listing"), 303)


@blueprint.route("/custodians/<int:custodian_id>/release", methods=["GET", "POST"])
@requires(Permission.CUSTODIAN_APPOINT, fresh=True)
def release(custodian_id: int) -> tuple[str, int] | Response:
    custodian, form = db.get_or_404(Custodian, custodian_id), ReleaseForm()
    problem = None
    if form.validate_on_submit():
        problem = attempt(lambda: custodians.release(custodian, by=g.officer), event=Event.CUSTODIAN_RELEASED,
                          subject=Subject.CUSTODIAN, subject_id=custodian_id)  # fmt: skip
        if problem is None:
            said(f"{custodian.officer.name}さんを解任しました。")
            return redirect(url_for(".listing"), 303)
    return respond("custodians/release.html", custodian=custodian, form=form,
                   price=custodians.only_holder_of().get(custodian_id, 0), last=custodians.is_last(custodian),
                   problem=problem.sentence if problem else None,
                   status=409 if problem else 422 if form.is_submitted() else 200)  # fmt: skip


@blueprint.get("/me/key")
@requires(Permission.PROFILE_MANAGE, fresh=True)
def mine() -> tuple[str, int]:
    return _mine()


@blueprint.post("/me/key")
@requires(Permission.PROFILE_MANAGE, fresh=True)
def take() -> tuple[str, int] | Response:
    """The public half of a key made on the officer's own computer."""
    form = PublicKeyForm()
    if not form.validate_on_submit():
        return _mine(own=form, status=422)
    problem = attempt(
        lambda: custodians.take_key(_custodian(), form.public_key.data or "", by=g.officer),
        event=Event.CUSTODIAN_KEY_MADE, subject=Subject.CUSTODIAN, subject_id=_custodian().id,
    )  # fmt: skip
    if problem:
        return _mine(own=form, problem=rules.show(form, problem), status=409)
    said("公開鍵を登録しました。")
    return redirect(url_for(".mine"), 303)


@blueprint.post("/me/key/here")
@requires(Permission.PROFILE_MANAGE, fresh=True)
def make() -> tuple[str, int] | Response:
    """A key made and kept on the server under the officer's passphrase."""
    form = PassphraseForm()
    if not form.validate_on_submit():
        return _mine(here=form, status=422)
    problem = attempt(
        lambda: custodians.make_key(_custodian(), form.passphrase.data or "", by=g.officer),
        event=Event.CUSTODIAN_KEY_MADE, subject=Subject.CUSTODIAN, subject_id=_custodian().id,
    )  # fmt: skip
    if problem:
        return _mine(here=form, problem=rules.show(form, problem), status=409)
    said("鍵を作り、サーバーに保管しました。")
    return redirect(url_for(".mine"), 303)


def _custodian() -> Custodian:
    custodian: Custodian | None = g.custodian
    return custodian or abort(404)


def _listing(form: AppointForm, *, problem: str | None = None, status: int = 200) -> tuple[str, int]:
    return respond("custodians/listing.html", form=form.offer(custodians.eligible()), problem=problem,
                   groups=custodians.by_group(), missing=custodians.missing(), prices=custodians.only_holder_of(),
                   me=g.officer.id, status=status)  # fmt: skip


def _mine(*, own: PublicKeyForm | None = None, here: PassphraseForm | None = None, problem: str | None = None,
          status: int = 200) -> tuple[str, int]:  # fmt: skip
    """The own key: how to make one, or what is there; only for who is appointed."""
    return respond("custodians/mine.html", custodian=_custodian(), own=own or PublicKeyForm(formdata=None),
                   here=here or PassphraseForm(formdata=None), refused=own or here, problem=problem,
                   fingerprint=custodians.fingerprint(_custodian()), status=status)  # fmt: skip
