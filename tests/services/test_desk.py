"""What waits for an officer, and what does not because of the two-person rule."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from jcanweb import clock
from jcanweb.database import db, flush
from jcanweb.models import Certificate, Officer, Order, Revocation
from jcanweb.permissions import GRANTS
from jcanweb.roles import Permission, Role
from jcanweb.services import desk, policy, status, terms
from jcanweb.services.desk_work import Work
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import (
    CustodianGroup,
    OrderState,
    RevocationReason,
    RevocationRequester,
    RevocationState,
)
from tests import builders, recoveries
from tests.issued import custodians, issued_certificate
from tests.people import officer
from tests.terms.pages import document


def waiting(who: Officer, custodian: Any = None) -> list[tuple[Work, str]]:
    return [(item.work, item.key) for item in desk.of(who, granted(who, custodian), custodian).items]


def granted(who: Officer, custodian: Any = None) -> frozenset[Permission]:
    found: frozenset[Permission] = frozenset().union(*(GRANTS[held.name] for held in who.roles))
    return found | {Permission.RECOVERY_OPEN} if custodian else found


def counts(who: Officer, custodian: Any = None) -> dict[str, int]:
    return desk.counts(who, granted(who, custodian), custodian)


def revocation(certificate: Certificate, by: Officer, decided_by: Officer | None = None,
               due: timedelta = timedelta(days=5)) -> Revocation:  # fmt: skip
    at = clock.now()
    made = Revocation(
        certificate_id=certificate.id, state=RevocationState.DECIDED if decided_by else RevocationState.RECEIVED,
        reason=RevocationReason.SUPERSEDED, requester=RevocationRequester.CORPORATION, received_by=by.id,
        received_at=at, due_at=at + due, decided_by=decided_by.id if decided_by else None,
        decided_at=at if decided_by else None,
    )  # fmt: skip
    db.session.add(made)
    flush()
    return made


@pytest.fixture
def cast(context: Any) -> dict[Role, Officer]:
    return {role: officer(role) for role in Role}


def test_nothing_waits_at_first(cast: dict[Role, Officer]) -> None:
    for who in cast.values():
        assert waiting(who) == []


def test_a_screener_goes_on_with_the_own_before_what_nobody_has(cast: dict[Role, Officer]) -> None:
    new = builders.application()
    mine = builders.application(A.SCREENING, screener=cast[Role.SCREENER])
    builders.application(A.SCREENING)
    builders.application(A.RETURNED)
    assert waiting(cast[Role.SCREENER]) == [
        (Work.CONTINUE_SCREENING, mine.number), (Work.START_SCREENING, new.number)]  # fmt: skip
    assert counts(cast[Role.SCREENER]) == {"screening": 2, "desk": 2}


def test_nobody_is_asked_to_screen_the_own_application(cast: dict[Role, Officer]) -> None:
    made = builders.application()
    made.person.email = cast[Role.SCREENER].email.upper()
    flush()
    assert waiting(cast[Role.SCREENER]) == []
    assert counts(cast[Role.SCREENER])["desk"] == 0


def test_an_approver_decides_what_others_screened(cast: dict[Role, Officer]) -> None:
    made = builders.application(A.SCREENING, screened=True)
    builders.application(A.SCREENING)
    builders.application(A.SCREENING, screened=True, screener=cast[Role.APPROVER])
    taken = builders.application(A.SCREENING, screened=True)
    builders.check_all(taken, by=cast[Role.APPROVER])
    assert waiting(cast[Role.APPROVER]) == [(Work.APPROVE_APPLICATION, made.number)]
    assert counts(cast[Role.APPROVER]) == {
        "revocation": 0, "recovery": 0, "terms": 0, "policy": 0, "screening": 1, "desk": 1,
    }  # fmt: skip


def test_a_draft_of_the_terms_or_the_cp_waits_for_another_approver(cast: dict[Role, Officer]) -> None:
    approver, other, day = cast[Role.APPROVER], officer(Role.APPROVER), date(2027, 4, 1)
    edition = terms.import_edition(document(), version="3.0", proposed_on=day, by=approver)
    entry = replace(policy.SAMPLE, version="2.0", proposed_on=day)
    cp = policy.register(entry, by=cast[Role.SCREENER])
    assert waiting(approver) == [(Work.APPROVE_POLICY, str(cp.id))]
    assert waiting(other) == [(Work.APPROVE_EDITION, str(edition.id)), (Work.APPROVE_POLICY, str(cp.id))]
    assert waiting(cast[Role.SCREENER]) == []
    terms.approve(edition, effective_on=day, by=other)
    assert waiting(other) == [(Work.APPROVE_POLICY, str(cp.id))]
    assert counts(other) == {
        "revocation": 0,
        "recovery": 0,
        "terms": 0,
        "policy": 1,
        "screening": 0,
        "desk": 1,
    }


def test_an_approver_is_not_told_what_is_to_be_read_from_the_evidence(cast: dict[Role, Officer]) -> None:
    made = builders.application(A.SCREENING, screened=True)
    (item,) = desk.of(cast[Role.APPROVER], granted(cast[Role.APPROVER]), None).items
    assert (item.number, item.about, item.detail) == (made.number, made.corporation.name, "")


def test_an_operator_issues_what_others_approved(cast: dict[Role, Officer]) -> None:
    made = builders.application(A.APPROVED)
    builders.application(A.APPROVED, approver=cast[Role.OPERATOR])
    assert waiting(cast[Role.OPERATOR]) == [(Work.ISSUE_APPLICATION, made.number)]


def test_revocations_go_first_and_overdue_work_before_them(cast: dict[Role, Officer], hands: Any) -> None:
    old = builders.application(A.APPROVED)
    hands.forward(days=9)
    certificate, other = issued_certificate(), issued_certificate()
    late = revocation(certificate, cast[Role.SCREENER], cast[Role.APPROVER], due=timedelta(hours=24))
    hands.forward(hours=25)
    soon = revocation(other, cast[Role.SCREENER], cast[Role.APPROVER])
    new = builders.application(A.APPROVED)
    assert waiting(cast[Role.OPERATOR]) == [
        (Work.EXECUTE_REVOCATION, str(late.id)), (Work.ISSUE_APPLICATION, old.number),
        (Work.EXECUTE_REVOCATION, str(soon.id)), (Work.ISSUE_APPLICATION, new.number)]  # fmt: skip


def test_who_received_a_revocation_does_not_decide_it(cast: dict[Role, Officer]) -> None:
    made = revocation(issued_certificate(), cast[Role.APPROVER])
    assert waiting(cast[Role.APPROVER]) == []
    assert waiting(officer(Role.APPROVER)) == [(Work.DECIDE_REVOCATION, str(made.id))]


def test_who_asked_for_a_recovery_does_not_authorise_it(cast: dict[Role, Officer]) -> None:
    made = recoveries.Cast().ask(issued_certificate(), by=cast[Role.APPROVER])
    assert waiting(cast[Role.APPROVER]) == []
    assert waiting(officer(Role.APPROVER)) == [(Work.AUTHORIZE_RECOVERY, str(made.id))]


def test_nobody_is_asked_to_decide_on_the_own_certificate(cast: dict[Role, Officer]) -> None:
    revocations = [revocation(issued_certificate(), cast[Role.SCREENER]),
                   revocation(issued_certificate(), cast[Role.SCREENER], officer(Role.APPROVER))]  # fmt: skip
    custodians()
    recovery = recoveries.Cast().ask(issued_certificate())
    assert len(waiting(cast[Role.APPROVER])) == 2
    assert len(waiting(cast[Role.OPERATOR])) == 1
    for made, half in zip([*revocations, recovery], ("person", "pin", "pin"), strict=True):
        of = made.certificate.application
        who = cast[Role.OPERATOR] if made is revocations[1] else cast[Role.APPROVER]
        if half == "person":
            of.person.email = who.email.upper()
        else:
            of.pin_recipient_email = who.email.upper()
    flush()
    assert waiting(cast[Role.APPROVER]) == []
    assert waiting(cast[Role.OPERATOR]) == []


def test_a_custodian_opens_the_own_share_when_the_cooling_off_is_over(
    cast: dict[Role, Officer], hands: Any
) -> None:
    people = recoveries.Cast()
    made, holder = people.authorized(issued_certificate()), people.holders[CustodianGroup.KEY]
    new = builders.application()
    assert waiting(holder.officer, holder) == [
        (Work.START_SCREENING, new.number), (Work.OPEN_RECOVERY, str(made.id))]  # fmt: skip
    assert counts(holder.officer, holder)["recovery"] == 0
    hands.forward(hours=24)
    assert waiting(holder.officer, holder)[0] == (Work.OPEN_RECOVERY, str(made.id))
    assert counts(holder.officer, holder)["recovery"] == 1
    hands.forward(days=8)
    assert waiting(holder.officer, holder) == [(Work.START_SCREENING, new.number)]


def test_an_order_without_an_end_is_reconciled(cast: dict[Role, Officer], hands: Any) -> None:
    made = builders.application(A.APPROVED, approver=cast[Role.OPERATOR])
    db.session.add(Order(request_id="r" * 32, application_id=made.id, jc_number="JC-00000001", act="a" * 32,
                         public_key_sha256="0" * 64, state=OrderState.ASKED, asked_by=cast[Role.OPERATOR].id,
                         asked_at=clock.now()))  # fmt: skip
    flush()
    assert waiting(cast[Role.OPERATOR]) == []
    hands.forward(minutes=2)
    assert waiting(cast[Role.OPERATOR]) == [(Work.RECONCILE_ORDER, made.number)]
    assert counts(cast[Role.OPERATOR]) == {"revocation": 0, "issuance": 1, "desk": 1}


def test_the_administrator_counts_the_groups_without_a_custodian(cast: dict[Role, Officer]) -> None:
    assert counts(cast[Role.ADMINISTRATOR]) == {"custodians": 3, "desk": 3}
    custodians()
    assert counts(cast[Role.ADMINISTRATOR]) == {"custodians": 0, "desk": 0}


def test_only_the_first_twenty_of_a_kind_are_shown(cast: dict[Role, Officer], hands: Any) -> None:
    who = builders.person()
    made = []
    for _ in range(23):
        made.append(builders.application(person=who))
        hands.forward(minutes=1)
    found = desk.of(cast[Role.SCREENER], granted(cast[Role.SCREENER]), None)
    assert [item.key for item in found.items] == [one.number for one in made[:20]]
    assert found.more == {Work.START_SCREENING: 3}
    assert counts(cast[Role.SCREENER])["desk"] == 23


def test_a_crl_nobody_renewed_is_told(context: Any, hands: Any) -> None:
    assert desk.late_crl() is None
    made = status.publish()
    hands.forward(hours=24)
    assert desk.late_crl() is None
    hands.forward(seconds=1)
    assert desk.late_crl() == made


def test_the_desk_costs_the_same_few_queries_however_much_waits(cast: dict[Role, Officer]) -> None:
    both = officer(Role.SCREENER)
    both.roles += officer(Role.OPERATOR).roles
    flush()
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def price() -> tuple[int, int]:
        db.session.expunge_all()
        me = db.session.get_one(Officer, both.id)
        rights = granted(me)
        asked.clear()
        desk.of(me, rights, None)
        shown = len(asked)
        asked.clear()
        desk.counts(me, rights, None)
        return shown, len(asked)

    builders.application()
    before = price()
    for _ in range(12):
        builders.application()
        builders.application(A.APPROVED)
    assert price() == before
    assert max(before) <= 6
