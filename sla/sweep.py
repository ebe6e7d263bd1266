"""Stamps thresholds that clocks passed, at the exact instant at which they did, however late it runs (rule C.2.10)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from sla import calendars, clocks
from sla.book import tracks_of
from sla.models import Clock, ClockEntry, ClockState, Mark, MarkKind

BATCH = 500


def run(now: datetime | None = None) -> int:
    """Stamp what is due by `now`; returns how many marks were made. May run twice, or in two places at once."""
    now = now or timezone.now()
    return _missed(now) + _soon(now)


def _missed(now: datetime) -> int:
    """Running clocks whose due instant is past: missed from the first whole working second over the target.

    A clock that reached its target exactly at closing time is looked at again until the calendar opens.
    """
    made, after = 0, 0
    while True:
        with transaction.atomic():
            due = (
                # The case is locked as the verbs lock it: one that is being moved now is looked at next time.
                Clock.objects.select_related("case")
                .select_for_update(of=("self", "case"), skip_locked=True)
                .filter(state=ClockState.RUNNING, is_paused=False, due_at__lt=now, pk__gt=after)
                .order_by("pk")
            )
            ids = [clock.pk for clock in due[:BATCH]]
            if not ids:
                return made
            after = ids[-1]
            entries = list(
                ClockEntry.objects.filter(clock__in=ids)
                .select_related("clock__calendar")
                .order_by("clock_id", "at", "pk")
            )
            hours = calendars.of({entry.clock.calendar.calendar_id for entry in entries})
            made += sum(bool(t.clock.breached_at) for t in clocks.recount(tracks_of(entries, hours), now))


def _soon(now: datetime) -> int:
    """Running clocks that have used three quarters and bear no mark of it yet."""
    marked = Mark.objects.filter(clock=OuterRef("pk"), kind=MarkKind.SOON, at=OuterRef("soon_at"))
    due = Clock.objects.filter(
        state=ClockState.RUNNING, is_paused=False, soon_at__lte=now, soon_at__lt=F("due_at")
    ).filter(~Exists(marked))
    return clocks.stamp([], soon=due)
