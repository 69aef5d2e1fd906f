"""The staff home: what waits for the officer who is signed in."""

from collections.abc import Set

from flask import Blueprint, g, request, url_for

from jcanweb.forms.officers import whole_number
from jcanweb.models import Revocation
from jcanweb.permissions import permissions_of, requires
from jcanweb.roles import Permission
from jcanweb.services import custodians, desk, measures, queue, reconsent_ledger
from jcanweb.services import screening_ledger as screening
from jcanweb.web import picked, respond

blueprint = Blueprint("desk", __name__)
CONCERNED = {Permission.CUSTODIAN_APPOINT, Permission.APPLICATION_APPROVE, Permission.APPLICATION_ISSUE}
"""by a missing custodian, without whom nothing can be issued, and by a CRL that nobody renewed"""


@blueprint.get("/desk")
@requires(Permission.DESK_VIEW)
def home() -> tuple[str, int]:
    granted, tab = permissions_of(g.officer), picked(desk.Tab, "tab") or desk.Tab.MINE
    seeing = Permission.APPLICATION_VIEW in granted
    if tab is not desk.Tab.MINE and seeing:
        return _under_way(tab)
    concerned = bool(CONCERNED & granted)
    keyless = g.custodian is not None and g.custodian.public_key is None
    return respond("desk/home.html", tab=tab, tabs=_tabs() if seeing else [], running=_running(granted), told=desk.told,
                   desk=desk.of(g.officer, granted, g.custodian), keyless=keyless, tomorrow=desk.tomorrow(), queued=queue.QUEUED,
                   missing=custodians.missing() if concerned else [],
                   unanswered=reconsent_ledger.unanswered() if Permission.RECONSENT_DECIDE in granted else [],
                   strip=measures.waiting(), month=measures.this_month(),
                   late_crl=desk.late_crl() if concerned else None)  # fmt: skip


def _under_way(tab: desk.Tab) -> tuple[str, int]:
    found = desk.under_way(tab, whole_number(request.args.get("after")) or None)
    rows, more = found[: desk.PAGE], len(found) > desk.PAGE
    later = url_for(".home", tab=tab, after=rows[-1].id) if more else None
    return respond("desk/under_way.html", tab=tab, tabs=_tabs(), rows=rows, later=later, since=desk.since,
                   due=screening.due, names=screening.officers(*rows))  # fmt: skip


def _tabs() -> list[tuple[desk.Tab, str]]:
    """Each tab with its number."""
    mine = desk.counts(g.officer, permissions_of(g.officer), g.custodian)["desk"]
    counts = {desk.Tab.MINE: mine} | desk.tab_counts()
    return [(tab, desk.told(counts[tab])) for tab in desk.Tab]


def _running(granted: Set[Permission]) -> list[Revocation]:
    return desk.running() if Permission.REVOCATION_VIEW in granted else []
