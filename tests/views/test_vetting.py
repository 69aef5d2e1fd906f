"""The pages on which a vetting is recorded and read."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Vetting
from jcanweb.roles import Role
from tests import builders
from tests.page import Visitor
from tests.people import enter, officer


@pytest.fixture
def place(app: Any) -> str:
    """The page of a corporation with one person, the first."""
    with app.test_request_context(), transaction():
        return f"/corporations/{builders.person().corporation.corporate_number}"


def signed_in(app: Any, visitor: Visitor, role: Role) -> Visitor:
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


@pytest.mark.parametrize(
    ("path", "kind"), [("/vettings", "organization"), ("/people/1/vettings", "authority")]
)
def test_a_vetting_is_recorded_and_shown_with_its_last_day(
    app: Any, browser: Visitor, place: str, path: str, kind: str
) -> None:
    screener = signed_in(app, browser, Role.SCREENER)
    assert screener.get(place).text.count("確認の記録なし") == 2
    assert "確認の記録はまだありません" in screener.get(place + path).text
    page = screener.send("確認を記録する", vetted_on="2026-11-20", evidence="公表サイトの番号に電話した。")
    assert page.url == place
    assert "2029年2月22日（木）まで有効" in page.text
    assert page.text.count("確認の記録なし") == 1
    assert "公表サイトの番号に電話した。" in screener.get(place + path).text
    with app.app_context():
        assert db.session.query(Vetting).one().kind == kind


@pytest.mark.parametrize(
    ("typed", "field", "status"),
    [({"evidence": ""}, "evidence", 422), ({"vetted_on": "きのう"}, "vetted_on", 422),
     ({"vetted_on": "2026-11-25"}, "vetted_on", 409), ({"evidence": "右\u202e"}, "evidence", 409)],
)  # fmt: skip
def test_a_wrong_value_is_told_at_its_field_and_the_rest_stays(
    app: Any, browser: Visitor, place: str, typed: dict[str, str], field: str, status: int
) -> None:
    screener = signed_in(app, browser, Role.SCREENER)
    screener.get(f"{place}/vettings")
    page = screener.send("確認を記録する", status=status,
                         **({"vetted_on": "2026-11-20", "evidence": "電話した。"} | typed))  # fmt: skip
    wrong = [one.get("id") for one in page.all("p") if "field_error" in (one.get("class") or "")]
    assert wrong == [f"{field}-error"]
    assert "電話した。" in page.text or "2026-11-20" in page.text
    with app.app_context():
        assert db.session.query(Vetting).count() == 0
        if status == 409:
            last = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
            assert last is not None
            assert (last.event, last.outcome) == (Event.VETTING_RECORDED, Outcome.REFUSED)


def test_others_read_and_are_offered_nothing_to_record(app: Any, browser: Visitor, place: str) -> None:
    page = signed_in(app, browser, Role.APPROVER).get(f"{place}/vettings")
    assert "確認を記録する" not in page.words("button")
    browser.get("/me")
    browser.post(f"{place}/vettings", status=403, vetted_on="2026-11-20", evidence="電話した。")


def test_another_corporations_person_is_not_found(app: Any, browser: Visitor, place: str) -> None:
    with app.test_request_context(), transaction():
        other = builders.corporation().corporate_number
    screener = signed_in(app, browser, Role.SCREENER)
    screener.get(f"/corporations/{other}/people/1/vettings", status=404)
    screener.get(f"/corporations/{'0' * 13}/vettings", status=404)


def test_an_expired_vetting_says_so(app: Any, browser: Visitor, place: str, hands: Any) -> None:
    screener = signed_in(app, browser, Role.SCREENER)
    screener.get(f"{place}/vettings")
    screener.send("確認を記録する", vetted_on="2026-11-24", evidence="電話した。")
    hands.forward(days=826)
    page = signed_in(app, browser, Role.SCREENER).get(place)
    assert "期限切れ" in page.text
    assert "2029年2月26日（月）に終わりました" in page.text
