"""The service clock as a pure function: what happened, in which calendar, against which target, seen at which instant.

No state is kept here and nothing is stepped: the database layer stores rows of (at, do) and asks `run` again, so a clock
can always be recomputed from the timeline, second for second. Pure Python, no Django.

Rules (CONTRACTS `sla_clock`):
- Working time is counted exactly, summed over all spans in which the clock ran, and floored to whole seconds once.
- elapsed <= target is met. A clock is missed from the first whole second over; `reached_at(..., target + 1)` is that
  instant. At closing time on the due instant nothing is missed yet, until the calendar opens again and time goes on.
- A miss is never undone: a missed clock that is paused, or stopped and reopened, stays "missed" with its `breached_at`.
  Cancelled after the miss it is "cancelled" and keeps `breached_at` for the record.
- due_at is the first instant at which elapsed reaches the target; null while paused and after cancel, except that a
  missed clock that is not cancelled always shows `breached_at`.
- Events at the same instant are taken in the order given; one later than `now` has not happened and is refused
  (`until` cuts a history off, to see a clock as it stood then).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from sla.worktime import WorkCalendar, due_after, working_time

ALLOWED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "new": MappingProxyType({"start": "running"}),
        "running": MappingProxyType({"pause": "paused", "stop": "stopped", "cancel": "cancelled"}),
        "paused": MappingProxyType({"resume": "running", "stop": "stopped", "cancel": "cancelled"}),
        "stopped": MappingProxyType({"reopen": "running"}),
        "cancelled": MappingProxyType({}),
    }
)
"""ALLOWED[phase][do] is the phase after it; what is not there is refused. A phase tells what the clock does; whether its
target is met or missed is the state of a `Result`."""

VERBS = ("start", "pause", "resume", "stop", "reopen", "cancel")
_SECOND = timedelta(seconds=1)


class ClockError(ValueError):
    """Events or a target that make no clock. `place` is the path in the input ("events[2].do"), `reason` the rest."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class Event(NamedTuple):
    """One thing that happened to a clock. at: instant with an offset; do: one of VERBS."""

    at: datetime
    do: str


@dataclass(frozen=True, slots=True)
class Result:
    """A clock seen at an instant.

    state: running, paused, met, missed or cancelled. elapsed_seconds, remaining_seconds (may be negative) and
    paused_seconds are whole working seconds. phase: a key of ALLOWED. stopped_at: the last stop, if it stands.
    unreachable: the due instant was asked for but the calendar never reaches the target (due_at is None then).
    """

    state: str
    due_at: datetime | None
    elapsed_seconds: int
    remaining_seconds: int
    breached_at: datetime | None
    phase: str
    paused_seconds: int
    stopped_at: datetime | None
    unreachable: bool


class _Track(NamedTuple):
    """Spans in which a clock ran and was paused; an end of None is open. closed_at: the stop or cancel that stands."""

    phase: str
    runs: list[tuple[datetime, datetime | None]]
    pauses: list[tuple[datetime, datetime | None]]
    closed_at: datetime | None


def follow(events: Iterable[Event]) -> str:
    """The phase after these events, "new" after none. ClockError names the first that is not allowed or out of order."""
    return _track(events).phase


def until(events: Iterable[Event], now: datetime) -> list[Event]:
    """The events that have happened by now."""
    return [event for event in events if event.at <= now]


def run(calendar: WorkCalendar, target_seconds: int, events: Sequence[Event], now: datetime) -> Result:
    """The clock at `now`. ClockError: no start, a forbidden or unordered event, one after now, a target below 1."""
    _check_target(target_seconds)
    track = _track(events)
    if track.phase == "new":
        raise ClockError("events", "is empty, a clock begins with a start")
    _check_now(events, now)
    target = timedelta(seconds=target_seconds)
    seen = track.closed_at or now
    elapsed, due = _crossing(calendar, track.runs, target, now)
    counts_on = track.phase in ("running", "stopped")
    if due is None and counts_on:
        due = due_after(calendar, seen, target - elapsed)
    seconds = elapsed // _SECOND
    missed = seconds > target_seconds
    return Result(
        state=_state(track.phase, missed),
        due_at=due if counts_on or (missed and track.phase != "cancelled") else None,
        elapsed_seconds=seconds,
        remaining_seconds=target_seconds - seconds,
        breached_at=due if missed else None,
        phase=track.phase,
        paused_seconds=_total(calendar, track.pauses, seen) // _SECOND,
        stopped_at=track.closed_at if track.phase == "stopped" else None,
        unreachable=counts_on and due is None,
    )


def reached_at(calendar: WorkCalendar, events: Sequence[Event], seconds: int) -> datetime | None:
    """The first instant at which elapsed is, or will be if the clock runs on, so many seconds.

    None where it has not been reached and the clock does not run now, or the calendar never gets there.
    `reached_at(calendar, events, target + 1)` is the instant from which the clock counts as missed.
    """
    track = _track(events)
    want = timedelta(seconds=seconds)
    spent = timedelta()
    for begin, end in track.runs:
        reached = due_after(calendar, begin, want - spent)
        if reached is not None and (end is None or reached <= end):
            return reached
        if end is not None:
            spent += working_time(calendar, begin, end)
    return None


def threshold_at(
    calendar: WorkCalendar, target_seconds: int, events: Sequence[Event], fraction: float | Fraction
) -> datetime | None:
    """The instant at which this share of the target (0.5, 0.75, 1) is used up, whole seconds rounded up; as `reached_at`."""
    _check_target(target_seconds)
    share = Fraction(fraction).limit_denominator(10_000)
    if share <= 0:
        raise ValueError("a threshold is a share above 0 of the target")
    return reached_at(calendar, events, ceil(share * target_seconds))


def _state(phase: str, missed: bool) -> str:
    if phase == "cancelled":
        return phase
    if missed:
        return "missed"
    return "met" if phase == "stopped" else phase


def _track(events: Iterable[Event]) -> _Track:
    track = _Track("new", [], [], None)
    last: datetime | None = None
    for number, event in enumerate(events):
        if event.at.tzinfo is None:
            raise ClockError(f"events[{number}].at", "has no offset from UTC")
        if last is not None and event.at < last:
            raise ClockError(f"events[{number}].at", "is earlier than the event before it")
        last = event.at
        track = _step(track, event, number)
    return track


def _step(track: _Track, event: Event, number: int) -> _Track:
    after = ALLOWED[track.phase].get(event.do)
    if after is None:
        raise ClockError(f"events[{number}].do", _refusal(track.phase, event.do))
    if track.phase == "running":
        track.runs[-1] = (track.runs[-1][0], event.at)
    elif track.phase == "paused":
        track.pauses[-1] = (track.pauses[-1][0], event.at)
    if after == "running":
        track.runs.append((event.at, None))
    elif after == "paused":
        track.pauses.append((event.at, None))
    closed = event.at if after in ("stopped", "cancelled") else None
    return _Track(after, track.runs, track.pauses, closed)


def _refusal(phase: str, do: str) -> str:
    if do not in VERBS:
        return f"unknown verb {do!r:.60}, the verbs are {', '.join(VERBS)}"
    if phase == "new":
        return f"cannot {do} before the start"
    allowed = ", ".join(ALLOWED[phase]) or "nothing"
    return f"cannot {do} a {phase} clock, allowed here: {allowed}"


def _crossing(
    calendar: WorkCalendar, runs: list[tuple[datetime, datetime | None]], target: timedelta, now: datetime
) -> tuple[timedelta, datetime | None]:
    """Working time of all runs up to now, and the instant at which it reached the target, if it has."""
    elapsed = timedelta()
    due: datetime | None = None
    for begin, end in runs:
        worked = working_time(calendar, begin, end or now)
        if due is None and elapsed + worked >= target:
            due = due_after(calendar, begin, target - elapsed)
        elapsed += worked
    return elapsed, due


def _total(
    calendar: WorkCalendar, spans: list[tuple[datetime, datetime | None]], seen: datetime
) -> timedelta:
    return sum((working_time(calendar, begin, end or seen) for begin, end in spans), timedelta())


def _check_target(target_seconds: int) -> None:
    if target_seconds <= 0:
        raise ClockError("target_seconds", "must be at least 1")


def _check_now(events: Sequence[Event], now: datetime) -> None:
    if now.tzinfo is None:
        raise ClockError("now", "has no offset from UTC")
    late = next((number for number, event in enumerate(events) if event.at > now), None)
    if late is not None:
        raise ClockError(f"events[{late}].at", "is later than now")
