"""The whole house in real Chromium, with and without scripts, from both sides; every page is looked at."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import pkcs12
from passlib.totp import TOTP

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.models import Certificate
from jcanweb.roles import Role
from jcanweb.services.demo_cast import paper
from jcanweb.vocabulary import CustodianGroup
from tests.browser.conftest import look
from tests.browser.windows import Windows, fill, press
from tests.page import Visitor
from tests.people import PASSWORD, officer
from tests.test_journey import CORPORATION, FORM, PASSPHRASE, PERSON, STAFF


def appoint(windows: Windows) -> None:
    for group in CustodianGroup:
        page = windows.of("administrator")
        page.goto("/custodians")
        fill(page, {"officer": str(windows.ids[group]), "group": group.value})
        press(page, "選任する")
        own = windows.of(group)
        own.goto("/me/key")
        look(own, "custodian-key")
        fill(own, {"passphrase": PASSPHRASE, "again": PASSPHRASE})
        press(own, "サーバーに鍵を作る")
    page.goto("/custodians")
    look(page, "custodians")


def invite(windows: Windows) -> None:
    page = windows.of("screener")
    page.goto("/desk")
    look(page, "desk-empty")
    page.goto("/corporations/new")
    look(page, "corporation-new")
    press(page, "登録する")
    look(page, "corporation-refused")
    fill(page, CORPORATION)
    press(page, "登録する")
    look(page, "corporation")
    page.goto(f"/corporations/{CORPORATION['corporate_number']}/people/new")
    fill(page, PERSON)
    press(page, "登録して案内を送る")
    look(page, "corporation-with-person")
    home = f"/corporations/{CORPORATION['corporate_number']}"
    links = page.locator("a[href$='/vettings']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for place in set(links):
        page.goto(place)
        fill(page, {"vetted_on": "2026-11-20", "evidence": "公表サイトと代表電話で確認。"})
        press(page, "確認を記録する")
    page.goto(f"{home}/vettings")
    look(page, "vetting")
    page.goto(home)
    look(page, "corporation-vetted")
    page.goto("/corporations")
    look(page, "corporations")


def apply(windows: Windows) -> str:
    page = windows.of("applicant", 360)
    page.goto(windows.mailed("/apply/"))
    look(page, "apply-link")
    press(page, "確認コードを送る")
    look(page, "apply-code")
    page.get_by_label("確認コード").fill("000 000")
    press(page, "進む")
    look(page, "apply-code-wrong")
    code = Visitor(windows.app).get("/outbox").text.split("確認コード: ")[1][:6]
    page.get_by_label("確認コード").fill(code)
    press(page, "進む")
    look(page, "apply-terms")
    press(page, "以上をすべて承諾して、申請に進む")
    look(page, "apply-terms-refused")
    for box in page.get_by_role("checkbox").all():
        box.check()
    press(page, "以上をすべて承諾して、申請に進む")
    look(page, "apply-form-empty")
    fill(page, FORM | {"organization_unit": "見本建設"})
    page.locator("[name=seal_certificate]").set_input_files({"name": "virus.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90"})  # fmt: skip
    press(page, "確認へ進む")
    look(page, "apply-form-refused")
    assert "PDFとして読めない" in page.inner_text("main")
    assert page.locator("[name=common_name]").input_value() == FORM["common_name"]
    fill(page, {"organization_unit": FORM["organization_unit"]})
    page.locator("[name=seal_certificate]").set_input_files({"name": "seal.pdf", "mimeType": "application/pdf", "buffer": paper()})  # fmt: skip
    press(page, "確認へ進む")
    look(page, "apply-confirm")
    press(page, "提出する")
    look(page, "apply-submitted")
    number = page.locator("h1").inner_text().split()[1]
    page.goto("/my")
    look(page, "my")
    return number


def issue(windows: Windows, number: str) -> None:
    page = windows.of("screener")
    page.goto("/desk")
    look(page, "desk-screener")
    page.goto("/applications")
    look(page, "applications")
    page.get_by_role("link", name=number).click()
    look(page, "application-submitted")
    press(page, "審査を始める")
    for field in ("organization_unit", "common_name", "pin_recipient", "seal_certificate"):
        for box in page.locator(f"form[action$={field}]").get_by_role("checkbox").all():
            box.check()
        page.locator(f"form[action$={field}]").get_by_role("button", name="適合", exact=True).click()
        page.wait_for_load_state()
    look(page, "application-checked")
    press(page, "審査を完了する")
    approver = windows.of("approver")
    approver.goto(f"/applications/{number}")
    look(approver, "application-approve")
    fill(approver, {f"entry-{name}": FORM[name] for name in ("organization_unit", "common_name")})
    press(approver, "入力を照合する")
    press(approver, "承認する")
    operator = windows.of("operator")
    operator.goto("/issue")
    look(operator, "issue")
    operator.goto(f"/applications/{number}")
    press(operator, "発行する")
    look(operator, "certificate")
    operator.goto("/certificates")
    look(operator, "certificates")


def receive(windows: Windows, folder: Path) -> tuple[bytes, str]:
    page = windows.of("applicant", 360)
    page.goto(windows.mailed("/receive/"))
    look(page, "receive")
    with page.expect_download() as came:
        press(page, "ファイルを受け取る")
    came.value.save_as(folder / "file.p12")
    page.reload()
    look(page, "received")
    press(page, "受領を確認する")
    look(page, "receipt-confirmed")
    other = windows.of("recipient", 360)
    other.goto(windows.mailed("/pin/"))
    look(other, "pin")
    press(other, "PINを表示する")
    look(other, "pin-shown")
    pin = re.sub(r"\s", "", other.locator("#pin").inner_text())
    other.goto(windows.mailed("/pin/"))
    look(other, "pin-gone")
    page.goto("/my")
    look(page, "my-certificate")
    return (folder / "file.p12").read_bytes(), pin


def recover(windows: Windows, hands: Any, number: str) -> None:
    page = windows.of("operator")
    page.goto(f"/recoveries/new?certificate={number}")
    look(page, "recovery-new")
    fill(page, {"ground": "subscriber_lost_pin", "proof": "登録の電話番号に折り返して確認。"})
    press(page, "鍵回復を依頼する")
    look(page, "recovery-requested")
    approver = windows.of("approver")
    approver.goto(page.url)
    press(approver, "承認する")
    look(approver, "recovery-cooling-off")
    hands.forward(hours=25)
    for group in CustodianGroup:
        own = windows.of(group)
        own.goto(page.url)
        look(own, f"recovery-open-{group}")
        fill(own, {"passphrase": PASSPHRASE})
        press(own, "持分を開封する")
    look(own, "recovery-done")
    own.goto("/recoveries")
    look(own, "recoveries")


def revoke(windows: Windows, hands: Any, number: str) -> None:
    page = windows.of("screener")
    page.goto(f"/revocations/new?certificate={number}")
    look(page, "revocation-new")
    fill(page, {"requester": "subscriber", "reason": "keyCompromise", "words": "PINのメモを失くした。"})
    press(page, "受け付ける")
    look(page, "revocation-received")
    approver = windows.of("approver")
    approver.goto("/desk")
    look(approver, "desk-approver")
    approver.goto(page.url)
    press(approver, "失効すると決める")
    hands.forward(minutes=5)
    operator = windows.of("operator")
    operator.goto(page.url)
    look(operator, "revocation-execute")
    operator.get_by_label("JC番号").fill("JC-99999999")
    press(operator, "失効を実行する")
    look(operator, "revocation-mismatch")
    operator.get_by_label("JC番号").fill(number)
    press(operator, "失効を実行する")
    look(operator, "revocation-executed")
    operator.goto("/revocations")
    look(operator, "revocations")
    operator.goto(f"/certificates/{number}")
    look(operator, "certificate-revoked")


def test_from_the_invitation_to_the_report(
    app: Any, visit: Callable[..., Any], address: str, hands: Any, tmp_path: Path
) -> None:
    windows = Windows(app, visit, address)
    with app.app_context(), transaction():
        windows.ids = {word: officer(role).id for word, role in STAFF.items()}
    appoint(windows)
    invite(windows)
    issue(windows, apply(windows))
    file, pin = receive(windows, tmp_path)
    key, _, _ = pkcs12.load_key_and_certificates(file, pin.encode())
    assert key is not None
    with app.app_context():
        number = db.session.query(Certificate).one().jc_number
    recover(windows, hands, number)
    revoke(windows, hands, number)
    page = windows.of("administrator")
    page.goto("/reports")
    look(page, "reports")
    fill(page, {"from": "2026-11-01", "to": "2026-11-25"})
    press(page, "報告を表示する")
    look(page, "report-revocation")
    with page.expect_download() as came:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    assert number in Path(came.value.path()).read_text("utf-8-sig")
    auditor = windows.of("auditor")
    auditor.goto("/audit")
    look(auditor, "audit")
    applicant = windows.of("applicant", 360)
    applicant.goto("/my")
    look(applicant, "my-later")


def test_an_approver_signs_in_with_password_and_authenticator(
    app: Any, visit: Callable[..., Any], hands: Any
) -> None:
    clock.replace(None)  # the authenticator and the library share the system's time
    with app.app_context(), transaction():
        made = officer(Role.APPROVER, password=True)
        made.password_changed_at = None
    page = visit()
    page.goto("/desk")
    page.get_by_label("メールアドレス").fill(made.email)
    page.get_by_label("パスワード").fill(PASSWORD)
    press(page, "サインイン")
    look(page, "password-change")
    assert "パスワードの変更" in page.inner_text("h1")
    for field, value in zip(page.locator("main input[type=password]").all(), [PASSWORD, *["another long sentence"] * 2], strict=True):  # fmt: skip
        field.fill(value)
    page.locator("main button[type=submit]").click()
    page.goto("/desk")
    look(page, "totp")
    press(page, "認証アプリを登録する")
    look(page, "totp-key")
    key = page.locator("dd").first.inner_text()
    page.get_by_label("認証コード").fill(TOTP(key=key, format="base32").generate().token)
    press(page, "登録する")
    page.goto("/desk")
    assert "仕事" in page.inner_text("h1")
    look(page, "desk-after-sign-in")
