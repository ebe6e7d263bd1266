"""What a letter said, when, and whether it arrived: on its entry, for those who work on it."""

from __future__ import annotations

from django.utils import timezone

from servicedesk import outbox
from servicedesk.actions.reply import reply
from servicedesk.models import Message, Ticket
from tests.servicedesk.pages import HOSTILE, DeskCase


class TestLetters(DeskCase):
    row: Ticket

    def setUp(self) -> None:
        self.row = self.ticket()
        self.url = f"/desk/tickets/{self.row.reference}/"

    def lose(self, **found: object) -> Message:
        Message.objects.update(
            sent_at=timezone.now(),
            undelivered_at=timezone.now(),
            undelivered_reason="5.1.1 No such user",
            **found,
        )
        return Message.objects.latest("pk")

    def test_on_the_way_sent_and_lost(self) -> None:
        client = self.client_of("technician")
        self.assertContains(client.get(self.url), "about to be sent")
        outbox.send_due()
        page = client.get(self.url)
        self.assertContains(page, "1 letter")
        self.assertContains(page, "sent</span>")
        self.assertNotContains(page, "does not get our letters")
        self.lose()
        page = client.get(self.url)
        self.assertContains(page, "does not get our letters")
        self.assertContains(page, "5.1.1 No such user")
        self.assertContains(page, "own@example.no")

    def test_a_later_letter_that_arrived_ends_the_warning(self) -> None:
        self.lose()
        reply(self.actor("technician"), self.row, body="hei")
        outbox.send_due()
        self.assertNotContains(self.client_of("technician").get(self.url), "does not get our letters")

    def test_the_letter_itself(self) -> None:
        letter = self.lose()
        page = self.client_of("technician").get(f"{self.url}letters/{letter.pk}/")
        self.assertContains(page, letter.subject)
        self.assertContains(page, "Send it again")

    def test_sent_again(self) -> None:
        letter = self.lose(given_up_at=timezone.now(), attempts=100)
        client = self.client_of("technician")
        answer = client.post(f"{self.url}letters/{letter.pk}/", follow=True)
        self.assertContains(answer, "The letter is sent again.")
        assert outbox.send_due() == 1
        answer = client.post(f"{self.url}letters/{letter.pk}/", follow=True)
        self.assertContains(answer, "on its way already")
        assert outbox.send_due() == 0

    def test_not_for_others(self) -> None:
        letter = self.lose()
        for account, status in (("keyuser", 403), ("own", 403), ("stranger", 403), ("supplier_person", 404)):
            assert self.client_of(account).get(f"{self.url}letters/{letter.pk}/").status_code == status, (
                account
            )
        self.assertNotContains(self.client_of("keyuser").get(self.url), "No such user")

    def test_another_ticket_s_letter_is_404(self) -> None:
        letter = self.lose()
        other = self.ticket("x")
        url = f"/desk/tickets/{other.reference}/letters/{letter.pk}/"
        assert self.client_of("technician").get(url).status_code == 404

    def test_hostile_answers_of_servers_are_text(self) -> None:
        letter = self.lose()
        Message.objects.update(undelivered_reason=HOSTILE, error=HOSTILE, address="x@example.no")
        client = self.client_of("technician")
        for url in (self.url, f"{self.url}letters/{letter.pk}/"):
            self.assertNotContains(client.get(url), "<script>alert")

    def test_no_statement_more(self) -> None:
        client = self.client_of("technician")
        client.get(self.url)
        one, _answer = self.statements(client, self.url)
        for number in range(10):
            reply(self.actor("technician"), self.row, body=str(number))
        ten, _answer = self.statements(client, self.url)
        assert one == ten
