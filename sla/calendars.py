"""Calendars of the database as the engine's `WorkCalendar`, with their versions spliced into one.

A version holds from its instant on. All versions of a calendar together give one `WorkCalendar`: what lies before an
edit counts by the hours of then, what lies after by the new ones (rule C.2.9). So a clock is a pure function of its
entries and its calendar, and an edit changes nothing that is over.

Rows of CalendarVersion are not changed after they are made; what was built from them is kept in the process under a
key that holds their ids, instants and a digest of their hours, so nothing stale is ever used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from sla import specs
from sla.models import Calendar, CalendarVersion
from sla.strict import SpecError
from sla.worktime import DAY_MINUTES, CalendarError, Hours, WorkCalendar, hours_of, zone_of

log = logging.getLogger(__name__)

# How long before its first version a calendar's first hours are taken to have held, once it has a second version.
REACH_BACK = timedelta(days=366 * 6)
DEFAULT_ZONE = "Europe/Oslo"

# One text per calendar that changes with any of its versions: "id:microseconds:digest,…" in order of time.
KEY_SQL = """(select string_agg(v.id || ':' || (extract(epoch from v.valid_from) * 1000000)::bigint || ':' || md5(v.spec::text),
                               ',' order by v.valid_from, v.id)
               from sla_calendarversion v where v.calendar_id = {calendar})"""


@dataclass(frozen=True)
class WorkHours:
    """A calendar ready to count with. versions: (id, valid_from) in order; problem: why it can not be used, or ""."""

    calendar_id: int
    name: str
    work: WorkCalendar
    versions: tuple[tuple[int, datetime], ...]
    problem: str = ""

    def version_at(self, at: datetime) -> int:
        """Id of the version in force at an instant; before the first one, the first."""
        return max((v for v in self.versions if v[1] <= at), key=lambda v: v[1], default=self.versions[0])[0]


def read_key(calendar_id: int, name: str, key: str | None) -> WorkHours | None:
    """The calendar behind a key that KEY_SQL gave; None for a calendar without any hours. One statement when new."""
    return _built(calendar_id, name, key) if key else None


def of(calendar_ids: Iterable[int]) -> dict[int, WorkHours]:
    """Calendars by id; one without versions is missing. One statement, two when a version is new to this process."""
    wanted = sorted(set(calendar_ids))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select c.id, c.name, {KEY_SQL.format(calendar='c.id')} from sla_calendar c where c.id = any(%s)",  # noqa: S608
            [wanted],
        )
        rows = cursor.fetchall()
    found = {pk: read_key(pk, name, key) for pk, name, key in rows}
    return {pk: hours for pk, hours in found.items() if hours is not None}


@lru_cache(maxsize=256)
def _built(calendar_id: int, name: str, key: str) -> WorkHours:
    stamps = [part.split(":") for part in key.split(",")]
    ids = [int(stamp[0]) for stamp in stamps]
    instants = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(stamp[1])) for stamp in stamps]
    specs_by_id = dict(CalendarVersion.objects.filter(pk__in=ids).values_list("pk", "spec"))
    parsed, problem = [], ""
    for pk, instant in zip(ids, instants, strict=True):
        try:
            parsed.append((instant, parse(specs_by_id[pk])))
        except (SpecError, CalendarError) as error:
            log.warning("calendar version %s can not be read: %s", pk, error)
            problem = str(error)
            parsed.append((instant, closed()))
    return WorkHours(calendar_id, name, splice(parsed), tuple(zip(ids, instants, strict=True)), problem)


def parse(spec: Any) -> WorkCalendar:
    """The hours of a version. A calendar that is never open is allowed here: its clocks never fall due.

    :raises sla.strict.SpecError: naming the place of what can not be read.
    """
    try:
        return specs.parse_calendar(spec)
    except SpecError as error:
        never_open = isinstance(spec, dict) and error.place == "calendar" and "no open hours" in error.reason
        if never_open:
            return closed(spec["timezone"])
        raise


def closed(zone: str = DEFAULT_ZONE) -> WorkCalendar:
    """A calendar without open hours."""
    return WorkCalendar(zone, ((),) * 7)


def splice(versions: Sequence[tuple[datetime, WorkCalendar]]) -> WorkCalendar:
    """One calendar out of versions in order of the instant from which each holds. The last one's zone counts for all.

    Dates on which an earlier version had other hours than the last one's week become dated exceptions; on the date of
    an edit the hours change at its local minute.
    """
    last = versions[-1][1]
    if len(versions) == 1:
        return last
    zone = zone_of(last.zone)
    dates: dict[date, Hours] = {}
    begin = versions[0][0] - REACH_BACK
    for number, (_, calendar) in enumerate(versions[:-1]):
        end = versions[number + 1][0]
        _fill(dates, calendar, begin.astimezone(zone), end.astimezone(zone))
        begin = end
    _fill_rest(dates, last, begin.astimezone(zone))
    kept = ((day, hours) for day, hours in sorted(dates.items()) if hours != last.week[day.weekday()])
    return WorkCalendar(last.zone, last.week, tuple(kept))


def _fill(dates: dict[date, Hours], calendar: WorkCalendar, begin: datetime, end: datetime) -> None:
    """Hours of every date from begin to end (local instants); the edges' dates get the part that lies inside."""
    own = dict(calendar.dates)
    day = begin.date()
    while day <= end.date():
        low = _minute(begin) if day == begin.date() else 0
        high = _minute(end) if day == end.date() else DAY_MINUTES
        _add(dates, day, own.get(day, calendar.week[day.weekday()]), low, high)
        day += timedelta(days=1)


def _fill_rest(dates: dict[date, Hours], calendar: WorkCalendar, begin: datetime) -> None:
    """The last version from its instant on: the rest of that date, and its own dated exceptions."""
    own = dict(calendar.dates)
    first = begin.date()
    _add(dates, first, own.get(first, calendar.week[first.weekday()]), _minute(begin), DAY_MINUTES)
    dates.update((day, hours) for day, hours in own.items() if day > first)


def _add(dates: dict[date, Hours], day: date, hours: Hours, low: int, high: int) -> None:
    inside = [(max(begin, low), min(end, high)) for begin, end in hours if begin < high and end > low]
    dates[day] = hours_of([*dates.get(day, ()), *inside])


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def current_spec(calendar: Calendar) -> dict[str, Any] | str | None:
    """The hours of the newest version, as the forms edit them."""
    spec: dict[str, Any] | str | None = (
        calendar.versions.order_by("-valid_from").values_list("spec", flat=True).first()
    )
    return spec


def norwegian_dates(
    first_year: int, last_year: int, *, half_days: bool = True, opening: str = "08:00"
) -> dict[str, list[list[str]]]:
    """Public holidays of Norway as dated exceptions: closed. Sundays are left out, the week closes them anyway.

    half_days: Christmas Eve and New Year's Eve close at noon, and the Wednesday before Easter too, as is usual in
    municipal offices. Source of the dates: the package `holidays`.
    """
    import holidays  # takes 0.1 s: only who makes a calendar pays

    found: dict[str, list[list[str]]] = {}
    days = holidays.country_holidays("NO", years=range(first_year, last_year + 1))
    # The package also lists every Sunday for Norway when asked; what falls on a Sunday changes nothing.
    for day in days:
        if day.weekday() != 6:
            found[day.isoformat()] = []
    if half_days:
        for year in range(first_year, last_year + 1):
            easter = next(
                day for day, name in days.items() if day.year == year and _is_thursday_before(day, days)
            )
            for day in (date(year, 12, 24), date(year, 12, 31), easter - timedelta(days=1)):
                if day.weekday() < 5 and day.isoformat() not in found:
                    found[day.isoformat()] = [[opening, "12:00"]]
    return dict(sorted(found.items()))


def _is_thursday_before(day: date, days: Any) -> bool:
    """Whether a date is Maundy Thursday: a holiday on a Thursday with one on the next day and on the Monday after."""
    return day.weekday() == 3 and day + timedelta(days=1) in days and day + timedelta(days=4) in days


def norwegian_spec(
    first_year: int, last_year: int, opening: str = "08:00", closing: str = "16:00"
) -> dict[str, Any]:
    """Core hours Monday to Friday with Norwegian holidays, in the shape of a version's `spec`."""
    week = {day: [[opening, closing]] for day in ("mon", "tue", "wed", "thu", "fri")}
    return {
        "timezone": DEFAULT_ZONE,
        "week": week,
        "dates": norwegian_dates(first_year, last_year, opening=opening),
    }
