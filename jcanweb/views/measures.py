"""The measures of the desk: on screen, and as a file."""

from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from jcanweb import labels
from jcanweb.config import setting
from jcanweb.forms.measures import MeasuresForm
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import measures as service
from jcanweb.vocabulary import CheckedField, Interval
from jcanweb.web import respond, table

blueprint = Blueprint("measures", __name__)


@blueprint.get("/measures")
@requires(Permission.REPORT_VIEW)
def show() -> tuple[str, int]:
    form = _asked()
    if not form.validate():
        return _wrong(form)
    interval, spans = Interval(form.by.data), service.spans(form.period, Interval(form.by.data))
    days: dict[str, Any] = {"from": form.period.first, "to": form.period.last, "by": interval}
    return respond("measures/show.html", form=form, intervals=labels.choices(Interval), period=form.period,
                   by=interval, spans=spans, days=days, total=service.whole(spans), waiting=service.waiting(),
                   fields=list(CheckedField), target=setting("SCREENING_BUSINESS_DAYS"))  # fmt: skip


@blueprint.get("/measures.csv")
@requires(Permission.REPORT_VIEW)
def as_csv() -> tuple[str, int] | Response:
    form = _asked()
    if not form.validate():
        return _wrong(form)
    asked, by = form.period, Interval(form.by.data)
    return table(f"審査の状況_{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.csv",
                 lambda out: service.build_csv(asked, by, out, by=g.officer).size)  # fmt: skip


def _wrong(form: MeasuresForm) -> tuple[str, int]:
    """A period that cannot be shown; what waits needs none."""
    return respond(
        "measures/show.html",
        form=form,
        intervals=labels.choices(Interval),
        spans=[],
        waiting=service.waiting(),
        status=422,
    )


def _asked() -> MeasuresForm:
    """What the address asks for; without a period, the usual one."""
    usual = service.usual()
    first, last = usual.first.isoformat(), usual.last.isoformat()
    return MeasuresForm(
        MultiDict({"from": first, "to": last, "by": Interval.MONTH.value} | request.args.to_dict())
    )
