"""Changes: planned with what they touch, decided by those who may, shown in a calendar that tells which must not meet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from monitoring.models import MaintenanceWindow
from servicedesk import changecalendar
from servicedesk.models import ChangeOutcome, State, Ticket
from tests.servicedesk.pages import HOSTILE, DeskCase

CHANGES = "/desk/changes/"
NEW = CHANGES + "new/"


def local(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


class ChangeCase(DeskCase):
    def setUp(self) -> None:
        self.start = timezone.now().replace(second=0, microsecond=0) + timedelta(days=3)
        self.plan: dict[str, Any] = {
            "title": "Bytte svitsj", "type": "normal", "reason": "gammel", "plan": "skru", "backout_plan": "tilbake",
            "probability": "2", "consequence": "3", "planned_start": local(self.start),
            "planned_end": local(self.start + timedelta(hours=2)), "items": [self.r.switch.pk],
        }  # fmt: skip

    def send(self, who: str = "technician", **given: Any) -> Any:
        values = {name: value for name, value in (self.plan | given).items() if value is not None}
        return self.client_of(who).post(NEW, values)

    def made(self, **given: Any) -> Ticket:
        answer = self.send(**given)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        return Ticket.objects.order_by("-pk")[0]

    def do(self, row: Ticket, verb: str, who: str, **data: Any) -> Any:
        return self.client_of(who).post(f"/desk/tickets/{row.reference}/do/{verb}/", data)


class TestWhoSees(ChangeCase):
    def test_reporters_and_key_users_have_no_changes(self) -> None:
        for who in ("own", "stranger", "keyuser", "board"):
            for path in ("", "calendar/", "new/"):
                self.assertEqual(self.client_of(who).get(CHANGES + path).status_code, 403, (who, path))

    def test_a_commissioner_reads_and_decides_but_plans_nothing(self) -> None:
        row = self.made()
        self.assertContains(self.client_of("commissioner").get(CHANGES), row.reference)
        self.assertEqual(self.client_of("commissioner").get(NEW).status_code, 403)
        self.assertEqual(
            self.client_of("commissioner").get(f"/desk/tickets/{row.reference}/").status_code, 200
        )
        elsewhere = self.made(organisation=self.r.there.pk, items=[self.r.system_there.pk])
        self.assertNotContains(self.client_of("commissioner").get(CHANGES), elsewhere.reference)
        url = f"/desk/tickets/{elsewhere.reference}/"
        self.assertEqual(self.client_of("commissioner").get(url).status_code, 404)


class TestPlanning(ChangeCase):
    def test_what_it_would_touch_is_shown_before_it_is_sent(self) -> None:
        client = self.client_of("technician")
        self.assertContains(client.get(NEW), "Add the systems or items")
        part = client.post(
            NEW, {"add": "1", "item": self.r.switch.pk}, headers={"HX-Request": "true", "HX-Target": "touch"}
        )
        for words in ("sw-granli-1", "E-mail", "Payroll", "Granli kommune"):
            self.assertContains(part, words)
        self.assertNotContains(part, "<html")
        whole = client.post(NEW, {"add": "1", "item": self.r.switch.pk, "title": "halvferdig"})
        self.assertContains(whole, "halvferdig")
        self.assertContains(whole, f'name="items" value="{self.r.switch.pk}"')
        self.assertNotContains(whole, "ds-error-summary")
        self.assertFalse(Ticket.objects.exists())

    def test_a_draft_with_several_items(self) -> None:
        row = self.made(items=[self.r.switch.pk], item=self.r.printer.pk)
        names = set(row.ticket_items.filter(role="changed").values_list("item__name", flat=True))
        self.assertEqual(names, {"sw-granli-1", "prn-granli-1"})
        self.assertEqual((row.state, row.change.risk_factor), (State.DRAFT, 6))
        page = self.client_of("technician").get(f"/desk/tickets/{row.reference}/")
        for words in ("6 · medium", "E-mail", "Ask for approval", "tilbake"):
            self.assertContains(page, words)

    def test_what_is_wrong_is_said_and_kept(self) -> None:
        early = local(self.start - timedelta(hours=1))
        self.assertContains(self.send(planned_end=early), "must end after it begins", status_code=422)
        self.assertContains(self.send(planned_end=""), "needs both ends", status_code=422)
        self.assertContains(self.send(title="", plan="planen min"), "planen min", status_code=422)
        self.assertEqual(self.send(probability="9").status_code, 422)
        self.assertEqual(self.send(type="yolo").status_code, 422)
        self.assertFalse(Ticket.objects.exists())

    def test_hostile_text_and_foreign_items(self) -> None:
        self.role(self.r.keyuser, "technician", self.r.here)
        answer = self.send(
            "keyuser", items=[self.r.system_there.pk, "x", "\x00"], organisation=self.r.here.pk
        )
        self.assertEqual(answer.status_code, 302)
        self.assertFalse(Ticket.objects.get().ticket_items.exists())
        row = self.made(title=HOSTILE, reason=HOSTILE, plan=HOSTILE, mitigation=HOSTILE)
        for url in (
            CHANGES,
            CHANGES + "calendar/",
            f"/desk/tickets/{row.reference}/",
            f"{CHANGES}{row.reference}/edit/",
        ):
            self.assertNotContains(self.client_of("technician").get(url), "<script>alert")

    def test_the_plan_of_a_draft_can_be_changed_that_of_others_not(self) -> None:
        row = self.made()
        url = f"{CHANGES}{row.reference}/edit/"
        given = self.plan | {"plan": "ny fremgangsmåte", "probability": "4", "mitigation": "prøve først"}
        self.assertRedirects(self.client_of("lead").post(url, given), f"/desk/tickets/{row.reference}/")
        row.change.refresh_from_db()
        self.assertEqual((row.change.plan, row.change.risk_factor), ("ny fremgangsmåte", 12))
        self.assertEqual(self.client_of("commissioner").post(url, given).status_code, 403)
        self.do(row, "submit", "technician")
        answer = self.client_of("lead").post(url, given | {"plan": "for sent"}, follow=True)
        row.change.refresh_from_db()
        self.assertNotEqual(row.change.plan, "for sent")
        self.assertContains(answer, "Awaiting approval")


class TestTheWholeWay(ChangeCase):
    def test_from_draft_to_review(self) -> None:
        row = self.made()
        self.assertEqual(self.do(row, "submit", "technician").status_code, 302)
        page = self.client_of("changemanager").get(f"/desk/tickets/{row.reference}/")
        self.assertContains(page, "/do/approve/")
        self.assertNotContains(
            self.client_of("technician").get(f"/desk/tickets/{row.reference}/"), "/do/approve/"
        )
        self.assertEqual(self.do(row, "approve", "technician").status_code, 403)
        self.assertContains(self.do(row, "reject", "changemanager", body=""), "Write a text", status_code=422)
        self.assertEqual(self.do(row, "approve", "changemanager", body="greit").status_code, 302)
        row.refresh_from_db()
        self.assertEqual(row.state, State.SCHEDULED)
        window = MaintenanceWindow.objects.get(source_key=row.reference)
        self.assertEqual(window.starts_at, self.start)
        self.do(row, "start", "technician")
        self.assertContains(self.do(row, "finish", "technician"), "Say how it went", status_code=422)
        self.do(row, "finish", "technician", outcome=ChangeOutcome.BACKED_OUT, body="Feil modul")
        self.assertEqual(self.do(row, "close", "technician", body="Bestill rett modul").status_code, 302)
        row.refresh_from_db()
        self.assertEqual((row.state, row.change.outcome), (State.CLOSED, ChangeOutcome.BACKED_OUT))
        page = self.client_of("lead").get(f"/desk/tickets/{row.reference}/")
        for words in ("Backed out", "greit", "Bestill rett modul"):
            self.assertContains(page, words)

    def test_an_unfinished_draft_is_not_sent(self) -> None:
        row = self.made(backout_plan="", planned_start="", planned_end="")
        answer = self.do(row, "submit", "technician")
        self.assertEqual(answer.status_code, 422)
        self.assertContains(answer, "Set when the work begins", status_code=422)

    def test_nobody_approves_an_own_change(self) -> None:
        row = self.made()
        self.role(self.r.technician, "changemanager", self.r.region)
        self.do(row, "submit", "technician")
        self.assertContains(self.do(row, "approve", "technician"), "cannot approve your own", status_code=422)


class TestCalendar(ChangeCase):
    def page(self, query: str = "") -> str:
        return self.client_of("technician").get(f"{CHANGES}calendar/{query}").content.decode()

    def test_windows_by_day_and_quiet_weeks(self) -> None:
        self.assertIn("Four quiet weeks", self.page())
        row = self.made()
        self.assertIn(row.reference, self.page())
        self.assertIn("Nothing is planned on the other 27 days", self.page())
        self.assertNotIn(row.reference, self.page("?from=2031-01-01"))
        for nonsense in ("?from=x", "?from=9999-99-99", "?from=0001-01-01", "?from=\x00"):
            self.assertIn(row.reference, self.page(nonsense))

    def test_the_same_item_at_the_same_time_is_told(self) -> None:
        first, second = self.made(), self.made(title="Oppgradere")
        page = self.page()
        self.assertIn("both change sw-granli-1", page)
        self.assertEqual(
            page.count(f"{second.reference}</span>") + page.count(f"{first.reference}</span>"), 4
        )

    def test_one_that_rests_on_the_other_is_told_others_not(self) -> None:
        self.made()
        self.made(title="server", items=[self.r.server.pk])
        self.assertIn("srv-granli-1 and sw-granli-1 rest on each other", self.page())
        Ticket.objects.all().update(state=State.CLOSED)
        later = self.start + timedelta(hours=5)
        self.made(title="svitsj")
        self.made(
            title="server", items=[self.r.server.pk], planned_start=local(later),
            planned_end=local(later + timedelta(hours=1)),
        )  # fmt: skip
        self.made(title="nabo", items=[self.r.system_there.pk])
        page = self.page()
        self.assertNotIn("rest on each other", page)
        self.assertNotIn("both change", page)

    def test_windows_that_touch_do_not_meet(self) -> None:
        self.made()
        end = self.start + timedelta(hours=2)
        self.made(planned_start=local(end), planned_end=local(end + timedelta(hours=1)))
        self.assertNotIn("both change", self.page())

    def test_a_window_over_midnight_stands_on_both_days(self) -> None:
        midnight = timezone.localtime(self.start).replace(hour=22, minute=0)
        row = self.made(planned_start=local(midnight), planned_end=local(midnight + timedelta(hours=5)))
        self.assertEqual(self.page().count(f"/desk/tickets/{row.reference}/"), 2)

    def test_statements_do_not_grow(self) -> None:
        client = self.client_of("technician")
        self.made()
        client.get(CHANGES + "calendar/")
        one, _answer = self.statements(client, CHANGES + "calendar/")
        for number in range(10):
            self.made(title=f"nr {number}")
        many, _answer = self.statements(client, CHANGES + "calendar/")
        self.assertEqual(one, many)
        self.assertLessEqual(many, 8)

    def test_a_circle_of_relations_ends(self) -> None:
        below = changecalendar.ground([self.r.system.pk, self.r.switch.pk])
        self.assertIn(self.r.switch.pk, below[self.r.system.pk])
        self.assertEqual(below[self.r.switch.pk], set())


class TestList(ChangeCase):
    def test_soonest_first_and_filters(self) -> None:
        later = self.start + timedelta(days=3)
        second = self.made(
            title="siden", planned_start=local(later), planned_end=local(later + timedelta(hours=1))
        )
        first = self.made(title="først")
        undated = self.made(title="uten", planned_start="", planned_end="")
        page = self.client_of("technician").get(CHANGES).content.decode()
        places = [page.index(f'"/desk/tickets/{row.reference}/"') for row in (first, second, undated)]
        self.assertEqual(places, sorted(places))
        self.assertNotContains(self.client_of("technician").get(CHANGES + "?type=emergency"), first.reference)
        self.assertContains(self.client_of("technician").get(CHANGES + "?state=draft"), first.reference)
        self.assertContains(self.client_of("technician").get(CHANGES + "?state=approval"), "Nothing fits")

    def test_statements_do_not_grow(self) -> None:
        client = self.client_of("technician")
        self.made()
        client.get(CHANGES)
        one, _answer = self.statements(client, CHANGES)
        for number in range(10):
            self.made(title=f"nr {number}")
        many, _answer = self.statements(client, CHANGES)
        self.assertEqual(one, many)
        self.assertLessEqual(many, 9)
