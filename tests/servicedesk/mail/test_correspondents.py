"""Answers go to whoever wrote: to the address that was asked for where it is proven, and to people outside the register."""

from __future__ import annotations

from django.core import mail as mailbox
from django.test import override_settings

from cmdb.models import Organisation
from servicedesk import outbox
from servicedesk.actions.pend import pend
from servicedesk.actions.reply import reply
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.models import Entry, FormAddress, Message, State, Ticket, Verb
from tests.servicedesk.test_mail import MailCase, letter

CHECKED = override_settings(SAMDRIFT_MAIL_AUTHSERV=["mx.example.no"])
PASS = {"Authentication_Results": "mx.example.no; dmarc=pass header.from=example.no"}


class TestReplyTo(MailCase):
    def addresses(self) -> set[str]:
        ticket = Ticket.objects.get()
        reply(Actor.of(self.r.technician), ticket, body="Prøv nå")
        return set(Message.objects.values_list("address", flat=True))

    @CHECKED
    def test_answers_go_where_a_proven_sender_wants_them(self) -> None:
        self.take(letter("own@example.no", Reply_To="Kari <kari@privat.example>", **PASS))
        assert self.addresses() == {"kari@privat.example"}

    @CHECKED
    def test_nobody_else_s_letters_are_led_away(self) -> None:
        self.take(letter("own@example.no", Reply_To="spion@evil.example"))
        assert self.addresses() == {"own@example.no"}

    def test_nor_where_nothing_is_checked(self) -> None:
        self.take(letter("own@example.no", Reply_To="spion@evil.example", **PASS))
        assert self.addresses() == {"own@example.no"}

    @CHECKED
    def test_a_form_s_reply_to_is_the_reporter(self) -> None:
        FormAddress.objects.create(address="skjema@granli.example", organisation=self.r.here)
        said = {"Authentication_Results": "mx.example.no; dmarc=pass header.from=granli.example"}
        self.take(letter("skjema@granli.example", Reply_To="own@example.no", **said))
        assert self.addresses() == {"own@example.no"}


class TestOutside(MailCase):
    """Somebody of a known domain who is not in the register."""

    def setUp(self) -> None:
        Organisation.objects.filter(pk=self.r.here.pk).update(email="post@granli.example")
        self.take(letter("Ny Person <ny@granli.example>"))
        self.row = Ticket.objects.get()
        outbox.send_due()

    def test_the_mail_is_acknowledged(self) -> None:
        sent = mailbox.outbox[-1]
        assert sent.to == ["ny@granli.example"]
        assert "Ny Person" in sent.body
        assert "http" not in sent.body

    def test_the_desk_can_answer(self) -> None:
        page = self.client_of("technician").get(f"/desk/tickets/{self.row.reference}/")
        self.assertContains(page, "Send to Ny")
        reply(Actor.of(self.r.technician), self.row, body="Prøv nå")
        resolve(Actor.of(self.r.technician), self.row, resolution="Det virker")
        assert outbox.send_due() == 2
        assert [one.to for one in mailbox.outbox[-2:]] == [["ny@granli.example"]] * 2

    def test_the_answer_is_the_person_s_word(self) -> None:
        pend(Actor.of(self.r.technician), self.row, reason="customer", body="Hvilket rom?")
        outbox.send_due()
        row = self.take(letter("Ny Person <ny@granli.example>", "Sv", "Rom 3", In_Reply_To=self.sent_id()))
        assert row.outcome == "commented"
        entry = Entry.objects.get(verb=Verb.COMMENT)
        assert (entry.actor, entry.actor_name, entry.body) == (None, "Ny Person <ny@granli.example>", "Rom 3")
        self.row.refresh_from_db()
        assert self.row.state != State.PENDING

    def test_but_not_another_s(self) -> None:
        row = self.take(letter("annen@privat.example", "Sv", "Rom 3", In_Reply_To=self.sent_id()))
        assert row.outcome == "noted"
        row = self.take(letter("ny@granli.example", f"[{self.row.reference}]", "uten bevis"))
        assert row.outcome == "opened"
