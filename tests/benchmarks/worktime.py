"""How dear working time is: `python -m tests.benchmarks.worktime` prints one figure a line. Not a timed test.

The calendar is an ordinary one: office hours in Oslo, ten years of public holidays. Instants are drawn at random from
three years, so the cache of weeks is warm after the first few hundred, as it is in a worker.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import perf_counter

import holidays

from sla.clockwork import Event, run
from sla.uptime import AtLeast, all_of, measure
from sla.worktime import WorkCalendar, due_at, working_seconds

HOUR = 3600
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
ROUNDS = 20_000


def office() -> WorkCalendar:
    """A calendar nobody has asked anything yet."""
    closed: dict[date, list[tuple[str, str]]] = {
        day: [] for day in holidays.country_holidays("NO", years=range(2024, 2034))
    }
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [("08:00", "12:00"), ("12:30", "16:00")])
    return WorkCalendar.of("Europe/Oslo", week, closed)


def micros(work: Callable[[datetime], object], rounds: int = ROUNDS) -> float:
    """Mean microseconds of one call over random instants, after a tenth of the rounds unmeasured."""
    draw = random.Random(7)
    instants = [BEGIN + timedelta(seconds=draw.randrange(3 * 365 * 86400)) for _ in range(rounds)]
    for instant in instants[: rounds // 10]:
        work(instant)
    started = perf_counter()
    for instant in instants:
        work(instant)
    return (perf_counter() - started) / rounds * 1e6


def one_clock(calendar: WorkCalendar, start: datetime) -> object:
    moments = ("start", "pause", "resume", "pause", "resume")
    events = [Event(start + timedelta(hours=7 * number), do) for number, do in enumerate(moments)]
    return run(calendar, 40 * HOUR, events, start + timedelta(days=3))


def month(changes: int) -> float:
    """Milliseconds for 30 days of a service of 20 components with so many changes in all."""
    draw = random.Random(11)
    names = [f"n{number}" for number in range(20)]
    service = all_of(
        *names[:4], AtLeast(1, tuple(names[4:8])), AtLeast(6, (*names[8:16], AtLeast(1, tuple(names[16:]))))
    )
    each = changes // len(names)
    states = {
        name: [
            (
                BEGIN + timedelta(seconds=second),
                draw.choice(("up", "up", "up", "degraded", "down", "unknown")),
            )
            for second in sorted(draw.sample(range(30 * 86400), each))
        ]
        for name in names
    }
    started = perf_counter()
    measure(service, states, (BEGIN, BEGIN + timedelta(days=30)), office(), zone="Europe/Oslo")
    return (perf_counter() - started) * 1e3


def main() -> None:
    calendar = office()
    started = perf_counter()
    due_at(calendar, BEGIN, 4 * HOUR)
    print(f"due_at, first question to a new calendar  {(perf_counter() - started) * 1e6:8.1f} µs")
    for hours in (4, 40, 400, 4000):
        figure = micros(lambda start, hours=hours: due_at(calendar, start, hours * HOUR))  # type: ignore[misc]
        print(f"due_at, {hours:4d} working hours               {figure:8.1f} µs")
    for days in (1, 30, 365):
        span = timedelta(days=days)
        figure = micros(lambda start, span=span: working_seconds(calendar, start, start + span))  # type: ignore[misc]
        print(f"working_seconds over {days:3d} days             {figure:8.1f} µs")
    print(
        f"clock with five events, run               {micros(lambda start: one_clock(calendar, start)):8.1f} µs"
    )
    for changes in (1000, 5000, 20000):
        print(f"availability, 30 days, 20 parts, {changes:5d} changes {month(changes):6.1f} ms")


if __name__ == "__main__":
    main()
