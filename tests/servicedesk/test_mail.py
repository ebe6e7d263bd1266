"""Mail in: stored first, threaded by what cannot be forged, machines never open or reopen anything."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from unittest import mock

import pytest
from django.core import mail as mailbox
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone

from cmdb.models import Organisation, User
from servicedesk import outbox
from servicedesk.actions.close import close
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.pend import pend
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.intake.mail import acting, running
from servicedesk.mail import storing, tokens
from servicedesk.models import (
    Attachment,
    Channel,
    Entry,
    InboundMail,
    Message,
    State,
    Ticket,
    TicketLink,
    Verb,
)
from tests.cases import RegionCase


def letter(
    sender: str, subject: str = "Skriveren er død", text: str = "Den virker ikke.", **headers: str
) -> bytes:
    """A mail as a person's program writes it; header names with _ for -."""
    one = EmailMessage()
    one["From"] = sender
    one["To"] = tokens.own_address()
    one["Subject"] = subject
    one["Message-ID"] = headers.pop("Message_ID", f"<{abs(hash((sender, subject, text)))}@example.no>")
    for name, value in headers.items():
        one[name.replace("_", "-")] = value
    one.set_content(text)
    return one.as_bytes()


class MailCase(RegionCase):
    def take(self, raw: bytes) -> InboundMail:
        """Store and handle one mail."""
        row, made = storing.store(raw)
        assert made
        assert running.run() == 1
        row.refresh_from_db()
        return row

    def opened(self) -> Ticket:
        """A ticket of `own`, with its first letter sent."""
        ticket = open_ticket(Actor.of(self.r.own), title="Skriveren er død")
        outbox.send_due()
        return ticket

    def sent_id(self) -> str:
        """Identifier of the last letter we sent."""
        return str(mailbox.outbox[-1].message()["Message-ID"])


class TestOpens(MailCase):
    def test_a_known_person_s_mail_is_a_report(self) -> None:
        row = self.take(letter("Kari Eng <OWN@example.no>"))
        ticket = Ticket.objects.get()
        assert (row.outcome, row.ticket) == ("opened", ticket)
        assert (ticket.reporter, ticket.channel, ticket.title) == (
            self.r.own,
            Channel.EMAIL,
            "Skriveren er død",
        )
        assert ticket.description == "Den virker ikke."
        assert ticket.opened_at == row.received_at  # rule C.2.2
        assert Message.objects.get().recipient == self.r.own

    def test_an_unknown_person_of_a_known_domain_reports_for_that_organisation(self) -> None:
        Organisation.objects.filter(pk=self.r.here.pk).update(email="post@granli.example")
        self.take(letter("Ny <ny@granli.example>"))
        ticket = Ticket.objects.get()
        assert (ticket.reporter, ticket.organisation) == (None, self.r.here)
        assert "ny@granli.example" in ticket.description

    def test_a_stranger_s_mail_is_kept_and_opens_nothing(self) -> None:
        row = self.take(letter("spam@elsewhere.example"))
        assert (row.outcome, row.reason) == ("held", "unknown_sender")
        assert not Ticket.objects.exists()

    def test_two_people_never_have_one_address(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=self.r.colleague.pk).update(email="OWN@example.no")

    def test_the_same_mail_twice_is_once(self) -> None:
        raw = letter("own@example.no")
        self.take(raw)
        assert not storing.store(raw)[1]
        assert running.run() == 0
        assert Ticket.objects.count() == 1

    def test_a_reused_identifier_with_another_content_is_another_mail(self) -> None:
        self.take(letter("own@example.no", text="one", Message_ID="<same@example.no>"))
        self.take(letter("own@example.no", text="two", Message_ID="<same@example.no>"))
        assert Ticket.objects.count() == 2

    def test_a_crash_loses_nothing(self) -> None:
        storing.store(letter("own@example.no"))
        with mock.patch("servicedesk.intake.mail.acting._act", side_effect=RuntimeError("boom")):
            assert running.run() == 0
        assert not Ticket.objects.exists()
        assert "boom" in InboundMail.objects.get().error
        assert running.run() == 0  # it steps back first
        assert running.run(timezone.now() + timedelta(minutes=2)) == 1
        assert Ticket.objects.count() == 1

    def test_a_bomb_stops_at_a_limit_and_is_kept(self) -> None:
        for n in range(acting.MOST_AN_HOUR + 3):
            storing.store(letter("own@example.no", subject=f"x{n}"))
        running.run()
        assert Ticket.objects.count() == acting.MOST_AN_HOUR
        assert InboundMail.objects.filter(reason="too_many").count() == 3

    def test_attachments_are_kept_under_names_of_our_own(self) -> None:
        one = EmailMessage()
        one["From"], one["Subject"], one["Message-ID"] = "own@example.no", "Bilde", "<a@b>"
        one.set_content("Se vedlegg")
        one.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../../skjerm.png")
        self.take(one.as_bytes())
        row = Attachment.objects.get()
        assert row.name == "skjerm.png"
        assert ".." not in str(row.file.name)
        assert Ticket.objects.get().description == "Se vedlegg"


class TestThreads(MailCase):
    def test_the_reporter_s_answer_is_a_comment_and_ends_the_wait(self) -> None:
        ticket = self.opened()
        pend(Actor.of(self.r.technician), ticket, reason="customer", body="Hvilket rom?")
        outbox.send_due()
        row = self.take(letter("own@example.no", "Sv: noe annet", "Rom 3", In_Reply_To=self.sent_id()))
        assert row.outcome == "commented"
        ticket.refresh_from_db()
        assert ticket.state != State.PENDING
        assert Entry.objects.filter(ticket=ticket, verb=Verb.COMMENT, body="Rom 3").count() == 1

    def test_the_reference_in_the_subject_will_do_for_who_may_see_it(self) -> None:
        ticket = self.opened()
        assert self.take(letter("own@example.no", f"Re: [{ticket.reference}] x")).outcome == "commented"

    def test_but_not_for_a_stranger(self) -> None:
        ticket = self.opened()
        row = self.take(letter("stranger@example.no", f"Re: [{ticket.reference}] x", "hemmelig?"))
        assert row.outcome == "opened"
        assert row.ticket != ticket
        assert Entry.objects.filter(ticket=ticket).count() == 1
        assert not TicketLink.objects.exists()

    def test_a_forged_identifier_is_worth_nothing(self) -> None:
        ticket = self.opened()
        forged = f"<{ticket.reference}.1.{self.r.technician.pk}.{'0' * 32}@localhost>"
        row = self.take(letter("stranger@example.no", "Re", "x", In_Reply_To=forged))
        assert row.ticket != ticket

    @override_settings(SAMDRIFT_MAIL_AUTHSERV=["mx.example.no"])
    def test_a_technician_s_mail_speaks_for_the_desk_only_as_an_answer_to_the_own_letter(self) -> None:
        proven = {"Authentication_Results": "mx.example.no; dmarc=pass header.from=example.no"}
        ticket = self.opened()
        row = self.take(letter("technician@example.no", f"[{ticket.reference}]", "bare til oss", **proven))
        assert row.outcome == "noted"
        genuine = tokens.message_id(ticket.reference, 1, self.r.technician.pk)
        row = self.take(letter("technician@example.no", "Re", "Prøv nå", In_Reply_To=genuine, **proven))
        assert row.outcome == "commented"
        others = tokens.message_id(ticket.reference, 1, self.r.own.pk)
        row = self.take(letter("technician@example.no", "Re", "hm", In_Reply_To=others, **proven))
        assert row.outcome == "noted"

    def test_a_colleague_who_answers_the_first_mail_opens_no_second_ticket(self) -> None:
        self.take(letter("own@example.no", Message_ID="<first@example.no>"))
        row = self.take(
            letter("colleague@example.no", "Sv: Skriveren", "Her også", References="<first@example.no>")
        )
        assert row.outcome == "noted"
        assert Ticket.objects.count() == 1
        assert not Entry.objects.get(verb=Verb.NOTE).is_public

    def test_a_genuine_thread_from_an_unknown_address_is_a_note(self) -> None:
        self.opened()
        row = self.take(letter("hjemme@elsewhere.example", "Sv", "Det er meg", In_Reply_To=self.sent_id()))
        assert row.outcome == "noted"
        assert not Entry.objects.get(verb=Verb.NOTE).is_public

    def test_an_answer_to_what_is_closed_is_a_new_ticket_linked_to_the_old(self) -> None:
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        close(Actor.of(self.r.own), ticket)
        row = self.take(letter("own@example.no", f"[{ticket.reference}] igjen"))
        assert row.outcome == "opened"
        assert row.ticket is not None
        assert row.ticket.title == "igjen"
        assert TicketLink.objects.get().target == ticket


class TestMachines(MailCase):
    def test_they_open_nothing_reopen_nothing_and_are_never_answered(self) -> None:
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        outbox.send_due()
        Message.objects.all().delete()
        sent = self.sent_id()
        machines: list[dict[str, Any]] = [
            {"Auto_Submitted": "auto-replied"},
            {"Precedence": "bulk"},
            {"X_Autoreply": "yes"},
            {"Return_Path": "<>"},
            {"List_Id": "<x.example.no>"},
        ]
        for n, headers in enumerate(machines):
            row = self.take(
                letter("own@example.no", f"Fravær {n}", "Jeg er borte", In_Reply_To=sent, **headers)
            )
            assert row.reason in ("automatic", "bounce")
        row = self.take(letter("MAILER-DAEMON@example.no", "Undelivered", In_Reply_To=sent))
        assert row.reason == "automatic"
        ticket.refresh_from_db()
        assert ticket.state == State.RESOLVED
        assert Ticket.objects.count() == 1
        assert not Message.objects.exists()

    def test_our_own_letter_coming_back_is_left_alone(self) -> None:
        self.opened()
        raw = mailbox.outbox[0].message().as_bytes()
        assert self.take(raw).reason == "own"
        assert Ticket.objects.count() == 1

    def test_a_bounce_of_our_letter_is_noted_without_telling_anybody(self) -> None:
        ticket = self.opened()
        Message.objects.all().delete()
        row = self.take(
            letter("x@example.no", "Undelivered", "no such user", Return_Path="<>", References=self.sent_id())
        )
        assert (row.reason, row.ticket) == ("bounce", ticket)
        assert not Message.objects.exists()


class TestHostile(MailCase):
    def test_garbage_is_kept_and_never_stops_the_others(self) -> None:
        deep = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
        )
        for raw in (
            b"",
            b"\x00\xff\xfe",
            b"From: \xff\xfe\r\n\r\n\x00",
            deep,
            b"From: own@example.no\r\n\r\n",
        ):
            storing.store(raw)
        storing.store(letter("own@example.no", subject="den gode"))
        running.run()
        assert not InboundMail.objects.filter(handled_at=None).exists()
        assert Ticket.objects.filter(title="den gode").exists()

    def test_header_tricks_in_the_subject(self) -> None:
        raw = b"From: own@example.no\r\nSubject: =?utf-8?q?x=0D=0ABcc:_all@example.no?=\r\n\r\nhei\r\n"
        self.take(raw)
        outbox.send_due()
        assert "\n" not in Ticket.objects.get().title
        assert mailbox.outbox[0].to == ["own@example.no"]
        assert mailbox.outbox[0].bcc == []

    def test_html_only(self) -> None:
        one = EmailMessage()
        one["From"], one["Subject"] = "own@example.no", "html"
        one.set_content("<p>Hei</p><script>alert(1)</script>", subtype="html")
        self.take(one.as_bytes())
        assert Ticket.objects.get().description == "Hei"
