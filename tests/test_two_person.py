"""Never one person for two consecutive steps: each rule tried at its service and by raw SQL, on both databases.

Each case runs on a savepoint of one prepared world; the control at the end of each rule shows that the same
statement with the right person passes.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import clock
from jcanweb.database import db, flush
from jcanweb.errors import OwnApplication, RecoveryRefused, RolesExclude, TwoPersonRule
from jcanweb.models import (
    Application,
    FieldCheck,
    Officer,
    OfficerRole,
    Order,
    Revocation,
)
from jcanweb.permissions import exclude
from jcanweb.roles import Role
from jcanweb.services import (
    custodians,
    issuance,
    officers,
    recovery,
    recovery_opening,
    revocation,
    screening,
    second_entry,
)
from jcanweb.vocabulary import (
    ApplicationState,
    CheckedField,
    CustodianGroup,
    OrderState,
    RevocationReason,
    RevocationRequester,
    Verdict,
)
from tests import builders
from tests.issued import PASSPHRASE, issued
from tests.people import officer
from tests.recoveries import Cast, put_halves


class World:
    """Something at each stage, and who did what to it."""

    def __init__(self) -> None:
        self.cast, self.stranger, self.head = Cast(), officer(Role.SCREENER), officer(Role.ADMINISTRATOR)
        self.screener, self.checker = officer(Role.SCREENER), officer(Role.SCREENER)
        self.approver, self.operator = officer(Role.APPROVER), officer(Role.OPERATOR)
        self.screened = builders.application(
            ApplicationState.SCREENING, screened=True, screener=self.screener
        )
        self.approved = builders.application(
            ApplicationState.APPROVED, screener=self.screener, approver=self.approver
        )
        for of in (self.screened, self.approved):
            self.check(of, self.checker)
            builders.enter(of, by=self.checker)
        builders.enter(self.screened, by=self.approver)
        self.issued = issued(operator=self.operator).certificate
        self.other_issued = issued().certificate
        self.unlisted = self.half_issued()
        self.received, self.decided, self.executed = (self.revocation(stage) for stage in range(3))
        self.spare = issued().certificate
        self.requested = self.cast.ask(issued().certificate)
        self.authorized = self.cast.authorized(issued().certificate)
        self.opened = self.authorized.openings
        self.keeper = self.cast.holders[CustodianGroup.KEY]
        self.pin_keeper = self.cast.holders[CustodianGroup.PIN]

    def check(self, of: Application, by: Officer) -> None:
        of.checks.append(
            FieldCheck(application_id=of.id, revision=of.revision, field=CheckedField.COMMON_NAME, value=of.common_name,
                       verdict=Verdict.PASS, checked_by=by.id, checked_at=clock.now())
        )  # fmt: skip
        flush()

    def half_issued(self) -> Order:
        """An order at the CA whose certificate is not kept yet."""
        application, at = builders.application(ApplicationState.APPROVED), clock.now()
        application.issued_by, application.issued_at, application.state = (
            self.operator.id,
            at,
            ApplicationState.ISSUING,
        )
        made = Order(request_id="r", application_id=application.id, jc_number="JC-77777777", act="a",
                     public_key_sha256="0" * 64, state=OrderState.ASKED, asked_by=application.issued_by,
                     asked_at=clock.now())  # fmt: skip
        made.application = application
        db.session.add(made)
        flush()
        return made

    def revocation(self, stage: int) -> Revocation:
        made = revocation.receive(issued().certificate, reason=RevocationReason.SUPERSEDED, by=self.screener,
                                  requester=RevocationRequester.CORPORATION)  # fmt: skip
        if stage > 0:
            revocation.decide(made, version=made.version, by=self.approver)
        if stage > 1:
            revocation.execute(
                made, confirmation=made.certificate.jc_number, version=made.version, by=self.operator
            )
        return made


@pytest.fixture
def world(context: Any, hands: Any) -> World:
    made = World()
    hands.forward(hours=25)
    put_halves(made.authorized, made.keeper)
    db.session.commit()
    db.session.refresh(made.authorized)
    made.opened = made.authorized.openings
    return made


def sql(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


def change(thing: Any, **values: Any) -> Callable[[], None]:
    """UPDATE one row; a string is an SQL expression, anything else a value."""
    row, table, given = thing.id, thing.__tablename__, _bound(values)

    def run() -> None:
        pairs = ", ".join(f"{name} = {_written(name, value)}" for name, value in values.items())
        sql(f"UPDATE {table} SET {pairs} WHERE id = :row", row=row, **given)  # noqa: S608 - names from this file

    return run


def copy(thing: Any, **values: Any) -> Callable[[], None]:
    """INSERT the same row once more with these columns otherwise."""
    row, table, given = thing.id, thing.__tablename__, _bound(values)
    columns = [column.name for column in thing.__table__.columns if column.name != "id"]

    def run() -> None:
        read = ", ".join(_written(name, values[name]) if name in values else name for name in columns)
        names = ", ".join(columns)
        sql(f"INSERT INTO {table} ({names}) SELECT {read} FROM {table} WHERE id = :row", row=row, **given)  # noqa: S608 - names from this file

    return run


def _written(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"CAST(:{name} AS INTEGER)" if isinstance(value, int) else f":{name}"


def _bound(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, str)}


def refused(act: Callable[[], Any], name: str) -> None:
    """The database says no by that constraint or trigger, and nothing of it stays."""
    nested = db.session.begin_nested()
    with pytest.raises(IntegrityError) as caught:
        act()
    nested.rollback()
    told = str(caught.value.orig).lower()
    wanted = name.split("|")
    assert any(one in told for one in wanted), (told, wanted)


def passes(act: Callable[[], Any]) -> None:
    nested = db.session.begin_nested()
    act()
    nested.rollback()


FOREIGN = "foreign key"


# --- application and certificate ------------------------------------------------------------------------


def test_by_sql_who_screened_does_not_reject(world: World) -> None:
    reject = {"state": "'rejected'", "rejected_at": "screened_at", "due_on": "NULL"}
    refused(change(world.screened, rejected_by="screened_by", **reject), "two_person_reject")
    refused(copy(world.screened, number="'T1'", rejected_by="screened_by", **reject), "two_person_reject")
    passes(change(world.screened, rejected_by=world.approver.id, **reject))


def test_by_sql_who_screened_does_not_approve(world: World) -> None:
    approve = {"state": "'approved'", "approved_at": "screened_at"}
    refused(
        change(world.screened, approved_by="screened_by", **approve),
        "two_person_approve|two_person_checker|two_person_unentered",
    )
    refused(change(world.approved, screened_by="approved_by"), "two_person_approve")
    refused(
        change(world.approved, approved_by="screened_by"),
        "two_person_approve|two_person_checker|two_person_unentered",
    )
    refused(copy(world.approved, number="'T1'", approved_by="screened_by"), "two_person_approve")
    refused(copy(world.screened, number="'T1'", approved_by="screened_by", **approve), "two_person_approve")
    refused(change(world.approved, screened_by="NULL", screened_at="NULL"), "approved_screened")
    refused(copy(world.approved, number="'T1'", screened_by="NULL", screened_at="NULL"), "approved_screened")
    passes(change(world.screened, approved_by=world.approver.id, **approve))
    passes(copy(world.approved, number="'T1'", arrival="-arrival"))


def test_by_sql_who_checked_a_field_does_not_approve(world: World) -> None:
    approve = {"state": "'approved'", "approved_at": "screened_at"}
    refused(change(world.screened, approved_by=world.checker.id, **approve), "two_person_checker")
    refused(change(world.approved, approved_by=world.checker.id), "two_person_checker")
    of = world.approved
    newest = of.checks[-1]
    refused(copy(newest, checked_by=world.approver.id), "two_person_checked")
    earlier = of.revision - 1
    passes(copy(newest, checked_by=world.approver.id, revision=earlier))  # what was edited since is void

    def renumbered() -> None:
        copy(newest, checked_by=world.approver.id, revision=earlier)()
        change(of, revision=earlier)()

    refused(renumbered, "two_person_checker|two_person_unentered")
    passes(copy(newest, checked_by=world.stranger.id))


def test_by_sql_nothing_is_approved_without_the_second_entry_of_who_approves(world: World) -> None:
    approve = {"state": "'approved'", "approved_at": "screened_at", "approved_by": world.approver.id}
    fresh = builders.application(ApplicationState.SCREENING, screened=True, screener=world.screener)
    refused(change(fresh, **approve), "two_person_unentered")
    builders.enter(fresh, by=world.stranger)  # another's
    refused(change(fresh, **approve), "two_person_unentered")
    builders.enter(fresh, by=world.approver)
    passes(change(fresh, **approve))
    for column in ("organization_unit", "common_name"):
        refused(change(fresh, **approve, **{column: "'Other'"}), "two_person_unentered")
        refused(change(world.approved, **{column: "'Other'"}), "two_person_unentered")
    refused(change(world.approved, revision="revision + 1"), "two_person_unentered")


def test_by_sql_an_entry_says_rightly_whether_it_agrees(world: World) -> None:
    entry = next(one for one in world.screened.entries if one.entered_by == world.approver.id)
    refused(copy(entry, common_name="'Other'"), "two_person_entered")
    refused(copy(entry, agrees="false"), "two_person_entered")
    refused(copy(entry, entered_by=world.screener.id), "two_person_entered")
    refused(copy(entry, revision="revision + 1"), "two_person_entered")
    passes(copy(entry, common_name="'Other'", agrees="false"))


def test_by_sql_who_approved_does_not_issue(world: World) -> None:
    issue = {"state": "'issuing'", "issued_at": "approved_at"}
    refused(change(world.approved, issued_by="approved_by", **issue), "two_person_issue")
    refused(copy(world.approved, number="'T1'", issued_by="approved_by", **issue), "two_person_issue")
    application = db.session.get_one(Application, world.issued.application_id)
    refused(change(application, issued_by="approved_by"), f"two_person_issue|{FOREIGN}")
    refused(copy(application, number="'T1'", issued_by="approved_by"), "two_person_issue")
    refused(change(application, approved_by="issued_by"), f"two_person|{FOREIGN}")
    refused(copy(application, number="'T1'", approved_by="issued_by"), "two_person_issue")
    passes(change(world.approved, issued_by=world.operator.id, **issue))
    passes(copy(application, number="'T1'", arrival="-arrival"))


def test_by_sql_the_people_of_a_certificate_are_those_of_its_application(world: World) -> None:
    made, order = world.issued, world.unlisted
    application = db.session.get_one(Application, made.application_id)
    for column in ("screened_by", "approved_by", "issued_by"):
        refused(change(made, **{column: world.stranger.id}), FOREIGN)
        refused(change(application, **{column: world.stranger.id}), f"{FOREIGN}|two_person_unentered")
    refused(change(made, approved_by="screened_by"), f"two_person|{FOREIGN}")
    refused(change(made, issued_by="approved_by"), f"two_person|{FOREIGN}")
    of = order.application
    people = {"screened_by": of.screened_by, "approved_by": of.approved_by, "issued_by": of.issued_by}
    new: dict[str, Any] = {
        "application_id": of.id, "order_id": order.id, "jc_number": "'JC-77777777'", "serial_number": "'77'",
        "public_key_sha256": "'0'", "consent_id": of.consents[-1].id, "person_id": of.person_id,
        "corporation_id": of.corporation_id,
    }  # fmt: skip
    refused(copy(made, **new), FOREIGN)  # with the people of another application
    for column in people:
        refused(copy(made, **new, **(people | {column: world.stranger.id})), FOREIGN)
    refused(copy(made, **new, **(people | {"approved_by": of.screened_by})), f"two_person|{FOREIGN}")
    refused(copy(made, **new, **(people | {"issued_by": of.approved_by})), f"two_person|{FOREIGN}")
    passes(copy(made, **new, **people))


# --- revocation -----------------------------------------------------------------------------------------


def test_by_sql_who_received_does_not_decide(world: World) -> None:
    for state in ("'decided'", "'refused'"):
        decide = {"state": state, "decided_at": "received_at"}
        refused(change(world.received, decided_by="received_by", **decide), "two_person_decide")
        refused(copy(world.received, certificate_id=world.spare.id, decided_by="received_by", **decide),
                "two_person_decide")  # fmt: skip
        passes(change(world.received, decided_by=world.approver.id, **decide))
    refused(change(world.decided, received_by="decided_by"), "two_person_decide")
    refused(copy(world.decided, certificate_id=world.spare.id, received_by="decided_by"), "two_person_decide")
    passes(copy(world.decided, certificate_id=world.spare.id))


def test_by_sql_who_received_is_not_taken_out_of_the_row(world: World) -> None:
    decide = {"state": "'decided'", "decided_at": "received_at", "decided_by": world.screener.id}
    refused(change(world.received, received_by="NULL", **decide), "received")
    refused(change(world.received, received_from=world.received.certificate.person_id), "received")
    refused(change(world.received, received_by="NULL", received_from=0, **decide), FOREIGN)
    stranger = world.spare.person_id
    refused(change(world.received, received_by="NULL", received_from=stranger, **decide), FOREIGN)


def test_by_sql_who_decided_what_the_subscriber_asked_for_does_not_execute_it(world: World) -> None:
    asked = {"certificate_id": world.spare.id, "received_by": "NULL", "received_from": world.spare.person_id}
    execute = {"state": "'executed'", "executed_at": "decided_at"}
    passes(copy(world.decided, **asked))
    refused(copy(world.decided, **asked, **execute, executed_by="decided_by"), "two_person_execute")
    passes(copy(world.decided, **asked, **execute, executed_by=world.operator.id))


def test_by_sql_who_decided_does_not_execute(world: World) -> None:
    execute = {"state": "'executed'", "executed_at": "decided_at"}
    refused(change(world.decided, executed_by="decided_by", **execute), "two_person_execute")
    refused(copy(world.decided, certificate_id=world.spare.id, executed_by="decided_by", **execute),
            "two_person_execute")  # fmt: skip
    refused(change(world.executed, executed_by="decided_by"), "two_person_execute")
    refused(change(world.executed, decided_by="executed_by"), "two_person_execute")
    refused(
        copy(world.executed, certificate_id=world.spare.id, decided_by="executed_by"), "two_person_execute"
    )
    refused(change(world.received, executed_by=world.operator.id, **(execute | {"executed_at": "received_at"})),
            "state_decided")  # fmt: skip
    passes(change(world.decided, executed_by=world.operator.id, **execute))
    passes(copy(world.executed, certificate_id=world.spare.id))


# --- recovery -------------------------------------------------------------------------------------------


def test_by_sql_who_asked_does_not_decline(world: World) -> None:
    decline: dict[str, Any] = {"state": "'declined'", "declined_at": "requested_at"}
    refused(change(world.requested, declined_by="requested_by", **decline), "two_person_decline")
    passes(change(world.requested, declined_by=world.approver.id, **decline))


def test_who_asked_does_not_decline(world: World) -> None:
    with pytest.raises(TwoPersonRule):
        recovery.decline(world.requested, reason="誤り", version=world.requested.version,
                         by=db.session.get_one(Officer, world.requested.requested_by))  # fmt: skip


def test_a_subscriber_among_the_officers_decides_and_executes_no_own_revocation(world: World) -> None:
    for made, act in ((world.received, "decide"), (world.decided, "execute")):
        theirs = made.certificate.application.person.email
        one = officer(Role.APPROVER if act == "decide" else Role.OPERATOR)
        one.email = theirs.upper()
        more = {"confirmation": made.certificate.jc_number} if act == "execute" else {}
        with pytest.raises(OwnApplication):
            getattr(revocation, act)(made, version=made.version, by=one, **more)


def test_by_sql_who_asked_does_not_authorise(world: World) -> None:
    authorize: dict[str, Any] = {"state": "'authorized'", "authorized_at": "requested_at", "open_from": "requested_at",
                                 "open_until": "requested_at", "ephemeral_sealed": b"x"}  # fmt: skip
    refused(change(world.requested, authorized_by="requested_by", **authorize), "two_person")
    refused(copy(world.requested, certificate_id=world.spare.id, authorized_by="requested_by", **authorize),
            "two_person")  # fmt: skip
    refused(change(world.authorized, authorized_by="requested_by"), f"two_person|{FOREIGN}")
    refused(change(world.authorized, requested_by="authorized_by"), f"two_person|{FOREIGN}")
    refused(copy(world.authorized, certificate_id=world.spare.id, requested_by="authorized_by"), "two_person")
    passes(change(world.requested, authorized_by=world.approver.id, **authorize))
    passes(copy(world.authorized, certificate_id=world.spare.id))


def test_by_sql_who_asked_or_authorised_opens_no_share(world: World) -> None:
    opening = world.opened[0]
    for column in ("requested_by", "authorized_by"):
        refused(change(opening, **{column: "opened_by"}), f"other_person|{FOREIGN}")
        refused(
            copy(opening, half="'security'", **{column: "opened_by"}),
            f"other_person|share_opening_own|{FOREIGN}",
        )
        refused(change(opening, opened_by=column), f"other_person|share_opening_kept|{FOREIGN}")
        refused(
            copy(opening, half="'security'", opened_by=column), f"other_person|share_opening_own|{FOREIGN}"
        )
        refused(change(world.authorized, **{column: opening.opened_by}), FOREIGN)  # nor becomes it afterwards
    passes(change(opening, resealed="NULL"))


def test_by_sql_each_group_opens_only_its_own(world: World) -> None:
    opening, other = world.opened[0], world.pin_keeper
    theirs: dict[str, Any] = {"custodian_id": other.id, "opened_by": other.officer_id}
    refused(change(opening, **theirs), "share_opening_kept")
    refused(change(opening, half="'security'"), "share_opening_kept")
    refused(change(opening, opened_by=world.stranger.id), f"share_opening_kept|{FOREIGN}")
    refused(copy(opening, **theirs), "share_opening_own")
    refused(copy(opening, half="'security'"), "share_opening_own")
    refused(copy(opening), "uq_share_opening_once|share_opening.recovery_id")


# --- custodians and roles -------------------------------------------------------------------------------


def test_by_sql_nobody_appoints_the_own_person(world: World) -> None:
    refused(change(world.keeper, appointed_by="officer_id"), "other_person")
    fresh: dict[str, Any] = {"officer_id": world.stranger.id, "public_key": "NULL", "private_pem": "NULL",
                             "key_made_at": "NULL"}  # fmt: skip
    refused(copy(world.keeper, **(fresh | {"appointed_by": world.stranger.id})), "other_person")
    passes(copy(world.keeper, **fresh))


def test_by_sql_a_group_is_for_good(world: World) -> None:
    released: dict[str, Any] = {"released_by": world.head.id, "released_at": "appointed_at"}
    fresh: dict[str, Any] = {"public_key": "NULL", "private_pem": "NULL", "key_made_at": "NULL"}
    for group in ("'pin'", "'security'"):
        refused(change(world.keeper, custodian_group=group), "custodian_disjoint")
        refused(copy(world.keeper, custodian_group=group, **fresh), "custodian_disjoint")

        def afterwards(group: str = group) -> None:
            change(world.keeper, **released)()
            copy(world.keeper, custodian_group=group, released_by="NULL", released_at="NULL", **fresh)()

        refused(afterwards, "custodian_disjoint")
    refused(change(world.keeper, officer_id=world.stranger.id), f"custodian_disjoint_moved|{FOREIGN}")
    refused(lambda: sql("DELETE FROM custodian"), "custodian_disjoint_gone")

    def back_again() -> None:
        change(world.keeper, **released)()
        copy(world.keeper, released_by="NULL", released_at="NULL", **fresh)()

    passes(back_again)


def test_by_sql_an_administrator_holds_no_share(world: World) -> None:
    fresh: dict[str, Any] = {"public_key": "NULL", "private_pem": "NULL", "key_made_at": "NULL"}
    chief = officer(Role.ADMINISTRATOR)
    refused(copy(world.keeper, officer_id=chief.id, **fresh), "custodian_disjoint")
    role = db.session.get_one(Officer, world.keeper.officer_id).roles[0]
    refused(copy(role, name="'administrator'"), "role_disjoint")
    refused(change(role, name="'administrator'"), "role_disjoint")


@pytest.mark.parametrize("first", list(Role))
def test_by_sql_roles_exclude_each_other(context: Any, first: Role) -> None:
    for second in [role for role in Role if role is not first]:
        one, other = officer(first), officer(second)
        db.session.flush()
        added, moved = (
            copy(one.roles[0], name=f"'{second}'"),
            change(other.roles[0], officer_id=one.id),
        )
        for act in (added, moved):
            if exclude(first, second):
                refused(act, "role_disjoint")
            else:
                passes(act)


def test_by_sql_a_second_role_is_not_renamed_into_an_excluded_one(context: Any) -> None:
    both = officer(Role.SCREENER, Role.OPERATOR)
    for role in (Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR):
        refused(change(both.roles[1], name=f"'{role}'"), "role_disjoint")


# --- at the services ------------------------------------------------------------------------------------


SERVICES: dict[str, Callable[[World], Any]] = {
    "the screener approves": lambda w: screening.approve(w.screened, version=w.screened.version, by=w.screener),
    "the screener enters the texts again": lambda w: second_entry.enter(
        w.screened, organization_unit="x", common_name="x", version=w.screened.version, by=w.screener),
    "who checked a field enters the texts again": lambda w: second_entry.enter(
        w.screened, organization_unit="x", common_name="x", version=w.screened.version, by=w.checker),
    "who checked a field approves": lambda w: screening.approve(
        w.screened, version=w.screened.version, by=w.checker),
    "the screener rejects": lambda w: screening.reject(
        w.screened, "理由", version=w.screened.version, by=w.screener),
    "the screener returns what is screened": lambda w: screening.send_back_screened(
        w.screened, "理由", version=w.screened.version, by=w.screener),
    "the approver issues": lambda w: issuance.issue(w.approved, version=w.approved.version, by=w.approver),
    "the receiver decides": lambda w: revocation.decide(w.received, version=w.received.version, by=w.screener),
    "the receiver refuses": lambda w: revocation.refuse(
        w.received, words="誤報", version=w.received.version, by=w.screener),
    "the decider executes": lambda w: revocation.execute(
        w.decided, confirmation=w.decided.certificate.jc_number, version=w.decided.version, by=w.approver),
    "who asked authorises": lambda w: recovery.authorize(
        w.requested, version=w.requested.version, by=w.cast.operator),
    "who asked opens a share": lambda w: recovery_opening.open_here(w.authorized, PASSPHRASE, by=w.cast.operator),
    "who authorised opens a share": lambda w: recovery_opening.open_here(
        w.authorized, PASSPHRASE, by=w.cast.approver),
    "who asked finishes a recovery": lambda w: recovery_opening.finish(w.authorized, by=w.cast.operator),
    "an administrator appoints the own person": lambda w: custodians.appoint(
        w.head, CustodianGroup.KEY, by=w.head),
    "an administrator is appointed": lambda w: custodians.appoint(
        officer(Role.ADMINISTRATOR), CustodianGroup.KEY, by=w.head),
    "a custodian is appointed into a second group": lambda w: custodians.appoint(
        w.cast.holder(CustodianGroup.KEY), CustodianGroup.PIN, by=w.head),
    "a key is made for another's appointment": lambda w: custodians.make_key(
        custodians.appoint(w.stranger, CustodianGroup.SECURITY, by=w.head), "a passphrase long enough", by=w.screener),
    "an administrator changes the own roles": lambda w: officers.change_roles(
        w.head, {Role.AUDITOR}, version=w.head.version, by=w.head),
    "an administrator closes the own account": lambda w: officers.deactivate(
        w.head, version=w.head.version, by=w.head),
}  # fmt: skip


def test_the_services_refuse_the_same_person(world: World) -> None:
    let_through = []
    for name, act in SERVICES.items():
        nested = db.session.begin_nested()
        try:
            act(world)
            let_through.append(name)
        except TwoPersonRule:
            pass
        nested.rollback()
    assert let_through == []


def test_a_released_custodian_is_not_appointed_into_a_second_group(world: World) -> None:
    who = world.cast.holder(CustodianGroup.KEY)
    custodians.release(world.keeper, by=world.head)
    with pytest.raises(TwoPersonRule, match="別の区分"):
        custodians.appoint(who, CustodianGroup.SECURITY, by=world.head)


def test_a_custodian_does_not_become_an_administrator(world: World) -> None:
    who = world.cast.holder(CustodianGroup.KEY)
    with pytest.raises(RolesExclude):
        officers.change_roles(who, {Role.ADMINISTRATOR}, version=who.version, by=world.head)


def test_a_custodian_opens_no_share_of_another_group(world: World) -> None:
    share = next(
        one for one in world.authorized.openings[0].backup.shares if one.custodian_id != world.pin_keeper.id
    )
    with pytest.raises(RecoveryRefused):
        recovery_opening.package(world.authorized, share.id, by=world.cast.holder(CustodianGroup.PIN))


@pytest.mark.parametrize("first", list(Role))
def test_the_services_give_no_roles_that_exclude_each_other(context: Any, first: Role) -> None:
    head = officer(Role.ADMINISTRATOR)
    for second in [role for role in Role if exclude(first, role)]:
        who, pair = officer(first), {first, second}
        with pytest.raises(RolesExclude):
            officers.change_roles(who, pair, version=who.version, by=head)
        with pytest.raises(RolesExclude):
            officers.invite(email=f"{first}.{second}@example.jp", name="兼任 花子", roles=pair, by=head)
    with pytest.raises(RolesExclude):
        officers.invite(email="nobody@example.jp", name="無役 花子", roles=set(), by=head)


# --- past the guard of a service ------------------------------------------------------------------------


def _set(thing: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(thing, name, value)
    flush()


def test_what_only_the_database_notices_is_told_as_the_rule(world: World) -> None:
    at = clock.now()
    acts: list[Callable[[], None]] = [
        lambda: _set(world.approved, screened_by=world.approver.id),
        lambda: _set(world.approved, approved_by=world.checker.id),
        lambda: _set(world.decided, received_by=world.approver.id),
        lambda: _set(world.executed, decided_by=world.operator.id),
        lambda: _set(world.keeper, appointed_by=world.keeper.officer_id),
        lambda: _set(world.keeper, group=CustodianGroup.PIN),
        lambda: _set(world.stranger, roles=[*world.stranger.roles, OfficerRole(name=Role.APPROVER, granted_at=at)]),
    ]  # fmt: skip
    for act in acts:
        nested = db.session.begin_nested()
        with pytest.raises(TwoPersonRule):
            act()
        nested.rollback()
