"""A supplier reads what it holds, and for a while what it held; then it is not there, whatever the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pgtrigger
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind, Role
from servicedesk import integrity
from servicedesk.access import Who, attachments_for, entries_for, standing
from servicedesk.actions.cancel import cancel
from servicedesk.actions.close import close
from servicedesk.actions.edit import edit
from servicedesk.actions.merge import merge
from servicedesk.actions.pend import pend
from servicedesk.actions.reopen import reopen
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.intake.mail import running
from servicedesk.mail import storing, tokens
from servicedesk.models import (
    READING_DAYS,
    Approval,
    Attachment,
    Entry,
    HandOver,
    PendReason,
    ReadingTerm,
    State,
    Ticket,
    TicketOrganisation,
)
from servicedesk.search import search
from tests.servicedesk.committee import CommitteeCase
from tests.servicedesk.pages import DeskCase
from tests.servicedesk.test_mail import letter

FILL = import_module("servicedesk.migrations.0008_reach_and_hand_overs_of_old_rows").fill


class HandOverCase(DeskCase):
    def setUp(self) -> None:
        self.me = Actor.of(self.r.technician)
        self.other = Organisation.objects.create(
            name="Annet AS", slug="annet", kind=OrganisationKind.SUPPLIER
        )

    def handed(self) -> Ticket:
        """Put on hold for the supplier: that is how it is handed over."""
        ticket = self.ticket()
        return pend(self.me, ticket, reason=PendReason.SUPPLIER, supplier=self.r.supplier)

    def ended(self, days: float) -> Ticket:
        """Closed so long ago."""
        ticket = self.handed()
        resolve(self.me, ticket, resolution="done")
        done = close(self.me, ticket)
        self.age(ticket, days)
        return done

    def age(self, ticket: Ticket, days: float) -> None:
        at = timezone.now() - timedelta(days=days)
        HandOver.objects.filter(ticket=ticket, ended_at__isnull=False).update(
            handed_at=at - timedelta(days=1), ended_at=at
        )

    def sees(self, ticket: Ticket, who: str = "supplier_person") -> bool:
        return Ticket.objects.visible_to(self.fresh(who)).filter(pk=ticket.pk).exists()

    def spans(self, ticket: Ticket) -> list[tuple[str, datetime, datetime | None]]:
        rows = HandOver.objects.filter(ticket=ticket).order_by("handed_at", "pk")
        return [(row.supplier.slug, row.handed_at, row.ended_at) for row in rows]


class TestFacts(HandOverCase):
    def test_they_stand_at_the_instants_of_the_timeline(self) -> None:
        ticket = self.ticket(supplier=self.r.supplier)
        opened = ticket.entries.get(verb="open")
        assert opened.data["supplier"] == {"id": self.r.supplier.pk, "name": "Fagsystem AS"}
        edit(self.me, ticket, supplier=self.other)
        moved = ticket.entries.latest("pk").at
        edit(self.me, ticket, supplier=None)
        back = ticket.entries.latest("pk").at
        first, second = self.spans(ticket)
        assert (first[0], first[2]) == ("fagsystem", moved)
        assert second == ("annet", moved, back)
        assert list(integrity._hand_overs()) == []

    def test_it_lasts_until_the_ticket_is_over(self) -> None:
        ticket = self.handed()
        resolve(self.me, ticket, resolution="done")
        assert self.spans(ticket)[0][2] is None  # the reporter may still say that it is not
        reopen(self.me, ticket)
        resolve(self.me, ticket, resolution="done again")
        close(self.me, ticket)
        assert self.spans(ticket)[0][2] == ticket.entries.latest("pk").at
        for end in (
            lambda one: cancel(self.me, one, body="no"),
            lambda one: merge(self.me, one, into=self.ticket()),
        ):
            other = self.handed()
            end(other)
            assert self.spans(other)[0][2] is not None
        assert list(integrity._hand_overs()) == []

    def test_a_lost_one_is_found(self) -> None:
        held, over = self.handed(), self.ended(1)
        HandOver.objects.filter(ticket=held).delete()
        HandOver.objects.filter(ticket=over).update(ended_at=None)
        assert len(list(integrity._hand_overs())) == 2


class TestReading(HandOverCase):
    def test_while_it_holds_it_and_thirty_days_after(self) -> None:
        held = self.handed()
        assert self.sees(held)
        for days, seen in (
            (0, True),
            (READING_DAYS - 0.01, True),
            (READING_DAYS + 0.01, False),
            (400, False),
        ):
            assert self.sees(self.ended(days)) == seen, days

    def test_handed_back_counts_as_ended_though_the_ticket_goes_on(self) -> None:
        ticket = self.handed()
        edit(self.me, ticket, supplier=self.other)
        assert self.sees(ticket)
        self.age(ticket, READING_DAYS + 1)
        assert not self.sees(ticket)

    def test_handed_over_again_it_is_read_again(self) -> None:
        ticket = self.handed()
        edit(self.me, ticket, supplier=None)
        self.age(ticket, READING_DAYS + 1)
        assert not self.sees(ticket)
        edit(self.me, ticket, supplier=self.r.supplier)
        assert self.sees(ticket)

    def test_the_days_are_data_for_all_and_for_one(self) -> None:
        ticket = self.ended(10)
        assert ReadingTerm.objects.get().days == READING_DAYS
        ReadingTerm.objects.update(days=9)
        assert not self.sees(ticket)
        mine = ReadingTerm.objects.create(supplier=self.r.supplier, days=11)
        assert self.sees(ticket)
        mine.days = 0
        mine.save()
        assert not self.sees(ticket)
        ReadingTerm.objects.all().delete()
        assert self.sees(ticket)  # nothing said: what is usual

    def test_who_reported_it_reads_on(self) -> None:
        ticket = self.ended(400)
        Ticket.objects.filter(pk=ticket.pk).update(reporter=self.r.supplier_person)
        assert self.sees(ticket)

    def test_every_way_is_closed(self) -> None:
        open_, gone = self.ended(1), self.ended(READING_DAYS + 1)
        for ticket in (open_, gone):
            row = Attachment(ticket=ticket, name="logg.txt", content_type="text/plain", size=1)
            row.file.save("logg.txt", ContentFile(b"x"))
        client, user = self.client_of("supplier_person"), self.fresh("supplier_person")
        for ticket, status in ((open_, 200), (gone, 404)):
            ref, file = ticket.reference, ticket.attachments.get().pk
            for url in (
                f"/desk/tickets/{ref}/", f"/desk/tickets/{ref}/clocks/", f"/desk/tickets/{ref}/affected/",
                f"/desk/tickets/{ref}/beside/", f"/portal/cases/{ref}/", f"/files/{ref}/{file}/",
                f"/api/v1/tickets/{ref}", f"/api/v1/tickets/{ref}/entries", f"/api/v1/tickets/{ref}/clocks",
            ):  # fmt: skip
                assert client.get(url).status_code == status, url
        lists = (
            "/desk/?state=any",
            "/desk/search/?q=Profil",
            "/api/v1/tickets",
            "/desk/export/?format=csv&state=any",
        )
        for url in lists:
            answer = client.get(url)
            text = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()  # type: ignore[attr-defined]
            assert open_.reference in text, url
            assert gone.reference not in text, url
        assert client.get("/api/v1/tickets").json()["count"] == 1
        assert [one.pk for one in search(user, "Profil")] == [open_.pk]
        answer = client.get(f"/desk/search/?q={gone.reference}")
        assert answer.status_code == 200  # not led to it

    def test_reading_is_not_writing(self) -> None:
        """After the hand-over nothing is written in the supplier's name, by mail neither."""
        ticket = self.handed()
        user = self.fresh("supplier_person")
        assert Who.SUPPLIER in standing(user, ticket)
        edit(self.me, ticket, supplier=self.other)
        ticket.refresh_from_db()
        assert Who.SUPPLIER not in standing(user, ticket)
        answer = self.client_of("supplier_person").post(
            f"/api/v1/tickets/{ticket.reference}/actions/comment",
            {"body": "hei"},
            content_type="application/json",
        )
        assert answer.status_code == 403
        over = self.ended(1)
        over.refresh_from_db()
        assert Who.SUPPLIER not in standing(user, over)

    def test_a_mail_after_it_is_for_those_who_work_on_it_to_judge(self) -> None:
        ticket, sender = self.handed(), "Leif Rud <supplier_person@example.no>"
        subject = f"SV: [{ticket.reference}] Profil henger"
        edit(self.me, ticket, supplier=None)
        self.age(ticket, READING_DAYS + 1)
        token = tokens.message_id(ticket.reference, ticket.entries.latest("pk").pk, self.r.supplier_person.pk)
        storing.store(letter(sender, subject, "Vi har rettet det.", In_Reply_To=token, Message_ID="<a@x.no>"))
        storing.store(letter(sender, subject, "Hva skjer?", Message_ID="<b@x.no>"))
        running.run()
        assert not ticket.entries.filter(is_public=True, body__contains="rettet").exists()
        assert ticket.entries.filter(is_public=False, body__contains="rettet").exists()
        assert not ticket.entries.filter(body__contains="Hva skjer").exists()  # a matter of its own
        assert not self.sees(ticket)

    def test_the_page_says_since_when_and_until_when(self) -> None:
        ticket = self.handed()
        url = f"/desk/tickets/{ticket.reference}/"
        self.assertContains(self.client_of("technician").get(url), "Handed over")
        self.assertNotContains(self.client_of("supplier_person").get(url), "You can read this until")
        self.assertContains(self.client_of("technician").get(url), "handed over to Fagsystem AS")
        edit(self.me, ticket, supplier=None)
        self.assertContains(self.client_of("supplier_person").get(url), "You can read this until")
        self.assertContains(self.client_of("technician").get(url), "Readable for the supplier until")
        self.assertNotContains(self.client_of("own").get(f"/portal/cases/{ticket.reference}/"), "Handed over")

    def test_a_neighbouring_supplier_never_saw_it(self) -> None:
        self.r.stranger.memberships.create(role=Role.SUPPLIER, organisation=self.other)
        assert not self.sees(self.handed(), "stranger")

    def test_inner_notes_stay_inside(self) -> None:
        ticket, user = self.handed(), self.fresh("supplier_person")
        assert all(entry.is_public for entry in entries_for(user, ticket))
        assert not attachments_for(user, ticket)


class TestOldRows(HandOverCase):
    """The migration reads the timeline; what it finds is what the verbs write down now."""

    def anew(self) -> None:
        HandOver.objects.all().delete()
        editor: Any = SimpleNamespace(execute=lambda sql, params: connection.cursor().execute(sql))
        FILL(apps, editor)

    def test_the_same_as_the_verbs_wrote(self) -> None:
        tickets = [self.ticket(), self.ticket(supplier=self.r.supplier), self.handed(), self.ended(0)]
        edit(self.me, tickets[1], supplier=self.other)
        edit(self.me, tickets[2], supplier=None)
        edit(self.me, tickets[0], supplier=self.other)
        edit(self.me, tickets[0], supplier=self.r.supplier)
        # the ended one is dated by its timeline
        before = {one.pk: [(slug, end) for slug, _at, end in self.spans(one)] for one in tickets[:3]}
        self.anew()
        after = {one.pk: [(slug, end) for slug, _at, end in self.spans(one)] for one in tickets[:3]}
        assert after == before
        tickets[3].refresh_from_db()
        assert self.spans(tickets[3])[0][2] == tickets[3].closed_at
        assert list(integrity._hand_overs()) == []

    def test_what_was_closed_long_ago_is_closed_to_the_supplier(self) -> None:
        ticket = self.ended(0)
        long_ago = timezone.now() - timedelta(days=300)
        Ticket.objects.filter(pk=ticket.pk).update(opened_at=long_ago, closed_at=long_ago + timedelta(days=2))
        with pgtrigger.ignore("servicedesk.Entry:unchanged"):
            Entry.objects.filter(ticket=ticket).update(at=long_ago)
        self.anew()
        assert not self.sees(ticket)


class TestOldApprovals(CommitteeCase):
    """One answer of the whole committee becomes that of those who gave it; who was never asked is asked."""

    def migrated(self, decision: str, state: str, **more: Any) -> dict[str | None, str]:
        ticket = self.asked()
        Approval.objects.filter(ticket=ticket, role=Role.COMMISSIONER).delete()
        Approval.objects.create(ticket=ticket, role=Role.COMMISSIONER, decision=decision, **more)
        Ticket.objects.filter(pk=ticket.pk).update(state=state)
        TicketOrganisation.objects.filter(
            ticket=ticket, organisation=self.r.here
        ).delete()  # was never complete
        editor: Any = SimpleNamespace(execute=lambda sql, params: connection.cursor().execute(sql))
        FILL(apps, editor)
        rows = Approval.objects.filter(ticket=ticket, role=Role.COMMISSIONER).select_related("organisation")
        return {row.organisation.slug if row.organisation else None: row.decision for row in rows}

    def test_a_waiting_one_becomes_one_for_each(self) -> None:
        assert self.migrated("waiting", State.APPROVAL) == {"granli": "waiting", "vassoy": "waiting"}

    def test_a_yes_stays_the_yes_of_whose_it_was_and_the_others_are_asked(self) -> None:
        found = self.migrated("approved", State.APPROVAL, decided_by=self.r.commissioner)
        assert found == {"granli": "approved", "vassoy": "waiting"}

    def test_what_is_decided_stays_decided(self) -> None:
        by = {"decided_by": self.r.commissioner, "decided_at": timezone.now()}
        assert self.migrated("approved", State.SCHEDULED, **by) == {"granli": "approved"}
        assert self.migrated("rejected", State.REJECTED, **by) == {"granli": "rejected"}
        assert self.migrated("approved", State.CLOSED, decided_by=None) == {None: "approved"}

    def test_who_spoke_for_the_whole_region_spoke_for_all(self) -> None:
        chair = self.member("chair", self.r.region)
        assert self.migrated("approved", State.APPROVAL, decided_by=chair) == {None: "approved"}
