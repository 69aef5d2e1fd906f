"""One browser window for each person; officers and applicants come in by the session that a sign-in would have made."""

from collections.abc import Callable
from typing import Any

from jcanweb.database import db
from jcanweb.models import Officer, Person
from tests.page import Visitor
from tests.people import enter, enter_person


class Windows:
    """`ids` are those of officers by any word, `people` those of applicants."""

    def __init__(self, app: Any, visit: Callable[..., Any], address: str) -> None:
        self.app, self.visit, self.address = app, visit, address
        self.ids: dict[Any, int] = {}
        self.people: dict[Any, int] = {}
        self.open: dict[Any, Any] = {}

    def of(self, word: Any, width: int = 1440) -> Any:
        """The window of this person, signed in anew for an officer: the clock may have moved on."""
        page = self.open.get(word) or self.visit(width)
        first = word not in self.open
        self.open[word] = page
        if word in self.ids or (first and word in self.people):
            self._enter(word, page)
        return page

    def mailed(self, part: str) -> str:
        page = Visitor(self.app).get("/outbox")
        return next(str(a.get("href")) for a in page.all("a") if part in str(a.get("href")))

    def _enter(self, word: Any, page: Any) -> None:
        visitor = Visitor(self.app)
        with self.app.app_context():
            officer = word in self.ids
            who: Any = db.session.get_one(Officer if officer else Person, (self.ids | self.people)[word])
        (enter if officer else enter_person)(self.app, visitor, who)
        cookie = visitor.client.get_cookie("jcanweb")
        assert cookie is not None
        page.context.add_cookies([{"name": "jcanweb", "value": cookie.value, "url": self.address}])


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def fill(page: Any, values: dict[str, str]) -> None:
    for name, value in values.items():
        field = page.locator(f"[name={name}]").first
        if field.get_attribute("type") == "radio":
            page.locator(f"[name={name}][value='{value}']").check()
        elif field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
