"""A target that came close or was missed is told once: to the timeline, and a missed one to the team lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.intake import breaches
from servicedesk.models import Entry, Message, Ticket, Verb
from sla import sweep
from tests.cases import RegionCase


class TestBreaches(RegionCase):
    def setUp(self) -> None:
        # 08:00 on the last weekday before today, so that a working day lies behind it.
        local = timezone.now().astimezone(ZoneInfo("Europe/Oslo"))
        day = local.date() - timedelta(days=1)
        while day.weekday() > 4:
            day -= timedelta(days=1)
        self.morning = datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("Europe/Oslo"))
        self.ticket = open_ticket(
            Actor.of(self.r.technician),
            title="x",
            organisation=self.r.here,
            impact=2,
            urgency=1,
            opened_at=self.morning,
        )
        Message.objects.all().delete()

    def entries(self) -> list[tuple[str, str, str]]:
        rows = Entry.objects.filter(ticket=self.ticket).exclude(verb=Verb.OPEN).order_by("pk")
        return [(e.verb, e.data["measure"], e.data["at"]) for e in rows]

    def test_a_missed_response_reaches_timeline_queue_and_lead(self) -> None:
        sweep.run(self.morning + timedelta(hours=1, seconds=30))
        assert breaches.run() >= 1
        missed = [(m, at) for verb, m, at in self.entries() if verb == Verb.BREACH]
        assert missed == [
            ("response", (self.morning + timedelta(hours=1)).astimezone(ZoneInfo("UTC")).isoformat())
        ]
        ticket = Ticket.objects.get()
        assert ticket.clock_state == "missed"
        assert ticket.clock_measure == "response"
        letters = Message.objects.filter(kind="breach")
        assert [m.recipient for m in letters] == [self.r.lead]

    def test_twice_is_once(self) -> None:
        sweep.run(self.morning + timedelta(hours=1, seconds=30))
        first = breaches.run()
        assert first
        assert breaches.run() == 0
        assert Message.objects.count() == 1

    def test_half_an_hour_before_it_is_only_written_down(self) -> None:
        sweep.run(self.morning + timedelta(minutes=50))
        breaches.run()
        assert [verb for verb, _m, _at in self.entries()] == [Verb.SOON]
        assert not Message.objects.exists()

    def test_old_history_calls_nobody(self) -> None:
        sweep.run(self.morning + timedelta(hours=1, seconds=30))
        breaches.run(now=self.morning + timedelta(days=5))
        assert any(verb == Verb.BREACH for verb, _m, _at in self.entries())
        assert not Message.objects.exists()
