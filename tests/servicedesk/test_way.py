"""The way of one fault, through every floor: polls, event, alert, incident, clocks; and of one change, through its window."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest import mock

from django.utils import timezone

from monitoring import engine, saving, schedule
from monitoring.models import Alert, MaintenanceWindow, Target
from servicedesk import integrity, outbox
from servicedesk.actions.approve import approve
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.submit import submit
from servicedesk.actors import Actor
from servicedesk.intake import alerts
from servicedesk.models import Kind, State, Ticket
from tests.cases import RegionCase
from tests.monitoring.cases import outcome


class WayCase(RegionCase):
    def setUp(self) -> None:
        self.t0 = timezone.now() - timedelta(minutes=10)
        self.switch, self.server = self.r.switch_target, self.r.server_target

    def at(self, seconds: float) -> datetime:
        return self.t0 + timedelta(seconds=seconds)

    def poll(self, seconds: float, **answers: str) -> None:
        """One round: switch and server answer "up" or "down"; then the engine and the intake run."""
        at = self.at(seconds)
        Target.objects.update(due_at=at)
        claim = schedule.claim(10, at)
        words = {getattr(self, name).pk: word for name, word in answers.items()}
        saving.save(claim, [outcome(t.pk, words[t.pk], at) for t in claim.targets])
        with mock.patch("django.utils.timezone.now", return_value=at):
            engine.run(at)
            engine.sweep(at)
            alerts.run(at)

    def incidents(self) -> list[Ticket]:
        return list(Ticket.objects.filter(kind=Kind.INCIDENT).order_by("pk"))


class TestFault(WayCase):
    def test_a_dead_switch_is_one_incident_and_ends_with_it(self) -> None:
        self.poll(0, switch="up", server="up")
        for seconds in (10, 20, 30):
            self.poll(seconds, switch="down", server="down")
        (ticket,) = self.incidents()
        assert ticket.item == self.r.switch
        assert ticket.opened_at == Alert.objects.get().opened_at
        assert {row.service.slug for row in ticket.ticket_services.all()} == {"mail", "payroll"}
        assert {row.organisation.slug for row in ticket.ticket_organisations.all()} == {"granli", "vassoy"}
        assert Target.objects.get(pk=self.server.pk).shadowed_by_id == self.switch.pk
        assert ticket.case is not None
        assert ticket.case.clocks.filter(state="running").count() == 2
        for seconds in (60, 70, 80):
            self.poll(seconds, switch="up", server="up")
        (ticket,) = self.incidents()
        assert ticket.state == State.RESOLVED
        assert ticket.resolved_at == Alert.objects.get().closed_at
        assert ticket.case is not None
        assert not ticket.case.clocks.filter(stopped_at=None).exists()
        assert list(integrity.check()) == []
        outbox.send_due()


class TestChange(WayCase):
    def test_silent_in_the_window_and_calling_after_it(self) -> None:
        me, manager = Actor.of(self.r.technician), Actor.of(self.r.changemanager)
        # The window lies around the polls that follow; it is planned now, so it may not have ended yet.
        begin, end = self.at(5), timezone.now() + timedelta(minutes=5)
        change = open_ticket(
            me, kind=Kind.CHANGE, title="Firmware", organisation=self.r.here, items=[self.r.switch],
            details={"reason": "r", "plan": "p", "backout_plan": "b", "planned_start": begin, "planned_end": end},
        )  # fmt: skip
        submit(me, change)
        approve(manager, change)
        assert MaintenanceWindow.objects.get().source_key == change.reference
        self.poll(0, switch="up", server="up")
        for seconds in (10, 20, 30):
            self.poll(seconds, switch="down", server="down")
        assert Alert.objects.get().mute == "maintenance"
        assert self.incidents() == []
        after = (end - self.t0).total_seconds() + 5
        self.poll(after, switch="down", server="down")
        (ticket,) = self.incidents()
        assert ticket.item == self.r.switch
        assert ticket.opened_at >= begin + timedelta(minutes=5)  # not from when the planned work began
