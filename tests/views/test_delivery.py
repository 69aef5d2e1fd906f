"""The two links in a browser: looked at by anybody, used once, and what every other link answers."""

import re
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from sqlalchemy import event, text

from jcanweb import create_app
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Certificate, Delivery
from jcanweb.roles import Role
from jcanweb.services import delivery as service
from jcanweb.services import revocation
from jcanweb.vocabulary import CertificateState as C
from jcanweb.vocabulary import RevocationReason, RevocationRequester, SecretKind
from tests.conftest import SETTINGS, WORKER, database
from tests.issued import Issued, issued, put_out
from tests.page import NotAPage, Visitor
from tests.people import officer

PFX, PIN = SecretKind.PFX, SecretKind.PIN


class Sent:
    """A certificate whose two links were mailed."""

    def __init__(self, made: Issued, tokens: dict[SecretKind, str]) -> None:
        self.made, self.tokens = made, tokens
        self.file, self.pin = f"/receive/{tokens[PFX]}", f"/pin/{tokens[PIN]}"
        self.id, self.name = made.certificate.id, f"{made.certificate.jc_number}.p12"

    def url(self, kind: SecretKind) -> str:
        return self.file if kind is PFX else self.pin


@pytest.fixture
def sent(app: Any) -> Sent:
    with app.test_request_context(), transaction():
        made = issued(C.ISSUED)
        return Sent(made, put_out(made))


def downloaded(visitor: Visitor) -> Any:
    with pytest.raises(NotAPage) as came:
        visitor.send("ファイルを受け取る")
    return came.value.response


def delivery(app: Any, kind: SecretKind) -> Delivery:
    with app.app_context():
        return db.session.query(Delivery).filter_by(kind=kind).one()


# --- the file -----------------------------------------------------------------------------------------


def test_looking_at_the_link_tells_what_it_is_and_uses_nothing_up(
    app: Any, browser: Visitor, sent: Sent
) -> None:
    for _ in range(3):
        page = browser.get(sent.file)
        assert browser.client.head(sent.file).status_code == 200
    assert page.h1 == "証明書ファイルの受け取り"
    for words in (sent.name, "一度だけ", "PKCS#12", "CECTRUST-Lightのみ", "2028年", "あと 3日"):
        assert words in page.text
    assert delivery(app, PFX).taken_at is None


def test_the_file_comes_once_as_an_attachment_that_no_cache_keeps(
    app: Any, browser: Visitor, sent: Sent
) -> None:
    browser.get(sent.file)
    response = downloaded(browser)
    assert response.content_type == "application/x-pkcs12"
    assert response.headers["Content-Disposition"] == f"attachment; filename={sent.name}"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data == sent.made.pfx
    key, certificate, _ = pkcs12.load_key_and_certificates(response.data, sent.made.pin.encode())
    assert key is not None
    assert certificate is not None
    page = browser.send("ファイルを受け取る", status=409)
    assert "既に済んでいます" in page.text
    with app.app_context():
        (row,) = db.session.execute(text("SELECT sealed FROM delivery WHERE kind = 'pfx'"))
        assert row.sealed is None


def test_a_part_of_the_file_cannot_be_asked_for(browser: Visitor, sent: Sent) -> None:
    browser.get(sent.file)
    browser.client.environ_base["HTTP_RANGE"] = "bytes=0-9"
    response = downloaded(browser)
    assert (response.status_code, response.data) == (200, sent.made.pfx)


def test_the_receipt_is_confirmed_on_the_same_page(app: Any, browser: Visitor, sent: Sent) -> None:
    browser.get(sent.file)
    downloaded(browser)
    page = browser.get(sent.file)
    assert "鍵回復" in page.text
    page = browser.send("受領を確認する")
    assert "受領確認が済みました" in page.text
    with app.app_context():
        certificate = db.session.get_one(Certificate, sent.id)
        assert certificate.state is C.DELIVERED
        found = db.session.query(Delivery).filter_by(kind=PFX).one()
        entries = (
            db.session.query(AuditEntry)
            .filter(AuditEntry.subject == "delivery")
            .order_by(AuditEntry.sequence)
        )
        assert [(one.event, one.actor) for one in entries] == [
            (Event.DELIVERY_TAKEN, f"link:{found.id}"), (Event.DELIVERY_CONFIRMED, f"link:{found.id}"),
        ]  # fmt: skip


def test_nothing_is_confirmed_before_it_came(app: Any, browser: Visitor, sent: Sent) -> None:
    browser.get(sent.file)
    browser.post(f"{sent.file}/confirm", status=409)
    browser.post("/receive/wrong/confirm", status=404)
    assert delivery(app, PFX).confirmed_at is None


# --- the PIN ------------------------------------------------------------------------------------------


def test_the_pin_is_shown_once_in_groups_of_four(app: Any, browser: Visitor, sent: Sent) -> None:
    page = browser.get(sent.pin)
    assert browser.client.head(sent.pin).status_code == 200
    assert sent.made.pin not in page.text
    page = browser.send("PINを表示する")
    groups = re.findall(r"<span>([A-Za-z0-9]{4})</span>", page.text)
    assert "".join(groups) == sent.made.pin
    assert "2026年11月24日（火） 10:00" in page.text
    assert page.response.headers["Cache-Control"] == "no-store"
    again = browser.client.post(
        sent.pin, data={"csrf_token": re.findall(r'csrf_token" value="([^"]+)', page.text)}
    )
    assert again.status_code in {400, 409}
    page = browser.get(sent.pin)
    assert page.h1 == "PINは既に表示しました"
    assert not page.all("button")
    assert groups[0] not in page.text


def test_pressing_again_on_an_old_page_shows_that_it_was_shown(
    app: Any, browser: Visitor, sent: Sent
) -> None:
    browser.get(sent.pin)
    other = Visitor(app)
    other.get(sent.pin)
    other.send("PINを表示する")
    page = browser.send("PINを表示する", status=409)
    assert page.h1 == "PINは既に表示しました"


def test_the_pin_needs_no_receipt_of_the_file(browser: Visitor, sent: Sent) -> None:
    browser.get(sent.pin)
    assert browser.send("PINを表示する").h1 == "PIN"


def test_the_pin_stands_in_no_record_and_no_session(app: Any, browser: Visitor, sent: Sent) -> None:
    browser.get(sent.pin)
    browser.send("PINを表示する")
    with app.app_context():
        for table in ("audit_entry", "web_session", "mail", "delivery"):
            rows = db.session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - names from this test
            for row in rows:
                for secret in (sent.made.pin, *sent.tokens.values()):
                    assert secret not in str(row)


# --- links that do not open ---------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["receive", "pin"])
def test_a_wrong_link_is_not_found(browser: Visitor, sent: Sent, place: str) -> None:
    browser.get(sent.url(PFX if place == "receive" else PIN))
    page = browser.post(f"/{place}/{'x' * 43}", status=404)
    assert "このリンクは" in page.text
    browser.get(f"/{place}/{'x' * 43}", status=404)
    assert browser.client.head(f"/{place}/{'x' * 43}").status_code == 404


def test_the_link_of_the_one_does_not_open_the_other(app: Any, browser: Visitor, sent: Sent) -> None:
    browser.get(sent.file)
    browser.post(f"/pin/{sent.tokens[PFX]}", status=404)
    browser.get(sent.file)
    browser.post(f"/receive/{sent.tokens[PIN]}", status=404)
    assert delivery(app, PFX).taken_at is delivery(app, PIN).taken_at is None


def late(app: Any, sent: Sent, hands: Any) -> None:
    hands.forward(minutes=6)


def ended(app: Any, sent: Sent, hands: Any) -> None:
    hands.forward(minutes=6)
    with app.test_request_context(), transaction():
        service.end_overdue()


def leaked(app: Any, sent: Sent, hands: Any) -> None:
    with app.test_request_context(), transaction():
        certificate = db.session.get_one(Certificate, sent.id)
        revocation.receive(certificate, reason=RevocationReason.KEY_COMPROMISE, words="",
                           requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER))  # fmt: skip


def revoked(app: Any, sent: Sent, hands: Any) -> None:
    with app.test_request_context(), transaction():
        certificate = db.session.get_one(Certificate, sent.id)
        found = revocation.receive(certificate, reason=RevocationReason.SUPERSEDED, words="",
                                   requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER))  # fmt: skip
        revocation.decide(found, version=found.version, by=officer(Role.APPROVER))
        revocation.execute(
            found, confirmation=certificate.jc_number, version=found.version, by=officer(Role.OPERATOR)
        )


def outlived(app: Any, sent: Sent, hands: Any) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Certificate, sent.id).not_after = hands.now()


@pytest.mark.parametrize("kind", list(SecretKind))
@pytest.mark.parametrize(
    ("before", "status", "words"),
    [(late, 410, "有効期限"), (ended, 410, "有効期限"), (leaked, 409, "利用停止中"), (revoked, 409, "失効"),
     (outlived, 409, "期限切れ")],
)  # fmt: skip
def test_a_link_that_is_late_or_stopped_says_so(
    app: Any, browser: Visitor, sent: Sent, hands: Any, kind: SecretKind, before: Any, status: int, words: str
) -> None:
    button = "ファイルを受け取る" if kind is PFX else "PINを表示する"
    hands.forward(hours=71, minutes=55)
    browser.get(sent.url(kind))
    before(app, sent, hands)
    page = browser.send(button, status=status)
    assert words in page.text
    assert not page.forms()
    browser.get(sent.url(kind), status=status)
    assert delivery(app, kind).taken_at is None
    with app.app_context():
        refused = db.session.query(AuditEntry).filter_by(event=Event.DELIVERY_TAKEN).one()
        assert (refused.outcome, refused.actor) == (Outcome.REFUSED, f"link:{refused.subject_id}")


def test_a_content_that_does_not_open_stays_and_says_so(app: Any, browser: Visitor, sent: Sent) -> None:
    with app.app_context():
        db.session.execute(text("UPDATE delivery SET context = 'another' WHERE kind = 'pin'"))
        db.session.commit()
    browser.get(sent.pin)
    page = browser.send("PINを表示する", status=409)
    assert "受け取りは済んでいません" in page.text
    assert page.form("PINを表示する") is not None
    assert delivery(app, PIN).taken_at is None


def test_a_post_without_a_token_of_the_form_opens_nothing(app: Any, browser: Visitor, sent: Sent) -> None:
    assert browser.client.post(sent.pin).status_code == 400
    assert delivery(app, PIN).taken_at is None


def test_tries_are_limited(app: Any, sent: Sent) -> None:
    strict = create_app(SETTINGS | database(f"jcanweb_test_{WORKER}") | {"RATELIMIT_ENABLED": True},
                        instance=app.instance_path)  # fmt: skip
    visitor = Visitor(strict)
    codes = [visitor.client.get(f"/pin/{number}").status_code for number in range(121)]
    assert (set(codes[:120]), codes[120]) == ({404}, 429)


# --- the commit comes first ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(SecretKind))
def test_no_secret_leaves_when_the_commit_fails(
    app: Any, browser: Visitor, sent: Sent, kind: SecretKind
) -> None:
    browser.get(sent.url(kind))
    form = browser.page.form("受け取る" if kind is PFX else "表示する")  # type: ignore[union-attr]  # just fetched
    token = next(field.get("value") for field in form.iter() if field.get("name") == "csrf_token")

    def fail(session: Any) -> None:
        raise RuntimeError("the disk is full")

    event.listen(db.session, "before_commit", fail)
    try:
        with pytest.raises(RuntimeError, match="disk"):
            browser.client.post(sent.url(kind), data={"csrf_token": token})
    finally:
        event.remove(db.session, "before_commit", fail)
    assert delivery(app, kind).taken_at is None
    browser.get(sent.url(kind))
    if kind is PIN:
        assert browser.send("PINを表示する").h1 == "PIN"
    else:
        assert downloaded(browser).data == sent.made.pfx


def test_of_six_browsers_at_once_one_sees_the_pin(app: Any, sent: Sent) -> None:
    visitors = [Visitor(app) for _ in range(6)]
    for visitor in visitors:
        visitor.get(sent.pin)
    gate, seen = threading.Barrier(6), []

    def press(visitor: Visitor) -> None:
        gate.wait()
        url = sent.pin
        token = re.search(r'csrf_token" value="([^"]+)', visitor.page.text)  # type: ignore[union-attr]  # just fetched
        assert token is not None
        response = visitor.client.post(url, data={"csrf_token": token.group(1)})
        seen.append((response.status_code, sent.made.pin[:4] in response.get_data(as_text=True)))

    threads = [threading.Thread(target=press, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == [(200, True)] + [(409, False)] * 5
