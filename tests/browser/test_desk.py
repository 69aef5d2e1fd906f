"""A day at the desk in Chromium by keyboard alone: claimed, judged, returned, put aside, completed, and the next one."""

from datetime import timedelta
from typing import Any

import pytest

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.models import Application, Officer
from jcanweb.roles import Role
from jcanweb.vocabulary import ApplicationKind, Authority, CheckedField
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.browser.conftest import look
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter, officer

FIELDS = [field.value for field in CheckedField]
FOCUS = "document.activeElement"


def day(app: Any) -> tuple[Officer, list[str]]:
    """Twenty, all due on one day: a plain one, a wrong CN, long names, and what else comes in; some judged by a colleague and put back."""
    with app.test_request_context(), transaction():
        me, before = officer(Role.SCREENER), officer(Role.SCREENER)
        me.name = "田村 さくら"
        old = [issued_certificate() for _ in range(2)]
        for one in old:
            one.not_after = clock.now() + timedelta(days=15)
        delegate = builders.person(authority=Authority.DELEGATE, name="委任 次郎")
        own = builders.person()
        made = [
            builders.application(),
            builders.application(common_name_typed="TEST", common_name="TEST"),
            builders.application(organization_unit_typed="M" * 64, organization_unit="M" * 64, organization_unit_ja="長" * 60),
            builders.application(revision=2),
            *(builders.application(person=one.application.person, kind=ApplicationKind.RENEWAL, renewal_of_id=one.id,
                                   common_name_typed=text, common_name=text)
              for one, text in zip(old, ("Sales Dept. Manager", "Sales Department Chief"), strict=True)),
            builders.application(person=delegate),
            builders.application(person=own, pin_recipient_email=own.email),
            builders.application(organization_unit_typed="Mih0n Shoji 1", organization_unit="Mih0n Shoji 1"),
            builders.application(person=old[0].application.person, kind=ApplicationKind.ADDITIONAL),
        ]  # fmt: skip
        back = [builders.application(kind=kind, screening_by=before.id, screening_at=clock.now())
                for kind in [ApplicationKind.NEW, ApplicationKind.ADDITIONAL] * 5]  # fmt: skip
        for one in back:
            builders.check_all(one, by=before)
        builders.application(A.SCREENING, screener=before)
        return me, [one.number for one in made + back]


class Keys:
    """A person who has no mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def focused(self) -> str:
        """What has the focus, which must be seen."""
        outline = self.page.evaluate(f"getComputedStyle({FOCUS}).outlineStyle")
        assert outline != "none", "the focus is not seen"
        return str(self.page.evaluate(f"({FOCUS}.labels?.[0] ?? {FOCUS}).textContent.trim()"))

    def go(self) -> None:
        """Enter, and the page that answers."""
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.press("Enter")

    def act(self, words: str) -> None:
        """The key of what is to be done next, then Enter."""
        self.press("a")
        assert self.focused() == words
        self.go()

    def walk(self, key: str, script: str) -> None:
        for _ in range(12):
            if self.page.evaluate(script):
                self.focused()
                return
            self.press(key)
        raise AssertionError(f"{key} never came to {script}")

    def judge(self, field: str, button: str, comment: str = "") -> None:
        """j to the field, its ticks or a comment where there is one, then one of its two buttons."""
        self.walk("j", f"{FOCUS}.closest('#{field}') !== null")
        if comment:
            step = "Shift+Tab" if self.page.evaluate(f"{FOCUS}.matches('button')") else "Tab"
            self.walk(step, f"{FOCUS}.id === '{field}-comment'")
            self.page.keyboard.type(comment)
        while self.page.evaluate(f"{FOCUS}.type === 'checkbox'"):
            self.press("Space")
            self.press("Tab")
        self.walk("Tab", f"{FOCUS}.textContent.trim() === '{button}'")
        self.go()

    def pass_all(self, *fields: str) -> None:
        for field in fields or FIELDS:
            self.judge(field, "適合")

    def title(self) -> str:
        return str(self.page.locator("h1").inner_text())


@pytest.mark.parametrize("visit", ["script"], indirect=True)
def test_a_day_at_the_desk_by_keyboard(app: Any, visit: Any, address: str) -> None:
    me, numbers = day(app)
    page = visit(1280)
    signed_in(app, page, me, address)
    keys = Keys(page)
    page.goto("/desk")
    look(page, "desk")
    keys.act("次の申請へ")

    assert numbers[0] in keys.title()
    page.wait_for_selector(f"text=残り {len(FIELDS)} 項目")
    keys.press("?")
    page.wait_for_selector("dialog kbd")
    look(page, "desk-keys")
    keys.press("Escape")
    keys.pass_all()
    keys.press("c")
    assert keys.focused().startswith("コメント")
    page.keyboard.type("法務局の登記で英文名称を確認した。")
    keys.press("Tab")
    keys.go()
    keys.act("審査を完了する")
    keys.act("次の申請へ")

    assert numbers[1] in keys.title()
    keys.judge("common_name", "不適合", "役職か氏名を英字で入力してください。")
    keys.press("r")
    assert keys.focused() == "差し戻す場合"
    keys.walk("Tab", f"{FOCUS}.textContent.trim() === '差し戻す'")
    keys.go()
    look(page, "desk-returned")
    assert page.get_by_text("差戻しのお知らせ").is_visible()
    keys.act("次の申請へ")

    assert numbers[2] in keys.title()
    keys.press("h")
    assert keys.focused() == "保留にする"
    keys.walk("Tab", f"{FOCUS}.id === 'hold-reason'")
    page.keyboard.type("法人に名称を電話で確かめる。折り返し待ち。")
    keys.press("Tab")
    keys.go()
    look(page, "desk-held")
    keys.press("n")
    page.wait_for_url(f"**/{numbers[3]}")

    for number in numbers[3:]:
        assert number in keys.title()
        if page.get_by_role("button", name="審査を始める").count():
            keys.act("審査を始める")
        if page.get_by_text("残り").count():
            keys.pass_all()
        keys.act("審査を完了する")
        if number != numbers[-1]:
            keys.act("次の申請へ")

    page.goto("/desk?tab=held")
    keys.press("j")
    keys.go()
    keys.act("審査を再開する")
    keys.pass_all()
    keys.act("審査を完了する")
    page.goto("/desk")
    look(page, "desk-done")
    assert page.get_by_text("いま、あなたを待っている仕事はありません").is_visible()
    with app.app_context():
        there = {one.number: one for one in db.session.query(Application)}
        assert there[numbers[1]].state is A.RETURNED
        done = [there[number] for number in numbers if number != numbers[1]]
        assert len(done) == 19
        assert {(one.state, one.screened_by) for one in done} == {(A.SCREENING, me.id)}


@pytest.mark.parametrize("visit", ["plain"], indirect=True)
def test_without_scripts_the_next_one_is_a_button_and_a_link(app: Any, visit: Any, address: str) -> None:
    me, numbers = day(app)
    page = visit(1280)
    signed_in(app, page, me, address)
    page.goto("/desk")
    page.get_by_role("button", name="次の申請へ").press("Enter")
    assert numbers[0] in page.locator("h1").inner_text()
    page.get_by_role("link", name="次の申請").press("Enter")
    page.wait_for_url(f"**/{numbers[1]}")
    assert page.get_by_role("button", name="審査を始める").get_attribute("accesskey") == "a"


def signed_in(app: Any, page: Any, who: Officer, address: str) -> None:
    """This officer's session in the window."""
    visitor = Visitor(app)
    enter(app, visitor, who)
    cookie = visitor.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
