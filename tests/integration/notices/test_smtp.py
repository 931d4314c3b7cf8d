"""What is said to a mail server, and what its answers mean: a server of the test's own speaks SMTP on a local port."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest

from config import Mail
from safeguarding.notices.mail import send_by_smtp
from safeguarding.notices.service import Outcome


class Server(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take a message, and answers one command as it is told."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, command: str = "", answer: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.command, self.answer = command, answer
        self.recipients, self.texts = list[str](), list[str]()


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == self.server.command:
                self.say(self.server.answer)
                continue
            if verb == "RCPT":
                self.server.recipients.append(words)
            if verb == "DATA":
                self.say("354 go on")
                self.server.texts.append(self.text())
            self.say("221 bye" if verb == "QUIT" else "250 ok")

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode())
        return "".join(lines)

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def serving(command: str = "", answer: str = "") -> Iterator[Server]:
    with Server(command, answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "no-reply@marlbridge.example", "one@marlbridge.example", "Said"
    made.set_content("Words.")
    return made


def mail_to(port: int, security: str = "none") -> Mail:
    return Mail("127.0.0.1", port, security, None, "", "no-reply@marlbridge.example", timeout=5.0)


def test_a_message_goes_to_its_one_recipient() -> None:
    with serving() as server:
        assert send_by_smtp(mail_to(server.server_address[1]), message()) is Outcome.SENT
    assert server.recipients == ["rcpt TO:<one@marlbridge.example>"]
    assert "Words." in server.texts[0]


@pytest.mark.parametrize(
    ("command", "answer", "meaning"),
    [
        ("RCPT", "550 no such person", Outcome.REFUSED),
        ("RCPT", "450 mailbox busy", Outcome.LATER),
        ("DATA", "451 not now", Outcome.LATER),
        ("MAIL", "421 going away", Outcome.LATER),
    ],
)
def test_what_the_server_answers_decides(command: str, answer: str, meaning: Outcome) -> None:
    with serving(command, answer) as server:
        assert send_by_smtp(mail_to(server.server_address[1]), message()) is meaning


def test_a_server_that_is_away_or_offers_no_encryption_is_tried_later() -> None:
    with serving() as server:
        port = server.server_address[1]
        assert send_by_smtp(mail_to(port, "starttls"), message()) is Outcome.LATER
        assert server.texts == []
    assert send_by_smtp(mail_to(port), message()) is Outcome.LATER
