"""The clock: every clause of CONTRACTS by hand, and random histories against an oracle that counts minute by minute."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sla.clockwork import (
    ALLOWED,
    VERBS,
    ClockError,
    Event,
    Result,
    follow,
    reached_at,
    run,
    threshold_at,
    until,
)
from sla.worktime import ALWAYS, WorkCalendar

HOUR = 3600
OSLO = WorkCalendar.of(
    "Europe/Oslo",
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [("08:00", "16:00")]),
    {date(2026, 12, 24): [("08:00", "12:00")], date(2026, 12, 25): []},
)


def at(text: str) -> datetime:
    """June 2026 in Oslo from "1 10:00" (the 1st is a Monday), or a whole ISO instant."""
    if "T" in text:
        return datetime.fromisoformat(text)
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-06-{int(day):02d}T{clock}+02:00")


def see(
    history: list[tuple[str, str]], now: str, target: int = 4 * HOUR, calendar: WorkCalendar = OSLO
) -> Result:
    return run(calendar, target, [Event(at(moment), do) for moment, do in history], at(now))


def facts(result: Result) -> tuple[str, datetime | None, int, int, datetime | None]:
    return result.state, result.due_at, result.elapsed_seconds, result.remaining_seconds, result.breached_at


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_example_of_the_contract() -> None:
    seen = see([("2026-10-23T14:00:00+02:00", "start")], "2026-10-27T09:00:00+01:00")
    due = at("2026-10-26T09:00:00+00:00")
    assert facts(seen) == ("missed", due, 11 * HOUR, -7 * HOUR, due)


def test_running() -> None:
    seen = see([("1 15:00", "start")], "2 09:00")
    assert facts(seen) == ("running", at("2 11:00"), 2 * HOUR, 2 * HOUR, None)
    assert seen.phase == "running"


def test_before_opening_nothing_is_elapsed() -> None:
    assert facts(see([("1 06:00", "start")], "1 07:00")) == ("running", at("1 12:00"), 0, 4 * HOUR, None)


def test_on_the_due_instant_nothing_is_missed_and_a_second_later_it_is() -> None:
    assert facts(see([("1 08:00", "start")], "1 12:00")) == ("running", at("1 12:00"), 4 * HOUR, 0, None)
    late = see([("1 08:00", "start")], "1 12:00:01")
    assert facts(late) == ("missed", at("1 12:00"), 4 * HOUR + 1, -1, at("1 12:00"))
    assert late.phase == "running"


def test_due_at_closing_time_is_not_missed_while_closed() -> None:
    history = [("1 12:00", "start")]
    assert facts(see(history, "1 23:00")) == ("running", at("1 16:00"), 4 * HOUR, 0, None)
    assert facts(see([*history, ("2 07:00", "stop")], "2 12:00")) == ("met", at("1 16:00"), 4 * HOUR, 0, None)
    assert facts(see(history, "2 08:00:01")) == ("missed", at("1 16:00"), 4 * HOUR + 1, -1, at("1 16:00"))
    assert reached_at(OSLO, [Event(at("1 12:00"), "start")], 4 * HOUR + 1) == at("2 08:00:01")


def test_paused_has_no_due_and_does_not_count() -> None:
    history = [("1 08:00", "start"), ("1 10:00", "pause")]
    seen = see(history, "3 12:00")
    assert facts(seen) == ("paused", None, 2 * HOUR, 2 * HOUR, None)
    assert seen.paused_seconds == (6 + 8 + 4) * HOUR
    resumed = see([*history, ("3 12:00", "resume")], "3 13:00")
    assert facts(resumed) == ("running", at("3 14:00"), 3 * HOUR, HOUR, None)
    assert resumed.paused_seconds == 18 * HOUR


def test_met_says_when_it_would_have_fallen_due() -> None:
    seen = see([("1 08:00", "start"), ("1 10:00", "stop")], "9 12:00")
    assert facts(seen) == ("met", at("1 12:00"), 2 * HOUR, 2 * HOUR, None)
    assert seen.stopped_at == at("1 10:00")


def test_exactly_the_target_is_met() -> None:
    assert see([("1 08:00", "start"), ("1 12:00", "stop")], "1 14:00").state == "met"
    assert see([("1 08:00", "start"), ("1 12:00:01", "stop")], "1 14:00").state == "missed"


def test_missed_and_stopped_keeps_elapsed_of_the_stop() -> None:
    seen = see([("1 08:00", "start"), ("1 15:00", "stop")], "9 12:00")
    assert facts(seen) == ("missed", at("1 12:00"), 7 * HOUR, -3 * HOUR, at("1 12:00"))


def test_stopped_while_paused_counts_up_to_the_pause_and_is_due_from_the_stop_on() -> None:
    seen = see([("1 08:00", "start"), ("1 10:00", "pause"), ("2 09:00", "stop")], "3 12:00")
    assert facts(seen) == ("met", at("2 11:00"), 2 * HOUR, 2 * HOUR, None)
    assert seen.paused_seconds == 7 * HOUR


def test_reopened_excludes_the_time_since_the_stop() -> None:
    history = [("1 08:00", "start"), ("1 10:00", "stop"), ("3 08:00", "reopen")]
    seen = see(history, "3 09:00")
    assert facts(seen) == ("running", at("3 10:00"), 3 * HOUR, HOUR, None)
    assert (seen.stopped_at, seen.paused_seconds) == (None, 0)
    late = see([*history, ("3 11:00", "stop")], "3 15:00")
    assert facts(late) == ("missed", at("3 10:00"), 5 * HOUR, -HOUR, at("3 10:00"))


def test_stopped_while_paused_and_reopened_runs_again() -> None:
    history = [("1 08:00", "start"), ("1 10:00", "pause"), ("1 12:00", "stop"), ("2 08:00", "reopen")]
    assert facts(see(history, "2 09:00")) == ("running", at("2 10:00"), 3 * HOUR, HOUR, None)


def test_a_miss_is_not_undone_by_pause_stop_or_reopen() -> None:
    missed = [("1 08:00", "start"), ("1 13:00", "pause")]
    expected = ("missed", at("1 12:00"), 5 * HOUR, -HOUR, at("1 12:00"))
    paused = see(missed, "2 09:00")
    assert facts(paused) == expected
    assert paused.phase == "paused"
    assert facts(see([*missed, ("2 09:00", "stop")], "2 10:00")) == expected
    assert facts(see([*missed, ("2 09:00", "stop"), ("2 10:00", "reopen")], "2 10:00")) == expected


def test_cancelled_has_no_due() -> None:
    assert facts(see([("1 08:00", "start"), ("1 10:00", "cancel")], "2 10:00")) == (
        "cancelled", None, 2 * HOUR, 2 * HOUR, None,
    )  # fmt: skip


def test_cancelled_after_the_miss_keeps_the_breach_on_record() -> None:
    assert facts(see([("1 08:00", "start"), ("1 13:00", "cancel")], "2 10:00")) == (
        "cancelled", None, 5 * HOUR, -HOUR, at("1 12:00"),
    )  # fmt: skip


def test_target_used_up_exactly_at_the_pause() -> None:
    history = [("1 08:00", "start"), ("1 12:00", "pause")]
    assert facts(see(history, "1 13:00")) == ("paused", None, 4 * HOUR, 0, None)
    resumed = [*history, ("1 14:00", "resume")]
    assert facts(see(resumed, "1 14:00")) == ("running", at("1 12:00"), 4 * HOUR, 0, None)
    assert facts(see(resumed, "1 14:30")) == ("missed", at("1 12:00"), 4 * HOUR + 1800, -1800, at("1 12:00"))


def test_holidays_and_short_days() -> None:
    seen = see([("2026-12-23T15:00:00+01:00", "start")], "2026-12-28T08:30:00+01:00", target=6 * HOUR)
    assert facts(seen) == ("running", at("2026-12-28T09:00:00+01:00"), 5 * HOUR + 1800, 1800, None)


def test_round_the_clock_through_the_long_night() -> None:
    history = [("2026-10-25T00:00:00+02:00", "start")]
    seen = see(history, "2026-10-25T12:00:00+01:00", target=24 * HOUR, calendar=ALWAYS)
    assert facts(seen) == ("running", at("2026-10-25T23:00:00+01:00"), 13 * HOUR, 11 * HOUR, None)


def test_fractions_of_a_second_are_summed_before_they_are_floored() -> None:
    history = [
        ("2026-06-01T10:00:00.000+02:00", "start"), ("2026-06-01T10:00:00.600+02:00", "pause"),
        ("2026-06-01T10:00:05.000+02:00", "resume"), ("2026-06-01T10:00:05.600+02:00", "stop"),
    ]  # fmt: skip
    seen = see(history, "1 11:00", target=1)
    assert (seen.state, seen.elapsed_seconds) == ("met", 1)
    assert seen.due_at == at("2026-06-01T10:00:05.400+02:00")


def test_events_at_one_instant_are_taken_in_order() -> None:
    history = [("1 08:00", "start"), ("1 09:00", "pause"), ("1 09:00", "resume"), ("1 09:00", "stop")]
    assert facts(see(history, "1 09:00")) == ("met", at("1 12:00"), HOUR, 3 * HOUR, None)


def test_a_target_the_calendar_never_reaches_is_said_so() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {}, {date(2026, 6, 1): [("08:00", "10:00")]})
    seen = see([("1 08:00", "start")], "2 09:00", calendar=calendar)
    assert (seen.state, seen.due_at, seen.unreachable) == ("running", None, True)
    assert not see([("1 08:00", "start"), ("1 09:00", "pause")], "2 09:00", calendar=calendar).unreachable


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "now", "place"),
    [
        ([], "1 10:00", "events"),
        ([("1 08:00", "pause")], "1 10:00", "events[0].do"),
        ([("1 08:00", "start"), ("1 09:00", "start")], "1 10:00", "events[1].do"),
        ([("1 08:00", "start"), ("1 09:00", "resume")], "1 10:00", "events[1].do"),
        ([("1 08:00", "start"), ("1 09:00", "stop"), ("1 09:30", "pause")], "1 10:00", "events[2].do"),
        ([("1 08:00", "start"), ("1 09:00", "stop"), ("1 09:30", "stop")], "1 10:00", "events[2].do"),
        ([("1 08:00", "start"), ("1 09:00", "stop"), ("1 09:30", "cancel")], "1 10:00", "events[2].do"),
        ([("1 08:00", "start"), ("1 09:00", "cancel"), ("1 09:30", "reopen")], "1 10:00", "events[2].do"),
        ([("1 08:00", "start"), ("1 09:00", "reopen")], "1 10:00", "events[1].do"),
        ([("1 08:00", "start"), ("1 09:00", "hold")], "1 10:00", "events[1].do"),
        ([("1 08:00", "start"), ("1 07:59", "stop")], "1 10:00", "events[1].at"),
        ([("1 08:00", "start"), ("1 11:00", "stop")], "1 10:00", "events[1].at"),
        ([("1 11:00", "start")], "1 10:00", "events[0].at"),
    ],
)
def test_a_history_that_cannot_be_is_refused_by_place(
    history: list[tuple[str, str]], now: str, place: str
) -> None:
    with pytest.raises(ClockError) as refused:
        see(history, now)
    assert refused.value.place == place


@pytest.mark.parametrize("target", [0, -1])
def test_a_target_below_one_second_is_refused(target: int) -> None:
    with pytest.raises(ClockError, match="target_seconds"):
        see([("1 08:00", "start")], "1 10:00", target=target)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ClockError, match=r"events\[0\]\.at"):
        run(OSLO, 1, [Event(at("2026-06-01T00:00"), "start")], at("1 10:00"))
    with pytest.raises(ClockError, match="now"):
        run(OSLO, 1, [Event(at("1 08:00"), "start")], at("2026-06-01T00:00"))


# --- thresholds -------------------------------------------------------------------------------------------------------


def events(*history: tuple[str, str]) -> list[Event]:
    return [Event(at(moment), do) for moment, do in history]


def test_thresholds_lie_where_the_share_is_used_up() -> None:
    running = events(("1 14:00", "start"))
    assert threshold_at(OSLO, 4 * HOUR, running, 0.5) == at("1 16:00")
    assert threshold_at(OSLO, 4 * HOUR, running, 0.75) == at("2 09:00")
    assert threshold_at(OSLO, 4 * HOUR, running, Fraction(1)) == at("2 10:00")
    assert threshold_at(OSLO, 3, running, 0.5) == at("1 14:00:02")


def test_a_threshold_is_none_until_reached_while_the_clock_stands() -> None:
    paused = events(("1 08:00", "start"), ("1 10:00", "pause"))
    assert threshold_at(OSLO, 4 * HOUR, paused, 0.5) == at("1 10:00")
    assert threshold_at(OSLO, 4 * HOUR, paused, 0.75) is None
    resumed = [*paused, Event(at("1 12:00"), "resume")]
    assert threshold_at(OSLO, 4 * HOUR, resumed, 0.75) == at("1 13:00")
    assert threshold_at(OSLO, 4 * HOUR, [], 0.5) is None
    with pytest.raises(ValueError, match="share"):
        threshold_at(OSLO, 4 * HOUR, resumed, 0)


def test_a_history_can_be_cut_to_see_it_as_it_was() -> None:
    history = events(("1 08:00", "start"), ("1 10:00", "pause"), ("1 12:00", "resume"))
    assert [event.do for event in until(history, at("1 10:00"))] == ["start", "pause"]
    assert (follow([]), follow(history)) == ("new", "running")


# --- random histories -------------------------------------------------------------------------------------------------

# The oracle's own opening hours: UTC, Monday to Friday 08-16, Saturday until noon. No part of sla.worktime is used.
MACHINE_CALENDAR = WorkCalendar.of(
    "UTC",
    {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [("08:00", "16:00")]), "sat": [("08:00", "12:00")]},
)
MINUTE = timedelta(minutes=1)


def is_open(moment: datetime) -> bool:
    closing = {5: 12, 6: 0}.get(moment.weekday(), 16)
    return 8 <= moment.hour < closing


class ClockMachine(RuleBasedStateMachine):
    """Lives through a history minute by minute with one counter, and asks the engine after every step."""

    @initialize(seconds=st.integers(1, 20 * HOUR), start=st.integers(0, 7 * 24 * 60))
    def begin(self, seconds: int, start: int) -> None:
        self.target = seconds
        self.now = datetime(2026, 6, 1, tzinfo=UTC) + start * MINUTE
        self.history = [Event(self.now, "start")]
        self.phase = "running"
        self.elapsed = 0
        self.crossed: datetime | None = None

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 3000)))
    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            if self.phase == "running" and is_open(self.now):
                if self.crossed is None and self.elapsed + 60 >= self.target:
                    self.crossed = self.now + timedelta(seconds=self.target - self.elapsed)
                self.elapsed += 60
            self.now += MINUTE

    @rule(data=st.data())
    @precondition(lambda self: bool(ALLOWED[self.phase]))
    def act(self, data: st.DataObject) -> None:
        do = data.draw(st.sampled_from(sorted(ALLOWED[self.phase])))
        self.history.append(Event(self.now, do))
        self.phase = {"pause": "paused", "stop": "stopped", "cancel": "cancelled"}.get(do, "running")

    @rule(data=st.data())
    def act_wrongly(self, data: st.DataObject) -> None:
        do = data.draw(st.sampled_from(sorted({*VERBS, "hold"} - set(ALLOWED[self.phase]))))
        with pytest.raises(ClockError) as refused:
            run(MACHINE_CALENDAR, self.target, [*self.history, Event(self.now, do)], self.now)
        assert refused.value.place == f"events[{len(self.history)}].do"

    def due(self) -> datetime:
        if self.crossed is not None:
            return self.crossed
        left, moment = self.target - self.elapsed, self.now
        if self.phase == "stopped":
            moment = self.history[-1].at
        while True:
            if is_open(moment):
                if left <= 60:
                    return moment + timedelta(seconds=left)
                left -= 60
            moment += MINUTE

    @invariant()
    def agrees(self) -> None:
        missed = self.elapsed > self.target
        state = self.phase if self.phase != "stopped" else "met"
        if missed and self.phase != "cancelled":
            state = "missed"
        no_due = self.phase == "cancelled" or (self.phase == "paused" and not missed)
        seen = run(MACHINE_CALENDAR, self.target, self.history, self.now)
        assert facts(seen) == (
            state,
            None if no_due else self.due(),
            self.elapsed,
            self.target - self.elapsed,
            self.crossed if missed else None,
        )
        assert (seen.phase, seen.unreachable) == (self.phase, False)
        if missed:
            over = reached_at(MACHINE_CALENDAR, self.history, self.target + 1)
            assert over is not None
            assert over <= self.now


TestClockMachine = ClockMachine.TestCase
