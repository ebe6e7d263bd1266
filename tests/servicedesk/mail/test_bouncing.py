"""Letters that come back: found by the identifier in what was returned, marked where they did not arrive."""

from __future__ import annotations

from django.core import mail as mailbox

from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.mail import tokens
from servicedesk.models import Entry, InboundMail, Message, State, Ticket, Verb
from tests.servicedesk.mail.test_delivery import DELAYED, EXPIRED, FAILED, report
from tests.servicedesk.test_mail import MailCase, letter


class TestBounces(MailCase):
    def bounce(self, identifier: str, block: str = FAILED) -> InboundMail:
        back = f"Content-Type: text/rfc822-headers\n\nFrom: desk@example.no\nMessage-ID: {identifier}\n"
        return self.take(report(block, returned=back, human=f"Sorry {identifier[:12]} {block[-9:]}").encode())

    def notes(self) -> list[str]:
        return list(Entry.objects.filter(verb=Verb.NOTE).values_list("body", flat=True))

    def test_the_letter_is_marked_and_its_ticket_says_so(self) -> None:
        ticket = self.opened()
        row = self.bounce(self.sent_id())
        assert (row.outcome, row.reason, row.ticket) == ("noted", "bounce", ticket)
        sent = Message.objects.get()
        assert sent.undelivered_at is not None
        assert sent.undelivered_reason == "5.1.1 550 5.1.1 No such user"
        (said,) = self.notes()
        assert "own@example.no" in said
        assert row.entry == Entry.objects.get(verb=Verb.NOTE)

    def test_only_the_letter_that_came_back(self) -> None:
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        first, second = Message.objects.order_by("pk")
        self.bounce(second.message_id)
        first.refresh_from_db()
        second.refresh_from_db()
        assert first.undelivered_at is None
        assert second.undelivered_at is not None

    def test_it_reopens_nothing_and_tells_nobody(self) -> None:
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        letters = Message.objects.count()
        self.bounce(self.sent_id())
        ticket.refresh_from_db()
        assert ticket.state == State.RESOLVED
        assert Message.objects.count() == letters
        assert Ticket.objects.count() == 1

    def test_a_letter_that_is_late_is_not_lost(self) -> None:
        self.opened()
        row = self.bounce(self.sent_id(), DELAYED)
        assert Message.objects.get().undelivered_at is None
        assert self.notes() == []
        assert row.outcome == "noted"
        self.bounce(self.sent_id(), EXPIRED)
        assert Message.objects.get().undelivered_at is not None

    def test_twice_is_once(self) -> None:
        self.opened()
        self.bounce(self.sent_id())
        self.bounce(self.sent_id(), EXPIRED)
        assert len(self.notes()) == 1

    def test_made_up_identifiers_are_worth_nothing(self) -> None:
        ticket = self.opened()
        forged = f"<{ticket.reference}.1.{self.r.own.pk}.{'0' * 32}@localhost>"
        for identifier in (forged, "<x@y>", f"[{ticket.reference}]", ""):
            row = self.bounce(identifier)
            assert (row.outcome, row.reason, row.ticket) == ("held", "bounce", None)
        assert Message.objects.get().undelivered_at is None

    def test_the_ticket_in_the_subject_is_not_enough(self) -> None:
        ticket = self.opened()
        row = self.take(letter("x@example.no", f"Undelivered: [{ticket.reference}]", Return_Path="<>"))
        assert (row.outcome, row.ticket) == ("held", None)

    def test_an_absence_notice_is_no_bounce(self) -> None:
        self.opened()
        row = self.take(
            letter("own@example.no", "Automatisk svar: x", In_Reply_To=self.sent_id(), Return_Path="<>")
        )
        assert (row.outcome, row.reason) == ("held", "automatic")
        assert Message.objects.get().undelivered_at is None

    def test_an_answer_with_an_empty_return_path_is_no_proof(self) -> None:
        self.opened()
        row = self.take(
            letter("own@example.no", "Hei", "Er i fjellet.", In_Reply_To=self.sent_id(), Return_Path="<>")
        )
        assert (row.outcome, row.reason) == ("noted", "bounce")
        assert Message.objects.get().undelivered_at is None
        assert self.notes() == []

    def test_a_plain_bounce_with_the_letter_quoted(self) -> None:
        self.opened()
        text = f"550 5.1.1 unknown user\n\n--- Below this line is a copy of the message.\n\nMessage-ID: {self.sent_id()}\n"
        self.take(letter("MAILER-DAEMON@example.no", "failure notice", text, Return_Path="<>"))
        assert Message.objects.get().undelivered_at is not None

    def test_the_team_s_letter_too(self) -> None:
        ticket = self.opened()
        ticket.refresh_from_db()
        Ticket.objects.filter(pk=ticket.pk).update(team=self.r.desk)
        self.take(letter("own@example.no", f"[{ticket.reference}] mer"))
        to_team = Message.objects.get(recipient=None)
        self.bounce(to_team.message_id)
        to_team.refresh_from_db()
        assert to_team.undelivered_at is not None

    def test_the_thread_s_root_names_the_ticket_alone(self) -> None:
        ticket = self.opened()
        row = self.bounce(tokens.thread_id(ticket.reference))
        assert row.ticket == ticket
        assert Message.objects.get().undelivered_at is None
        assert len(mailbox.outbox) == 1
