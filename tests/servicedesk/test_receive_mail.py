"""manage.py receive_mail: the very door that fetched mail takes, and nothing in a mail makes it fail."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.intake.mail import running
from servicedesk.mail import storing
from servicedesk.models import Attachment, Channel, Entry, InboundMail, Message, Ticket, Verb
from tests.cases import RegionCase
from tests.servicedesk.mail.letters import PDF, PNG, attached, heads, multipart, part, plain


class ReceiveCase(RegionCase):
    def receive_all(self, *raws: bytes, **options: Any) -> list[dict[str, Any]]:
        """What the command says of these mails."""
        with TemporaryDirectory() as folder:
            paths = []
            for number, raw in enumerate(raws):
                paths.append(Path(folder) / f"{number}.eml")
                paths[-1].write_bytes(raw)
            out = io.StringIO()
            call_command("receive_mail", *map(str, paths), stdout=out, **options)
        found = json.loads(out.getvalue())
        assert [one.pop("file") for one in found] == list(map(str, paths))
        return found

    def receive(self, raw: bytes, **options: Any) -> dict[str, Any]:
        return self.receive_all(raw, **options)[0]


class TestCommand(ReceiveCase):
    def test_what_it_says(self) -> None:
        found = self.receive(
            multipart([part(b"Se bildet."), attached(PNG, b'"bilde.png"')], subject=b"Hjelp")
        )
        assert found == {
            "outcome": "opened",
            "reason": "",
            "ticket": Ticket.objects.get().reference,
            "title": "Hjelp",
            "text": "Se bildet.",
            "reporter": "own@example.no",
            "files": [{"name": "bilde.png", "bytes": len(PNG), "type": "image/png"}],
        }

    def test_one_object_for_each_file_in_order(self) -> None:
        found = self.receive_all(plain(b"en", subject=b"1"), b"", plain(b"to", subject=b"2"), json=True)
        assert [(one["outcome"], one["title"]) for one in found] == [
            ("opened", "1"),
            ("held", ""),
            ("opened", "2"),
        ]

    def test_standard_input(self) -> None:
        out = io.StringIO()
        with mock.patch("sys.stdin", mock.Mock(buffer=io.BytesIO(plain(b"hei")))):
            call_command("receive_mail", "-", stdout=out)
        assert json.loads(out.getvalue())[0]["outcome"] == "opened"

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(CommandError, match="no such file"):
            call_command("receive_mail", "/no/such/file")

    def test_a_dry_run_says_the_same_and_keeps_nothing(self) -> None:
        raw = multipart([part(b"Se bildet."), attached(PNG, b'"bilde.png"')])
        before = set(_stored())
        found = self.receive_all(raw, raw, dry_run=True)
        assert [one["outcome"] for one in found] == ["opened", "duplicate"]
        assert found[0]["files"][0]["name"] == "bilde.png"
        for model in (InboundMail, Ticket, Entry, Message, Attachment):
            assert not model.objects.exists(), model
        assert set(_stored()) == before

    def test_a_mail_that_cannot_be_acted_on_now_is_kept_and_tried_again(self) -> None:
        with mock.patch("servicedesk.intake.mail.acting._act", side_effect=RuntimeError):
            found = self.receive(plain(b"hei"))
        assert (found["outcome"], found["reason"]) == ("held", "failed")
        assert running.run(timezone.now() + timedelta(hours=1)) == 1
        assert Ticket.objects.get().description == "hei"


def _stored() -> list[str]:
    root = default_storage.path("attachments")
    return [str(Path(folder) / name) for folder, _dirs, names in os.walk(root) for name in names]


_FIRST = [
    "Hei, kan dere se på denne?\n\nFra: Legen <post@lege.example>\nSendt: mandag 5. oktober 2026\nTil: Kari\n"
    "Emne: Feil\n\nHenvisningene kommer ikke fram.",
    "---------- Forwarded message ---------\nFrom: X\nSubject: y\n\nHenvisningene kommer ikke fram.",
    "Dette står i loggen:\n> error 0x80070035\n> retry 3\nHva er det?",
    "> alt er sitert",
    "Skriveren er død.\n\n-- \nKari Eng\nTlf. 12 34 56 78",
    "Am 05.10.26 um 08:12 schrieb Kari:\n> Der Drucker ist kaputt",
    "Skriveren er død.\n\nSendt fra min iPhone",
]


class TestFirstMail(ReceiveCase):
    """The first mail of a ticket is never cut."""

    def test_all_of_it_is_the_report(self) -> None:
        for body in _FIRST:
            found = self.receive(plain(body.encode(), subject=b"VS: Feil"))
            assert found["text"] == body
            assert Ticket.objects.get(reference=found["ticket"]).description == body

    def test_a_text_beyond_the_limit_goes_on_in_a_file(self) -> None:
        body = "linje æ\n" * 20_000
        found = self.receive(plain(body.encode()))
        assert len(found["text"]) < 100_000
        assert Attachment.objects.get().file.read().decode().split() == body.split()


class TestAnswers(ReceiveCase):
    def test_what_is_quoted_stands_apart_and_stays(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="Skriveren")
        quoted = "Den 5. okt. 2026 kl. 08:12 skrev Desken <desk@example.no>:\n> Hvilket rom?"
        found = self.receive(
            plain(f"Rom 3.\n\n{quoted}".encode(), subject=f"Sv: [{ticket.reference}]".encode())
        )
        assert (found["outcome"], found["text"], found["ticket"]) == ("commented", "Rom 3.", ticket.reference)
        entry = Entry.objects.get(verb=Verb.COMMENT)
        assert entry.data["quoted"] == quoted
        assert entry.data["inbound"] == InboundMail.objects.get().pk


class TestFiles(ReceiveCase):
    def test_more_and_larger_ones_than_the_portal_takes(self) -> None:
        big = os.urandom(11_000_000)
        files = [attached(PNG, b"bilde%d.png" % n) for n in range(7)]
        found = self.receive(multipart([part(b"x"), *files, attached(big, b"stor.zip", b"application/zip")]))
        assert len(found["files"]) == 8
        assert Attachment.objects.get(name="stor.zip").file.read() == big
        assert InboundMail.objects.get().size > 14_000_000

    def test_no_name_stops_a_mail(self) -> None:
        for name in (b'".."', b'"' + b"a" * 400 + b'.png"', b'"/"', b'"\x00.png"', b'"CON.png"'):
            found = self.receive(multipart([part(b"x"), attached(PNG, name)]))
            assert (found["outcome"], len(found["files"])) == ("opened", 1)
            row = Attachment.objects.latest("pk")
            assert re.fullmatch(r"attachments/\d{4}/\d\d/[0-9a-f]{32}\.png", row.file.name or "")
            assert row.file.read() == PNG

    def test_the_sender_s_own_wording_is_kept(self) -> None:
        self.receive(multipart([part(b"x"), attached(PNG, b'"' + b"a" * 400 + b'.png"')]))
        row = Attachment.objects.get()
        assert (len(row.name), row.original_name) == (150, "a" * 400 + ".png")

    def test_an_empty_file_is_kept(self) -> None:
        self.receive(multipart([part(b"x"), attached(b"", b"tom.pdf", b"application/pdf")]))
        assert Attachment.objects.get().size == 0

    def test_what_is_not_kept_is_said(self) -> None:
        with mock.patch("servicedesk.mail.parts.MOST_FILES", 2):
            self.receive(multipart([part(b"x"), *(attached(b"x", b"n%d.txt" % n) for n in range(3))]))
        assert Attachment.objects.count() == 2
        entry = Entry.objects.get()
        assert entry.data["left_out"] == [{"name": "n2.txt", "why": "too_many_files"}]


class TestTwins(ReceiveCase):
    def test_the_way_here_makes_no_second_ticket(self) -> None:
        raw = plain(b"Denne kom to ganger.\r\n", subject=b"Dobbelt")
        ways = [
            b"Received: from c by d; Mon, 05 Oct 2026 08:14:30 +0200\r\nX-Spam-Score: 0.1\r\n" + raw,
            b"Return-Path: <x@y.no>\r\nDelivered-To: it@example.no\r\n" + raw.replace(b"\r\n", b"\n"),
            b"Authentication-Results: mx; spf=pass\r\nDKIM-Signature: v=1;\r\n\ta=b\r\n" + raw + b"\r\n\r\n",
            raw.replace(b"Subject: Dobbelt", b"Subject:\r\n Dobbelt"),
            raw.replace(b"text/plain; charset=utf-8\r\n", b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n")
            .replace(b"Denne kom to ganger.", b"RGVubmUga29tIHRvIGdhbmdlci4="),
        ]  # fmt: skip
        found = self.receive_all(raw, *ways)
        assert [one["outcome"] for one in found] == ["opened", *["duplicate"] * len(ways)]
        assert {one["ticket"] for one in found} == {Ticket.objects.get().reference}
        assert {one["text"] for one in found} == {"Denne kom to ganger."}

    def test_the_same_identifier_with_other_words_is_another_mail(self) -> None:
        raw = plain(b"en")
        found = self.receive_all(
            raw, raw.replace(b"\r\n\r\nen", b"\r\n\r\nto"), raw.replace(b"Skriveren", b"Skjermen")
        )
        assert [one["outcome"] for one in found] == ["opened"] * 3

    def test_letters_that_name_neither_day_nor_identifier_are_told_apart_by_their_way(self) -> None:
        raw = b"From: own@example.no\r\nSubject: Toner\r\n\r\nTom"
        found = self.receive_all(b"Received: 1\r\n" + raw, b"Received: 2\r\n" + raw)
        assert [one["outcome"] for one in found] == ["opened", "opened"]


class TestPoison(ReceiveCase):
    def test_nothing_makes_it_fail(self) -> None:
        deep = heads() + b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" for _n in range(1000))
        raws = [
            b"",
            b"\x00" * 5000,
            bytes(range(256)),
            deep,
            heads(),
            b"Subject: x\r\n\r\nx",
            b"\r\r\r",
            b"From: a\r\rb",
        ]
        for one in self.receive_all(*raws):
            assert one["outcome"] in ("held", "opened"), one
            assert set(one) == {"outcome", "reason", "ticket", "title", "text", "reporter", "files"}
        assert InboundMail.objects.filter(handled_at=None).count() == 0
        assert InboundMail.objects.get(raw=deep).reason == "unreadable"
        assert InboundMail.objects.get(raw=deep).sender == "own@example.no"

    def test_fifty_poisoned_mails_stand_in_nobody_s_way(self) -> None:
        many = 6
        for number in range(many):
            storing.store(plain(b"gift", subject=b"gift %d" % number))
        storing.store(plain(b"hei", subject=b"god"))

        def poisoned(mail: Any, *more: Any, **named: Any) -> Any:
            if mail.text == "gift":
                raise RuntimeError("\x00 boom")
            return real(mail, *more, **named)

        from servicedesk.intake.mail import acting

        real = acting._act
        with (
            mock.patch("servicedesk.intake.mail.acting._act", poisoned),
            mock.patch.object(running, "BATCH", many),
        ):
            assert running.run() == 0
            assert running.run() == 1
            assert Ticket.objects.get().title == "god"
            for day in range(1, running.MOST_ATTEMPTS + 1):
                running.run(timezone.now() + timedelta(days=day))
        held = InboundMail.objects.filter(outcome="held", reason="failed")
        assert held.count() == many
        assert set(held.values_list("attempts", flat=True)) == {running.MOST_ATTEMPTS}
        assert "boom" in held[0].error

    def test_a_mail_that_kills_its_worker_has_spent_a_try(self) -> None:
        row, _made = storing.store(plain(b"hei"))
        with (
            mock.patch("servicedesk.intake.mail.acting.handle", side_effect=SystemExit),
            pytest.raises(SystemExit),
        ):
            running.run()
        row.refresh_from_db()
        assert row.attempts == 1
        assert running.run() == 0
        assert running.run(timezone.now() + timedelta(minutes=2)) == 1

    def test_files_of_a_mail_that_failed_do_not_stay_on_the_disk(self) -> None:
        before = set(_stored())
        storing.store(multipart([part(b"x"), attached(PDF, b"a.pdf")]))
        with mock.patch("servicedesk.models.InboundMail.save", side_effect=RuntimeError):
            running.run()
        assert not Attachment.objects.exists()
        assert set(_stored()) == before


class TestDoor(ReceiveCase):
    def test_a_title_shows_what_is_written(self) -> None:
        self.receive(plain(b"x\x00y\xe2\x80\xae", subject=b"Faktura \xe2\x80\xaegnp.exe\xe2\x80\x8b"))
        ticket = Ticket.objects.get()
        assert (ticket.title, ticket.description, ticket.channel) == ("Faktura gnp.exe", "xy", Channel.EMAIL)

    def test_large_mail_is_stored_and_read_whole(self) -> None:
        body = b"linje " + b"x" * 70 + b"\n"
        raw = plain(body * 40_000)
        row, _made = storing.store(raw)
        assert storing.load(row.pk) == raw
        assert bytes(InboundMail.objects.get().raw) == raw
