"""The whole house once through, by its pages only: from the invited applicant to the revocation report."""

import csv
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.models import AuditEntry, Certificate, Officer, Revocation
from jcanweb.roles import Role
from jcanweb.vocabulary import CheckedField, CustodianGroup, PaperPoint
from tests.builders import PDF, corporate_number
from tests.page import NotAPage, Visitor
from tests.people import enter, officer

PASSPHRASE = "seven grey herons"
PERSON = {
    "name": "見本 太郎",
    "name_kana": "ミホン タロウ",
    "email": "taro@example.jp",
    "authority": "representative",
}
CORPORATION = {
    "corporate_number": corporate_number(7001), "company_id": "CT007001", "name": "見本建設株式会社",
    "name_kana": "ミホンケンセツ", "name_en": "Mihon Kensetsu Co., Ltd.", "representative": "見本 太郎",
    "agreement_state": "active", "agreement_from": "2025-04-01",
}  # fmt: skip
FORM = {
    "organization_unit": "Ｍｉｈｏｎ Kensetsu Co., Ltd.", "organization_unit_ja": "見本建設株式会社",
    "common_name": "Contract Dept.", "common_name_ja": "契約部", "years": "2", "pin_recipient_name": "総務 一郎",
    "pin_recipient_email": "soumu@example.jp", "seal_certificate_on": "2026-11-01",
}  # fmt: skip
STAFF = {
    "administrator": Role.ADMINISTRATOR, "screener": Role.SCREENER, "approver": Role.APPROVER,
    "operator": Role.OPERATOR, "auditor": Role.AUDITOR, "key": Role.SCREENER, "pin": Role.OPERATOR,
    "security": Role.APPROVER,
}  # fmt: skip


class House:
    """The installation with its officers and one applicant, each with a window of their own."""

    def __init__(self, app: Any) -> None:
        self.app, self.visitors = app, {word: Visitor(app) for word in [*STAFF, "applicant", "recipient"]}
        with app.app_context(), transaction():
            made = {word: officer(role) for word, role in STAFF.items()}
            self.ids = {word: one.id for word, one in made.items()}

    def at_work(self, word: str) -> Visitor:
        """This officer, signed in a moment ago."""
        with self.app.app_context():
            who = db.session.get_one(Officer, self.ids[word])
        enter(self.app, self.visitors[word], who)
        return self.visitors[word]

    def mailed(self, part: str) -> str:
        """The newest link of that kind in the outbox, as a path."""
        page = Visitor(self.app).get("/outbox")
        found = [str(link.get("href")) for link in page.all("a") if part in str(link.get("href"))]
        return "/" + found[0].split("/", 3)[3]

    def code(self) -> str:
        page = Visitor(self.app).get("/outbox")
        return page.text.split("確認コード: ")[1][:6]

    def file(self, visitor: Visitor, link: str) -> bytes:
        visitor.get(link)
        with pytest.raises(NotAPage) as came:
            visitor.send("ファイルを受け取る")
        return bytes(came.value.response.data)

    def pin(self, visitor: Visitor, link: str) -> str:
        visitor.get(link)
        page = visitor.send("PINを表示する")
        return "".join(next(p for p in page.all("p") if p.get("id") == "pin").itertext()).replace(" ", "")


@pytest.fixture
def house(app: Any) -> House:
    return House(app)


def appoint(house: House) -> None:
    administrator = house.at_work("administrator")
    for group in CustodianGroup:
        administrator.get("/custodians")
        administrator.send("選任する", officer=str(house.ids[group]), group=group.value)
        custodian = house.at_work(group)
        custodian.get("/me/key")
        custodian.send("サーバーに鍵を作る", passphrase=PASSPHRASE, again=PASSPHRASE)


def invite(house: House) -> None:
    screener = house.at_work("screener")
    screener.get("/corporations/new")
    screener.send("登録する", **CORPORATION)
    screener.get(f"/corporations/{CORPORATION['corporate_number']}/people/new")
    page = screener.send("登録して案内を送る", **PERSON)
    places = {str(a.get("href")) for a in page.all("a") if str(a.get("href")).endswith("/vettings")}
    assert len(places) == 2  # of the corporation, and of the person's authority
    for place in places:
        screener.get(place)
        page = screener.send(
            "確認を記録する", vetted_on="2026-11-20", evidence="公表サイトと代表電話で確認。"
        )
    assert page.text.count("2029年2月22日（木）まで有効") == 2


def apply(house: House) -> str:
    applicant = house.visitors["applicant"]
    applicant.get(house.mailed("/apply/"))
    applicant.send("確認コードを送る")
    assert applicant.send("進む", code=house.code()).h1 == "利用規約の承諾"
    boxes = {
        str(box.get("name")): "y" for box in applicant.page.all("input") if box.get("type") == "checkbox"
    }  # type: ignore[union-attr]  # a page is there
    assert len(boxes) == 6
    applicant.send("以上をすべて承諾して", **boxes)
    applicant.send("確認へ進む", **FORM, seal_certificate=(io.BytesIO(PDF), "seal.pdf"))
    page = applicant.send("提出する")
    return page.h1.split()[1]


def issue(house: House, number: str) -> None:
    screener = house.at_work("screener")
    assert number in screener.get("/desk").text
    screener.get(f"/applications/{number}")
    screener.send("審査を始める")
    for field in CheckedField:
        form = next(form for form in screener.page.forms() if str(form.get("action")).endswith(field))  # type: ignore[union-attr]  # a page is there
        action = str(form.get("action"))
        version = next(i.get("value") for i in form.iter() if str(i.get("name")).endswith("version"))
        names = {str(i.get("name")) for i in form.iter() if i.get("name")}
        verdict = next(name for name in names if name.endswith("verdict"))
        hidden = next(name for name in names if name.endswith("version"))
        points = {name: "y" for name in names if name.partition("-")[2] in list(PaperPoint)}
        screener.post(action, **points, **{verdict: "pass", hidden: version})
    screener.send("審査を完了する")
    approver = house.at_work("approver")
    approver.get(f"/applications/{number}")
    assert FORM["common_name"] not in approver.page.text  # type: ignore[union-attr]  # a page is there
    typed = {f"entry-{name}": FORM[name] for name in ("organization_unit", "common_name")}
    approver.send("入力を照合する", **typed)
    approver.send("承認する")
    operator = house.at_work("operator")
    operator.get(f"/applications/{number}")
    assert "JC-" in operator.send("発行する").h1


def recover(house: House, hands: Any, number: str) -> None:
    operator = house.at_work("operator")
    operator.get(f"/recoveries/new?certificate={number}")
    proof = "登録の電話番号に折り返して確認。"
    page = operator.send("鍵回復を依頼する", ground="subscriber_lost_pin", proof=proof)
    approver = house.at_work("approver")
    approver.get(page.url)
    approver.send("承認する")
    hands.forward(hours=25)
    for group in CustodianGroup:
        custodian = house.at_work(group)
        custodian.get(page.url)
        custodian.send("持分を開封する", passphrase=PASSPHRASE)


def revoke(house: House, hands: Any, number: str) -> None:
    screener = house.at_work("screener")
    screener.get(f"/revocations/new?certificate={number}")
    page = screener.send(
        "受け付ける", requester="subscriber", reason="cessationOfOperation", words="退職のため。"
    )
    hands.forward(hours=2)
    approver = house.at_work("approver")
    approver.get(page.url)
    approver.send("失効すると決める")
    operator = house.at_work("operator")
    operator.get(page.url)
    operator.send("失効を実行する", confirmation=number)


def verify(app: Any, folder: Path, der: bytes) -> subprocess.CompletedProcess[str]:
    """What OpenSSL says of the certificate with what a relying party can fetch."""
    client = app.test_client()
    fetched = {name: client.get(url).data for name, url in
               {"root": "/ca/root.cer", "issuing": "/ca/issuing.cer", "crl": "/crl/issuing.crl"}.items()}  # fmt: skip
    pems = {
        name: load_der_x509_certificate(fetched[name]).public_bytes(Encoding.PEM)
        for name in ("root", "issuing")
    }
    pems["crl"] = load_der_x509_crl(fetched["crl"]).public_bytes(Encoding.PEM)
    pems["leaf"] = load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    for name, pem in pems.items():
        (folder / f"{name}.pem").write_bytes(pem)
    words = ["openssl", "verify", "-crl_check", "-attime", str(int(clock.now().timestamp()) + 1), "-CAfile", "root.pem",
             "-untrusted", "issuing.pem", "-CRLfile", "crl.pem", "leaf.pem"]  # fmt: skip
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_from_the_invitation_to_the_revocation_report(
    app: Any, house: House, hands: Any, tmp_path: Path
) -> None:
    appoint(house)
    invite(house)
    issue(house, apply(house))
    with app.app_context():
        certificate = db.session.query(Certificate).one()
        number, der = certificate.jc_number, certificate.der
    applicant, recipient = house.visitors["applicant"], house.visitors["recipient"]
    old_file = house.file(applicant, house.mailed("/receive/"))
    applicant.get(house.mailed("/receive/"))
    applicant.send("受領を確認する")
    old_pin = house.pin(recipient, house.mailed("/pin/"))
    key, leaf, chain = pkcs12.load_key_and_certificates(old_file, old_pin.encode())
    assert key is not None
    assert leaf is not None
    assert leaf.public_bytes(Encoding.DER) == der
    assert len(chain) == 2
    judged = verify(app, tmp_path, der)
    assert judged.returncode == 0, judged.stderr

    recover(house, hands, number)
    new_file, new_pin = (
        house.file(applicant, house.mailed("/receive/")),
        house.pin(recipient, house.mailed("/pin/")),
    )
    again, same, _ = pkcs12.load_key_and_certificates(new_file, new_pin.encode())
    assert same == leaf
    assert again is not None
    assert again.private_numbers() == key.private_numbers()  # type: ignore[union-attr]  # RSA keys
    with pytest.raises(ValueError, match=r"password|PKCS12|decrypt"):
        pkcs12.load_key_and_certificates(new_file, old_pin.encode())

    revoke(house, hands, number)
    judged = verify(app, tmp_path, der)
    assert judged.returncode != 0
    assert "certificate revoked" in judged.stdout + judged.stderr

    report(house, number)
    auditor = house.at_work("auditor")
    assert "終わっていない操作" not in auditor.get("/audit").text
    assert "改変されていません" in auditor.send("記録が改変されていないか検証する").text
    with app.app_context():
        assert audit.verify() == []
        told = " ".join(f"{entry.facts} {entry.actor}" for entry in db.session.query(AuditEntry))
        for secret in (old_pin, new_pin, PERSON["name"], PERSON["email"], CORPORATION["name"], PASSPHRASE):
            assert secret not in told
        assert db.session.query(Revocation).one().crl_number is not None


def report(house: House, number: str) -> None:
    """The administrator's file, through a spreadsheet library and back."""
    administrator = house.at_work("administrator")
    page = administrator.get("/reports/revocation?from=2026-11-01&to=2026-11-25")
    link = next(str(a.get("href")) for a in page.all("a") if "revocation.csv" in str(a.get("href")))
    answer = administrator.client.get(link)
    assert answer.status_code == 200
    assert answer.data.startswith("\N{BYTE ORDER MARK}".encode())
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    head, *rows = openpyxl.load_workbook(kept).active.iter_rows(values_only=True)
    (row,) = [dict(zip(head, cells, strict=True)) for cells in rows]
    assert (row["JC番号"], row["法人名"], row["CN"]) == (number, CORPORATION["name"], FORM["common_name"])
    assert row["法人番号"] == CORPORATION["corporate_number"]
