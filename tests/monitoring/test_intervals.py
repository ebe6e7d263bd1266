"""Intervals: gapless, in order, and the worst of several targets (invariant 3, C.2.13–17)."""

import random
from datetime import timedelta

from monitoring import intervals, schedule
from monitoring.models import Interval, Target
from tests.monitoring.cases import T0, MonitoringCase, gapless


class TestChange(MonitoringCase):
    def test_down_starts_at_the_first_failed_poll_and_ends_at_the_first_good_one(self) -> None:
        self.polls({self.switch: "up"}, 0, 10)
        self.polls({self.switch: "down"}, 20, 25)
        self.polls({self.switch: "up"}, 35)
        assert self.states(self.switch) == [("up", 0, 20), ("down", 20, 35), ("up", 35, None)]
        gapless([self.switch])

    def test_a_single_lost_poll_changes_nothing(self) -> None:
        self.polls({self.switch: "up"}, 0)
        self.polls({self.switch: "down"}, 10)
        self.polls({self.switch: "up"}, 13)
        assert self.states(self.switch) == [("up", 0, None)]
        assert self.kinds(self.switch) == []

    def test_a_poller_that_was_away_is_unknown_time_neither_up_nor_down(self) -> None:
        self.polls({self.switch: "up"}, 0, 10)
        self.polls({self.switch: "up"}, 600)
        assert self.states(self.switch) == [("up", 0, 20), ("unknown", 20, 600), ("up", 600, None)]

    def test_down_before_a_gap_is_not_down_through_it(self) -> None:
        self.polls({self.switch: "up"}, 0)
        self.polls({self.switch: "down"}, 10, 15)
        self.polls({self.switch: "down"}, 900, 905)
        assert self.states(self.switch) == [
            ("up", 0, 10),
            ("down", 10, 25),
            ("unknown", 25, 900),
            ("down", 900, None),
        ]

    def test_the_sweep_finds_targets_that_nobody_asks(self) -> None:
        self.polls({self.switch: "up", self.server: "up"}, 0)
        self.poll({self.server: "up"}, 35)
        assert schedule.sweep_stale(self.at(36)) == 1
        assert schedule.sweep_stale(self.at(36)) == 0
        assert self.states(self.switch) == [("up", 0, 10), ("unknown", 10, None)]
        assert self.states(self.server)[-1][0] == "up"
        gapless([self.switch, self.server])

    def test_a_target_that_is_switched_off_is_watched_no_more(self) -> None:
        self.polls({self.switch: "up"}, 0)
        Target.objects.update(is_enabled=False)
        schedule.sweep_stale(self.at(5))
        assert self.states(self.switch) == [("up", 0, 5), ("off", 5, None)]
        Target.objects.update(is_enabled=True)
        schedule.sweep_stale(self.at(9))
        assert self.states(self.switch) == [("up", 0, 5), ("off", 5, 9), ("unknown", 9, None)]
        assert not self.states(self.server)  # nothing is known of it: nothing ends

    def test_a_row_under_a_living_lease_is_left_to_its_poller(self) -> None:
        self.polls({self.switch: "up"}, 0)
        Target.objects.filter(pk=self.switch.pk).update(due_at=self.at(100))
        schedule.claim(now=self.at(100))
        assert schedule.sweep_stale(self.at(110)) == 0
        assert schedule.sweep_stale(self.at(131)) == 1

    def test_a_change_before_the_open_interval_begins_with_it(self) -> None:
        intervals.change(self.switch, "up", T0)
        assert intervals.change(self.switch, "down", T0 - timedelta(hours=1))
        assert self.states(self.switch) == [("down", 0, None)]
        assert not intervals.change(self.switch, "down", T0 + timedelta(hours=1))

    def test_any_order_of_changes_stays_gapless(self) -> None:
        rng = random.Random(7)
        for _round in range(60):
            changes = [
                intervals.Change(
                    rng.choice([self.switch.pk, self.server.pk]),
                    rng.choice(["up", "down", "unknown", "degraded"]),
                    self.at(rng.randrange(1000)),
                )
                for _ in range(rng.randrange(1, 5))
            ]
            intervals.change_many(changes)
        for target in (self.switch, self.server):
            rows = list(Interval.objects.filter(target=target).order_by("started_at"))
            assert all(a.ended_at == b.started_at for a, b in zip(rows, rows[1:], strict=False))
            assert rows[-1].ended_at is None
            assert Target.objects.get(pk=target.pk).state == rows[-1].state


class TestStates(MonitoringCase):
    def test_the_worst_of_an_items_targets(self) -> None:
        second = self.target("second", item=self.r.switch, port=443, check_kind="tcp")
        for target, state, second_ in (
            (self.switch, "up", 0),
            (second, "up", 10),
            (self.switch, "down", 30),
            (self.switch, "up", 50),
            (second, "unknown", 60),
        ):
            intervals.change(target, state, self.at(second_))
        item = self.r.switch.pk
        found = intervals.states([item, 0], self.at(-100), self.at(100))
        assert found[0] == []
        assert [(s, (at - T0).total_seconds()) for at, s in found[item]] == [
            ("up", 0), ("down", 30), ("up", 50), ("unknown", 60),
        ]  # fmt: skip

    def test_cut_to_what_was_asked_in_one_statement(self) -> None:
        intervals.change(self.switch, "up", self.at(0))
        intervals.change(self.switch, "down", self.at(50))
        items = [self.r.switch.pk, self.r.server.pk]
        with self.assertNumQueries(1):
            found = intervals.states(items, self.at(20), self.at(60))
        assert found[items[0]] == [(self.at(20), "up"), (self.at(50), "down")]
        assert intervals.states(items, self.at(55), self.at(56))[items[0]] == [(self.at(55), "down")]
        assert intervals.states(items, self.at(-20), self.at(0))[items[0]] == []

    def test_what_was_measured_is_said_whatever_became_of_the_target(self) -> None:
        item = self.r.switch.pk
        intervals.change(self.switch, "down", self.at(0))
        before = intervals.states([item], self.at(0), self.at(5))
        self.switch.refresh_from_db()
        self.switch.archive("admin")
        schedule.sweep_stale(self.at(9))
        assert intervals.states([item], self.at(0), self.at(5)) == before == {item: [(self.at(0), "down")]}

    def test_an_item_is_watched_where_one_of_its_targets_is(self) -> None:
        item = self.r.switch.pk
        other = Target.objects.create(
            name="second", organisation=self.r.here, item=self.r.switch, address="127.0.8.9", interval=10
        )
        intervals.change(self.switch, "up", self.at(0))
        intervals.change(other, "down", self.at(2))
        intervals.change(other, "off", self.at(4))
        assert intervals.states([item], self.at(0), self.at(9))[item] == [
            (self.at(0), "up"), (self.at(2), "down"), (self.at(4), "up"),
        ]  # fmt: skip
        intervals.change(self.switch, "off", self.at(6))
        found = intervals.states([item], self.at(0), self.at(9))[item]
        assert found[-1] == (self.at(6), "off")
        assert intervals.is_watched(found, self.at(5), self.at(7))
        assert not intervals.is_watched(found, self.at(6), self.at(9))
