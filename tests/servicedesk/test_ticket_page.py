"""A ticket's page and its verbs: who sees what, what is refused and how, two technicians at once, what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from servicedesk.actions.assign import take
from servicedesk.actions.note import note
from servicedesk.actions.pend import pend
from servicedesk.actions.prioritise import prioritise
from servicedesk.actions.reply import reply
from servicedesk.actions.resolve import resolve
from servicedesk.models import Kind, PendReason, Priority, State, Ticket, TicketLink, Verb
from servicedesk.workflow import available
from sla.models import Agreement
from tests.servicedesk.pages import HOSTILE, DeskCase


class PageCase(DeskCase):
    def setUp(self) -> None:
        self.row = self.ticket()
        self.url = f"/desk/tickets/{self.row.reference}/"

    def do(self, verb: str, who: str = "technician", **data: Any) -> Any:
        return self.client_of(who).post(f"{self.url}do/{verb}/", data)

    def write(self, who: str = "technician", **data: Any) -> Any:
        return self.client_of(who).post(f"{self.url}write/", data)

    def fresh_ticket(self) -> Ticket:
        return Ticket.objects.get(pk=self.row.pk)


class TestWhoSees(PageCase):
    def test_strangers_get_404_whatever_they_try(self) -> None:
        client = self.client_of("stranger")
        for path in ("", "clocks/", "affected/", "beside/", "do/resolve/", "do/edit/"):
            self.assertIn(client.get(self.url + path).status_code, (403, 404), path)
        self.assertEqual(client.get(self.url).status_code, 404)
        self.role(self.r.stranger, "technician", self.r.there)
        client = self.client_of("stranger")
        for path in ("", "clocks/", "affected/", "beside/", "do/resolve/", "do/edit/", "do/nothing/"):
            self.assertEqual(client.get(self.url + path).status_code, 404, path)
        for path in ("do/take/", "do/resolve/", "write/"):
            answer = client.post(self.url + path, {"body": "x", "resolution": "x"})
            self.assertEqual(answer.status_code, 404, path)
        self.assertEqual(self.fresh_ticket().state, self.row.state)

    def test_who_reported_it_reads_it_in_the_portal_colleagues_nowhere(self) -> None:
        answer = self.client_of("own").get(self.url)
        self.assertRedirects(answer, f"/portal/cases/{self.row.reference}/")
        self.assertEqual(self.client_of("colleague").get(self.url).status_code, 404)

    def test_only_those_who_work_on_it_read_notes(self) -> None:
        note(self.actor("technician"), self.row, body="bare for oss")
        self.assertContains(self.client_of("lead").get(self.url), "bare for oss")
        for who in ("keyuser", "owner"):
            page = self.client_of(who).get(self.url)
            self.assertEqual(page.status_code, 200, who)
            self.assertNotContains(page, "bare for oss")
            self.assertNotContains(page, 'value="note"')


class TestButtons(PageCase):
    def test_exactly_the_verbs_that_go_are_offered(self) -> None:
        for who in ("technician", "lead", "keyuser", "owner"):
            user = getattr(self.r, who)
            verbs = set(available(user, self.row)) - {Verb.NOTE, Verb.REPLY, Verb.COMMENT, Verb.EDIT}
            page = self.client_of(who).get(self.url).content.decode()
            offered = {verb for verb in Verb if f"/do/{verb.value}/" in page}
            self.assertEqual(offered - {Verb.EDIT}, verbs, who)

    def test_take_is_gone_when_somebody_has_it(self) -> None:
        self.assertContains(self.client_of("technician").get(self.url), "/do/take/")
        take(self.actor("lead"), self.row)
        self.assertNotContains(self.client_of("technician").get(self.url), "/do/take/")


class TestVerbs(PageCase):
    def test_the_whole_way(self) -> None:
        self.assertRedirects(self.do("take"), self.url)
        self.assertEqual(self.fresh_ticket().assignee, self.r.technician)
        self.write(visibility="reply", body="Vi ser på det.")
        self.assertIsNotNone(self.fresh_ticket().answered_at)
        self.do("pend", reason="customer", body="Hvilken bygning?")
        self.assertEqual(self.fresh_ticket().pend_reason, PendReason.CUSTOMER)
        self.do("resume")
        self.do("prioritise", impact="1", urgency="1")
        self.assertEqual(self.fresh_ticket().priority, Priority.CRITICAL)
        self.do("resolve", resolution="Startet på nytt")
        self.assertEqual(self.fresh_ticket().state, State.RESOLVED)
        page = self.client_of("lead").get(self.url).content.decode()
        for words in (
            "took it",
            "Reply to Kari Eng",
            "Hvilken bygning?",
            "Startet på nytt",
            "changed the priority",
        ):
            self.assertIn(words, page)
        self.do("close")
        self.assertEqual(self.fresh_ticket().state, State.CLOSED)

    def test_what_is_missing_is_said_in_the_form_and_what_was_typed_is_kept(self) -> None:
        answer = self.do("pend", reason="supplier", body="Sendt til Fagsystem")
        self.assertContains(answer, "Say which supplier", status_code=422)
        self.assertContains(answer, "Sendt til Fagsystem", status_code=422)
        self.assertContains(self.do("resolve", resolution=" "), "Write how it was resolved", status_code=422)
        self.assertContains(self.do("pend", reason="date"), "Say until when", status_code=422)
        self.assertContains(self.do("merge", into=""), "Choose the ticket that goes on", status_code=422)
        self.assertContains(
            self.do("prioritise", impact="3", urgency="3", priority="1"), "Say why", status_code=422
        )
        self.assertEqual(self.fresh_ticket().state, self.row.state)

    def test_wrong_state_is_422_wrong_person_403_unknown_verb_404(self) -> None:
        self.assertEqual(self.do("reopen").status_code, 422)
        self.assertEqual(self.do("close").status_code, 422)
        self.assertEqual(self.do("resolve", who="keyuser", resolution="x").status_code, 403)
        self.assertEqual(self.do("declare_major", body="x").status_code, 403)  # not a technician's
        self.assertEqual(self.do("approve").status_code, 422)  # no change
        self.assertEqual(self.do("explode").status_code, 404)
        self.assertEqual(self.client_of("technician").delete(f"{self.url}do/resolve/").status_code, 405)
        self.assertEqual(self.client_of("own").post(f"{self.url}do/resolve/").status_code, 403)

    def test_every_form_stands_on_a_page_of_its_own_too(self) -> None:
        client = self.client_of("lead")
        for verb in (
            "assign",
            "pend",
            "resolve",
            "prioritise",
            "link",
            "merge",
            "cancel",
            "edit",
            "declare_major",
        ):
            page = client.get(f"{self.url}do/{verb}/")
            self.assertContains(page, "<form")
        self.assertEqual(client.get(f"{self.url}do/close/").status_code, 403)

    def test_a_dialog_loads_its_form_alone(self) -> None:
        headers = {"HX-Request": "true", "HX-Target": "dialog-pend-in"}
        part = self.client_of("technician").get(f"{self.url}do/pend/", headers=headers)
        self.assertContains(part, 'name="reason"')
        self.assertContains(part, 'name="seen"')
        self.assertNotContains(part, "<html")

    def test_edit_keeps_what_is_not_touched(self) -> None:
        given: dict[str, Any] = {
            "title": "Nytt navn",
            "description": self.row.description,
            "item": self.r.system.pk,
        }
        self.assertRedirects(self.do("edit", **given), self.url)
        row = self.fresh_ticket()
        self.assertEqual((row.title, row.item), ("Nytt navn", self.r.system))
        self.assertEqual(self.do("edit", title="", description="ny tekst").status_code, 422)
        self.assertContains(self.client_of("technician").get(self.url), "title: Profil henger → Nytt navn")

    def test_link_and_merge_only_with_what_one_sees(self) -> None:
        self.role(self.r.keyuser, "technician", self.r.here)
        foreign = self.ticket("der", by="stranger", organisation=self.r.there, item=None)
        other = self.ticket("den andre")
        for verb, field in (("link", "target"), ("merge", "into")):
            answer = self.do(verb, who="keyuser", **{field: foreign.pk, "kind": "relates"})
            self.assertEqual(answer.status_code, 422, verb)
        self.do("link", kind="caused_by", target=other.pk)
        self.assertTrue(TicketLink.objects.filter(source=self.row, target=other).exists())
        self.assertContains(self.client_of("lead").get(self.url), "is caused by")
        page = self.client_of("lead").get(f"/desk/tickets/{other.reference}/")
        self.assertContains(page, "causes")

    def test_files_come_with_what_was_written(self) -> None:
        self.write(visibility="note", body="se her", files=SimpleUploadedFile("logg.txt", b"123"))
        file = self.row.attachments.get()
        self.assertFalse(file.is_public)
        self.assertContains(self.client_of("lead").get(self.url), "logg.txt")
        answer = self.write(visibility="reply", body="tekst", files=SimpleUploadedFile("tom.txt", b""))
        self.assertContains(answer, "tom.txt is empty", status_code=422)
        self.assertContains(answer, "tekst</textarea>", status_code=422)


class TestTwoAtOnce(PageCase):
    def test_the_second_take_says_who_was_quicker(self) -> None:
        take(self.actor("lead"), self.row)
        answer = self.do("take")
        self.assertContains(answer, "Liv Moen has taken", status_code=422)
        self.assertEqual(self.fresh_ticket().assignee, self.r.lead)

    def test_a_step_on_top_of_what_was_not_seen_is_refused_once(self) -> None:
        seen = self.row.touched_at.isoformat()
        reply(self.actor("lead"), self.row, body="Jeg tar den")
        answer = self.do("resolve", resolution="min løsning", seen=seen)
        self.assertContains(answer, "Liv Moen changed", status_code=422)
        self.assertContains(answer, "min løsning", status_code=422)
        self.assertNotEqual(self.fresh_ticket().state, State.RESOLVED)
        again = self.do("resolve", resolution="min løsning", seen=self.fresh_ticket().touched_at.isoformat())
        self.assertRedirects(again, self.url)

    def test_two_replies(self) -> None:
        seen = self.row.touched_at.isoformat()
        reply(self.actor("lead"), self.row, body="første svar")
        answer = self.write(visibility="reply", body="andre svar", seen=seen)
        self.assertContains(answer, "Liv Moen changed", status_code=422)
        self.assertContains(answer, "andre svar</textarea>", status_code=422)
        self.assertContains(answer, "første svar", status_code=422)
        # a note goes to nobody: it may be written on top
        self.assertEqual(self.write(visibility="note", body="notat", seen=seen).status_code, 302)

    def test_a_refused_note_does_not_come_back_as_a_reply(self) -> None:
        answer = self.write(visibility="note", body="")
        self.assertContains(answer, "Write a text first", status_code=422)
        self.assertNotContains(answer, 'value="reply"', status_code=422)

    def test_nonsense_in_the_hidden_field_is_no_error(self) -> None:
        for seen in ("", "x", "2026-99-99", "2026-01-01T00:00:00"):
            self.assertEqual(self.write(visibility="note", body="a", seen=seen).status_code, 302, seen)


class TestContent(PageCase):
    def test_hostile_text_stays_text(self) -> None:
        self.r.own.display_name = self.r.own.title = HOSTILE[:90]
        self.r.own.save()
        row = self.ticket(HOSTILE, description=HOSTILE)
        url = f"/desk/tickets/{row.reference}/"
        client = self.client_of("technician")
        client.post(url + "write/", {"visibility": "reply", "body": HOSTILE})
        client.post(url + "write/", {"visibility": "note", "body": HOSTILE})
        client.post(url + "do/pend/", {"reason": "customer", "body": HOSTILE})
        client.post(url + "do/edit/", {"title": HOSTILE + "2", "description": HOSTILE})
        pages = [
            client.get(url + path).content.decode() for path in ("", "clocks/", "do/resolve/", "do/edit/")
        ]
        pages.append(client.post(url + "do/merge/", {"into": HOSTILE}).content.decode())
        for page in pages:
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img src=x", page)
            self.assertNotIn("{x}", page.replace("{{x}}", ""))

    def test_two_megabytes_are_refused_with_a_sentence(self) -> None:
        answer = self.write(visibility="reply", body="x" * 2_000_000)
        self.assertContains(answer, "too long", status_code=422)

    def test_without_a_target_a_sentence_says_so(self) -> None:
        problem = self.ticket("årsak", kind=Kind.PROBLEM)
        page = self.client_of("technician").get(f"/desk/tickets/{problem.reference}/")
        self.assertContains(page, "target")
        Agreement.objects.update(valid_until=date(2021, 1, 1))
        row = self.ticket("uten avtale")
        text = self.client_of("technician").get(f"/desk/tickets/{row.reference}/").content.decode().lower()
        self.assertIn("agreement", text)

    def test_clocks_are_explained(self) -> None:
        pend(self.actor("technician"), self.row, reason="customer")
        page = self.client_of("technician").get(self.url + "clocks/").content.decode()
        for words in (
            "Core hours",
            "SLA Granli kommune",
            "stands still",
            "Promised",
            "Per Dahl",
            "Waiting for the reporter",
        ):
            self.assertIn(words, page)

    def test_what_is_known_linked_and_alike_is_shown(self) -> None:
        problem = self.ticket("Låste rader", kind=Kind.PROBLEM, details={"workaround": "Stopp nattjobben"})
        alike = self.ticket("Profil er treg", by="colleague")
        page = self.client_of("technician").get(self.url + "beside/").content.decode()
        self.assertIn("Known from before", page)
        self.assertIn("Stopp nattjobben", page)
        self.assertIn(alike.reference, page)
        self.assertIn(problem.reference, page)

    def test_other_peoples_tickets_do_not_shine_through(self) -> None:
        hidden = self.ticket("hemmelig", by="own", organisation=self.r.there, item=None)
        for path in ("", "beside/", "affected/"):
            page = self.client_of("keyuser").get(self.url + path).content.decode()
            self.assertNotIn(hidden.reference, page)

    def test_the_items_and_their_state(self) -> None:
        page = self.client_of("technician").get(self.url + "affected/")
        self.assertContains(page, "Profil")
        self.assertContains(page, "Unknown")


class TestCost(PageCase):
    def fill(self, row: Ticket, number: int) -> None:
        for one in range(number):
            note(self.actor("technician"), row, body=f"notat {one}")

    def test_twelve_statements_for_one_entry_and_for_fifty(self) -> None:
        client = self.client_of("technician")
        client.get(self.url)
        self.fill(self.row, 1)
        one, _answer = self.statements(client, self.url)
        self.fill(self.row, 50)
        for title in ("a", "b", "c"):
            self.ticket(title)
        fifty, answer = self.statements(client, self.url)
        self.assertEqual(one, fifty)
        self.assertLessEqual(fifty, 12)
        self.assertGreater(answer.content.count(b"<article"), 50)

    def test_twelve_for_the_others_too(self) -> None:
        resolved = self.ticket("løst")
        resolve(self.actor("technician"), resolved, resolution="ok")
        major = self.ticket("stor")
        prioritise(self.actor("technician"), major, impact=1, urgency=1)
        problem = self.ticket("årsak", kind=Kind.PROBLEM)
        start = timezone.now() + timedelta(days=2)
        change = self.change(planned_start=start, planned_end=start + timedelta(hours=2))
        for who in ("technician", "lead", "keyuser", "owner"):
            client = self.client_of(who)
            for row in (resolved, major, problem, change):
                url = f"/desk/tickets/{row.reference}/"
                client.get(url)
                cost, answer = self.statements(client, url)
                if answer.status_code == 200:
                    self.assertLessEqual(cost, 12, (who, row.kind))
