"""Working time: hand-computed dates, both nights on which clocks change, and properties against a minute-stepping oracle."""

import io
import struct
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sla import worktime
from sla.worktime import (
    ALWAYS,
    DAY_MINUTES,
    CalendarError,
    WorkCalendar,
    due_after,
    due_at,
    minutes_of,
    working_intervals,
    working_seconds,
    working_time,
)

HOUR = 3600
OFFICE = [("08:00", "16:00")]
WORKWEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
OSLO = WorkCalendar.of("Europe/Oslo", WORKWEEK)
CHRISTMAS = WorkCalendar.of(
    "Europe/Oslo", WORKWEEK, {date(2026, 12, 24): [("08:00", "12:00")], date(2026, 12, 25): []}
)
NIGHTS = WorkCalendar.of("Europe/Oslo", dict.fromkeys(("sat", "sun"), [("00:00", "24:00")]))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- hand-computed ----------------------------------------------------------------------------------------------------


def test_given_a_week_it_counts_only_open_hours() -> None:
    assert working_seconds(OSLO, at("2026-06-01T00:00+02:00"), at("2026-06-08T00:00+02:00")) == 40 * HOUR
    assert working_seconds(OSLO, at("2026-06-01T07:00+02:00"), at("2026-06-01T08:00:01+02:00")) == 1
    assert working_seconds(OSLO, at("2026-06-06T10:00+02:00"), at("2026-06-07T10:00+02:00")) == 0


def test_it_floors_a_started_second_but_keeps_exact_time() -> None:
    begin, end = at("2026-06-01T10:00:00.400+02:00"), at("2026-06-01T10:00:02.100+02:00")
    assert working_seconds(OSLO, begin, end) == 1
    assert working_time(OSLO, begin, end) == timedelta(microseconds=1_700_000)


def test_due_at_closing_time_is_closing_time_and_not_next_morning() -> None:
    assert due_at(OSLO, at("2026-06-01T12:00+02:00"), 4 * HOUR) == at("2026-06-01T16:00+02:00")
    assert due_at(OSLO, at("2026-06-01T12:00+02:00"), 4 * HOUR + 1) == at("2026-06-02T08:00:01+02:00")


def test_due_skips_the_weekend_in_which_summer_time_ends() -> None:
    assert due_at(OSLO, at("2026-10-23T14:00+02:00"), 4 * HOUR) == at("2026-10-26T10:00+01:00")
    assert due_at(OSLO, at("2026-10-23T14:00+02:00"), 4 * HOUR) == at("2026-10-26T09:00Z")


def test_due_from_a_closed_hour_counts_from_opening() -> None:
    assert due_at(OSLO, at("2026-06-06T10:00+02:00"), HOUR) == at("2026-06-08T09:00+02:00")


def test_due_for_nothing_is_the_start_even_when_closed() -> None:
    assert due_at(OSLO, at("2026-06-06T10:00+02:00"), 0) == at("2026-06-06T10:00+02:00")


def test_dates_replace_the_weekday() -> None:
    begin = at("2026-12-24T11:00+01:00")
    assert due_at(CHRISTMAS, begin, 2 * HOUR) == at("2026-12-28T09:00+01:00")
    assert (
        working_seconds(CHRISTMAS, at("2026-12-21T00:00+01:00"), at("2026-12-28T00:00+01:00"))
        == (3 * 8 + 4) * HOUR
    )


def test_a_date_may_open_a_weekend() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", WORKWEEK, {date(2026, 6, 6): [("10:00", "12:00")]})
    assert due_at(calendar, at("2026-06-05T15:00+02:00"), 2 * HOUR) == at("2026-06-06T11:00+02:00")


@pytest.mark.parametrize(("sunday", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-07", 24)])
def test_a_sunday_round_the_clock_has_its_real_hours(sunday: str, hours: int) -> None:
    begin = datetime.combine(date.fromisoformat(sunday), datetime.min.time(), ZoneInfo("Europe/Oslo"))
    end = begin + timedelta(days=1)
    assert working_seconds(NIGHTS, begin, end) == hours * HOUR
    assert working_seconds(ALWAYS, begin, end) == hours * HOUR
    assert working_seconds(OSLO, begin, end) == 0


def test_an_office_day_is_eight_hours_when_clocks_change() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        calendar = WorkCalendar.of("Europe/Oslo", {"sun": OFFICE})
        begin = datetime.combine(day, datetime.min.time(), ZoneInfo("Europe/Oslo"))
        assert working_seconds(calendar, begin, begin + timedelta(days=1)) == 8 * HOUR


def test_a_skipped_local_time_moves_forward_by_the_gap() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {"sun": [("02:30", "06:00")]})
    [(begin, end)] = working_intervals(calendar, at("2026-03-29T00:00Z"), at("2026-03-30T00:00Z"))
    assert (begin, end) == (at("2026-03-29T03:30+02:00"), at("2026-03-29T06:00+02:00"))


def test_a_span_inside_the_skipped_hour_keeps_its_length() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {"sun": [("02:00", "02:30")]})
    [(begin, end)] = working_intervals(calendar, at("2026-03-29T00:00Z"), at("2026-03-30T00:00Z"))
    assert (begin, end) == (at("2026-03-29T03:00+02:00"), at("2026-03-29T03:30+02:00"))


def test_spans_that_the_skipped_hour_pushes_together_count_once() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {"sun": [("01:00", "02:30"), ("03:00", "04:00")]})
    assert working_seconds(calendar, at("2026-03-29T00:00Z"), at("2026-03-30T00:00Z")) == 2 * HOUR


def test_a_local_time_that_occurs_twice_is_its_first() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {"sun": [("02:30", "04:00")]})
    [(begin, end)] = working_intervals(calendar, at("2026-10-25T00:00Z"), at("2026-10-26T00:00Z"))
    assert (begin, end) == (at("2026-10-25T02:30+02:00"), at("2026-10-25T04:00+01:00"))
    assert working_seconds(calendar, begin, end) == 2 * HOUR + HOUR // 2


def test_touching_days_come_as_one_interval() -> None:
    found = list(working_intervals(NIGHTS, at("2026-10-19T00:00Z"), at("2026-11-02T00:00Z")))
    assert found == [
        (at("2026-10-24T00:00+02:00"), at("2026-10-26T00:00+01:00")),
        (at("2026-10-31T00:00+01:00"), at("2026-11-02T00:00+01:00")),
    ]
    assert working_seconds(NIGHTS, *found[0]) == 49 * HOUR


def test_years_of_working_time_are_reached() -> None:
    assert due_at(OSLO, at("2026-01-05T08:00+01:00"), 40 * HOUR * 520) == at("2035-12-21T16:00+01:00")
    assert due_at(ALWAYS, at("2026-01-01T00:00Z"), 86400 * 365) == at("2027-01-01T00:00Z")


def test_a_calendar_that_never_opens_gives_none() -> None:
    closed = WorkCalendar.of("Europe/Oslo", {})
    assert not closed.has_open_hours
    assert due_at(closed, at("2026-01-01T00:00Z"), 1) is None
    assert working_seconds(closed, at("2026-01-01T00:00Z"), at("2036-01-01T00:00Z")) == 0


def test_a_calendar_of_dates_only_gives_none_after_the_last() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {}, {date(2026, 6, 6): OFFICE, date(2027, 6, 6): OFFICE})
    assert due_at(calendar, at("2026-06-01T00:00Z"), 16 * HOUR) == at("2027-06-06T16:00+02:00")
    assert due_at(calendar, at("2026-06-01T00:00Z"), 16 * HOUR + 1) is None
    assert due_at(calendar, at("2028-06-01T00:00Z"), 1) is None


@pytest.mark.parametrize("seconds", [10**11, 10**18, 10**30])
def test_what_lies_beyond_the_horizon_gives_none(seconds: int) -> None:
    assert due_at(OSLO, at("2026-06-01T00:00Z"), seconds) is None


def test_a_whole_day_is_skipped_where_the_date_never_was() -> None:
    samoa = WorkCalendar.of("Pacific/Apia", dict.fromkeys(("thu", "fri", "sat"), OFFICE))
    assert working_seconds(samoa, at("2011-12-29T00:00-10:00"), at("2012-01-01T00:00+14:00")) == 16 * HOUR


def zone_file(rule: str) -> ZoneInfo:
    """A zone that follows a POSIX rule: two empty blocks of the tz file format (RFC 9636), then the rule."""
    block = (
        b"TZif2"
        + bytes(15)
        + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
        + struct.pack(">lBB", 3600, 0, 0)
        + b"XXX\0"
    )
    return ZoneInfo.from_file(io.BytesIO(block * 2 + b"\n" + rule.encode() + b"\n"), key="Test/Monday")


def test_clocks_that_go_back_over_a_mondays_midnight_count_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No zone does so today. Monday begins at 22:00Z, at 22:30Z it is Sunday 23:30 again."""
    zone = zone_file("XXX-1YYY-2,M3.5.1/2,M10.4.1/0:30")
    assert at("2026-10-25T22:45Z").astimezone(zone).strftime("%a %H:%M") == "Sun 23:45"
    monkeypatch.setattr(worktime, "zone_of", lambda name: zone)
    calendar = WorkCalendar.of("Test/Monday", {"mon": [("00:00", "24:00")]})
    assert working_seconds(calendar, at("2026-10-25T20:00Z"), at("2026-10-28T00:00Z")) == 25 * HOUR
    assert working_seconds(calendar, at("2026-10-25T22:45Z"), at("2026-10-25T23:45Z")) == HOUR
    assert due_at(calendar, at("2026-10-25T22:45Z"), HOUR) == at("2026-10-25T23:45Z")


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "place"),
    [
        ([("08:00", "12:00"), ("11:59", "16:00")], "week.mon[1]"),
        ([("13:00", "16:00"), ("08:00", "13:01")], "week.mon[0]"),
        ([("08:00", "08:00")], "week.mon[0]"),
        ([("16:00", "08:00")], "week.mon[0]"),
        ([("24:00", "24:00")], "week.mon[0]"),
        ([("08:00", "24:01")], "week.mon[0]"),
        ([("8:00", "16:00")], "week.mon[0]"),
        ([("08:00", "25:00")], "week.mon[0]"),
        ([("08:00", "16:60")], "week.mon[0]"),
        ([("08:00", "١٦:٠٠")], "week.mon[0]"),
        ([("08:00", "16:00", "17:00")], "week.mon[0]"),
    ],
)
def test_bad_hours_are_refused_by_place(spans: list[tuple[str, str]], place: str) -> None:
    with pytest.raises(CalendarError) as refused:
        WorkCalendar.of("Europe/Oslo", {"mon": spans})
    assert refused.value.place == place


@pytest.mark.parametrize(
    "zone", ["Europe/Olso", "", "Europe", "../etc/passwd", "/etc/passwd", "a\0b", "\ud800", "x" * 5000]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(CalendarError, match="unknown time zone") as refused:
        WorkCalendar.of(zone, WORKWEEK)
    assert refused.value.place == "timezone"
    assert len(str(refused.value)) < 120


def test_an_unknown_weekday_is_refused() -> None:
    with pytest.raises(CalendarError, match=r"week\.monday"):
        WorkCalendar.of("Europe/Oslo", {"monday": OFFICE})


def test_bad_instants_are_refused() -> None:
    aware = at("2026-06-01T00:00Z")
    with pytest.raises(ValueError, match="no offset"):
        working_seconds(OSLO, at("2026-06-01T00:00"), aware)
    with pytest.raises(ValueError, match="no offset"):
        due_at(OSLO, at("2026-06-01T00:00"), 1)
    with pytest.raises(ValueError, match="before"):
        working_seconds(OSLO, aware, aware - timedelta(seconds=1))
    with pytest.raises(ValueError, match="backwards"):
        due_at(OSLO, aware, -1)


def test_hours_are_sorted_and_touching_ones_joined() -> None:
    calendar = WorkCalendar.of("Europe/Oslo", {"mon": [("12:00", "24:00"), ("08:00", "12:00")]})
    assert calendar.week[0] == ((minutes_of("08:00"), DAY_MINUTES),)
    assert calendar == WorkCalendar.of("Europe/Oslo", {"mon": [("08:00", "24:00")]})
    assert hash(calendar) == hash(WorkCalendar.of("Europe/Oslo", {"mon": [("08:00", "24:00")]}))


# --- properties -------------------------------------------------------------------------------------------------------

ZONES = (
    "Europe/Oslo",
    "UTC",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
)
# A day or two before a change of clocks in each of those zones, and a quiet day.
ANCHORS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in [
        (2026, 3, 7),
        (2026, 3, 28),
        (2026, 4, 4),
        (2026, 9, 5),
        (2026, 10, 3),
        (2026, 10, 24),
        (2026, 11, 1),
    ]
)


@st.composite
def hours(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Spans of one day, apart from each other, dense around the small hours where clocks change."""
    edge = st.one_of(
        st.sampled_from([0, 60, 90, 120, 135, 150, 180, 195, 240, 1380, 1440]), st.integers(0, 1440)
    )
    edges = sorted(draw(st.sets(edge, max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return [tuple(f"{m // 60:02d}:{m % 60:02d}" for m in pair) for pair in pairs]  # type: ignore[misc]


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    week = {day: draw(hours()) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    day = draw(st.sampled_from(ANCHORS)).date()
    dates = draw(
        st.dictionaries(st.integers(-1, 3).map(lambda n: day + timedelta(days=n)), hours(), max_size=2)
    )
    return WorkCalendar.of(draw(st.sampled_from(ZONES)), week, dates)


instants = st.builds(
    lambda anchor, seconds: anchor + timedelta(seconds=seconds),
    st.sampled_from(ANCHORS),
    st.integers(-86400, 3 * 86400),
)


def first_instants(zone: ZoneInfo, begin: datetime, end: datetime) -> dict[datetime, datetime]:
    """Every local minute to the first UTC minute that shows it, found by walking; skipped ones carry on the old offset."""
    found: dict[datetime, datetime] = {}
    moment, last = begin, None
    while moment < end:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if last is not None:
            for skipped in range(1, int((wall - last).total_seconds() // 60)):
                gap = timedelta(minutes=skipped)
                found.setdefault(last + gap, moment - timedelta(minutes=1) + gap)
        found.setdefault(wall, moment)
        last = wall
        moment += timedelta(minutes=1)
    return found


def open_minutes(calendar: WorkCalendar, begin: datetime, end: datetime) -> set[datetime]:
    """The oracle: UTC minutes that are open, one by one."""
    day = begin.date() - timedelta(days=1)
    walked_from = datetime.combine(day - timedelta(days=1), datetime.min.time(), UTC)
    first = first_instants(ZoneInfo(calendar.zone), walked_from, end + timedelta(days=3))
    dates = dict(calendar.dates)
    found: set[datetime] = set()
    while day <= end.date() + timedelta(days=1):
        midnight = datetime.combine(day, datetime.min.time())
        for low, high in dates.get(day, calendar.week[day.weekday()]):
            moment, stop = first[midnight + timedelta(minutes=low)], first[midnight + timedelta(minutes=high)]
            while moment < stop:
                found.add(moment)
                moment += timedelta(minutes=1)
        day += timedelta(days=1)
    return found


def stepped_seconds(calendar: WorkCalendar, begin: datetime, end: datetime) -> int:
    minute = timedelta(minutes=1)
    return sum(
        max(0, int((min(end, moment + minute) - max(begin, moment)).total_seconds()))
        for moment in open_minutes(calendar, begin, end)
        if moment + minute > begin and moment < end
    )


@given(calendars(), instants, st.integers(0, 2 * 86400))
@example(
    WorkCalendar.of("Europe/Oslo", {"sun": [("02:15", "02:45")]}), datetime(2026, 10, 25, tzinfo=UTC), 86400
)
@example(
    WorkCalendar.of("Europe/Oslo", {"sun": [("02:30", "03:15")]}), datetime(2026, 3, 29, tzinfo=UTC), 86400
)
def test_working_seconds_equal_the_stepped_ones(calendar: WorkCalendar, begin: datetime, length: int) -> None:
    end = begin + timedelta(seconds=length)
    assert working_seconds(calendar, begin, end) == stepped_seconds(calendar, begin, end)


@given(calendars(), instants, st.integers(0, 10**6), st.integers(0, 10**6))
def test_working_seconds_add_up(calendar: WorkCalendar, begin: datetime, one: int, two: int) -> None:
    middle = begin + timedelta(seconds=one)
    end = middle + timedelta(seconds=two)
    parts = working_seconds(calendar, begin, middle) + working_seconds(calendar, middle, end)
    assert parts == working_seconds(calendar, begin, end)
    spans = list(working_intervals(calendar, begin, end))
    assert parts == sum((high - low).total_seconds() for low, high in spans)
    assert all(low < high for low, high in spans)
    assert all(before[1] < after[0] for before, after in zip(spans, spans[1:], strict=False))


@given(calendars(), instants, st.integers(1, 10**6))
def test_due_is_the_first_instant_that_reaches_the_target(
    calendar: WorkCalendar, begin: datetime, need: int
) -> None:
    due = due_at(calendar, begin, need)
    if due is None:
        assert not any(calendar.week)
        assert working_seconds(calendar, begin, begin + timedelta(days=400)) < need
        return
    assert working_seconds(calendar, begin, due) == need
    assert working_seconds(calendar, begin, due - timedelta(microseconds=1)) == need - 1


@given(
    calendars(),
    instants,
    st.timedeltas(timedelta(), timedelta(days=9)),
    st.timedeltas(timedelta(), timedelta(days=9)),
)
def test_due_may_be_reached_in_two_steps(
    calendar: WorkCalendar, begin: datetime, one: timedelta, two: timedelta
) -> None:
    there = due_after(calendar, begin, one + two)
    half = due_after(calendar, begin, one)
    if there is not None and half is not None and two:
        assert due_after(calendar, half, two) == there
