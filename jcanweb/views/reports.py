"""Reports: which there are, the revocation report on screen, and as a file."""

from typing import Any

from flask import Blueprint, g, request, url_for
from werkzeug.wrappers import Response

from jcanweb.forms.officers import whole_number
from jcanweb.forms.reports import PeriodForm
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import reports
from jcanweb.services.revocation import hours
from jcanweb.web import respond, table

blueprint = Blueprint("reports", __name__)


@blueprint.get("/reports")
@requires(Permission.REPORT_VIEW)
def listing() -> tuple[str, int]:
    usual = reports.last_month()
    return respond("reports/listing.html", form=PeriodForm(formdata=None, first=usual.first, last=usual.last))


@blueprint.get("/reports/revocation")
@requires(Permission.REPORT_VIEW)
def revocation() -> tuple[str, int]:
    form = PeriodForm(request.args)
    if not form.validate():
        return respond("reports/listing.html", form=form, status=422)
    asked = form.period
    lines = reports.revocation_page(asked, whole_number(request.args.get("after")))
    shown = lines[: reports.PAGE]
    days: dict[str, Any] = {"from": asked.first, "to": asked.last}
    more = url_for(".revocation", **days, after=shown[-1].id) if len(lines) > reports.PAGE else None
    return respond("reports/revocation.html", "reports/_revocation_rows.html", form=form, period=asked, rows=shown,
                   totals=reports.revocation_totals(asked), more=more, days=days, hours=hours)  # fmt: skip


@blueprint.get("/reports/revocation.csv")
@requires(Permission.REPORT_VIEW)
def revocation_csv() -> tuple[str, int] | Response:
    form = PeriodForm(request.args)
    if not form.validate():
        return respond("reports/listing.html", form=form, status=422)
    asked = form.period
    return table(f"失効報告_{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.csv",
                 lambda out: reports.build_revocation_csv(asked, out, by=g.officer).size)  # fmt: skip
