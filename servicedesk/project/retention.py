"""How long rows are kept that would otherwise grow for ever: one table, one nightly task.

What history rests on is not in it and never goes: tickets and their entries, letters and mails, alerts, intervals, clocks,
figures, the register's history (docs/operations.md has the same table for operators).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cmdb.models import Heartbeat
from monitoring.models import Alert, Event, Period, Reading, ReadingRollup
from monitoring.readings import KEEP_HOURS
from servicedesk.models import TicketAlert

logger = logging.getLogger(__name__)

BATCH = 2_000
SECONDS = 1500.0  # of one night; the next goes on where this one stopped
_LOCK = "select pg_try_advisory_xact_lock(hashtext('project.retention'))"


@dataclass(frozen=True)
class Rule:
    """`rows(before)`: what may go, of days that ended before that instant. `days`: whole days that are kept."""

    name: str
    days: int
    why: str
    rows: Callable[[datetime], QuerySet[Any]]


def _sessions(before: datetime) -> QuerySet[Any]:
    return Session.objects.filter(expire_date__lt=before)


def _notices(before: datetime) -> QuerySet[Any]:
    return Event.objects.filter(problem_key="", at__lt=before).exclude(handled_at=None)


def _problems(before: datetime) -> QuerySet[Any]:
    """Of problems that are over and that no ticket tells of."""
    alerts = Alert.objects.filter(problem_key=OuterRef("problem_key"))
    stands = alerts.filter(Q(closed_at=None) | Q(pk__in=TicketAlert.objects.values("alert")))
    rows = Event.objects.filter(at__lt=before).exclude(problem_key="").exclude(handled_at=None)
    return rows.filter(~Exists(stands))


def _rollups(period: Period) -> Callable[[datetime], QuerySet[Any]]:
    return lambda before: ReadingRollup.objects.filter(period=period, starts_at__lt=before)


def _readings(before: datetime) -> QuerySet[Any]:
    return Reading.objects.filter(at__lt=before)


def _signs(before: datetime) -> QuerySet[Any]:
    """Of processes that another one of the same machine replaced; the last sign of a machine stays."""
    newer = Heartbeat.objects.filter(part=OuterRef("part"), host=OuterRef("host"), at__gt=OuterRef("at"))
    return Heartbeat.objects.filter(Exists(newer), at__lt=before)


RULES: tuple[Rule, ...] = (
    Rule("sessions", 0, "over by their own date; who comes back signs in", _sessions),
    Rule("notices of devices", 90, "traps and the like that name no problem", _notices),
    Rule(
        "events of problems",
        400,
        "thirteen months of the board and a little; those of open alerts and of tickets stay",
        _problems,
    ),
    Rule("hourly figures", KEEP_HOURS.days, "a quarter; days are made of them", _rollups(Period.HOUR)),
    Rule("daily figures", 800, "two years beside each other, and a little", _rollups(Period.DAY)),
    Rule("last values", 93, "of ports and disks that the device does not name any more", _readings),
    Rule("signs of life", 1, "of processes that were replaced", _signs),
)


def run(now: datetime | None = None, seconds: float = SECONDS) -> dict[str, int]:
    """Delete what is older than it has to be, in small transactions; how many rows by rule.

    A kill costs one batch, which is rolled back; of two at once one gives way.
    """
    now = now or timezone.now()
    end = time.monotonic() + seconds
    gone = {}
    for rule in RULES:
        gone[rule.name] = 0
        while time.monotonic() < end:
            number = _batch(rule.rows(cutoff(rule.days, now)))
            gone[rule.name] += number or 0
            if not number:
                break
    logger.info(
        "retention: %s", ", ".join(f"{number} {name}" for name, number in gone.items() if number) or "nothing"
    )
    return gone


def cutoff(days: int, now: datetime) -> datetime:
    """The midnight, where we live, before which everything may go: a day goes as a whole. 0 days: now."""
    if not days:
        return now
    day = timezone.localdate(now) - timedelta(days=days)
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def _batch(rows: QuerySet[Any]) -> int | None:
    """How many went; None where another is at it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            if not cursor.fetchone()[0]:
                return None
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        rows.model._base_manager.filter(pk__in=keys).delete()  # one statement: nothing refers to these tables
        return len(keys)
