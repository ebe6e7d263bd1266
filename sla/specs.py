"""The JSON forms of `sla_clock` and `sla_availability`: strict reading, and the answers as plain dictionaries.

Pure Python, no Django. Nothing is guessed: an unknown or doubled key, a wrong type, an instant without offset, NaN or a
true where a number belongs is refused with a `SpecError` that names the place ("events[2].at").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sla.clockwork import ClockError, Event, Result, run
from sla.strict import (
    Span,
    SpecError,
    as_date,
    as_instant,
    as_list,
    as_object,
    as_pair,
    as_span,
    as_text,
    as_whole,
    join,
    read_json,
    show,
)
from sla.uptime import AtLeast, Availability, Change, Node, State, measure
from sla.worktime import CalendarError, WorkCalendar

_LONGEST_TARGET = 10**10  # seconds; 317 years, past every instant that is accepted
_DEEPEST_SERVICE = 50


@dataclass(frozen=True)
class ClockSpec:
    """A scenario of `sla_clock`."""

    calendar: WorkCalendar
    target_seconds: int
    events: list[Event]
    now: datetime


@dataclass(frozen=True)
class AvailabilitySpec:
    """A scenario of `sla_availability`."""

    window: Span
    calendar: WorkCalendar
    service: Node
    states: dict[str, list[Change]]
    maintenance: list[Span]


# --- whole texts ------------------------------------------------------------------------------------------------------


def answer(text: str, solve: Callable[[Any, str], dict[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """Reads JSON text and solves the scenario in it, or each of a list; `solve` is `clock` or `availability`."""
    value = read_json(text)
    if isinstance(value, list):
        return [solve(one, f"[{number}]") for number, one in enumerate(value)]
    if not isinstance(value, dict):
        raise SpecError("input", f"must be an object or a list of them, not {show(value)}")
    return solve(value, "")


def clock(value: Any, place: str = "") -> dict[str, Any]:
    """One scenario of `sla_clock` to its answer."""
    spec = parse_clock(value, place)
    try:
        result = run(spec.calendar, spec.target_seconds, spec.events, spec.now)
    except ClockError as error:
        raise SpecError(join(place, error.place), error.reason) from error
    if result.unreachable:
        raise SpecError(join(place, "calendar"), "has too few open hours, the target would never fall due")
    return clock_answer(result)


def availability(value: Any, place: str = "") -> dict[str, Any]:
    """One scenario of `sla_availability` to its answer."""
    spec = parse_availability(value, place)
    return availability_answer(
        measure(spec.service, spec.states, spec.window, spec.calendar, spec.maintenance)
    )


def clock_answer(result: Result) -> dict[str, Any]:
    """The fields of CONTRACTS `sla_clock`."""
    return {
        "state": result.state,
        "due_at": instant_text(result.due_at),
        "elapsed_seconds": result.elapsed_seconds,
        "remaining_seconds": result.remaining_seconds,
        "breached_at": instant_text(result.breached_at),
    }


def availability_answer(result: Availability) -> dict[str, Any]:
    """The fields of CONTRACTS `sla_availability`."""
    return {
        "agreed_seconds": result.agreed_seconds,
        "down_seconds": result.down_seconds,
        "unknown_seconds": result.unknown_seconds,
        "degraded_seconds": result.degraded_seconds,
        "outages": result.outages,
        "longest_outage_seconds": result.longest_outage_seconds,
        "coverage": result.coverage,
        "availability": result.availability,
    }


def instant_text(instant: datetime | None) -> str | None:
    """UTC as ISO 8601 with a Z, a fraction only where there is one."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- the forms --------------------------------------------------------------------------------------------------------


def parse_clock(value: Any, place: str = "") -> ClockSpec:
    """A scenario of `sla_clock`; the order and meaning of its events are the clock's own to judge."""
    form = as_object(value, place, required=("calendar", "target_seconds", "events", "now"))
    return ClockSpec(
        calendar=parse_calendar(form["calendar"], join(place, "calendar")),
        target_seconds=as_whole(form["target_seconds"], join(place, "target_seconds"), 1, _LONGEST_TARGET),
        events=[
            _event(one, f"{join(place, 'events')}[{number}]")
            for number, one in enumerate(as_list(form["events"], join(place, "events")))
        ],
        now=as_instant(form["now"], join(place, "now")),
    )


def parse_availability(value: Any, place: str = "") -> AvailabilitySpec:
    """A scenario of `sla_availability`. States of components that the service does not name are checked, not used."""
    required = ("window", "calendar", "service", "states")
    form = as_object(value, place, required=required, optional=("maintenance",))
    spans = join(place, "maintenance")
    given = join(place, "states")
    return AvailabilitySpec(
        window=as_span(form["window"], join(place, "window")),
        calendar=parse_calendar(form["calendar"], join(place, "calendar")),
        service=_service(form["service"], join(place, "service"), _DEEPEST_SERVICE),
        states={
            name: _changes(one, join(given, name)) for name, one in as_object(form["states"], given).items()
        },
        maintenance=[
            as_span(one, f"{spans}[{number}]")
            for number, one in enumerate(as_list(form.get("maintenance", []), spans))
        ],
    )


def parse_calendar(value: Any, place: str = "calendar") -> WorkCalendar:
    """`{"timezone": …, "week": {…}, "dates": {…}}` or "24x7"; one that is never open is refused."""
    if isinstance(value, str):
        if value != "24x7":
            raise SpecError(place, f'must be an object or "24x7", not {show(value)}')
        return WorkCalendar.always()
    form = as_object(value, place, required=("timezone", "week"), optional=("dates",))
    zone = as_text(form["timezone"], join(place, "timezone"))
    week = {
        day: _hours(spans, join(join(place, "week"), day))
        for day, spans in as_object(form["week"], join(place, "week")).items()
    }
    dates = {
        as_date(day, join(place, "dates")): _hours(spans, f"{join(place, 'dates')}.{day}")
        for day, spans in as_object(form.get("dates", {}), join(place, "dates")).items()
    }
    try:
        calendar = WorkCalendar.of(zone, week, dates)
    except CalendarError as error:
        raise SpecError(join(place, error.place), error.reason) from error
    if not calendar.has_open_hours:
        raise SpecError(place, "has no open hours, so nothing can be counted in it")
    return calendar


def _event(value: Any, place: str) -> Event:
    form = as_object(value, place, required=("at", "do"))
    return Event(as_instant(form["at"], join(place, "at")), as_text(form["do"], join(place, "do")))


def _service(value: Any, place: str, depth: int) -> Node:
    if isinstance(value, str):
        return as_text(value, place)
    if depth == 0:
        raise SpecError(place, f"is nested more than {_DEEPEST_SERVICE} deep")
    keys = set(as_object(value, place))
    if keys == {"at_least", "of"}:
        parts = _parts(value["of"], join(place, "of"), depth)
        return AtLeast(as_whole(value["at_least"], join(place, "at_least"), 1, len(parts)), parts)
    if keys in ({"all"}, {"any"}):
        (key,) = keys
        parts = _parts(value[key], join(place, key), depth)
        return AtLeast(len(parts) if key == "all" else 1, parts)
    raise SpecError(place, 'must be a name, {"all": […]}, {"any": […]} or {"at_least": k, "of": […]}')


def _parts(value: Any, place: str, depth: int) -> tuple[Node, ...]:
    parts = as_list(value, place)
    if not parts:
        raise SpecError(place, "is empty, a service needs at least one part")
    return tuple(_service(part, f"{place}[{number}]", depth - 1) for number, part in enumerate(parts))


def _changes(value: Any, place: str) -> list[Change]:
    changes: list[Change] = []
    for number, pair in enumerate(as_list(value, place)):
        here = f"{place}[{number}]"
        at, state = as_pair(pair, here)
        moment = as_instant(at, f"{here}[0]")
        if changes and moment < changes[-1][0]:
            raise SpecError(f"{here}[0]", "is earlier than the one before it")
        if as_text(state, f"{here}[1]") not in list(State):
            raise SpecError(f"{here}[1]", f"unknown state {show(state)}, the states are {', '.join(State)}")
        changes.append((moment, state))
    return changes


def _hours(value: Any, place: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, pair in enumerate(as_list(value, place)):
        begin, end = as_pair(pair, f"{place}[{number}]")
        found.append((as_text(begin, f"{place}[{number}][0]"), as_text(end, f"{place}[{number}][1]")))
    return found
