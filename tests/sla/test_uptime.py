"""Availability: each clause of CONTRACTS by hand, and random services against an oracle that looks at every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.uptime import (
    AtLeast,
    Availability,
    Change,
    Day,
    Node,
    State,
    all_of,
    components,
    measure,
    ratio,
)
from sla.worktime import ALWAYS, WorkCalendar

HOUR = 3600
DAY = 24 * HOUR
OFFICE = WorkCalendar.of(
    "Europe/Oslo", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [("08:00", "16:00")])
)


def at(text: str) -> datetime:
    """June 2026 in Oslo from "1 10:00" (the 1st is a Monday), or a whole ISO instant."""
    if "T" in text:
        return datetime.fromisoformat(text)
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-06-{int(day):02d}T{clock}+02:00")


def changes(*history: tuple[str, str]) -> list[Change]:
    return [(at(moment), state) for moment, state in history]


def first_of_june(
    *history: tuple[str, str],
    calendar: WorkCalendar = ALWAYS,
    maintenance: list[tuple[str, str]] | None = None,
) -> Availability:
    """One component over Monday 1 June 2026."""
    spans = [(at(begin), at(end)) for begin, end in maintenance or []]
    return measure(
        "db", {"db": changes(*history)}, (at("1 00:00"), at("2 00:00")), calendar, spans, "Europe/Oslo"
    )


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_an_outage_inside_agreed_time() -> None:
    seen = first_of_june(("1 00:00", "up"), ("1 10:00", "down"), ("1 11:30", "up"))
    assert (seen.agreed_seconds, seen.down_seconds, seen.unknown_seconds) == (DAY, 5400, 0)
    assert (seen.outages, seen.longest_outage_seconds) == (1, 5400)
    assert seen.availability == 0.9375
    assert seen.coverage == 1.0
    assert seen.outage_list == ((at("1 10:00"), at("1 11:30"), 5400),)
    assert (seen.mttr_seconds, seen.mtbf_seconds) == (5400, DAY - 5400)


def test_a_component_is_unknown_before_its_first_state() -> None:
    seen = first_of_june(("1 06:00", "up"))
    assert (seen.agreed_seconds, seen.unknown_seconds, seen.coverage) == (18 * HOUR, 6 * HOUR, 0.75)
    assert seen.availability == 1.0


def test_a_state_from_before_the_window_holds() -> None:
    seen = measure("db", {"db": changes(("1 00:00", "down"))}, (at("8 00:00"), at("9 00:00")))
    assert (seen.down_seconds, seen.outages, seen.availability) == (DAY, 1, 0.0)
    assert seen.outage_list == ((at("8 00:00"), at("9 00:00"), DAY),)
    assert (seen.mttr_seconds, seen.mtbf_seconds) == (DAY, 0)


def test_without_data_there_is_no_availability() -> None:
    seen = measure("db", {}, (at("1 00:00"), at("2 00:00")))
    assert (seen.agreed_seconds, seen.unknown_seconds) == (0, DAY)
    assert (seen.availability, seen.coverage) == (None, 0.0)
    assert (seen.mttr_seconds, seen.mtbf_seconds) == (None, None)


def test_a_window_in_closed_hours_covers_nothing() -> None:
    seen = measure("db", {"db": changes(("1 00:00", "down"))}, (at("6 00:00"), at("7 00:00")), OFFICE)
    assert (seen.agreed_seconds, seen.outages, seen.availability, seen.coverage) == (0, 0, None, None)


def test_only_service_hours_count_and_one_down_state_over_night_is_one_outage() -> None:
    history = {"db": changes(("1 00:00", "up"), ("1 15:00", "down"), ("2 09:00", "up"))}
    seen = measure("db", history, (at("1 00:00"), at("8 00:00")), OFFICE)
    assert (seen.agreed_seconds, seen.down_seconds) == (40 * HOUR, 2 * HOUR)
    assert seen.outage_list == ((at("1 15:00"), at("2 09:00"), 2 * HOUR),)


def test_a_down_state_outside_agreed_time_is_no_outage() -> None:
    seen = first_of_june(("1 00:00", "up"), ("1 20:00", "down"), ("1 21:00", "up"), calendar=OFFICE)
    assert (seen.down_seconds, seen.outages, seen.longest_outage_seconds, seen.availability) == (0, 0, 0, 1.0)


def test_maintenance_is_planned_and_does_not_split_an_outage() -> None:
    seen = first_of_june(
        ("1 00:00", "up"), ("1 09:00", "down"), ("1 13:00", "up"),
        calendar=OFFICE, maintenance=[("1 10:00", "1 11:00"), ("1 10:30", "1 12:00")],
    )  # fmt: skip
    assert (seen.agreed_seconds, seen.down_seconds, seen.planned_seconds) == (6 * HOUR, 2 * HOUR, 2 * HOUR)
    assert seen.outage_list == ((at("1 09:00"), at("1 13:00"), 2 * HOUR),)


def test_unknown_inside_maintenance_is_not_counted() -> None:
    seen = first_of_june(("1 00:00", "unknown"), maintenance=[("1 00:00", "1 06:00")])
    assert (seen.agreed_seconds, seen.unknown_seconds, seen.planned_seconds) == (0, 18 * HOUR, 6 * HOUR)


def test_unknown_splits_an_outage() -> None:
    seen = first_of_june(("1 00:00", "up"), ("1 10:00", "down"), ("1 11:00", "unknown"), ("1 12:00", "down"))
    assert (seen.outages, seen.longest_outage_seconds, seen.down_seconds) == (2, 12 * HOUR, 13 * HOUR)


def test_a_change_that_is_taken_back_in_the_same_second_splits_nothing() -> None:
    seen = first_of_june(("1 00:00", "down"), ("1 10:00", "up"), ("1 10:00", "down"))
    assert seen.outages == 1


def test_degraded_counts_as_up_and_is_shown() -> None:
    seen = first_of_june(("1 00:00", "degraded"), ("1 12:00", "up"))
    assert (seen.agreed_seconds, seen.degraded_seconds, seen.down_seconds) == (DAY, 12 * HOUR, 0)
    assert seen.availability == 1.0


def test_the_composed_service_of_the_contract() -> None:
    service = all_of("db", AtLeast(1, ("web1", "web2")), AtLeast(2, ("n1", "n2", "n3")))
    assert components(service) == ["db", "web1", "web2", "n1", "n2", "n3"]
    up = changes(("1 00:00", "up"))
    states = {
        "db": up,
        "web1": changes(("1 00:00", "up"), ("1 01:00", "down"), ("1 03:00", "up")),
        "web2": changes(("1 00:00", "up"), ("1 02:00", "down"), ("1 04:00", "up")),
        "n1": changes(("1 00:00", "up"), ("1 06:00", "down")),
        "n2": changes(("1 00:00", "up"), ("1 07:00", "degraded"), ("1 08:00", "down"), ("1 09:00", "up")),
        "n3": up,
    }
    seen = measure(service, states, (at("1 00:00"), at("2 00:00")))
    assert seen.outage_list == ((at("1 02:00"), at("1 03:00"), HOUR), (at("1 08:00"), at("1 09:00"), HOUR))
    assert seen.degraded_seconds == HOUR
    assert [stretch.state for stretch in seen.timeline] == ["up", "down", "up", "degraded", "down", "up"]


@pytest.mark.parametrize(
    ("k", "parts", "expected"),
    [
        (2, "up up down", "up"),
        (2, "up degraded down", "degraded"),
        (2, "degraded degraded degraded", "degraded"),
        (2, "up down down", "down"),
        (2, "up unknown down", "unknown"),
        (2, "up unknown unknown", "unknown"),
        (2, "down unknown down", "down"),
        (3, "up unknown down", "down"),
        (3, "up up unknown", "unknown"),
        (3, "up up degraded", "degraded"),
        (1, "down unknown degraded", "degraded"),
        (1, "down unknown down", "unknown"),
        (1, "down down down", "down"),
        (1, "unknown up down", "up"),
    ],
)
def test_at_least_k(k: int, parts: str, expected: str) -> None:
    states = {f"n{number}": changes(("1 00:00", state)) for number, state in enumerate(parts.split())}
    seen = measure(AtLeast(k, tuple(states)), states, (at("1 00:00"), at("2 00:00")))
    assert [stretch.state for stretch in seen.timeline] == [expected]


def test_days_are_local_dates_even_on_the_long_one() -> None:
    window = (at("2026-10-24T00:00:00+02:00"), at("2026-10-27T00:00:00+01:00"))
    history = {"db": changes(("2026-10-24T12:00:00+02:00", "up"), ("2026-10-24T23:00:00+02:00", "down"), ("2026-10-25T05:00:00+01:00", "degraded"), ("2026-10-26T00:00:00+01:00", "up"))}  # fmt: skip
    pause = [(at("2026-10-25T22:00:00+01:00"), at("2026-10-26T02:00:00+01:00"))]
    seen = measure("db", history, window, WorkCalendar.always("Europe/Oslo"), pause)
    assert seen.days == (
        Day(date(2026, 10, 24), agreed=12 * HOUR, down=HOUR, unknown=12 * HOUR),
        Day(date(2026, 10, 25), agreed=23 * HOUR, down=6 * HOUR, degraded=17 * HOUR, planned=2 * HOUR),
        Day(date(2026, 10, 26), agreed=22 * HOUR, planned=2 * HOUR),
    )


def test_a_month_with_its_extra_hour() -> None:
    window = (at("2026-10-01T00:00:00+02:00"), at("2026-11-01T00:00:00+01:00"))
    seen = measure("db", {"db": changes(("2026-10-01T00:00:00+02:00", "up"))}, window)
    assert seen.agreed_seconds == 31 * DAY + HOUR


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, None), (0, 7, 0.0), (7, 7, 1.0), (2, 3, 0.666667), (1, 3, 0.333333),
        (2_678_399, 2_678_400, 0.999999), (1, 2_678_400, 0.000001), (9_999_999, 10_000_000, 0.999999),
    ],
)  # fmt: skip
def test_one_second_down_never_rounds_to_all(part: int, whole: int, expected: float | None) -> None:
    assert ratio(part, whole) == expected


def test_what_makes_no_sense_is_refused() -> None:
    window = (at("1 00:00"), at("2 00:00"))
    with pytest.raises(ValueError, match="never be decided"):
        AtLeast(0, ("a",))
    with pytest.raises(ValueError, match="never be decided"):
        AtLeast(3, ("a", "b"))
    with pytest.raises(ValueError, match="never be decided"):
        all_of()
    with pytest.raises(ValueError, match="window"):
        measure("db", {}, (window[1], window[0]))
    with pytest.raises(ValueError, match="earlier"):
        measure("db", {"db": changes(("1 02:00", "up"), ("1 01:00", "down"))}, window)
    with pytest.raises(ValueError, match="broken"):
        measure("db", {"db": changes(("1 02:00", "broken"))}, window)
    with pytest.raises(ValueError, match="offset"):
        measure("db", {"db": [(at("2026-06-01T00:00"), "up")]}, window)
    with pytest.raises(ValueError, match="maintenance"):
        measure("db", {}, window, ALWAYS, [(window[1], window[0])])


# --- against an oracle ------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")
BEGIN = datetime(2026, 10, 24, 18, tzinfo=UTC)  # the night in which Oslo's clocks go back lies inside
MINUTE = timedelta(minutes=1)
DAYTIME = WorkCalendar.of("Europe/Oslo", dict.fromkeys(("sat", "sun", "mon"), [("05:00", "21:30")]))


def composed(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.lists(parts, min_size=1, max_size=4).flatmap(
        lambda some: st.integers(1, len(some)).map(lambda k: AtLeast(k, tuple(some)))
    )


services: st.SearchStrategy[Node] = st.recursive(st.sampled_from(NAMES), composed, max_leaves=8)
offsets = st.integers(-120, 40 * 60)
histories = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.tuples(offsets, st.sampled_from([str(state) for state in State])), max_size=12).map(
        lambda some: sorted(some, key=lambda change: change[0])
    ),
)
spans = st.lists(st.tuples(offsets, st.integers(1, 600)), max_size=3)


def state_of(node: Node, now: dict[str, str]) -> str:
    """The contract's sentence, word by word."""
    if isinstance(node, str):
        return now.get(node, "unknown")
    states = [state_of(part, now) for part in node.of]
    if states.count("up") >= node.k:
        return "up"
    if states.count("up") + states.count("degraded") >= node.k:
        return "degraded"
    if len([state for state in states if state != "down"]) < node.k:
        return "down"
    return "unknown"


@given(services, histories, spans, st.integers(1, 36 * 60), st.booleans())
def test_every_figure_equals_what_a_look_at_every_minute_finds(
    service: Node,
    history: dict[str, list[tuple[int, str]]],
    planned: list[tuple[int, int]],
    length: int,
    daytime: bool,
) -> None:
    calendar = DAYTIME if daytime else WorkCalendar.always("Europe/Oslo")
    states = {name: [(BEGIN + MINUTE * n, state) for n, state in some] for name, some in history.items()}
    maintenance = [(BEGIN + MINUTE * n, BEGIN + MINUTE * (n + long)) for n, long in planned]
    seen = measure(service, states, (BEGIN, BEGIN + MINUTE * length), calendar, maintenance)

    days: dict[date, Day] = {}
    outages: list[int] = []
    was_down = False
    for minute in range(length):
        wall = (BEGIN + MINUTE * minute).astimezone(ZoneInfo("Europe/Oslo"))
        day = days.setdefault(wall.date(), Day(wall.date()))
        now = {name: [s for n, s in some if n <= minute][-1:] for name, some in history.items()}
        state = state_of(service, {name: some[0] for name, some in now.items() if some})
        if state == "down" and not was_down:
            outages.append(0)
        was_down = state == "down"
        if daytime and not 5 * 60 <= wall.hour * 60 + wall.minute < 21 * 60 + 30:
            continue
        if any(n <= minute < n + long for n, long in planned):
            day.planned += 60
        elif state == "unknown":
            day.unknown += 60
        else:
            day.agreed += 60
            day.down += 60 * (state == "down")
            day.degraded += 60 * (state == "degraded")
            outages[-1:] = [outages[-1] + 60] if was_down else outages[-1:]
    assert seen.days == tuple(days.values())
    assert [outage.seconds for outage in seen.outage_list] == [seconds for seconds in outages if seconds]
    assert seen.down_seconds == sum(outages)
    assert seen.agreed_seconds == sum(day.agreed for day in days.values())
