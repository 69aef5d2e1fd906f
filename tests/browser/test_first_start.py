"""The first ten minutes: the front door, the terms, the set-up link, the first administrator."""

from collections.abc import Callable
from typing import Any

from jcanweb.database import transaction
from jcanweb.services import officers
from tests.browser.conftest import look
from tests.people import PASSWORD


def test_the_front_door_and_the_terms_on_a_phone(visit: Callable[..., Any]) -> None:
    page = visit(360)
    page.goto("/")
    look(page, "home")
    page.get_by_role("link", name="利用規約").first.click()
    look(page, "terms")
    assert "見本" in page.inner_text("main")


def test_the_first_administrator_sets_up_and_invites(app: Any, visit: Callable[..., Any]) -> None:
    with app.app_context(), transaction():
        token = officers.first_link()
    page = visit()
    page.goto(f"/setup/{token}")
    look(page, "setup")
    page.get_by_role("button", name="登録する").click()
    look(page, "setup-refused")
    assert "氏名を入力してください。" in page.inner_text("main")
    page.get_by_label("氏名").fill("管理 花子")
    page.get_by_label("メールアドレス").fill("admin@example.jp")
    page.get_by_label("パスワード", exact=False).first.fill(PASSWORD)
    page.get_by_label("パスワード（確認）").fill(PASSWORD)
    page.get_by_role("button", name="登録する").click()
    look(page, "me")
    page.goto("/officers")
    look(page, "officers")
    page.get_by_label("氏名").fill("審査 一郎")
    page.get_by_label("メールアドレス").fill("ichiro@example.jp")
    page.get_by_label("受付・審査担当").check()
    page.get_by_role("button", name="招待を送る").click()
    assert "招待のメールを送りました。" in page.inner_text("main")
    page.goto("/outbox")
    look(page, "outbox")
    page.get_by_role("button", name="サインアウト").click()
    assert page.goto("/me").url.endswith("/login?next=/me")
    look(page, "sign-in")
