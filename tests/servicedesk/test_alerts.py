"""Alert intake: one incident for a root cause, none in silence, resolved when it works again, twice is once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from cmdb.models import Item
from monitoring import engine
from monitoring.models import Alert, AlertEnd, AlertMute, Severity, Target
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reply import reply
from servicedesk.actors import Actor
from servicedesk.intake import alerts
from servicedesk.models import Channel, Entry, Kind, Level, Receipt, State, Ticket, TicketAlert, Verb
from tests.cases import Region, RegionCase, build


def alert(target: Target, **more: Any) -> Alert:
    """An alert as the engine writes it."""
    given = {
        "item": target.item,
        "organisation": target.organisation,
        "problem_key": f"{target.pk}:down",
        "kind": "down",
        "severity": Severity.EXCEPTION,
        "text": "no answer within 2 s",
        "opened_at": timezone.now() - timedelta(seconds=20),
    }
    return Alert.objects.create(target=target, **(given | more))


def over(one: Alert, at: datetime | None = None) -> None:
    """It works again."""
    one.closed_at = at or timezone.now()
    one.version += 1
    one.save()


class AlertCase(RegionCase):
    def only(self) -> Ticket:
        return Ticket.objects.get()


class TestOpened(AlertCase):
    def test_an_incident_on_the_root_cause_with_all_that_it_reaches(self) -> None:
        one = alert(self.r.switch_target)
        assert alerts.run() == 1
        ticket = self.only()
        assert (ticket.kind, ticket.channel, ticket.item) == (
            Kind.INCIDENT,
            Channel.MONITORING,
            self.r.switch,
        )
        assert ticket.title.startswith("sw-granli-1 ")
        assert ticket.organisation == self.r.here
        assert ticket.opened_at == one.opened_at
        assert {row.service.slug for row in ticket.ticket_services.all()} == {"mail", "payroll"}
        assert {row.organisation.slug for row in ticket.ticket_organisations.all()} == {"granli", "vassoy"}
        assert {(row.item.name, row.role) for row in ticket.ticket_items.all()} == {
            ("sw-granli-1", "cause"),
            ("srv-granli-1", "affected"),
            ("prn-granli-1", "affected"),
            ("Profil", "affected"),
        }
        assert (ticket.impact, ticket.urgency) == (Level.MEDIUM, Level.HIGH)
        assert ticket.priority == 2

    def test_its_clocks_run_under_the_municipality_s_agreement_from_the_alert_on(self) -> None:
        one = alert(self.r.switch_target)
        alerts.run()
        case = self.only().case
        assert case is not None
        assert case.agreement == self.r.agreement
        assert {c.measure: c.started_at for c in case.clocks.all()} == {
            "response": one.opened_at,
            "resolution": one.opened_at,
        }

    def test_twice_is_once(self) -> None:
        alert(self.r.switch_target)
        assert alerts.run() == 1
        assert alerts.run() == 0
        self.only()

    def test_a_crash_before_the_end_leaves_nothing_and_is_repeated(self) -> None:
        alert(self.r.switch_target)
        with mock.patch("servicedesk.receipts.hold", side_effect=RuntimeError):
            assert alerts.run() == 0
        assert not Ticket.objects.exists()
        assert not Receipt.objects.exists()
        assert alerts.run() == 1
        self.only()

    def test_one_broken_alert_does_not_hold_up_the_others(self) -> None:
        alert(self.r.switch_target, opened_at=timezone.now() - timedelta(hours=1))
        alert(self.r.server_target)
        real = alerts._open

        def broken(one: Alert, at: datetime) -> Ticket:
            if one.target_id == self.r.switch_target.pk:
                raise RuntimeError
            return real(one, at)

        with mock.patch.object(alerts, "_open", broken):
            alerts.run()
        assert self.only().item == self.r.server

    def test_what_is_no_exception_opens_nothing(self) -> None:
        alert(self.r.switch_target, severity=Severity.WARNING)
        assert alerts.run() == 0
        assert not Ticket.objects.exists()
        assert Receipt.objects.count() == 1

    def test_a_thing_that_is_not_in_the_register(self) -> None:
        Target.objects.filter(pk=self.r.switch_target.pk).update(item=None)
        self.r.switch_target.refresh_from_db()
        alert(self.r.switch_target)
        alerts.run()
        ticket = self.only()
        assert (ticket.item, ticket.organisation) == (None, self.r.here)

    def test_the_unit_s_item_is_the_municipality_s_incident(self) -> None:
        Item.objects.filter(pk=self.r.switch.pk).update(organisation=self.r.unit)
        self.r.switch_target.item = Item.objects.get(pk=self.r.switch.pk)
        alert(self.r.switch_target)
        alerts.run()
        assert self.only().organisation == self.r.here


class TestSilence(AlertCase):
    def test_during_maintenance_nothing_and_an_incident_when_it_is_still_down_after(self) -> None:
        one = alert(
            self.r.switch_target, mute=AlertMute.MAINTENANCE, opened_at=timezone.now() - timedelta(hours=5)
        )
        assert alerts.run() == 0
        assert not Ticket.objects.exists()
        one.mute = AlertMute.NONE
        one.version += 1
        one.save()
        before = timezone.now()
        assert alerts.run() == 1
        assert self.only().opened_at >= before  # it calls from now on: the hours before were planned

    def test_down_and_up_in_silence_is_nobody_s_business(self) -> None:
        one = alert(self.r.switch_target, mute=AlertMute.MAINTENANCE)
        alerts.run()
        over(one)
        assert alerts.run() == 0
        assert not Ticket.objects.exists()


class TestAttached(AlertCase):
    def test_a_second_problem_of_the_same_item_joins_the_open_incident(self) -> None:
        first = alert(self.r.switch_target)
        alerts.run()
        second = alert(self.r.switch_target, problem_key="x:on_battery", kind="on_battery")
        alerts.run()
        ticket = self.only()
        assert TicketAlert.objects.filter(ticket=ticket).count() == 2
        assert Entry.objects.filter(ticket=ticket, verb=Verb.ALERT).count() == 1
        over(first)
        alerts.run()
        assert self.only().state == State.NEW
        over(second)
        alerts.run()
        assert self.only().state == State.RESOLVED

    def test_a_person_s_report_is_joined_and_left_to_people(self) -> None:
        mine = open_ticket(
            Actor.of(self.r.technician), title="Dead", organisation=self.r.here, item=self.r.switch
        )
        one = alert(self.r.switch_target)
        alerts.run()
        assert self.only() == mine
        over(one)
        alerts.run()
        assert self.only().state == State.NEW
        assert Entry.objects.filter(ticket=mine, verb=Verb.ALERT).count() == 2


class TestClosed(AlertCase):
    def test_it_works_again_at_the_instant_at_which_it_did(self) -> None:
        one = alert(self.r.switch_target)
        alerts.run()
        when = timezone.now() + timedelta(seconds=7)
        over(one, when)
        assert alerts.run(now=when + timedelta(seconds=3)) == 1
        ticket = self.only()
        assert (ticket.state, ticket.resolved_at) == (State.RESOLVED, when)
        assert ticket.case is not None
        assert {c.stopped_at for c in ticket.case.clocks.all()} == {when}
        assert ticket.resolution
        assert alerts.run() == 0

    def test_a_target_that_was_put_away_is_not_said_to_work_again(self) -> None:
        one = alert(self.r.switch_target)
        alerts.run()
        self.r.switch_target.archive("admin")
        engine.sweep()
        assert alerts.run() == 1
        ticket = self.only()
        assert ticket.state == State.RESOLVED
        words = Entry.objects.filter(ticket=ticket, verb=Verb.RESOLVE).values_list("body", flat=True).get()
        assert "works" not in words.lower()
        assert "fungerer" not in words.lower()
        one.refresh_from_db()
        assert one.closed_because == AlertEnd.ARCHIVED

    def test_somebody_works_on_it(self) -> None:
        one = alert(self.r.switch_target)
        alerts.run()
        reply(Actor.of(self.r.technician), self.only(), body="On my way")
        over(one)
        alerts.run()
        assert self.only().state == State.RESOLVED

    def test_resolved_by_hand_and_reopened_it_is_not_ended_by_the_old_news(self) -> None:
        from servicedesk.actions.reopen import reopen
        from servicedesk.actions.resolve import resolve

        me = Actor.of(self.r.technician)
        one = alert(self.r.switch_target)
        alerts.run()
        resolve(me, self.only(), resolution="Restarted")
        over(one)
        alerts.run()
        reopen(me, self.only(), body="Slow still")
        alerts.run()
        assert self.only().is_open

    def test_dead_again_is_another_incident(self) -> None:
        one = alert(self.r.switch_target)
        alerts.run()
        over(one)
        alerts.run()
        alert(self.r.switch_target)
        alerts.run()
        assert Ticket.objects.count() == 2

    def test_it_was_over_before_anybody_looked(self) -> None:
        one = alert(self.r.switch_target)
        over(one)
        assert alerts.run() == 0
        assert not Ticket.objects.exists()


class TestStorm(AlertCase):
    def test_many_at_once_in_one_pass(self) -> None:
        for n in range(40):
            target = Target.objects.create(
                name=f"t{n}", organisation=self.r.here, address=f"127.0.9.{n + 1}", interval=10
            )
            alert(target, severity=Severity.EXCEPTION if n % 4 == 0 else Severity.WARNING)
        assert alerts.run() == 10
        assert Ticket.objects.count() == 10
        assert Receipt.objects.count() == 40
        with self.assertNumQueries(2):
            assert alerts.run() == 0


class TestTwoWorkers(TransactionTestCase):
    """Two processes read the same alerts at the same time."""

    r: Region

    def setUp(self) -> None:
        self.r = build()

    @pytest.mark.usefixtures("transactional_db")
    def test_no_second_ticket(self) -> None:
        alert(self.r.switch_target)
        alert(self.r.switch_target, problem_key="other", kind="on_battery")
        gate = threading.Barrier(2)
        failed: list[BaseException] = []

        def work() -> None:
            try:
                gate.wait()
                alerts.run()
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not failed
        ticket = Ticket.objects.get()
        assert TicketAlert.objects.filter(ticket=ticket).count() == 2
