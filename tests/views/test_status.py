"""What relying parties fetch: right types, caches and conditions, and no writing."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import event

from jcanweb import keys
from jcanweb.database import db, transaction
from jcanweb.issuers import local
from jcanweb.models import Crl
from jcanweb.roles import Role
from jcanweb.services import status
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter, officer

CRL = "/crl/issuing.crl"


def test_the_crl_is_made_at_the_first_fetch_and_kept(app: Any) -> None:
    answers = [app.test_client().get(CRL) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].content_type == "application/pkix-crl"
    with app.app_context():
        (kept,) = db.session.query(Crl)
        assert {answer.data for answer in answers} == {kept.der}


def test_a_cache_may_keep_it_for_an_hour(app: Any) -> None:
    answer = app.test_client().get(CRL)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.last_modified is not None
    assert x509.load_der_x509_crl(answer.data).last_update_utc == answer.last_modified


def test_a_cache_may_not_keep_it_beyond_its_time(app: Any, hands: Any) -> None:
    app.test_client().get(CRL)
    hands.forward(days=6, hours=23, minutes=50)
    assert app.test_client().get(CRL).headers["Cache-Control"] == "public, max-age=600"


def test_who_has_it_already_gets_304(app: Any, hands: Any) -> None:
    first = app.test_client().get(CRL)
    etag = first.headers["ETag"]
    assert etag == f'"{hashlib.sha256(first.data).hexdigest()}"'
    again = app.test_client().get(CRL, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert "max-age" in again.headers["Cache-Control"]
    since = app.test_client().get(CRL, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert since.status_code == 304
    with app.app_context(), transaction():
        hands.forward(hours=25)
        status.current()
    assert app.test_client().get(CRL, headers={"If-None-Match": etag}).status_code == 200


def test_fetching_writes_nothing(app: Any, hands: Any) -> None:
    app.test_client().get(CRL)
    hands.forward(days=3)  # old enough for a new one, which is the job's to make
    visitor, said = Visitor(app), []
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR)
    enter(app, visitor, made)
    with app.app_context():
        engine = db.engine
    listen = lambda *given: said.append(given[2])  # noqa: E731 - a listener of one line
    event.listen(engine, "before_cursor_execute", listen)
    assert visitor.client.get(CRL).status_code == 200
    assert app.test_client().get(CRL).status_code == 200
    event.remove(engine, "before_cursor_execute", listen)
    assert {words.split()[0] for words in said} <= {"BEGIN", "SELECT"}
    assert not [words for words in said if "web_session" in words]


def test_a_head_request_tells_the_size(app: Any) -> None:
    size = len(app.test_client().get(CRL).data)
    answer = app.test_client().head(CRL)
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", size)


def test_while_the_file_of_the_ca_is_locked_the_last_one_is_served(
    app: Any, hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "LOCK_SECONDS", 0.1)
    first = app.test_client().get(CRL)
    other = sqlite3.connect(Path(app.instance_path) / "ca" / "ledger.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    hands.forward(days=5)
    assert app.test_client().get(CRL).data == first.data
    assert app.test_client().get("/ca/issuing.cer").status_code == 200
    hands.forward(days=3)
    stale = app.test_client().get(CRL)
    assert (stale.status_code, stale.headers["Cache-Control"]) == (503, "no-store")
    other.close()
    assert app.test_client().get(CRL).status_code == 200


@pytest.mark.parametrize("name", ["root", "issuing"])
def test_the_certificates_of_the_ca(app: Any, name: str) -> None:
    answer = app.test_client().get(f"/ca/{name}.cer")
    assert answer.content_type == "application/pkix-cert"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    found = x509.load_der_x509_certificate(answer.data)
    with app.app_context():
        assert found == (keys.issuer().root if name == "root" else keys.issuer().certificate)
    again = app.test_client().get(f"/ca/{name}.cer", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_no_other_file_of_the_ca_is_served(app: Any, browser: Visitor) -> None:
    for path in ("/ca/other.cer", "/ca/issuing.key", "/ca/..%2Fissuing.key", "/crl/other.crl"):
        browser.get(path, status=404)


def test_the_addresses_in_the_certificates_are_these(app: Any) -> None:
    with app.test_request_context():
        leaf = x509.load_der_x509_certificate(issued_certificate().der)
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    home = app.config["PUBLIC_URL"]
    assert [name.value for point in points for name in point.full_name or []] == [f"{home}{CRL}"]
    assert f"{home}/ca/issuing.cer" in [one.access_location.value for one in access]
