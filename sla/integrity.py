"""Invariants of this floor over the live data: what does not hold, as sentences (HOUSE.md 2 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, Q
from django.utils import timezone

from cmdb.models import Item
from monitoring.models import Interval
from sla import calendars
from sla.book import settle
from sla.calendars import WorkHours
from sla.clocks import COMPUTED
from sla.clockwork import ClockError
from sla.models import Clock, ClockEntry, ClockState, Report
from sla.reports import monthly
from sla.reports.document import digest

# The sweep runs every few seconds; a breach that is this old and not stamped is a fault.
LATE = timedelta(minutes=5)


def check(now: datetime | None = None) -> Iterator[str]:
    """One English sentence per violation; nothing when all holds."""
    yield from late_breaches(now)
    yield from check_stopped(now)


def check_stopped(now: datetime | None = None) -> Iterator[str]:
    """The same where no sweep runs: that misses are not stamped yet is no fault of the data."""
    yield from _clocks(now or timezone.now())
    yield from _reports()


def _clocks(now: datetime) -> Iterator[str]:
    """Clocks recomputed from their entries equal the stored ones, second for second."""
    bare = Clock.objects.annotate(n=Count("entries")).filter(n=0).values_list("pk", flat=True)
    yield from (f"clock {pk} has no entries" for pk in bare.iterator())
    entries = (
        ClockEntry.objects.select_related("clock__calendar")
        .order_by("clock_id", "at", "pk")
        .iterator(chunk_size=5000)
    )
    hours: dict[int, WorkHours] = {}
    for _, group in groupby(entries, key=lambda entry: entry.clock_id):
        rows = list(group)
        calendar = rows[0].clock.calendar.calendar_id
        if calendar not in hours:
            hours |= calendars.of([calendar])
        yield from _clock(rows, hours[calendar], now)


def _clock(entries: list[ClockEntry], hours: WorkHours, now: datetime) -> Iterator[str]:
    stored = entries[0].clock
    again = copy(stored)
    # A stored breach says that the sweep has looked; else it may not have had the time to.
    looked = now if stored.breached_at else None
    try:
        settle(again, hours, entries, looked)
    except ClockError as error:
        yield f"clock {stored.pk}: its entries make no clock: {error}"
        return
    for name in COMPUTED:
        if getattr(again, name) != getattr(stored, name):
            yield f"clock {stored.pk}: {name} is {getattr(stored, name)}, its entries give {getattr(again, name)}"


def late_breaches(now: datetime | None = None) -> Iterator[str]:
    """Running clocks whose breach should have been stamped long ago: the sweep does not run."""
    late = Clock.objects.filter(
        Q(state=ClockState.RUNNING, is_paused=False), due_at__lt=(now or timezone.now()) - LATE
    )
    entries = (
        ClockEntry.objects.filter(clock__in=late)
        .select_related("clock__calendar")
        .order_by("clock_id", "at", "pk")
    )
    for _, group in groupby(entries, key=lambda entry: entry.clock_id):
        rows = list(group)
        clock = copy(rows[0].clock)
        settle(
            clock,
            calendars.of([clock.calendar.calendar_id])[clock.calendar.calendar_id],
            rows,
            now or timezone.now(),
        )
        if clock.breached_at and clock.breached_at < (now or timezone.now()) - LATE:
            yield f"clock {clock.pk} was missed at {clock.breached_at:%Y-%m-%d %H:%M:%S} and is not stamped"


def _reports() -> Iterator[str]:
    """A frozen month still is what was frozen."""
    for report in Report.objects.order_by("pk").iterator(chunk_size=50):
        if digest(report.data) != report.sha256:
            yield f"report {report.pk} ({report}): its figures do not fit the hash that was frozen with them"
        rows = report.data.get("rows", {})
        for key, count in dict(monthly.figures(report.data)).items():
            if key in rows and len(rows[key]) != count:
                yield f"report {report.pk} ({report}): {key} says {count} and opens {len(rows[key])} rows"
        yield from _lost(report)


def _lost(report: Report) -> Iterator[str]:
    """What a frozen month was counted from is still there to be looked at."""
    outages = [
        outage for line in report.data.get("availability", ()) for outage in line.get("outage_list", ())
    ]
    named = {pk for outage in outages for pk in outage.get("intervals", ())}
    gone = named - set(Interval.objects.filter(pk__in=named).values_list("pk", flat=True))
    if gone:
        yield f"report {report.pk} ({report}): {len(gone)} intervals that it was counted from are gone"
    items = {pk for line in report.data.get("availability", ()) for pk in line.get("items", ())}
    gone = items - set(Item.objects.filter(pk__in=items).values_list("pk", flat=True))
    if gone:
        yield f"report {report.pk} ({report}): {len(gone)} items that it was counted from are gone"
