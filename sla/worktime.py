"""Arithmetic on working time: when is a desk open, how much open time lies between two instants, when is it used up.

Pure Python, no Django: pages, clocks, reports and the commands all count with this one file.

A calendar is an IANA zone, local hours for each weekday and dated exceptions. Each edge of local hours becomes a UTC
instant first and real seconds are counted after, so 08:00-16:00 is eight hours on every date, while a night shift or
24x7 has the 23 or 25 hours that its Sunday really has. A local time that a change of clocks skips moves forward by the
length of the gap (02:30 becomes 03:30); one that occurs twice means its first occurrence.

Every instant given must carry an offset; every instant returned is in UTC. Intervals are half open: [from, to).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
# How far ahead a due instant is looked for: a hundred years of weeks. Beyond that the answer is None.
HORIZON_WEEKS = 5218

Hours = tuple[tuple[int, int], ...]
"""Open spans of one local day, in minutes since midnight: sorted, apart from each other, 0 <= from < to <= 1440."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)


class CalendarError(ValueError):
    """A calendar that cannot be used. `place` is the path inside it ("week.mon[1]"), `reason` the rest of the sentence."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


def minutes_of(text: str) -> int:
    """Minutes since midnight of "HH:MM"; "24:00" is the end of the day. ValueError for anything else."""
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"{text!r:.60} is not a time of day as HH:MM, 00:00 to 24:00")
    return int(text[:2]) * 60 + int(text[3:])


def hours_of(spans: Iterable[tuple[int, int]], place: str = "hours") -> Hours:
    """Spans in minutes as sorted hours, touching ones joined; refuses empty, reversed and overlapping ones by place."""
    numbered = sorted((begin, end, number) for number, (begin, end) in enumerate(spans))
    joined: list[tuple[int, int]] = []
    for begin, end, number in numbered:
        if not 0 <= begin <= DAY_MINUTES or not 0 <= end <= DAY_MINUTES:
            raise CalendarError(f"{place}[{number}]", "lies outside the day")
        if begin >= end:
            raise CalendarError(f"{place}[{number}]", "must end after it begins")
        if joined and begin < joined[-1][1]:
            raise CalendarError(f"{place}[{number}]", "overlaps another interval of that day")
        if joined and begin == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The named IANA zone; CalendarError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # a folder, a path outside, a name with odd characters
        raise CalendarError("timezone", f"unknown time zone {name!r:.60}") from error


@dataclass(frozen=True)
class WorkCalendar:
    """Local opening hours of a zone. Build it with `of` (text as in the JSON form) or `always`; equal ones share a cache.

    zone: IANA name. week: seven `Hours`, Monday first. dates: (date, `Hours`) sorted; they replace that date's weekday.
    """

    zone: str
    week: tuple[Hours, ...]
    dates: tuple[tuple[date, Hours], ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if len(self.week) != len(WEEKDAYS):
            raise CalendarError("week", "needs hours for seven days")

    @classmethod
    def of(
        cls,
        zone: str,
        week: Mapping[str, Sequence[Sequence[str]]],
        dates: Mapping[date, Sequence[Sequence[str]]] | None = None,
    ) -> WorkCalendar:
        """From pairs of "HH:MM" by weekday ("mon" to "sun", a missing one is closed) and by date ([] is closed)."""
        unknown = sorted(set(week) - set(WEEKDAYS))
        if unknown:
            raise CalendarError(f"week.{unknown[0]}", f"is no weekday; they are {', '.join(WEEKDAYS)}")
        days = tuple(_hours_of_text(week.get(name, ()), f"week.{name}") for name in WEEKDAYS)
        given = sorted((dates or {}).items())
        return cls(zone, days, tuple((day, _hours_of_text(spans, f"dates.{day}")) for day, spans in given))

    @classmethod
    def always(cls, zone: str = "UTC") -> WorkCalendar:
        """24x7. The zone only says where a local date begins, for figures by day."""
        return cls(zone, (((0, DAY_MINUTES),),) * 7)

    @cached_property
    def is_always(self) -> bool:
        """True if every instant is open."""
        return all(
            hours == ((0, DAY_MINUTES),) for hours in (*self.week, *(hours for _, hours in self.dates))
        )

    @cached_property
    def has_open_hours(self) -> bool:
        """False if no weekday and no date is open: no target can ever fall due."""
        return any(self.week) or any(hours for _, hours in self.dates)

    @cached_property
    def index(self) -> _Index:
        """Its weeks, shared among equal calendars. For the functions of this module only."""
        return _index_of(self)


def _hours_of_text(spans: Sequence[Sequence[str]], place: str) -> Hours:
    pairs: list[tuple[int, int]] = []
    for number, span in enumerate(spans):
        try:
            begin, end = span
            pairs.append((minutes_of(begin), minutes_of(end)))
        except ValueError as error:
            raise CalendarError(f"{place}[{number}]", str(error)) from error
    return hours_of(pairs, place)


ALWAYS = WorkCalendar.always()


# --- the index: open spans by week, as microseconds since 1970 --------------------------------------------------------


def _micros(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC")
    gap = instant - _EPOCH
    return (gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


class _Week(NamedTuple):
    """Open spans of one local week (Monday 00:00 to the next): edges and, after each span, what is open so far."""

    starts: list[int]
    ends: list[int]
    done: list[int]
    total: int
    until: int

    def before(self, micros: int) -> int:
        """Open time of this week that lies before the instant."""
        at = bisect_right(self.starts, micros) - 1
        if at < 0:
            return 0
        return self.done[at] - max(0, self.ends[at] - micros)

    def reaching(self, need: int) -> int:
        """The first instant by which so much (0 < need <= total) of this week's open time is over."""
        at = bisect_left(self.done, need)
        return self.ends[at] - (self.done[at] - need)


class _Index:
    """Weeks of a calendar, built when first asked for. Week n holds the days with proleptic ordinals 7n+1 to 7n+7."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.zone = zone_of(calendar.zone)
        self.hours = calendar.week
        self.dates = dict(calendar.dates)
        self.recurs = any(calendar.week)
        self.last_dated = max((_week_number(day) for day, hours in calendar.dates if hours), default=-1)
        self.weeks: dict[int, _Week] = {}

    def week(self, number: int) -> _Week:
        found = self.weeks.get(number)
        if found is None:
            found = self.weeks[number] = self._build(number)
        return found

    def locate(self, instant: datetime, micros: int) -> tuple[int, _Week]:
        """The week an instant belongs to. Where clocks go back over a Monday's midnight its local date alone misleads."""
        number = _week_number(instant.astimezone(self.zone))
        week = self.week(number)
        while micros >= week.until:
            number += 1
            week = self.week(number)
        return number, week

    def _build(self, number: int) -> _Week:
        starts: list[int] = []
        ends: list[int] = []
        done: list[int] = []
        total = 0
        monday = date.fromordinal(number * 7 + 1)
        until = self.utc(monday, 0)
        for weekday in range(7):
            day = monday + timedelta(days=weekday)
            midnight, until = until, self.utc(day, DAY_MINUTES)
            for begin, end in self.dates.get(day, self.hours[weekday]):
                # A skipped local time may land in the next span or day: keep what is left, in order.
                low = max(self.utc(day, begin), midnight, ends[-1] if ends else midnight)
                high = min(self.utc(day, end), until)
                if low < high:
                    total += high - low
                    starts.append(low)
                    ends.append(high)
                    done.append(total)
        return _Week(starts, ends, done, total, until)

    def utc(self, day: date, minutes: int) -> int:
        if minutes == DAY_MINUTES:
            day, minutes = day + timedelta(days=1), 0
        return _micros(datetime(day.year, day.month, day.day, *divmod(minutes, 60), tzinfo=self.zone))


@lru_cache(maxsize=256)
def _index_of(calendar: WorkCalendar) -> _Index:
    return _Index(calendar)


def _week_number(day: date) -> int:
    return (day.toordinal() - 1) // 7


# --- questions --------------------------------------------------------------------------------------------------------


def working_intervals(
    calendar: WorkCalendar, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Open intervals inside [begin, end) in order, as UTC instants; intervals that touch are given as one."""
    low, high = _span(begin, end)
    if calendar.is_always:
        if low < high:
            yield _instant(low), _instant(high)
        return
    index = calendar.index
    number, week = index.locate(begin, low)
    held: tuple[int, int] | None = None
    while True:
        for start, stop in zip(week.starts, week.ends, strict=True):
            start, stop = max(start, low), min(stop, high)
            if start >= stop:
                continue
            if held and held[1] == start:
                held = (held[0], stop)
                continue
            if held:
                yield _instant(held[0]), _instant(held[1])
            held = (start, stop)
        if week.until >= high:
            break
        number += 1
        week = index.week(number)
    if held:
        yield _instant(held[0]), _instant(held[1])


def working_time(calendar: WorkCalendar, begin: datetime, end: datetime) -> timedelta:
    """Open time in [begin, end), exact to the microsecond. ValueError if end lies before begin."""
    low, high = _span(begin, end)
    if calendar.is_always:
        return timedelta(microseconds=high - low)
    index = calendar.index
    number, week = index.locate(begin, low)
    total = -week.before(low)
    while high >= week.until:
        total += week.total
        number += 1
        week = index.week(number)
    return timedelta(microseconds=total + week.before(high))


def working_seconds(calendar: WorkCalendar, begin: datetime, end: datetime) -> int:
    """Whole open seconds in [begin, end); a started second does not count. ValueError if end lies before begin."""
    return working_time(calendar, begin, end) // timedelta(seconds=1)


def due_after(calendar: WorkCalendar, start: datetime, need: timedelta) -> datetime | None:
    """The first instant at which `need` of open time has passed since start; start itself for nothing.

    None where the calendar never has so much left, or not within a hundred years. ValueError for a negative need.
    """
    low = _micros(start)
    wanted = need // timedelta(microseconds=1)
    if wanted < 0:
        raise ValueError("working time cannot be counted backwards")
    if wanted == 0:
        return _instant(low)
    try:
        if calendar.is_always:
            return _instant(low + wanted)
        return _search(calendar.index, start, low, wanted)
    except (OverflowError, ValueError):  # beyond the year 9999
        return None


def _search(index: _Index, start: datetime, low: int, wanted: int) -> datetime | None:
    number, week = index.locate(start, low)
    wanted += week.before(low)
    last = number + HORIZON_WEEKS if index.recurs else index.last_dated
    while wanted > week.total:
        if number >= last:
            return None
        wanted -= week.total
        number += 1
        week = index.week(number)
    return _instant(week.reaching(wanted))


def due_at(calendar: WorkCalendar, start: datetime, seconds: int) -> datetime | None:
    """The first instant at which so many open seconds have passed since start. None and errors as `due_after`."""
    try:
        need = timedelta(seconds=seconds)
    except OverflowError:
        return None
    return due_after(calendar, start, need)


def _span(begin: datetime, end: datetime) -> tuple[int, int]:
    low, high = _micros(begin), _micros(end)
    if high < low:
        raise ValueError(f"{end.isoformat()} lies before {begin.isoformat()}")
    return low, high
