"""New hours for a calendar: a new version, and the clocks that it moves (rule C.2.9).

An edit counts from its instant on. One that reaches into the past changes outcomes: it is previewed, asked for
explicitly, and logged with who did it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sla import calendars, clocks
from sla.book import Track, tracks_of
from sla.calendars import WorkHours
from sla.models import Calendar, CalendarVersion, Clock, ClockEntry, ClockState

log = logging.getLogger(__name__)
BATCH = 1000


class PublishError(ValueError):
    """An edit that is refused; the text is a sentence for the person who made it."""


@dataclass(frozen=True)
class Preview:
    """changed: clocks whose figures change; flipped: those whose outcome (met, missed) changes."""

    changed: int
    flipped: int


def publish(
    calendar: Calendar, spec: Any, valid_from: datetime, *, now: datetime, actor: str, past: bool = False
) -> CalendarVersion:
    """Save new hours that hold from `valid_from` on, and count again what they reach.

    :raises PublishError: for an instant before `now` without `past`, or another time zone than before.
    :raises sla.strict.SpecError: for hours that can not be read.
    """
    _check(calendar, spec, valid_from, now, past)
    with transaction.atomic():
        Calendar.objects.select_for_update().get(pk=calendar.pk)
        version = CalendarVersion.objects.create(calendar=calendar, valid_from=valid_from, spec=spec)
        hours = calendars.of([calendar.pk])[calendar.pk]
        changed = 0
        for tracks in _reached(calendar, valid_from, hours):
            changed += len(clocks.recount(tracks, now))
    log.info(
        "calendar %s: new hours from %s by %s, %s clocks changed", calendar.slug, valid_from, actor, changed
    )
    return version


def preview(calendar: Calendar, spec: Any, valid_from: datetime, *, now: datetime) -> Preview:
    """What `publish` would change, without changing it."""
    held = list(calendar.versions.order_by("valid_from").values_list("valid_from", "spec"))
    versions = sorted(
        [*((at, calendars.parse(old)) for at, old in held), (valid_from, calendars.parse(spec))],
        key=lambda v: v[0],
    )
    hours = WorkHours(calendar.pk, calendar.name, calendars.splice(versions), ())
    changed = flipped = 0
    for tracks in _reached(calendar, valid_from, hours):
        for track in tracks:
            before = copy(track.clock)
            track.settle(now)
            changed += any(getattr(before, name) != getattr(track.clock, name) for name in clocks.COMPUTED)
            outcomes = (ClockState.MET, ClockState.MISSED)
            flipped += before.state != track.clock.state and (
                before.state in outcomes or track.clock.state in outcomes
            )
    return Preview(changed, flipped)


def _check(calendar: Calendar, spec: Any, valid_from: datetime, now: datetime, past: bool) -> None:
    work = calendars.parse(spec)
    if valid_from < now and not past:
        raise PublishError(
            _("These hours would reach into the past and change outcomes. Preview it and confirm.")
        )
    before = calendars.current_spec(calendar)
    if before is not None and calendars.parse(before).zone != work.zone:
        raise PublishError(_("A calendar keeps its time zone. Make another calendar for another time zone."))
    if calendar.versions.filter(valid_from=valid_from).exists():
        raise PublishError(_("There are hours from this very instant already."))


def _reached(calendar: Calendar, since: datetime, hours: WorkHours) -> Iterator[list[Track]]:
    """Clocks of this calendar that ran at or after an instant, in blocks, ready to be settled with these hours."""
    reached = Clock.objects.filter(calendar__calendar=calendar).filter(
        Q(stopped_at=None) | Q(stopped_at__gt=since)
    )
    ids = list(reached.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        entries = (
            ClockEntry.objects.filter(clock__in=ids[start : start + BATCH])
            .select_related("clock__calendar")
            .order_by("clock_id", "at", "pk")
        )
        yield tracks_of(entries, {calendar.pk: hours})
