"""Last values, and their least, greatest, sum and count by hour and day.

The hour's row is raised in the transaction that saves the poll, so a figure is in it exactly once. A day is
made out of its hours whenever asked: twice is once.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from monitoring.collectors import Metric
from monitoring.collectors.interfaces import rate
from monitoring.outcome import Outcome

COUNTERS: Final = {"if.in_octets": ("if.in_rate", 8.0), "if.out_octets": ("if.out_rate", 8.0)}
"""Counter metric → the rate made of two readings, and by what (octets are shown as bits)."""
RATE_UNIT: Final = "bit/s"
NOT_ROLLED: Final = frozenset({"uptime", "host.uptime", "printer.pages", "if.up", *COUNTERS})
"""Of these a mean says nothing."""
KEEP_HOURS: Final = timedelta(days=93)
"""Then the days that were made of them are enough; the wiring's retention deletes."""

_UPSERT = """
insert into monitoring_reading (target_id, metric, instance, value, unit, at)
select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[], %s::text[], %s::timestamptz[])
    on conflict (target_id, metric, instance)
    do update set value = excluded.value, unit = excluded.unit, at = excluded.at
"""

_ROLL = """
insert into monitoring_readingrollup (target_id, metric, instance, period, starts_at, minimum, maximum, total, count)
select target, metric, instance, 'hour', date_trunc('hour', at, 'UTC'), value, value, value, 1
  from unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[], %s::timestamptz[]) as v(target, metric, instance, value, at)
    on conflict (target_id, metric, instance, period, starts_at) do update set
       minimum = least(monitoring_readingrollup.minimum, excluded.minimum),
       maximum = greatest(monitoring_readingrollup.maximum, excluded.maximum),
       total = monitoring_readingrollup.total + excluded.total,
       count = monitoring_readingrollup.count + 1
"""

_DAYS = """
insert into monitoring_readingrollup (target_id, metric, instance, period, starts_at, minimum, maximum, total, count)
select target_id, metric, instance, 'day', date_trunc('day', starts_at, 'UTC'), min(minimum), max(maximum), sum(total), sum(count)
  from monitoring_readingrollup
 where period = 'hour' and starts_at >= %(start)s and starts_at < %(end)s
 group by 1, 2, 3, 5
    on conflict (target_id, metric, instance, period, starts_at) do update set
       minimum = excluded.minimum, maximum = excluded.maximum, total = excluded.total, count = excluded.count
"""


class Row(NamedTuple):
    """One value of one target."""

    target: int
    metric: str
    instance: str
    value: float
    unit: str
    at: datetime


def save(outcomes: Iterable[Outcome]) -> int:
    """Last values and hourly figures of a round, inside the caller's transaction; how many values."""
    fresh = list(outcomes)
    rows = list(_rows(fresh))
    rows += _rates(rows)
    if not rows:
        return 0
    # One value per key (a device may repeat itself), in key order: two rounds never lock each other out.
    rows = sorted({row[:3]: row for row in rows}.values(), key=lambda row: row[:3])
    rolled = [row for row in rows if row.metric not in NOT_ROLLED]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, _columns(rows, (0, 1, 2, 3, 4, 5)))
        if rolled:
            cursor.execute(_ROLL, _columns(rolled, (0, 1, 2, 3, 5)))
    return len(rows)


def _columns(rows: Sequence[Row], places: Sequence[int]) -> list[list[object]]:
    return [[row[place] for row in rows] for place in places]


def _rows(outcomes: Iterable[Outcome]) -> Iterable[Row]:
    for outcome in outcomes:
        extra = [] if outcome.rtt_ms is None else [Metric("rtt", "", outcome.rtt_ms, "ms")]
        for metric in [*outcome.metrics, *extra]:
            if math.isfinite(metric.value):
                yield Row(
                    outcome.target_id,
                    metric.key[:60],
                    metric.instance[:120],
                    metric.value,
                    metric.unit[:20],
                    outcome.at,
                )


def _rates(rows: Sequence[Row]) -> list[Row]:
    """What flowed since the reading before, for counters that have one and did not start anew."""
    counted = {row[:3]: row for row in rows if row.metric in COUNTERS}
    if not counted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select target_id, metric, instance, value, at from monitoring_reading"
            " where target_id = any(%s) and metric = any(%s)",
            [sorted({row.target for row in counted.values()}), list(COUNTERS)],
        )
        before = {tuple(found[:3]): found[3:] for found in cursor.fetchall()}
    found = []
    for key, row in counted.items():
        if key not in before:
            continue
        value, at = before[key]
        flow = rate(value, row.value, (row.at - at).total_seconds())
        if flow is not None:
            name, factor = COUNTERS[row.metric]
            found.append(row._replace(metric=name, value=flow * factor, unit=RATE_UNIT))
    return found


def roll_days(now: datetime | None = None, days: int = 2) -> None:
    """Make the figures of the last `days` days (UTC) out of their hours."""
    now = now or timezone.now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = midnight - timedelta(days=days - 1), midnight + timedelta(days=1)
    with transaction.atomic(), connection.cursor() as cursor:
        # Two of us at once would add up the same hours twice into nothing worse than the same figures, but lock.
        cursor.execute("select pg_advisory_xact_lock(hashtext('monitoring.roll_days'))")
        cursor.execute(_DAYS, {"start": start, "end": end})
