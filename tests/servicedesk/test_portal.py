"""The portal: report in three answers, follow, answer, close; strangers see nothing; hostile text stays text."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cmdb.models import Item
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING, Actor
from servicedesk.models import Attachment, Message, State, Ticket
from tests.cases import RegionCase

REPORT = "/portal/report/"


class PortalCase(RegionCase):
    def report(self, who: str = "own", **given: object) -> tuple[Client, object]:
        client = self.client_of(who)
        values = {"what": "Profil henger når jeg lagrer", "system": "other", "badness": "me"} | given
        return client, client.post(REPORT, {k: v for k, v in values.items() if v is not None})


class TestReport(PortalCase):
    def test_three_answers_make_a_ticket_with_a_reference_and_a_letter(self) -> None:
        client, answer = self.report()
        ticket = Ticket.objects.get(reporter=self.r.own)
        self.assertRedirects(answer, reverse("portal:sent", args=[ticket.reference]))  # type: ignore[arg-type]
        self.assertContains(client.get(f"/portal/cases/{ticket.reference}/sent/"), ticket.reference)
        self.assertEqual(Message.objects.filter(ticket=ticket, recipient=self.r.own).count(), 1)

    def test_how_bad_it_is_sets_the_urgency(self) -> None:
        self.report(badness="slow", what="litt tregt")
        self.report(badness="all", what="alt er nede")
        slow, bad = Ticket.objects.filter(reporter=self.r.own).order_by("pk")
        self.assertGreater(slow.priority, bad.priority)

    def test_what_is_missing_is_said_and_what_was_typed_is_kept(self) -> None:
        _client, answer = self.report(system="", badness="", what="teksten min")
        self.assertEqual(answer.status_code, 422)  # type: ignore[attr-defined]
        self.assertContains(answer, "teksten min", status_code=422)  # type: ignore[arg-type]
        self.assertFalse(Ticket.objects.filter(reporter=self.r.own).exists())

    def test_two_megabytes_are_refused_with_a_sentence(self) -> None:
        _client, answer = self.report(what="x" * 2_000_000)
        self.assertIn(answer.status_code, (400, 422))  # type: ignore[attr-defined]
        self.assertFalse(Ticket.objects.filter(reporter=self.r.own).exists())

    def test_hostile_html_is_shown_as_text(self) -> None:
        client, _answer = self.report(what='<script>alert(1)</script><img src=x onerror="x()">')
        ticket = Ticket.objects.get(reporter=self.r.own)
        page = client.get(f"/portal/cases/{ticket.reference}/").content.decode()
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<img src=x", page)
        self.assertIn("&lt;script&gt;", page)

    def test_a_foreign_system_can_not_be_named(self) -> None:
        _client, answer = self.report(system=str(self.r.system_there.pk))
        self.assertEqual(answer.status_code, 422)  # type: ignore[attr-defined]

    def test_own_systems_come_first(self) -> None:
        Item.objects.filter(pk=self.r.system.pk).update(user=self.r.own)
        page = self.client_of("own").get(REPORT).content.decode()
        self.assertLess(page.index("<optgroup"), page.index(f'value="{self.r.system.pk}"'))

    def test_files_are_kept_and_given_only_to_those_who_see_the_ticket(self) -> None:
        self.report(files=SimpleUploadedFile("../../skjerm.html", b"<script>1</script>"))
        row = Attachment.objects.get()
        self.assertEqual(row.name, "skjerm.html")
        url = reverse("attachment", args=[row.ticket.reference, row.pk])
        answer = self.client_of("own").get(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer["Content-Disposition"])
        self.assertIn("sandbox", answer["Content-Security-Policy"])
        self.assertEqual(self.client_of("stranger").get(url).status_code, 404)
        self.assertEqual(self.client_of("colleague").get(url).status_code, 404)


class TestFollow(PortalCase):
    def setUp(self) -> None:
        self.report()
        self.ticket = Ticket.objects.get(reporter=self.r.own)
        self.url = f"/portal/cases/{self.ticket.reference}/"

    def test_own_sees_it_colleague_and_stranger_do_not(self) -> None:
        self.assertEqual(self.client_of("own").get(self.url).status_code, 200)
        self.assertEqual(self.client_of("colleague").get(self.url).status_code, 404)
        self.assertEqual(self.client_of("stranger").get(self.url).status_code, 404)
        self.assertEqual(self.client_of("stranger").post(self.url, {"body": "x"}).status_code, 404)

    def test_internal_notes_are_never_shown(self) -> None:
        from servicedesk.actions.note import note

        note(Actor.of(self.r.technician), self.ticket, body="bare for oss")
        for who in ("own", "technician"):
            self.assertNotContains(self.client_of(who).get(self.url), "bare for oss")

    def test_an_answer_ends_the_wait(self) -> None:
        from servicedesk.actions.pend import pend

        pend(Actor.of(self.r.technician), self.ticket, reason="customer")
        self.client_of("own").post(self.url, {"body": "her er svaret"})
        self.ticket.refresh_from_db()
        self.assertNotEqual(self.ticket.state, State.PENDING)

    def test_closing_and_reopening_are_the_reporters(self) -> None:
        from servicedesk.actions.resolve import resolve

        resolve(Actor.of(self.r.technician), self.ticket, resolution="Startet på nytt")
        self.client_of("own").post(self.url + "reopen/")
        self.ticket.refresh_from_db()
        self.assertTrue(self.ticket.is_open)
        self.assertEqual(self.client_of("stranger").post(self.url + "close/").status_code, 404)


class TestKnownOutage(PortalCase):
    def setUp(self) -> None:
        self.outage = open_ticket(
            MONITORING, title="switch does not answer", channel="monitoring", item=self.r.server,
            organisation=self.r.here,
        )  # fmt: skip

    def test_it_is_seen_before_writing_without_naming_equipment(self) -> None:
        for url in ("/portal/", REPORT, f"/portal/report/known/?system={self.r.system.pk}"):
            page = self.client_of("own").get(url)
            self.assertContains(page, str(self.r.mail.name))
            self.assertNotContains(page, "switch does not answer")

    def test_the_same_for_me_is_one_case_however_often(self) -> None:
        client = self.client_of("own")
        for _each in range(2):
            client.post(f"/portal/same/{self.outage.pk}/")
        mine = Ticket.objects.get(reporter=self.r.own)
        self.assertEqual(mine.parent_id, self.outage.pk)

    def test_a_private_fault_is_nobodys_news(self) -> None:
        self.report(system=str(self.r.system.pk), what="hemmelig")
        ticket = Ticket.objects.get(reporter=self.r.own)
        client = self.client_of("colleague")
        self.assertNotContains(client.get("/portal/"), f"/portal/same/{ticket.pk}/")
        client.post(f"/portal/same/{ticket.pk}/")
        self.assertFalse(Ticket.objects.filter(reporter=self.r.colleague).exists())

    def test_the_status_page_is_public_and_says_services_only(self) -> None:
        page = Client().get("/status/")
        self.assertContains(page, str(self.r.mail.name))
        self.assertNotContains(page, self.r.server.name)


class TestPreferences(PortalCase):
    def test_they_are_kept_and_lead_nowhere_foreign(self) -> None:
        client = self.client_of("own")
        answer = client.post("/preferences/", {"language": "nn", "next": "https://elsewhere.example/"})
        self.assertEqual(answer["Location"], "/")
        self.r.own.refresh_from_db()
        self.assertEqual(self.r.own.language, "nn")

    def test_old_cases_page_by_page(self) -> None:
        self.report()
        first = Ticket.objects.get(reporter=self.r.own)
        self.assertContains(self.client_of("own").get("/portal/cases/"), first.reference)
        self.assertEqual(self.client_of("own").get("/portal/cases/?page=99999999999").status_code, 200)
        self.assertGreater(first.opened_at + timedelta(days=1), first.opened_at)
