"""A ticket taken by phone: answers completed, duplicates told, foreign choices refused, and what a press costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from servicedesk.models import Channel, Kind, Level, Priority, Ticket
from tests.servicedesk.pages import HOSTILE, DeskCase, data_statements

CREATE = "/desk/tickets/new/"


class CreateCase(DeskCase):
    def send(self, who: str = "technician", **given: Any) -> Any:
        values = {
            "kind": "incident",
            "title": "Får ikke skrevet ut",
            "urgency": "2",
            "channel": "phone",
        } | given
        return self.client_of(who).post(
            CREATE, {name: value for name, value in values.items() if value is not None}
        )

    def made(self) -> Ticket:
        return Ticket.objects.order_by("-pk")[0]


class TestCreate(CreateCase):
    def test_only_staff(self) -> None:
        for who in ("own", "stranger", "keyuser", "supplier_person", "board"):
            self.assertEqual(self.client_of(who).get(CREATE).status_code, 403, who)
            self.assertEqual(self.send(who).status_code, 403, who)
        self.assertFalse(Ticket.objects.exists())

    def test_a_phone_call(self) -> None:
        answer = self.send(reporter=self.r.own.pk, item=self.r.system.pk, description="Skriver 2")
        row = self.made()
        self.assertRedirects(answer, f"/desk/tickets/{row.reference}/")
        self.assertEqual((row.reporter, row.item, row.channel), (self.r.own, self.r.system, Channel.PHONE))
        self.assertEqual(row.organisation, self.r.unit)
        self.assertEqual(row.team, self.r.operations)
        self.assertTrue(row.messages.filter(recipient=self.r.own).exists())

    def test_the_time_of_the_call_counts(self) -> None:
        at = timezone.localtime() - timedelta(hours=2)
        self.send(reporter=self.r.own.pk, opened_at=at.strftime("%Y-%m-%dT%H:%M"))
        self.assertLess(abs((self.made().opened_at - at).total_seconds()), 61)
        later = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        self.assertContains(self.send(opened_at=later), "lies in the future", status_code=422)

    def test_who_is_in_no_register_is_named_in_the_text(self) -> None:
        answer = self.send(caller="Gunvor Lie, 99 88 77 66")
        self.assertContains(answer, "Say which municipality", status_code=422)
        self.send(caller="Gunvor Lie, 99 88 77 66", organisation=self.r.here.pk)
        row = self.made()
        self.assertIn("Gunvor Lie, 99 88 77 66", row.description)
        self.assertEqual(row.organisation, self.r.here)

    def test_what_is_wrong_is_said_and_the_rest_kept(self) -> None:
        answer = self.send(title="", description="teksten min", kind="change")
        self.assertContains(answer, "teksten min", status_code=422)
        self.assertContains(answer, "Say in a few words", status_code=422)
        long = self.send(description="x" * 2_000_000)
        self.assertIn(long.status_code, (400, 422))
        self.assertFalse(Ticket.objects.exists())

    def test_foreign_people_items_and_municipalities_are_no_choices(self) -> None:
        self.role(self.r.keyuser, "technician", self.r.here)
        for name, value in (
            ("reporter", self.r.stranger.pk),
            ("item", self.r.system_there.pk),
            ("organisation", self.r.there.pk),
            ("item", "1 or 1=1"),
        ):
            self.assertEqual(self.send("keyuser", **{name: value}).status_code, 422, name)
        self.assertFalse(Ticket.objects.exists())

    def test_hostile_text_stays_text(self) -> None:
        answer = self.send(title=HOSTILE, description=HOSTILE, caller=HOSTILE, kind="x", impact=HOSTILE)
        self.assertNotContains(answer, "<script>alert", status_code=422)
        self.send(title=HOSTILE, description=HOSTILE, files=SimpleUploadedFile("<b>.txt", b"x"))
        page = self.client_of("technician").get(f"/desk/tickets/{self.made().reference}/")
        self.assertNotContains(page, "<script>alert")

    def test_a_link_brings_answers_along(self) -> None:
        page = self.client_of("technician").get(f"{CREATE}?item={self.r.system.pk}&title=Hei")
        self.assertContains(page, 'value="Hei"')
        self.assertContains(page, f'<option value="{self.r.system.pk}" selected>Profil')

    def test_no_list_of_people_or_items(self) -> None:
        page = self.client_of("technician").get(CREATE)
        self.assertNotContains(page, self.r.colleague.display_name)
        self.assertNotContains(page, self.r.printer.name)

    def test_fifteen_statements(self) -> None:
        client = self.client_of("technician")
        values = {
            "kind": "incident", "title": "Får ikke skrevet ut", "urgency": "2", "channel": "phone",
            "reporter": self.r.own.pk,
        }  # fmt: skip
        # What an item reaches is worked out from the register: four statements, however much that is.
        for given, limit in ((values, 15), (values | {"item": self.r.switch.pk}, 20)):
            client.post(CREATE, given)
            with CaptureQueriesContext(connection) as seen:
                answer = client.post(CREATE, given)
            self.assertEqual(answer.status_code, 302)
            found = data_statements(seen)
            self.assertLessEqual(len(found), limit, "\n".join(sql[:150] for sql in found))


class TestPreview(CreateCase):
    def preview(self, who: str = "technician", **given: Any) -> Any:
        return self.client_of(who).get(f"{CREATE}preview/", given)

    def test_priority_follows_the_answers(self) -> None:
        self.assertContains(self.preview(), "Normal")
        self.assertContains(self.preview(impact="1", urgency="1"), "Critical")
        for nonsense in ({"impact": "9"}, {"item": "x"}, {"item": "9" * 30}, {"urgency": HOSTILE}):
            self.assertEqual(self.preview(**nonsense).status_code, 200, nonsense)

    def test_the_ticket_gets_the_priority_that_was_shown(self) -> None:
        page = self.preview(item=self.r.server.pk, urgency="1").content.decode()
        self.send(item=self.r.server.pk, urgency="1", reporter=self.r.own.pk)
        with override("en"):
            self.assertIn(str(Priority(self.made().priority).label), page)
        self.assertIn("Payroll", page)

    def test_known_faults_and_open_tickets_are_told(self) -> None:
        mine = self.ticket("Profil henger")
        open_ticket(
            MONITORING, title="srv-granli-1 does not answer", channel="monitoring", item=self.r.server,
            organisation=self.r.here, kind=Kind.INCIDENT, impact=Level.HIGH,
        )  # fmt: skip
        page = self.preview(item=self.r.system.pk)
        self.assertContains(page, mine.reference)
        self.assertContains(page, "Known fault")

    def test_only_staff(self) -> None:
        self.assertEqual(self.preview("own").status_code, 403)

    def test_foreign_items_tell_nothing(self) -> None:
        self.ticket("hemmelig", by="stranger", organisation=self.r.there, item=self.r.system_there)
        self.role(self.r.keyuser, "technician", self.r.here)
        self.assertNotContains(self.preview("keyuser", item=self.r.system_there.pk), "hemmelig")
