"""Mail: written with the transaction, sent after it, tried again, wiped; by outbox and by a real SMTP dialogue."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from jcanweb import clock, keys, mail
from jcanweb.database import db, transaction
from jcanweb.models import Mail


def write(to: str = "hanako@example.jp", name: str = "見本 花子") -> None:
    mail.send(to, "officer_invitation", name=name, link="http://127.0.0.1:8000/join/SECRET-LINK")


def outbox(app: Any) -> list[EmailMessage]:
    """The mails that lie in the folder, oldest first."""
    files = sorted((Path(app.instance_path) / "outbox").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]  # type: ignore[misc]  # policy.default makes EmailMessages


def waiting() -> Mail:
    return db.session.query(Mail).one()


# --- without a server ---------------------------------------------------------------------------------


def test_without_a_server_it_lies_in_the_outbox_and_the_body_is_wiped(context: Any) -> None:
    with transaction():
        write()
    (found,) = outbox(context)
    assert (found["To"], found["Subject"]) == ("hanako@example.jp", "jcanweb 担当者登録のご案内")
    assert "見本 花子 様\n" in found.get_content()
    assert "SECRET-LINK" in found.get_content()
    assert (found["Auto-Submitted"], found["From"]) == ("auto-generated", "jcanweb@localhost.localdomain")
    assert (waiting().sealed, waiting().sent_at, waiting().failure) == (None, clock.now(), None)


def test_the_folder_is_for_the_owner_only(context: Any) -> None:
    with transaction():
        write()
    assert (Path(context.instance_path) / "outbox").stat().st_mode & 0o777 == 0o700


def test_nothing_of_a_mail_is_readable_while_it_waits(context: Any) -> None:
    write()
    db.session.flush()
    sealed = waiting().sealed
    assert sealed is not None
    assert b"SECRET-LINK" not in sealed
    assert b"hanako" not in sealed
    assert b"SECRET-LINK" in keys.sealer().open(sealed, "mail")


def test_what_is_rolled_back_is_never_sent(context: Any) -> None:
    def half_done() -> None:
        with transaction():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    mail.dispatch()
    assert outbox(context) == []
    assert db.session.query(Mail).count() == 0


def test_nothing_is_sent_before_the_commit(context: Any) -> None:
    write()
    db.session.flush()
    assert outbox(context) == []
    db.session.commit()
    mail.dispatch()
    assert len(outbox(context)) == 1


def test_a_sent_mail_is_not_sent_again(context: Any, hands: Any) -> None:
    with transaction():
        write()
    hands.forward(hours=2)
    mail.dispatch()
    assert len(outbox(context)) == 1


def test_names_stand_as_they_are_and_not_as_html(context: Any) -> None:
    with transaction():
        write(name="A & B <髙𠮷>")
    assert "A & B <髙𠮷> 様" in outbox(context)[0].get_content()


# --- what fails ---------------------------------------------------------------------------------------


def test_a_failure_stays_and_is_tried_again_later(context: Any, hands: Any) -> None:
    folder = Path(context.instance_path) / "outbox"
    folder.write_text("in the way")
    with transaction():
        write()
    assert (waiting().failure, waiting().attempts, waiting().sent_at) == ("FileExistsError", 1, None)
    folder.unlink()
    mail.dispatch()
    assert outbox(context) == []
    hands.forward(minutes=2)
    mail.dispatch()
    assert len(outbox(context)) == 1
    assert (waiting().failure, waiting().attempts, waiting().sealed) == (None, 2, None)


def test_the_waits_grow_to_an_hour_and_end_after_two_days(context: Any, hands: Any) -> None:
    (Path(context.instance_path) / "outbox").write_text("in the way")
    start = clock.now()
    with transaction():
        write()
    waits = []
    while waiting().attempts < mail.ATTEMPTS:
        waits.append((waiting().due_at - clock.now()).total_seconds() / 60)
        hands.at = waiting().due_at
        mail.dispatch()
    assert (waits[:7], set(waits[6:])) == ([2, 4, 8, 16, 32, 60, 60], {60})
    assert 1.5 < (clock.now() - start).days + 1 < 4
    hands.forward(days=1)
    mail.dispatch()
    assert (waiting().attempts, waiting().failure) == (mail.ATTEMPTS, "FileExistsError")


def test_a_mail_that_cannot_be_opened_holds_up_no_other(context: Any) -> None:
    write()
    db.session.flush()
    waiting().sealed = b"not what was sealed"
    db.session.commit()
    with transaction():
        write("second@example.jp")
    assert [found["To"] for found in outbox(context)] == ["second@example.jp"]
    assert db.session.query(Mail).filter(Mail.sent_at.is_(None)).one().failure is not None


def test_of_two_dispatchers_at_once_one_sends(app: Any) -> None:
    with app.test_request_context():
        for number in range(10):
            write(f"person{number}@example.jp")
        db.session.commit()
    gate = threading.Barrier(2)

    def run() -> None:
        with app.app_context():
            gate.wait()
            mail.dispatch()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found["To"] for found in outbox(app)) == sorted(f"person{n}@example.jp" for n in range(10))


# --- what a header must not hold ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    ["a@example.jp\r\nBcc: b@example.jp", "a@example.jp\nX: y", "a@example.jp, b@example.jp", "花子@example.jp",
     "Hanako <a@example.jp>", "", "a@example.jp b@example.jp"],
)  # fmt: skip
def test_an_address_that_is_more_than_one_address_goes_nowhere(context: Any, to: str) -> None:
    with transaction():
        write(to)
    assert outbox(context) == []
    assert waiting().failure is not None


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\x0b", "\u2028", "\x85"])
def test_a_value_in_the_subject_makes_no_second_header(context: Any, end: str) -> None:
    with transaction():
        mail.send(
            "a@example.jp",
            "stop_use",
            name="花子",
            jc_number=f"JC-1{end}Bcc: b@example.jp",
            revoked_at=clock.now(),
        )
    for found in outbox(context):
        assert found["Bcc"] is None
        assert found.get_all("To") == ["a@example.jp"]
    assert waiting().failure is not None or outbox(context)


# --- by SMTP ------------------------------------------------------------------------------------------


class Dialogue(socketserver.StreamRequestHandler):
    """The server's side of RFC 5321, as little as smtplib needs."""

    server: "Server"

    def handle(self) -> None:
        self.say("220 mail.example.jp")
        recipients: list[str] = []
        for line in iter(self.rfile.readline, b""):
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "RCPT" and any(bad in rest for bad in self.server.unknown):
                self.say("550 no such mailbox")
            elif word.upper() == "DATA":
                self.say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.received.append((recipients, content))
                self.server.seen()
                self.say("250 kept")
                recipients = []
            elif word.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                if word.upper() == "RCPT":
                    recipients.append(rest)
                self.say("250 fine")

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    unknown: tuple[str, ...] = ()
    seen: Callable[[], Any] = staticmethod(lambda: None)

    def __init__(self) -> None:
        self.received: list[tuple[list[str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Dialogue)


@pytest.fixture
def server(app: Any) -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        app.config.update(SMTP_HOST="127.0.0.1", SMTP_PORT=server.server_address[1], SMTP_STARTTLS=False)
        yield server
        server.shutdown()
        thread.join()


def test_with_a_server_it_goes_by_smtp_and_not_into_the_outbox(server: Server, context: Any) -> None:
    with transaction():
        write()
    ((recipients, content),) = server.received
    found = message_from_bytes(content, policy=policy.default)
    assert recipients == ["TO:<hanako@example.jp>"]
    assert found["Subject"] == "jcanweb 担当者登録のご案内"
    assert "見本 花子 様" in found.get_content().replace("\r\n", "\n")  # type: ignore[attr-defined]  # of policy.default
    assert outbox(context) == []
    assert (waiting().sealed, waiting().failure) == (None, None)


def test_no_transaction_is_open_while_the_server_is_spoken_to(app: Any, server: Server, context: Any) -> None:
    noted: list[int] = []

    def work() -> None:
        with app.app_context(), transaction():
            db.session.execute(db.update(Mail).values(template="written by another"))
            noted.append(1)

    server.seen = work
    with transaction():
        write()
    assert noted == [1]
    assert waiting().sent_at is not None


def test_a_second_try_carries_the_same_message_id(server: Server, context: Any, hands: Any) -> None:
    with transaction():
        write()
    sealed = keys.sealer().seal(b'{"to": "hanako@example.jp", "subject": "x", "body": "x"}', "mail")
    waiting().sealed, waiting().sent_at, waiting().due_at = sealed, None, clock.now()  # died before noting it
    db.session.commit()
    mail.dispatch()
    first, second = (message_from_bytes(content)["Message-ID"] for _, content in server.received)
    assert first == second
    assert first.endswith("@localhost.localdomain>")


def test_an_unknown_mailbox_holds_up_no_other(server: Server, context: Any) -> None:
    server.unknown = ("gone@example.jp",)
    with transaction():
        write("gone@example.jp")
        write("here@example.jp")
    assert [recipients for recipients, _ in server.received] == [["TO:<here@example.jp>"]]
    assert db.session.query(Mail).filter(Mail.sent_at.is_(None)).one().failure == "SMTPRecipientsRefused"


def test_a_silent_server_ends_the_round_and_the_page_is_answered(app: Any, context: Any, hands: Any) -> None:
    with Server() as taken:
        port = taken.server_address[1]
    app.config.update(SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_STARTTLS=False)
    with transaction():
        write("a@example.jp")
        write("b@example.jp")
    found = db.session.query(Mail).order_by(Mail.id).all()
    assert [(one.attempts, one.failure) for one in found] == [(1, "ConnectionRefusedError"), (0, None)]


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for(
    app: Any, server: Server, context: Any
) -> None:
    app.config["SMTP_STARTTLS"] = True
    with transaction():
        write()
    assert server.received == []
    assert waiting().failure == "SMTPNotSupportedError"


def test_the_errors_text_is_not_kept(server: Server, context: Any) -> None:
    server.unknown = ("hanako@example.jp",)
    with transaction():
        write()
    assert waiting().failure == "SMTPRecipientsRefused"


def test_the_outbox_page_is_closed_when_mail_is_really_sent(app: Any, server: Server) -> None:
    assert app.test_client().get("/outbox").status_code == 404


# --- one of thousands ---------------------------------------------------------------------------------


def test_a_mail_to_thousands_waits_for_every_other_and_for_a_round(
    context: Any, hands: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mail, "BATCH", 1)
    with transaction():
        mail.send("many@example.jp", "officer_invitation", bulk=True, name="花子", link="x")
    assert outbox(context) == []
    hands.forward(minutes=1)
    with transaction():
        write("one@example.jp")
    assert [found["To"] for found in outbox(context)] == ["one@example.jp"]


def test_the_job_sends_more_than_one_round_and_ends_in_time(context: Any, monkeypatch: Any) -> None:
    with transaction():
        for number in range(mail.BATCH + 5):
            mail.send(f"p{number}@example.jp", "officer_invitation", bulk=True, name="花子", link="x")
    monkeypatch.setattr(mail, "DRAIN_SECONDS", -1)
    mail.drain()
    assert len(outbox(context)) == mail.BATCH
    monkeypatch.setattr(mail, "DRAIN_SECONDS", 50)
    mail.drain()
    assert len(outbox(context)) == mail.BATCH + 5
