"""New terms and a new CP in Chromium: imported, compared, approved, asked, agreed to, refused; a consent withdrawn; the evidence."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from jcanweb import jobs
from jcanweb.database import db, transaction
from jcanweb.models import Edition
from jcanweb.roles import Role
from tests import builders
from tests.browser.conftest import look
from tests.browser.windows import Windows, fill, press
from tests.issued import issued_certificate
from tests.people import officer
from tests.terms.pages import document

OLD = document()
NEW = OLD.replace("土曜日".encode(), "日曜日".encode()).replace("大人".encode(), "成人".encode())


def world(app: Any, windows: Windows) -> list[str]:
    """Three holders under edition 3.0: one will agree, one refuse, one withdraw. Their JC-numbers."""
    with app.test_request_context(), transaction():
        builders.edition(OLD, version="3.0", effective_on=date(2025, 1, 20))
        certificates = [issued_certificate() for _ in range(3)]
        for one in certificates:
            builders.receipt(one.application)
        windows.people = {number: one.application.person_id for number, one in enumerate(certificates)}
        windows.ids = {role: officer(role).id for role in Role}
        return [one.jc_number for one in certificates]


def import_edition(windows: Windows, source: bytes) -> int:
    page = windows.of(Role.SCREENER)
    page.goto("/terms/editions/import")
    press(page, "下書きとして取り込む")
    look(page, "terms-import-refused")
    page.locator("[name=file]").set_input_files({"name": "4.txt", "mimeType": "text/plain", "buffer": source})
    fill(page, {"version": "4.0", "proposed_on": "2026-12-25"})
    press(page, "下書きとして取り込む")
    look(page, "terms-draft")
    approver = windows.of(Role.APPROVER)
    approver.goto(page.url)
    approver.get_by_role("link", name=re.compile("との違いを見る")).click()
    look(approver, "terms-compare")
    approver.goto(page.url)
    press(approver, "承認して施行日を決める")
    look(approver, "terms-scheduled")
    page.goto("/terms/editions")
    look(page, "terms-editions")
    with windows.app.app_context():
        jobs.ask_anew()
        return db.session.query(Edition).filter_by(version="4.0").one().id


def answer(windows: Windows, edition_id: int) -> None:
    page = windows.of(0, 360)
    page.goto("/my")
    look(page, "my-asked")
    page.goto("/reconsent")
    look(page, "reconsent")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.locator("#accept button").click()
    look(page, "reconsent-agreed")
    page = windows.of(1, 360)
    page.goto("/reconsent")
    page.get_by_role("link", name="同意しないとどうなるかを読み、回答する").click()
    look(page, "reconsent-refuse")
    fill(page, {"words": "社内で検討しています。"})
    press(page, "同意しないと回答する")
    look(page, "reconsent-refused")
    approver = windows.of(Role.APPROVER)
    approver.goto(f"/terms/{edition_id}/consents")
    look(approver, "campaign")
    approver.goto("/desk")
    approver.get_by_role("link", name="規約の拒否への対応を決める").click()
    look(approver, "reconsent-to-decide")
    fill(approver, {"decision": "keep", "comment": "電話で話し、満了まで認める。"})
    press(approver, "対応を決める")
    look(approver, "reconsent-decided")


def withdraw(windows: Windows, number: str) -> None:
    page = windows.of(2, 360)
    page.goto(f"/my/certificates/{number}/withdrawal")
    look(page, "withdrawal")
    page.locator("main input[type=text]").fill("JC-00000000")
    page.locator("main form button").last.click()
    look(page, "withdrawal-refused")
    page.locator("main input[type=text]").fill(number)
    page.locator("main form button").last.click()
    look(page, "withdrawn")
    page.goto("/my")
    look(page, "my-withdrawn")


def register_policy(windows: Windows) -> None:
    page = windows.of(Role.SCREENER)
    page.goto("/policies/new")
    press(page, "下書きとして登録する")
    look(page, "policy-refused")
    fill(page, {"name": "見本証明書ポリシー", "version": "3.0", "url": "https://cp.example.jp/3.0.pdf",
                "oid": "1.2.392.200000.1", "proposed_on": "2026-12-25"})  # fmt: skip
    press(page, "下書きとして登録する")
    look(page, "policy-draft")
    approver = windows.of(Role.APPROVER)
    approver.goto(page.url)
    press(approver, "承認して施行日を決める")
    look(approver, "policy-scheduled")
    approver.goto("/policies")
    look(approver, "policies")


def verify(windows: Windows, number: str, folder: Path) -> None:
    """The evidence as an auditor takes it: its index in a browser, the file in the verifier, on a page and outside."""
    auditor = windows.of(Role.AUDITOR)
    auditor.goto(f"/certificates/{number}")
    look(auditor, "certificate-withdrawn")
    with auditor.expect_download() as came:
        auditor.locator("a[href$='evidence.zip']").first.click()
    came.value.save_as(folder / "evidence.zip")
    with zipfile.ZipFile(folder / "evidence.zip") as bundle:
        (folder / "index.html").write_bytes(bundle.read("index.html"))
    auditor.goto((folder / "index.html").as_uri())
    look(auditor, "evidence-index")
    page = windows.of("anybody", 360)
    page.goto("/receipts/verify")
    look(page, "verify")
    page.locator("[name=file]").set_input_files(folder / "evidence.zip")
    page.locator("main form button").last.click()
    look(page, "verified")
    for path in ("/keys/receipt.pem", "/receipts/verifier.py"):
        (folder / path.rsplit("/", 1)[1]).write_bytes(windows.app.test_client().get(path).data)
    outside = [sys.executable, "-I", "verifier.py", "evidence.zip", "--key", "receipt.pem"]
    assert subprocess.run(outside, cwd=folder, capture_output=True, timeout=60).returncode == 0


def test_new_terms_a_new_policy_a_withdrawal_and_the_evidence(
    app: Any, visit: Callable[..., Any], address: str, hands: Any, tmp_path: Path
) -> None:
    windows = Windows(app, visit, address)
    numbers = world(app, windows)
    edition_id = import_edition(windows, NEW)
    answer(windows, edition_id)
    register_policy(windows)
    withdraw(windows, numbers[2])
    verify(windows, numbers[2], tmp_path)
