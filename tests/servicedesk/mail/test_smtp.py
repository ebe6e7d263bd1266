"""Sending over real SMTP: a small server on this machine that answers as a test says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.test import override_settings
from django.utils import timezone

from cmdb import heartbeats
from cmdb.models import Heartbeat
from servicedesk import outbox
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Message
from servicedesk.project.watch import blind
from tests.cases import RegionCase


class Session(socketserver.StreamRequestHandler):
    """One connection; `server.answers` says what a command (or RCPT with its address) is answered instead of 250."""

    server: Server

    def handle(self) -> None:
        if not self.say(self.answer("CONNECT", "220 hello")):
            return
        for raw in self.rfile:
            words = raw.decode().strip()
            command = (
                words.split(":")[0].upper() if words[:4].upper() in ("MAIL", "RCPT") else words[:4].upper()
            )
            if command == "QUIT":
                self.say("221 bye")
                return
            if command == "DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            key = words.partition("<")[2].partition(">")[0] if command.startswith("RCPT") else command
            if not self.say(self.answer(key, "250 ok")):
                return
            if command == "DATA":
                self.server.taken += 1

    def answer(self, key: str, default: str) -> str:
        return self.server.answers.get(key, default)

    def say(self, line: str) -> bool:
        """False: the connection ends here."""
        if line == "close":
            return False
        self.wfile.write(f"{line}\r\n".encode())
        return not line.startswith("421")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.answers, self.taken = answers, 0


@contextmanager
def smtp(**answers: str) -> Iterator[Server]:
    """A server that is used for sending; keys without @ are commands, the others local parts of addresses."""
    named = {key if key.isupper() else f"{key}@example.no": line for key, line in answers.items()}
    with Server(named) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=server.server_address[1],
        ):
            yield server
        server.shutdown()


class TestSmtp(RegionCase):
    def setUp(self) -> None:
        for account in ("own", "colleague", "stranger"):
            open_ticket(Actor.of(getattr(self.r, account)), title=account)

    def states(self) -> dict[str, tuple[bool, bool, str, int]]:
        """address → sent, undelivered, obstacle, attempts."""
        return {
            row.address.partition("@")[0]: (
                row.sent_at is not None,
                row.undelivered_at is not None,
                row.obstacle,
                row.attempts,
            )
            for row in Message.objects.all()
        }

    def test_one_is_refused_for_good_one_for_now_one_goes(self) -> None:
        with smtp(own="550 5.1.1 No such user", colleague="451 4.7.1 greylisted") as server:
            assert outbox.send_due() == 1
            assert server.taken == 1
        assert self.states() == {
            "own": (False, True, "", 1),
            "colleague": (False, False, "recipient", 1),
            "stranger": (True, False, "", 1),
        }
        assert Message.objects.get(address="own@example.no").undelivered_reason == "550 5.1.1 No such user"

    def test_content_that_is_refused_is_final(self) -> None:
        with smtp(DATA="554 5.7.1 spam"):
            outbox.send_due()
        assert {state[:3] for state in self.states().values()} == {(False, True, "")}

    def test_what_the_server_says_about_itself_is_no_letter_s_fault(self) -> None:
        for answers in (
            {"CONNECT": "554 no service"},
            {"CONNECT": "421 too busy"},
            {"CONNECT": "close"},
            {"MAIL FROM": "550 5.7.1 not you"},
            {"MAIL FROM": "530 5.7.0 sign in first"},
            {"RCPT TO": "close", "own": "close", "colleague": "close", "stranger": "close"},
            {"DATA": "421 4.3.2 going down"},
        ):
            Message.objects.update(due_at=timezone.now(), attempts=0, obstacle="")
            with smtp(**answers):
                assert outbox.send_due() == 0, answers
            states = self.states().values()
            assert {state[:3] for state in states} == {(False, False, "server")}, answers
            assert sorted(state[3] for state in states) == [0, 0, 1], answers

    def test_after_ten_minutes_it_is_told(self) -> None:
        with smtp():
            outbox.send_due()
        open_ticket(Actor.of(self.r.own), title="x")
        with smtp(CONNECT="421 too busy"):
            outbox.send_due()
        heartbeats.flush()
        assert blind()["smtp"]["ok"]
        Heartbeat.objects.filter(part="smtp").update(ok_at=timezone.now() - timedelta(minutes=11))
        assert blind()["smtp"]["fault"] == "failing"
        Message.objects.update(due_at=timezone.now())
        with smtp():
            assert outbox.send_due() == 1
        heartbeats.flush()
        assert blind()["smtp"]["ok"]
