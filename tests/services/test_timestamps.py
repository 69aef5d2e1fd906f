"""Time-stamps of receipts: asked of an authority on loopback, kept only when they hold, tried again when not."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from jcanweb import jobs, verifier
from jcanweb.database import db, next_number, transaction
from jcanweb.models import Receipt, ReceiptTimestamp
from jcanweb.pki.timestamp import TimestampRefused
from jcanweb.services import receipts, timestamps
from tests import builders, tsa

pytestmark = tsa.needs_openssl
Answer = Callable[[bytes], bytes]


class Authority:
    """An HTTP server; `answer` turns a request into the body of a 200, or raises for a 500."""

    def __init__(self, by: tsa.Tsa) -> None:
        self.by, self.answer, self.asked = by, by.answer, 0
        outer, self.silence = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                assert self.headers["Content-Type"] == "application/timestamp-query"
                try:
                    body = outer.answer(self.rfile.read(int(self.headers["Content-Length"])))
                except OSError:
                    return self.send_error(500)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture(scope="module")
def by(tmp_path_factory: pytest.TempPathFactory) -> tsa.Tsa:
    return tsa.make(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def authority(app: Any, by: tsa.Tsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    made = Authority(by)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "root.pem").write_bytes(by.root_pem)
    app.config.update(
        TSA_URL=f"http://127.0.0.1:{made.server.server_port}/", TSA_CA_FILE=str(tmp_path / "root.pem")
    )
    yield made
    made.silence.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def made(app: Any) -> Iterator[list[Receipt]]:
    """Three receipts, and an application context."""
    with app.app_context():
        with transaction():
            found = [builders.receipt(builders.application()) for _ in range(3)]
        yield found


def words(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def kept() -> list[int]:
    with transaction():
        return list(db.session.scalars(db.select(ReceiptTimestamp.receipt_id).order_by(ReceiptTimestamp.id)))


def test_each_receipt_is_stamped_once_and_holds(made: list[Receipt], authority: Authority) -> None:
    timestamps.run()
    timestamps.run()
    assert (kept(), authority.asked) == ([one.id for one in made], 3)
    content = receipts.file(made[0])
    root = authority.by.root_pem
    assert verifier.exit_code(verifier.verify(content, {receipts.fingerprint()}, [root])) == 0
    assert verifier.exit_code(verifier.verify(content, {receipts.fingerprint()})) == 3
    found = receipts.check(content)
    assert isinstance(found, receipts.Checked)
    assert found.verdict == verifier.VERDICTS[0]
    whole = json.loads(content)
    stamp = db.session.query(ReceiptTimestamp).filter_by(receipt_id=made[0].id).one()
    assert base64.b64decode(whole["timestamp"]) == stamp.token


def test_a_stamp_belongs_to_its_receipt_only(made: list[Receipt], authority: Authority) -> None:
    timestamps.run()
    first, second = (json.loads(receipts.file(one)) for one in made[:2])
    mixed = json.dumps(
        first | {"timestamp": second["timestamp"]}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    found = receipts.check(mixed.encode())
    assert isinstance(found, receipts.Checked)
    assert [one.name for one in found.findings if one.ok is False] == ["タイムスタンプ"]


def test_the_pdf_tells_the_time_and_carries_the_stamp(made: list[Receipt], authority: Authority) -> None:
    before = receipts.pdf(made[0])
    timestamps.run()
    db.session.expire_all()
    after = receipts.pdf(made[0])
    assert "まだ付いていません" in words(before)
    assert "まだ付いていません" not in words(after)
    assert "時刻認証局が、この時刻に署名があったことを示しています" in words(after)
    assert next(PdfReader(io.BytesIO(after)).attachment_list).content == receipts.file(made[0])


def test_without_an_address_nobody_is_asked(app: Any, made: list[Receipt], authority: Authority) -> None:
    app.config["TSA_URL"] = ""
    timestamps.run()
    assert (authority.asked, kept()) == (0, [])
    assert json.loads(receipts.file(made[0]))["timestamp"] is None
    assert "まだ" not in words(receipts.pdf(made[0]))


def refused(*_: object) -> bytes:
    raise OSError


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(lambda _: b"<html>maintenance</html>", TimestampRefused), (lambda _: b"", TimestampRefused),
     (lambda _: b"0" * 70_000, TimestampRefused), (refused, OSError)],
    ids=["rubbish", "nothing", "too long", "500"],
)  # fmt: skip
def test_an_answer_that_is_no_stamp_is_not_kept(
    made: list[Receipt], authority: Authority, answer: Answer, failure: type[Exception]
) -> None:
    authority.answer = answer
    with pytest.raises(failure):
        timestamps.run()
    assert (kept(), authority.asked) == ([], 1)


def test_a_stamp_of_another_digest_is_not_kept(made: list[Receipt], authority: Authority) -> None:
    other = timestamps.timestamp.request(b"another signature")
    authority.answer = lambda _: authority.by.answer(other.content)
    with pytest.raises(TimestampRefused):
        timestamps.run()
    assert kept() == []


def test_a_stamp_that_was_given_before_is_not_kept(made: list[Receipt], authority: Authority) -> None:
    earlier = authority.by.answer(timestamps.timestamp.request(made[0].signature).content)
    authority.answer = lambda _: earlier
    with pytest.raises(TimestampRefused, match="another request"):
        timestamps.run()
    assert kept() == []


def test_an_authority_under_another_root_is_not_believed(
    app: Any, made: list[Receipt], authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_bytes(
        tsa.certify("Other", tsa.new_key("ec"), ca=True).public_bytes(tsa.PEM)
    )
    with pytest.raises(TimestampRefused):
        timestamps.run()
    app.config["TSA_CA_FILE"] = str(tmp_path / "none.pem")
    with pytest.raises(OSError, match="none"):
        timestamps.run()
    assert kept() == []
    assert isinstance(receipts.check(receipts.file(made[0])), receipts.Checked)


def test_what_the_verifier_would_not_read_is_not_kept(
    made: list[Receipt], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "METHODS", {})
    with pytest.raises(TimestampRefused, match="verifier"):
        timestamps.run()
    assert kept() == []


def test_a_silent_authority_is_given_up(
    made: list[Receipt], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "SECONDS", 0.2)
    authority.answer = lambda _: str(authority.silence.wait(5)).encode()
    with pytest.raises(OSError, match="timed out"):
        timestamps.run()
    assert (kept(), authority.asked) == ([], 1)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/", "tsa.example"])
def test_only_an_address_of_the_web_is_asked(
    app: Any, made: list[Receipt], authority: Authority, url: str
) -> None:
    app.config["TSA_URL"] = url
    with pytest.raises(OSError, match="no address of the web"):
        timestamps.run()


def test_a_sweep_goes_on_where_the_last_one_stopped(
    app: Any, made: list[Receipt], authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    def once(asked: bytes) -> bytes:
        return authority.by.answer(asked) if authority.asked == 1 else refused()

    authority.answer = once
    jobs.sweep(app)
    assert kept() == [made[0].id]
    assert "job 'time-stamps' failed: HTTPError" in caplog.text
    assert "127.0.0.1" not in caplog.text
    authority.answer = authority.by.answer
    jobs.sweep(app)
    assert kept() == [one.id for one in made]


def test_no_transaction_is_open_while_the_authority_thinks(
    app: Any, made: list[Receipt], authority: Authority
) -> None:
    def writes(asked: bytes) -> bytes:
        with app.app_context(), transaction():
            next_number("meanwhile")
        return authority.by.answer(asked)

    authority.answer = writes
    jobs.sweep(app)
    assert len(kept()) == 3


def test_a_round_has_an_end(
    made: list[Receipt], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "BATCH", 2)
    timestamps.run()
    assert kept() == [one.id for one in made[:2]]


@pytest.mark.parametrize(
    "statement", ["UPDATE receipt_timestamp SET token = 'x'", "DELETE FROM receipt_timestamp"]
)
def test_the_database_changes_no_stamp(made: list[Receipt], authority: Authority, statement: str) -> None:
    timestamps.run()
    with pytest.raises(DatabaseError, match="append_only"):
        db.session.execute(text(statement))
    db.session.rollback()
