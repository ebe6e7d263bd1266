"""The sweep stamps exact instants however late it runs, once, and in few statements."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla import clocks, integrity, sweep
from sla.models import Clock, Mark, MarkKind
from tests.sla.test_clocks import MONDAY, ClockCase, hours


class TestSweep(ClockCase):
    def test_the_exact_instant_even_when_late(self) -> None:
        case = self.open(priority=1)
        assert sweep.run(MONDAY + timedelta(days=3)) > 0
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.breached_at) == ("missed", MONDAY + hours(4))
        assert Mark.objects.get(clock=clock, kind=MarkKind.BREACH).at == MONDAY + hours(4)

    def test_twice_is_once(self) -> None:
        self.open(priority=1)
        sweep.run(MONDAY + hours(5))
        before = list(Mark.objects.order_by("pk").values())
        assert sweep.run(MONDAY + hours(6)) == 0
        assert list(Mark.objects.order_by("pk").values()) == before

    def test_three_quarters_used_is_marked_once_while_it_runs(self) -> None:
        case = self.open(priority=2)
        clocks.answered(case, MONDAY, "Per")
        sweep.run(MONDAY + hours(5.99))
        assert not Mark.objects.exists()
        sweep.run(MONDAY + hours(6.5))
        sweep.run(MONDAY + hours(6.6))
        mark = Mark.objects.get()
        assert (mark.kind, mark.at) == (MarkKind.SOON, MONDAY + hours(6))

    def test_a_paused_clock_is_left_alone(self) -> None:
        case = self.open(priority=1)
        clocks.answered(case, MONDAY, "Per")
        clocks.pause(case, "customer", MONDAY + hours(1), "Per")
        assert sweep.run(MONDAY + timedelta(days=9)) == 0

    def test_at_closing_time_nothing_is_missed_until_the_calendar_opens(self) -> None:
        case = self.open(priority=2)
        sweep.run(MONDAY + hours(12))
        assert self.clock(case, "resolution").state == "running"
        sweep.run(MONDAY + timedelta(days=1, seconds=1))
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.breached_at) == ("missed", MONDAY + hours(8))

    def test_a_breach_stamped_by_the_sweep_survives_what_follows(self) -> None:
        case = self.open(priority=1)
        sweep.run(MONDAY + hours(5))
        clocks.pause(case, "customer", MONDAY + hours(5.5), "Per")
        clocks.resume(case, MONDAY + hours(6), "Per")
        clocks.resolve(case, MONDAY + hours(7), "Per")
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.breached_at) == ("missed", MONDAY + hours(4))
        assert Mark.objects.filter(clock=clock, kind=MarkKind.BREACH).count() == 1

    def test_statements_do_not_grow_with_clocks(self) -> None:
        counts = []
        for number in (1, 20):
            for _ in range(number):
                self.open(priority=1)
            with CaptureQueriesContext(connection) as seen:
                sweep.run(MONDAY + hours(5))
            counts.append(len(seen))
        assert counts[0] == counts[1]
        assert not Clock.objects.filter(state="running").exists()

    def test_a_sweep_that_does_not_run_is_noticed(self) -> None:
        self.open(priority=1)
        [said] = integrity.check(MONDAY + hours(4))  # the response of half an hour
        assert said.endswith("is not stamped")
        assert list(integrity.check_stopped(MONDAY + hours(4))) == []
        sweep.run(MONDAY + hours(9))
        assert list(integrity.check(MONDAY + hours(9))) == []
