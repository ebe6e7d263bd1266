"""The outbox: at least once, never lost, given up where it can be seen."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from cmdb.models import User
from servicedesk import outbox
from servicedesk.actions.assign import assign
from servicedesk.actions.comment import comment
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.intake.mail import running
from servicedesk.mail import storing, tokens
from servicedesk.models import InboundMail, Message, Ticket
from tests.cases import RegionCase, build
from tests.servicedesk.mail.letters import plain


class Refusing(BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ConnectionRefusedError("no")


REFUSING = override_settings(EMAIL_BACKEND="tests.servicedesk.test_outbox.Refusing")


class TestSending(RegionCase):
    def setUp(self) -> None:
        self.ticket = open_ticket(Actor.of(self.r.own), title="Ærlig talt: ingen e-post")

    def test_once_and_marked(self) -> None:
        assert outbox.send_due() == 1
        assert outbox.send_due() == 0
        assert len(mail.outbox) == 1
        assert Message.objects.get().sent_at is not None

    def test_headers_thread_it_and_keep_machines_quiet(self) -> None:
        outbox.send_due()
        letter = mail.outbox[0].message()
        assert letter["Auto-Submitted"] == "auto-generated"
        (token,) = tokens.read(letter["Message-ID"])
        assert (token.reference, token.user) == ("INC-00001", self.r.own.pk)
        assert tokens.read(letter["References"])[0].reference == "INC-00001"
        assert "[INC-00001]" in mail.outbox[0].subject

    def test_it_lies_beside_what_the_addressee_wrote(self) -> None:
        mail.outbox.clear()
        Message.objects.all().delete()
        storing.store(plain(b"hei").replace(b"Message-ID: <", b"Message-ID: <x"))
        storing.store(
            plain(b"hei", subject=b"ulovlig", Bad="x").replace(b"Message-ID: <", b"Message-ID: <\xff <")
        )
        running.run()
        outbox.send_due()
        first, second = sorted(mail.outbox, key=lambda one: one.subject)
        own = InboundMail.objects.get(subject="Skriveren").message_id
        assert first.message()["In-Reply-To"] == own
        root, known = first.message()["References"].split()
        assert (tokens.read(root)[0].entry, known) == (0, own)
        assert second.message()["In-Reply-To"] == second.message()["References"]

    def test_nobody_else_gets_the_reporter_s_identifiers(self) -> None:
        Message.objects.all().delete()
        storing.store(plain(b"hei"))
        running.run()
        ticket = Ticket.objects.latest("pk")
        assign(Actor.of(self.r.technician), ticket, assignee=self.r.technician)
        comment(Actor.of(self.r.own), ticket, body="Enda en ting")
        outbox.send_due()
        letter = next(one for one in mail.outbox if one.to == [self.r.technician.email])
        assert "program.example.no" not in letter.message()["References"]

    def test_dates_are_the_reader_s(self) -> None:
        Message.objects.all().delete()
        for language, words in (
            ("nb", r"\d\d?\. [a-z]+ \d{4} kl\. \d\d\.\d\d"),
            ("en", r"\d\d? [A-Z][a-z]+ \d{4}, \d\d:\d\d"),
        ):
            User.objects.filter(pk=self.r.own.pk).update(language=language)
            open_ticket(Actor.of(User.objects.get(pk=self.r.own.pk)), title="Skjermen er svart")
            letter = Message.objects.latest("pk")
            assert letter.language == language
            assert re.search(words, letter.body), letter.body

    def test_the_identifier_stays_when_it_is_sent_again(self) -> None:
        outbox.send_due()
        Message.objects.update(sent_at=None)
        outbox.send_due()
        first, second = (m.message()["Message-ID"] for m in mail.outbox)
        assert first == second

    def test_a_refused_letter_waits_longer_each_time_and_is_given_up_visibly(self) -> None:
        waits = []
        with REFUSING:
            for _n in range(outbox.MOST_ATTEMPTS):
                before = timezone.now()
                Message.objects.update(due_at=before)
                assert outbox.send_due() == 0
                waits.append(round((Message.objects.get().due_at - before) / timedelta(minutes=1)))
        letter = Message.objects.get()
        assert waits[:4] == [1, 2, 4, 8]
        assert letter.given_up_at is not None
        assert letter.sent_at is None
        assert "ConnectionRefusedError" in letter.error
        assert outbox.send_due() == 0

    def test_a_killed_worker_s_letter_falls_due_again(self) -> None:
        with mock.patch("servicedesk.outbox._send", side_effect=SystemExit), pytest.raises(SystemExit):
            outbox.send_due()
        assert outbox.send_due() == 0
        assert outbox.send_due(timezone.now() + outbox.LEASE + timedelta(seconds=1)) == 1
        assert len(mail.outbox) == 1

    def test_in_the_demo_it_lies_readable_in_a_folder(self) -> None:
        with (
            TemporaryDirectory() as folder,
            override_settings(
                EMAIL_BACKEND="servicedesk.mail.filebased.EmailBackend", EMAIL_FILE_PATH=folder
            ),
        ):
            outbox.send_due()
            (path,) = Path(folder).iterdir()
            text = path.read_text()
        assert path.suffix == ".eml"
        assert "own@example.no" in path.name
        assert "INC-00001" in path.name
        assert "Subject: [INC-00001] Ærlig talt: ingen e-post" in text
        assert "We have received your report" in text


class TestTwoWorkers(TransactionTestCase):
    def test_nothing_lost_or_doubled(self) -> None:
        r = build()
        for n in range(30):
            open_ticket(Actor.of(r.own), title=f"t{n}")
        gate = threading.Barrier(3)

        def work() -> None:
            gate.wait()
            while outbox.send_due():
                pass
            connection.close()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        ids = [m.message()["Message-ID"] for m in mail.outbox]
        assert len(ids) == len(set(ids)) == 30


class TestKeys(RegionCase):
    def test_one_step_writes_one_letter_per_person(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        resolve(Actor.of(self.r.technician), ticket, resolution="y")
        keys = list(Message.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys)) == 2
