"""Files of rows: the list, handing one in, looking at what it would do, starting it, what became of it."""

from io import BytesIO
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from jcanweb import database, jobs, labels
from jcanweb.config import setting
from jcanweb.errors import AlreadyReceived, RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.forms import rules
from jcanweb.forms.intake import IntakeForm
from jcanweb.forms.officers import whole_number
from jcanweb.models import Intake
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import intake as service
from jcanweb.services import intake_ledger as ledger
from jcanweb.services import reports, trail
from jcanweb.vocabulary import IntakeKind, RowResult
from jcanweb.web import attempt, download, picked, respond, said, table

blueprint = Blueprint("intake", __name__)


@blueprint.url_value_preprocessor
def allow_a_large_file(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Twice the limit comes in, so that a file somewhat too large is refused at its field and not as a bare 413."""
    if endpoint == "intake.new":
        request.max_content_length = 2 * setting("INTAKE_MAX_BYTES") + 512 * 1024


@blueprint.get("/intake")
@requires(Permission.INTAKE_RECEIVE)
def listing() -> tuple[str, int]:
    found = ledger.listing(whole_number(request.args.get("before")) or None)
    older = url_for(".listing", before=found[ledger.PAGE - 1].id) if len(found) > ledger.PAGE else None
    return respond("intake/listing.html", found=found[: ledger.PAGE], older=older)


@blueprint.route("/intake/new", methods=["GET", "POST"])
@requires(Permission.INTAKE_RECEIVE)
def new() -> tuple[str, int] | Response:
    form, made = IntakeForm(), []
    if not form.validate_on_submit():
        return _new(form, status=422 if form.is_submitted() else 200)
    database.release()  # a workbook may take long to open
    name = form.file.data.filename or ""
    problem = attempt(lambda: made.append(service.receive(IntakeKind(form.kind.data), name, form.content,
                                                          again=form.again.data, by=g.officer)),
                      event=Event.INTAKE_RECEIVED, subject=Subject.INTAKE, subject_id="new")  # fmt: skip
    if problem:
        return _new(form, problem, 409)
    database.after_commit(jobs.wake)
    return redirect(url_for(".show", intake_id=made[0].id), 303)


@blueprint.get("/intake/template/<kind>.csv")
@requires(Permission.INTAKE_RECEIVE)
def template(kind: str) -> Response:
    """The first row of a table of that kind."""
    known = next((one for one in IntakeKind if one.value == kind), None) or abort(404)
    out = BytesIO()
    reports.write_csv(service.titles(known), [], out)
    return download(out.getvalue(), f"{labels.word(known)}_ひな型.csv", "text/csv")


@blueprint.get("/intake/<int:intake_id>")
@requires(Permission.INTAKE_RECEIVE)
def show(intake_id: int) -> tuple[str, int]:
    return _show(_found(intake_id))


@blueprint.post("/intake/<int:intake_id>/start")
@requires(Permission.INTAKE_RECEIVE)
def start(intake_id: int) -> tuple[str, int] | Response:
    one = _found(intake_id)
    problem = attempt(lambda: service.start(one, by=g.officer), event=Event.INTAKE_STARTED, subject=Subject.INTAKE,
                      subject_id=intake_id)  # fmt: skip
    if problem:
        return _show(_found(intake_id), problem)
    database.after_commit(jobs.wake)
    said("反映を始めました。この画面を閉じても続きます。")
    return redirect(url_for(".show", intake_id=intake_id), 303)


@blueprint.post("/intake/<int:intake_id>/discard")
@requires(Permission.INTAKE_RECEIVE)
def discard(intake_id: int) -> tuple[str, int] | Response:
    one = _found(intake_id)
    problem = attempt(lambda: service.discard(one, by=g.officer), event=Event.INTAKE_DISCARDED, subject=Subject.INTAKE,
                      subject_id=intake_id)  # fmt: skip
    if problem:
        return _show(_found(intake_id), problem)
    said("この取込みをやめました。何も反映していません。")
    return redirect(url_for(".listing"), 303)


@blueprint.get("/intake/<int:intake_id>/refused.csv")
@requires(Permission.INTAKE_RECEIVE)
def refused(intake_id: int) -> Response:
    one = _found(intake_id)
    if one.erased_at is not None:
        abort(404)
    return table(f"要修正_{one.id}.csv", lambda out: ledger.build_refused_csv(one, out, by=g.officer).size)


def _found(intake_id: int) -> Intake:
    return ledger.find(intake_id) or abort(404)


def _new(form: IntakeForm, problem: RuleViolation | None = None, status: int = 200) -> tuple[str, int]:
    earlier = problem if isinstance(problem, AlreadyReceived) else None
    return respond("intake/new.html", form=form, earlier=earlier, problem=rules.show(form, problem) if problem else None,
                   megabytes=setting("INTAKE_MAX_BYTES") // 2**20, most_rows=setting("INTAKE_MAX_ROWS"),
                   days=setting("INTAKE_KEEP_DAYS"), kinds={kind: service.titles(kind) for kind in IntakeKind}, status=status)  # fmt: skip


def _show(one: Intake, problem: RuleViolation | None = None) -> tuple[str, int]:
    counts, result = ledger.counts(one), picked(RowResult, "result")
    if "result" not in request.args and counts[RowResult.REFUSED]:
        result = RowResult.REFUSED  # the wrong rows first
    rows = ledger.rows(one, result, whole_number(request.args.get("after")))
    more = None
    if len(rows) > ledger.PAGE:
        more = url_for(".show", intake_id=one.id, result=result or "", after=rows[ledger.PAGE - 1].number)
    rows = rows[: ledger.PAGE]
    working = one.done_at is None and (one.read_at is None or one.started_at is not None)
    return respond(
        "intake/show.html", "intake/_intake.html", intake=one, counts=counts, result=result, rows=rows, more=more,
        subjects=ledger.subjects(one, rows), name=ledger.name, reasons=ledger.reasons, working=working,
        titles={column.key: column.title for column in service.KINDS[one.kind].columns},
        to_do=sum(counts[kind] for kind in service.TO_DO), days=setting("INTAKE_KEEP_DAYS"),
        history=trail.history(Subject.INTAKE, one.id), problem=problem and problem.sentence, status=409 if problem else 200,
    )  # fmt: skip
