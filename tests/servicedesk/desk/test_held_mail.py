"""Held mail at the desk: seen by municipality, taken in, answered, refused, put aside; each once, nothing lost."""

from __future__ import annotations

import threading
from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail as mailbox
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone

from cmdb.models import Membership, Organisation, Role, User
from servicedesk import outbox
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.intake.mail import deciding, running
from servicedesk.mail import storing
from servicedesk.models import (
    Attachment,
    Entry,
    FormAddress,
    InboundMail,
    Message,
    Outcome,
    Reason,
    RefusedSender,
    Ticket,
    Verb,
)
from servicedesk.workflow import MoveRefused
from tests.cases import build
from tests.servicedesk.mail.test_delivery import FAILED, report
from tests.servicedesk.pages import HOSTILE, DeskCase
from tests.servicedesk.test_mail import letter

LIST = "/desk/mail/"


class MailDeskCase(DeskCase):
    """`self.local` is a technician of one municipality alone."""

    local: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.local = User.objects.create(username="local", email="local@example.no", organisation=cls.r.here)
        Membership.objects.create(user=cls.local, role=Role.TECHNICIAN, organisation=cls.r.here)

    def local_client(self) -> Client:
        client = Client()
        client.force_login(self.local, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def take(self, raw: bytes) -> InboundMail:
        """Store and handle one mail."""
        row, _made = storing.store(raw)
        running.run()
        row.refresh_from_db()
        return row

    def stranger_s(self, subject: str = "Hei", **more: str) -> InboundMail:
        return self.take(letter("Ny Person <ny@privat.example>", subject, **more))

    def url(self, row: InboundMail, act: str = "") -> str:
        return f"{LIST}{row.pk}/" + (f"{act}/" if act else "")

    def held_of(self, organisation: Organisation | None, number: int = 1, **more: Any) -> list[InboundMail]:
        """Rows as intake leaves them, without the work of reading each."""
        given = {
            "reason": Reason.UNKNOWN_SENDER,
            "sender": "x@spam.example",
            "subject": "Tilbud",
            "raw": b"Subject: x\n\nx",
        }
        start = InboundMail.objects.count()
        return InboundMail.objects.bulk_create(
            InboundMail(
                key=f"k{start + n}",
                outcome=Outcome.HELD,
                organisation=organisation,
                handled_at=timezone.now(),
                **(given | more),
            )
            for n in range(number)
        )


class TestWhoSeesWhat(MailDeskCase):
    def test_by_municipality(self) -> None:
        (here,), (there,), (nobody,) = (
            self.held_of(self.r.unit),
            self.held_of(self.r.there),
            self.held_of(None),
        )
        for row, local in ((here, 200), (there, 404), (nobody, 404)):
            assert self.local_client().get(self.url(row)).status_code == local
            assert self.client_of("technician").get(self.url(row)).status_code == 200
        page = self.local_client().get(LIST)
        self.assertContains(page, "1 waits for somebody")

    def test_not_for_who_does_not_work_here(self) -> None:
        row = self.stranger_s()
        for account in ("own", "keyuser", "owner", "supplier_person", "commissioner", "board", "stranger"):
            for url in (LIST, self.url(row), self.url(row, "open"), f"{LIST}refused/", f"{LIST}forms/"):
                assert self.client_of(account).get(url).status_code == 403, (account, url)

    def test_a_foreign_mail_is_404_for_every_act(self) -> None:
        (row,) = self.held_of(self.r.there)
        client = self.local_client()
        for act in ("", "open", "attach", "answer", "refuse", "files/0"):
            assert client.get(self.url(row, act)).status_code == 404, act
        for act in ("open", "attach", "answer", "refuse", "aside", "again", "back"):
            assert client.post(self.url(row, act), {"title": "x"}).status_code == 404, act
        client.post(f"{LIST}bulk/", {"act": "aside", "pick": [row.pk], "sure": "1"})
        row.refresh_from_db()
        assert row.decided_at is None

    def test_anonymous_is_asked_to_sign_in(self) -> None:
        assert Client().get(LIST).status_code == 302


class TestList(MailDeskCase):
    def test_empty_one_and_forty(self) -> None:
        client = self.client_of("technician")
        self.assertContains(client.get(LIST), "No mail waits")
        self.held_of(self.r.here)
        self.assertContains(client.get(LIST), "1 waits for somebody")
        self.held_of(self.r.here, 39)
        page = client.get(LIST)
        self.assertContains(page, "40 wait for somebody")
        assert page.content.count(b'name="pick"') == 40

    def test_statements_do_not_grow(self) -> None:
        client = self.client_of("technician")
        self.held_of(self.r.here)
        client.get(LIST)
        one, _page = self.statements(client, LIST)
        self.held_of(self.r.there, 45)
        forty, _page = self.statements(client, LIST)
        assert one == forty <= 9

    def test_filters(self) -> None:
        self.held_of(self.r.here, subject="Granli")
        self.held_of(self.r.there, subject="Vassøy", reason=Reason.AUTOMATIC)
        self.held_of(None, subject="Ukjent", sender="a@b.example", decided_at=timezone.now())
        client = self.client_of("technician")
        for query, shown in (
            ("", {"Granli", "Vassøy"}),
            ("reason=automatic", {"Vassøy"}),
            (f"municipality={self.r.here.pk}", {"Granli"}),
            ("municipality=none&state=dealt", {"Ukjent"}),
            ("state=all&sender=A@b.example", {"Ukjent"}),
            ("state=all", {"Granli", "Vassøy", "Ukjent"}),
            ("q=vass", {"Vassøy"}),
            ("q=nothing-at-all", set()),
            ("state=taken", set()),
            ("reason=nonsense", set()),
        ):
            page = client.get(
                f"{LIST}?{query}", headers={"HX-Request": "true", "HX-Target": "list"}
            ).content.decode()
            assert {word for word in ("Granli", "Vassøy", "Ukjent") if f">{word}</a>" in page} == shown, query

    def test_counts_stand_in_the_side_list_by_reason(self) -> None:
        self.held_of(self.r.here, 3)
        self.held_of(self.r.here, 2, reason=Reason.NOT_AUTHENTICATED)
        page = self.client_of("technician").get("/desk/").content.decode()
        assert '<span>Held mail</span><span class="c">5</span>' in page
        assert '<span>Unknown sender</span><span class="c">3</span>' in page
        assert '<span>The sender is not proven</span><span class="c">2</span>' in page

    def test_hostile_mail_is_text(self) -> None:
        row = self.take(
            letter(f'"{"<script>alert(1)</script>"}" <x@y.example>', HOSTILE.replace('"', "'"), HOSTILE)
        )
        client = self.client_of("technician")
        for url in (LIST, self.url(row), self.url(row, "open")):
            self.assertNotContains(client.get(url), "<script>alert")


class TestOne(MailDeskCase):
    def test_every_reason_has_its_page(self) -> None:
        client = self.client_of("technician")
        for reason in Reason:
            (row,) = self.held_of(
                self.r.here, reason=reason, raw=b"" if reason == Reason.UNREADABLE else b"Subject: x\n\nx"
            )
            page = client.get(self.url(row))
            assert page.status_code == 200, reason
            self.assertContains(page, str(reason.label), msg_prefix=reason)

    def test_its_text_files_and_sender(self) -> None:
        row = self.stranger_s(Reply_To="Ny <privat@annet.example>")
        page = self.client_of("technician").get(self.url(row))
        for words in ("Den virker ikke.", "ny@privat.example", "privat@annet.example", "Open a ticket"):
            self.assertContains(page, words)

    def test_files_come_as_downloads_only(self) -> None:
        one = EmailMessage()
        one["From"], one["Subject"], one["Message-ID"] = "ny@privat.example", "Bilde", "<a@b>"
        one.set_content("Se vedlegg")
        one.add_attachment(b"<script>", maintype="text", subtype="html", filename="x.html")
        row = self.take(one.as_bytes())
        page = self.client_of("technician").get(self.url(row))
        self.assertContains(page, "x.html")
        answer = self.client_of("technician").get(self.url(row, "files/0"))
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Type"] == "application/octet-stream"
        assert self.client_of("technician").get(self.url(row, "files/9")).status_code == 404


class TestOpen(MailDeskCase):
    def post(self, row: InboundMail, account: str = "technician", **data: Any) -> Any:
        given = {"title": "Ny sak", "kind": "incident", "reporter": "", "name": "", "organisation": ""}
        return self.client_of(account).post(self.url(row, "open"), given | data)

    def test_for_somebody_found(self) -> None:
        row = self.stranger_s()
        self.post(row, reporter=str(self.r.own.pk))
        ticket = Ticket.objects.get()
        assert (ticket.reporter, ticket.organisation, ticket.description) == (
            self.r.own,
            self.r.unit,
            "Den virker ikke.",
        )
        row.refresh_from_db()
        assert (row.outcome, row.reason, row.ticket, row.decided_by) == (
            "opened",
            "",
            ticket,
            self.r.technician,
        )
        entry = Entry.objects.get(verb=Verb.OPEN)
        assert entry.actor == self.r.technician
        assert entry.data["taken_in_by"] == "Per Dahl"
        assert Message.objects.get().recipient == self.r.own

    def test_for_somebody_new(self) -> None:
        row = self.stranger_s()
        self.post(row, name="Ny Person", organisation=str(self.r.here.pk))
        person = User.objects.get(email="ny@privat.example")
        assert (str(person), person.organisation, person.has_usable_password()) == (
            "Ny Person",
            self.r.here,
            False,
        )
        assert Ticket.objects.get().reporter == person
        # from now on the person's mail is a report
        assert self.stranger_s("Igjen").outcome == "opened"

    def test_for_a_municipality_alone(self) -> None:
        row = self.stranger_s()
        self.post(row, organisation=str(self.r.there.pk))
        ticket = Ticket.objects.get()
        assert (ticket.reporter, ticket.organisation) == (None, self.r.there)
        assert "ny@privat.example" in ticket.description
        assert Entry.objects.get(verb=Verb.OPEN).actor_name == "Per Dahl"
        assert Message.objects.get().address == "ny@privat.example"

    def test_machines_and_doubtful_names_are_told_nothing(self) -> None:
        for reason in (
            Reason.AUTOMATIC,
            Reason.BOUNCE,
            Reason.NOT_AUTHENTICATED,
            Reason.UNREADABLE,
            Reason.OWN,
        ):
            (row,) = self.held_of(self.r.here, reason=reason, raw=b"From: x@y.example\n\nx")
            assert self.post(row, organisation=str(self.r.here.pk)).status_code == 302
        assert not Message.objects.exists()

    def test_refused_answers_lose_nothing(self) -> None:
        row = self.stranger_s()
        for data, sentence in (
            ({}, "Say which municipality it is for."),
            ({"title": "", "organisation": str(self.r.here.pk)}, "Say in a few words"),
            ({"reporter": str(self.r.own.pk), "name": "x"}, "not both"),
        ):
            answer = self.post(row, **data)
            assert answer.status_code == 422
            self.assertContains(answer, sentence, status_code=422)
        row.refresh_from_db()
        assert row.is_waiting
        assert not Ticket.objects.exists()

    def test_a_neighbour_s_domain_is_not_given_away(self) -> None:
        Organisation.objects.filter(pk=self.r.there.pk).update(email="post@vassoy.example")
        (row,) = self.held_of(self.r.here, sender="ny@vassoy.example")
        answer = self.post(row, name="Ny", organisation=str(self.r.here.pk))
        self.assertContains(answer, "register the person there", status_code=422)
        assert not User.objects.filter(email="ny@vassoy.example").exists()

    def test_a_local_technician_opens_for_the_own_municipality_only(self) -> None:
        (row,) = self.held_of(self.r.here)
        client = self.local_client()
        given = {"title": "x", "kind": "incident", "organisation": str(self.r.there.pk)}
        assert client.post(self.url(row, "open"), given).status_code == 422
        assert (
            client.post(self.url(row, "open"), given | {"reporter": str(self.r.stranger.pk)}).status_code
            == 422
        )
        assert (
            client.post(self.url(row, "open"), given | {"organisation": str(self.r.here.pk)}).status_code
            == 302
        )

    def test_the_second_of_two_people_is_told(self) -> None:
        row = self.stranger_s()
        self.post(row, organisation=str(self.r.here.pk))
        for account, act in (("lead", "open"), ("lead", "attach"), ("lead", "answer")):
            page = self.client_of(account).post(self.url(row, act), {}, follow=True)
            self.assertContains(page, "Per Dahl has dealt with this mail already")
        with pytest.raises(MoveRefused):
            deciding.answer(Actor.of(self.r.lead), row.pk, subject="x", body="y")
        assert Ticket.objects.count() == 1

    def test_its_files_come_along(self) -> None:
        one = EmailMessage()
        one["From"], one["Subject"] = "ny@privat.example", "Bilde"
        one.set_content("Se vedlegg")
        one.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="skjerm.png")
        row = self.take(one.as_bytes())
        self.post(row, reporter=str(self.r.own.pk))
        assert Attachment.objects.get().name == "skjerm.png"

    def test_what_cannot_be_read_is_opened_by_hand(self) -> None:
        (row,) = self.held_of(None, reason=Reason.UNREADABLE, raw=b"x")
        InboundMail.objects.filter(pk=row.pk).update(
            raw=b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 3000
        )
        answer = self.post(row, organisation=str(self.r.here.pk))
        assert answer.status_code == 302


class TestAttach(MailDeskCase):
    def setUp(self) -> None:
        self.row = self.ticket()
        self.mail = self.stranger_s("Sv: Profil")

    def post(self, **data: Any) -> Any:
        given = {"ticket": str(self.row.pk), "person": ""}
        return self.client_of("technician").post(self.url(self.mail, "attach"), given | data)

    def test_as_a_note(self) -> None:
        self.post()
        entry = Entry.objects.get(verb=Verb.NOTE)
        assert "ny@privat.example" in entry.body
        assert not entry.is_public
        self.mail.refresh_from_db()
        assert (self.mail.outcome, self.mail.ticket, self.mail.entry) == ("noted", self.row, entry)

    def test_as_somebody_s_word(self) -> None:
        resolve(self.actor("technician"), self.row, resolution="x")
        self.post(person=str(self.r.own.pk))
        entry = Entry.objects.get(verb=Verb.COMMENT)
        assert (entry.actor, entry.body, entry.is_public) == (self.r.own, "Den virker ikke.", True)
        page = self.client_of("lead").get(f"/desk/tickets/{self.row.reference}/")
        self.assertContains(page, "by mail, sender not checked, taken in by Per Dahl")
        self.row.refresh_from_db()
        assert self.row.is_open

    def test_not_as_the_word_of_somebody_else(self) -> None:
        answer = self.post(person=str(self.r.stranger.pk))
        self.assertContains(answer, "has no part in", status_code=422)
        self.mail.refresh_from_db()
        assert self.mail.is_waiting

    def test_a_foreign_ticket_is_none_of_the_choices(self) -> None:
        foreign = self.ticket(by="stranger", organisation=self.r.there, item=None)
        (mine,) = self.held_of(self.r.here)
        answer = self.local_client().post(self.url(mine, "attach"), {"ticket": str(foreign.pk)})
        assert answer.status_code == 422
        assert Entry.objects.filter(ticket=foreign).count() == 1

    def test_the_ticket_it_names_is_proposed(self) -> None:
        named = self.stranger_s(f"[{self.row.reference}] mer", Auto_Submitted="auto-replied")
        page = self.client_of("technician").get(self.url(named))
        self.assertContains(page, f"/desk/tickets/{self.row.reference}/")
        (mine,) = self.held_of(self.r.here, raw=f"Subject: [{self.row.reference}]\n\nx".encode())
        Ticket.objects.filter(pk=self.row.pk).update(organisation=self.r.there)
        self.assertNotContains(self.local_client().get(self.url(mine)), "Seems to be about")


class TestAnswer(MailDeskCase):
    def test_it_goes_out_by_the_outbox_and_is_kept(self) -> None:
        row = self.stranger_s(Message_ID="<first@privat.example>")
        client = self.client_of("technician")
        self.assertContains(client.get(self.url(row, "answer")), "ny@privat.example")
        client.post(self.url(row, "answer"), {"subject": "Re: Hei", "body": "Hvem er du?"})
        assert outbox.send_due() == 1
        sent = mailbox.outbox[-1]
        assert (sent.to, sent.subject, sent.body) == (["ny@privat.example"], "Re: Hei", "Hvem er du?")
        assert sent.message()["In-Reply-To"] == "<first@privat.example>"
        row.refresh_from_db()
        assert (row.outcome, row.is_waiting, row.decided_by) == ("held", False, self.r.technician)
        self.assertContains(client.get(self.url(row)), "Hvem er du?")

    def test_reply_to_is_where_it_goes(self) -> None:
        row = self.stranger_s(Reply_To="privat@annet.example")
        self.client_of("technician").post(self.url(row, "answer"), {"subject": "x", "body": "y"})
        assert Message.objects.get().address == "privat@annet.example"

    def test_a_bounce_of_it_is_shown(self) -> None:
        row = self.stranger_s()
        self.client_of("technician").post(self.url(row, "answer"), {"subject": "x", "body": "y"})
        sent = Message.objects.get()
        back = f"Content-Type: text/rfc822-headers\n\nMessage-ID: {sent.message_id}\n"
        self.take(report(FAILED, returned=back).encode())
        self.assertContains(self.client_of("technician").get(self.url(row)), "not delivered")

    def test_what_comes_back_finds_the_ticket_that_the_mail_became(self) -> None:
        row = self.stranger_s()
        self.client_of("technician").post(self.url(row, "answer"), {"subject": "x", "body": "Hvem er du?"})
        sent = Message.objects.get()
        again = self.stranger_s("Re: x", In_Reply_To=sent.message_id)
        assert again.reason == "unknown_sender"
        client = self.client_of("technician")
        client.post(self.url(row, "back"))
        client.post(
            self.url(row, "open"), {"title": "x", "kind": "incident", "organisation": str(self.r.here.pk)}
        )
        assert (
            self.stranger_s("Re: x", text="Det er meg", In_Reply_To=sent.message_id).ticket
            == Ticket.objects.get()
        )

    def test_machines_are_not_answered(self) -> None:
        row = self.stranger_s("Automatisk svar: x")
        client = self.client_of("technician")
        self.assertNotContains(client.get(self.url(row)), "/answer/")
        answer = client.post(self.url(row, "answer"), {"subject": "x", "body": "y"})
        assert answer.status_code == 422
        assert not Message.objects.exists()

    def test_nothing_breaks_out_of_the_subject(self) -> None:
        row = self.stranger_s()
        self.client_of("technician").post(
            self.url(row, "answer"), {"subject": "x\r\nBcc: all@example.no", "body": "y"}
        )
        outbox.send_due()
        assert mailbox.outbox[-1].bcc == []
        assert "\n" not in mailbox.outbox[-1].subject


class TestRefuse(MailDeskCase):
    def refuse(
        self, row: InboundMail, address: str, where: str = "region", client: Client | None = None
    ) -> Any:
        client = client or self.client_of("technician")
        return client.post(self.url(row, "refuse"), {"address": address, "where": where}, follow=True)

    def test_its_mail_is_kept_counted_and_asks_nobody(self) -> None:
        first, second = self.stranger_s(), self.stranger_s("Mer")
        page = self.refuse(first, "ny@privat.example")
        self.assertContains(page, "2 waiting mails are settled.")
        third = self.stranger_s("Enda mer")
        for row in (first, second, third):
            row.refresh_from_db()
            assert (row.outcome, row.reason, row.is_waiting) == ("held", "refused_sender", False)
        page = self.client_of("technician").get(f"{LIST}?state=dealt&reason=refused_sender")
        self.assertContains(page, "3 mails")

    def test_taken_back(self) -> None:
        row = self.stranger_s()
        self.refuse(row, "@privat.example")
        later = self.stranger_s("Mer")
        rule = RefusedSender.objects.get()
        client = self.client_of("technician")
        self.assertContains(client.get(f"{LIST}refused/"), "@privat.example")
        page = client.post(f"{LIST}refused/{rule.pk}/take-back/", follow=True)
        self.assertContains(page, "1 mail waits again.")
        later.refresh_from_db()
        assert later.is_waiting
        assert not RefusedSender.objects.exists()

    def test_rights(self) -> None:
        (row,) = self.held_of(self.r.here)
        client = self.local_client()
        assert self.refuse(row, "x@spam.example", "region", client).status_code == 422
        assert self.refuse(row, "x@spam.example", str(self.r.there.pk), client).status_code == 422
        assert self.refuse(row, "x@spam.example", str(self.r.here.pk), client).status_code == 200
        assert RefusedSender.objects.get().organisation == self.r.here
        regional = RefusedSender.objects.create(address="@y.example")
        assert client.post(f"{LIST}refused/{regional.pk}/take-back/").status_code == 404

    def test_own_people_are_not_shut_out(self) -> None:
        Organisation.objects.filter(pk=self.r.here.pk).update(email="post@granli.example")
        client = self.client_of("technician")
        for address in ("@granli.example", "@example.no", "@no", "nonsense", "@"):
            answer = client.post(f"{LIST}refused/new/", {"address": address, "where": "region"})
            assert answer.status_code == 422, address
        assert (
            client.post(f"{LIST}refused/new/", {"address": "X@Spam.example ", "where": "region"}).status_code
            == 302
        )
        assert RefusedSender.objects.get().address == "x@spam.example"


class TestAside(MailDeskCase):
    def test_aside_and_back(self) -> None:
        row = self.stranger_s()
        client = self.client_of("technician")
        client.post(self.url(row, "aside"))
        row.refresh_from_db()
        assert row.decided_by == self.r.technician
        self.assertContains(
            self.client_of("lead").post(self.url(row, "aside"), follow=True), "Per Dahl has dealt with"
        )
        client.post(self.url(row, "back"))
        row.refresh_from_db()
        assert row.is_waiting

    def test_what_is_on_a_ticket_does_not_come_back(self) -> None:
        row = self.take(letter("own@example.no"))
        page = self.client_of("technician").post(self.url(row, "back"), follow=True)
        self.assertContains(page, "stands on a ticket already")

    def test_get_does_nothing(self) -> None:
        row = self.stranger_s()
        for act in ("aside", "again", "back"):
            assert self.client_of("technician").get(self.url(row, act)).status_code == 405


class TestLetThrough(MailDeskCase):
    def test_too_many_are_let_through_by_a_person(self) -> None:
        for n in range(22):
            storing.store(letter("own@example.no", f"x{n}"))
        running.run()
        held = InboundMail.objects.filter(reason="too_many")
        assert held.count() == 2
        client = self.client_of("technician")
        client.post(self.url(held[0], "again"))
        client.post(f"{LIST}bulk/", {"act": "again", "pick": [held[0].pk], "sure": "1"})
        assert Ticket.objects.count() == 22

    def test_somebody_who_was_registered_since(self) -> None:
        row = self.stranger_s()
        self.assertContains(
            self.client_of("technician").post(self.url(row, "again"), follow=True), "It is still held"
        )
        row.refresh_from_db()
        assert row.is_waiting
        User.objects.create(username="ny", email="ny@privat.example", organisation=self.r.here)
        self.client_of("technician").post(self.url(row, "again"))
        row.refresh_from_db()
        assert (row.outcome, row.decided_by) == ("opened", self.r.technician)

    def test_nobody_lets_a_forged_name_through(self) -> None:
        row = self.take(letter("technician@example.no"))
        self.client_of("lead").post(self.url(row, "again"))
        row.refresh_from_db()
        assert (row.reason, row.is_waiting) == ("not_authenticated", True)


class TestBulk(MailDeskCase):
    def post(self, client: Client | None = None, **data: Any) -> Any:
        return (client or self.client_of("technician")).post(f"{LIST}bulk/", data, follow=True)

    def test_it_asks_first(self) -> None:
        rows = self.held_of(self.r.here, 3)
        page = self.post(act="aside", pick=[row.pk for row in rows])
        self.assertContains(page, "Put these mails aside?")
        self.assertContains(page, "3 mails from 1 addresses")
        assert InboundMail.objects.filter(decided_at=None).count() == 3

    def test_two_hundred_at_once_and_all_that_fit(self) -> None:
        rows = self.held_of(None, 220)
        self.held_of(self.r.here, 2, reason=Reason.AUTOMATIC)
        picked = [row.pk for row in rows[:200]]
        query = "reason=unknown_sender"
        self.assertContains(self.post(act="aside", pick=picked, query=query), "All 220 that fit")
        self.assertContains(
            self.post(act="aside", pick=picked, query=query, all="1", sure="1"), "220 mails are put aside."
        )
        assert InboundMail.objects.filter(decided_at=None).count() == 2

    def test_refusing_the_senders(self) -> None:
        rows = [
            *self.held_of(None, 3, sender="a@spam.example"),
            *self.held_of(None, 1, sender="b@spam.example"),
        ]
        rows += self.held_of(self.r.here, sender="own@example.no", reason=Reason.NOT_AUTHENTICATED)
        page = self.post(act="refuse", pick=[row.pk for row in rows], sure="1")
        self.assertContains(page, "2 senders are refused.")
        self.assertContains(page, "own@example.no belongs to somebody")
        assert InboundMail.objects.filter(decided_at=None).count() == 1

    def test_nothing_chosen_nonsense_and_foreign(self) -> None:
        (row,) = self.held_of(self.r.there)
        for data in (
            {},
            {"act": "aside"},
            {"act": "nonsense", "pick": [row.pk]},
            {"act": "aside", "pick": ["x", "9" * 30]},
        ):
            self.assertContains(self.post(**data), "Choose mails first.")
        self.assertContains(
            self.post(self.local_client(), act="aside", pick=[row.pk], sure="1"), "Choose mails first."
        )
        self.assertContains(
            self.post(self.local_client(), act="aside", all="1", sure="1"), "Choose mails first."
        )


class TestForms(MailDeskCase):
    def test_an_administrator_names_one(self) -> None:
        client = self.client_of("admin")
        given = {"address": "Skjema@granli.example", "organisation": self.r.here.pk, "note": "x"}
        assert client.post(f"{LIST}forms/new/", given).status_code == 302
        assert FormAddress.objects.get().address == "skjema@granli.example"
        self.assertContains(client.get(f"{LIST}forms/"), "skjema@granli.example")

    def test_others_read_only(self) -> None:
        client = self.client_of("technician")
        assert client.get(f"{LIST}forms/").status_code == 200
        assert client.post(f"{LIST}forms/new/", {"address": "a@b.example"}).status_code == 403

    def test_a_neighbour_s_form_is_not_named(self) -> None:
        Organisation.objects.filter(pk=self.r.there.pk).update(email="post@vassoy.example")
        Membership.objects.create(user=self.local, role=Role.ADMIN, organisation=self.r.here)
        given = {"address": "skjema@vassoy.example", "organisation": self.r.here.pk}
        assert self.local_client().post(f"{LIST}forms/new/", given).status_code == 422


class TestTwoAtOnce(TransactionTestCase):
    """Really at the same time: one opens it, the other is told."""

    def test_one_ticket(self) -> None:
        r = build()
        row, _made = storing.store(letter("ny@privat.example"))
        running.run()
        gate, told = threading.Barrier(2), []

        def work(person: User) -> None:
            gate.wait()
            try:
                deciding.open_from(
                    Actor.of(person), row.pk, title="x", kind="incident", reporter=r.own, organisation=r.unit
                )
            except MoveRefused as error:
                told.append(str(error.sentence))
            connection.close()

        people = [threading.Thread(target=work, args=(who,)) for who in (r.technician, r.lead)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        assert Ticket.objects.count() == 1
        assert len(told) == 1
        assert "has dealt with this mail already" in told[0]
