"""Pages and files for everybody, and the headers every answer carries."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from jcanweb.database import db, transaction
from jcanweb.models import Crl
from jcanweb.services import officers
from jcanweb.vocabulary import Role
from jcanweb.web import HEADERS
from tests.page import Visitor
from tests.people import officer, sign_in


@pytest.mark.parametrize("url", ["/", "/terms", "/login", "/outbox"])
def test_public_pages_open(browser: Visitor, url: str) -> None:
    page = browser.get(url)
    for name, value in HEADERS.items():
        assert page.response.headers[name] == value
    assert page.response.headers["Cache-Control"] == "no-store"


def test_the_sample_terms_are_marked(browser: Visitor) -> None:
    page = browser.get("/terms")
    assert "見本" in page.text
    assert len(page.words("h2")) >= 6


def test_an_unknown_page_says_so(browser: Visitor) -> None:
    browser.get("/nothing", status=404)


def test_the_outbox_is_closed_outside_development(app: Any, browser: Visitor) -> None:
    app.config["DEVELOPMENT"] = False
    browser.get("/outbox", status=404)


def test_htmx_comes_from_its_wheel(browser: Visitor) -> None:
    answer = browser.client.get("/assets/htmx.js")
    assert answer.status_code == 200
    assert b"htmx" in answer.data


def test_the_crl_is_fetched_and_verifies(browser: Visitor, tmp_path: Path) -> None:
    crl, issuing = browser.client.get("/crl/issuing.crl"), browser.client.get("/ca/issuing.cer")
    parsed = x509.load_der_x509_crl(crl.data)
    assert parsed.is_signature_valid(x509.load_der_x509_certificate(issuing.data).public_key())  # type: ignore[arg-type]  # RSA
    assert crl.headers["Content-Type"].startswith("application/pkix-crl")
    (tmp_path / "crl").write_bytes(crl.data)
    shown = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-nextupdate"],
                           check=True, capture_output=True, text=True)  # fmt: skip
    assert "nextUpdate" in shown.stdout


def test_the_crl_is_made_anew_before_it_grows_old(app: Any, browser: Visitor, hands: Any) -> None:
    browser.client.get("/crl/issuing.crl")
    browser.client.get("/crl/issuing.crl")
    hands.forward(hours=25)
    browser.client.get("/crl/issuing.crl")
    with app.app_context():
        numbers = [crl.number for crl in db.session.query(Crl).order_by(Crl.number)]
    assert numbers == [1, 2]


def test_the_auditor_reads_and_verifies_the_record(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR, password=True)
    sign_in(browser, made)
    assert "システムの初期設定" in browser.get("/audit").text
    assert "システムの初期設定" not in browser.get("/audit?event=officer:signed_in").text.split("</form>")[-1]
    assert "改変されていません" in browser.send("検証する").text


def test_the_editions_are_listed(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.SCREENER, password=True)
        officers.first_link()
    sign_in(browser, made)
    assert browser.get("/terms/editions").h1 == "規約の版"
