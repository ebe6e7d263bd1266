"""Clocks as pages and the API show them: figures of one instant, words only where a sentence is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla import clockwork
from sla.models import ClockState, Measure
from sla.worktime import working_intervals

if TYPE_CHECKING:
    from sla.book import Track

NEVER_DUE: Promise = _("The agreement's calendar has no open hours, so this never falls due.")
# Which clock is told first where two fall due at the same instant, and which speaks for a finished case.
_ORDER = [Measure.RESPONSE, Measure.RESOLUTION, Measure.UPDATE, Measure.OWN, Measure.SUPPLIER]


@dataclass(frozen=True)
class Nearest:
    """What a queue shows of a ticket. state: running, paused, missed or met; seconds are working time."""

    due_at: datetime | None
    measure: str
    state: str
    soon_at: datetime | None
    started_at: datetime
    remaining_seconds: int
    pause_reason: str


@dataclass(frozen=True)
class ClockView:
    """One clock at one instant. Seconds are working time of its calendar; percent may pass 100.

    state: running, paused, missed (`stopped_at` tells whether it still runs), met, cancelled, superseded or merged.
    note: a sentence where something has to be explained. window_end: until when it runs without a break.
    """

    measure: str
    state: str
    due_at: datetime | None
    elapsed_seconds: int
    remaining_seconds: int
    breached_at: datetime | None
    seconds: int
    calendar: str
    pause_reason: str
    percent: int
    started_at: datetime
    stopped_at: datetime | None
    soon_at: datetime | None
    paused_seconds: int
    goal: float
    priority: int
    note: str | Promise = ""
    window_end: datetime | None = None

    @property
    def label(self) -> str:
        """What is measured, in words."""
        return str(Measure(self.measure).label)

    @property
    def is_live(self) -> bool:
        return self.stopped_at is None


class ClockList(list[ClockView]):
    """Clocks of a case; `reason` is the sentence to show when there are none."""

    def __init__(self, views: Iterable[ClockView], reason: str | Promise = "") -> None:
        super().__init__(views)
        self.reason = reason


def view_of(track: Track, now: datetime) -> ClockView:
    """A clock as seen at `now`."""
    clock, work = track.clock, track.hours.work
    seen = clockwork.run(work, clock.seconds, track.events, max(now, track.entries[-1].at))
    ended = seen.phase in ("stopped", "cancelled")
    live = seen.phase == "running" and not ended
    return ClockView(
        measure=clock.measure,
        state=clock.state if seen.phase == "cancelled" else seen.state,
        due_at=seen.due_at,
        elapsed_seconds=seen.elapsed_seconds,
        remaining_seconds=seen.remaining_seconds,
        breached_at=seen.breached_at,
        seconds=clock.seconds,
        calendar=track.hours.name,
        pause_reason=clock.pause_reason,
        percent=round(100 * seen.elapsed_seconds / clock.seconds),
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        soon_at=clock.soon_at,
        paused_seconds=seen.paused_seconds,
        goal=clock.goal,
        priority=clock.priority,
        note=NEVER_DUE if live and seen.unreachable else "",
        window_end=_window_end(track, now) if live else None,
    )


def views_of(tracks: list[Track], now: datetime, *, history: bool = False) -> list[ClockView]:
    """Clocks to show, most urgent first. history: also ended ones that a later one of the measure stands for."""
    shown = tracks if history else list(_current(tracks))
    return sorted((view_of(track, now) for track in shown), key=_urgency)


def _current(tracks: list[Track]) -> Iterable[Track]:
    """The newest clock of each measure; one that was superseded only where nothing took its place."""
    newest: dict[str, Track] = {}
    for track in tracks:
        held = newest.get(track.clock.measure)
        if held is None or track.clock.state != ClockState.SUPERSEDED:
            newest[track.clock.measure] = track
    return (track for track in newest.values() if track.clock.state != ClockState.SUPERSEDED)


def nearest_of(tracks: list[Track], now: datetime) -> Nearest | None:
    """The running clock that falls due first (missed ones first), else a paused one, else the resolution's outcome."""
    views = [view for view in views_of(tracks, now) if view.state in ("running", "paused", "missed", "met")]
    live = [view for view in views if view.is_live and view.measure != Measure.SUPPLIER]
    best = min(live, key=_urgency, default=None)
    if best is None:
        ended = [view for view in views if view.measure in (Measure.RESOLUTION, Measure.RESPONSE)]
        best = max(ended, key=lambda view: view.measure == Measure.RESOLUTION, default=None)
    if best is None:
        return None
    return Nearest(
        best.due_at,
        best.measure,
        best.state,
        best.soon_at,
        best.started_at,
        best.remaining_seconds,
        best.pause_reason,
    )


def _urgency(view: ClockView) -> tuple[bool, bool, float, int]:
    due = view.due_at.timestamp() if view.due_at else float("inf")
    return (not view.is_live, view.due_at is None, due, _ORDER.index(Measure(view.measure)))


def _window_end(track: Track, now: datetime) -> datetime | None:
    """End of the working window that `now` lies in, for a page that counts down; None outside, or where it never ends."""
    work = track.hours.work
    if work.is_always:
        return None
    first = next(working_intervals(work, now, now + timedelta(days=1)), None)
    return first[1] if first and first[0] <= now else None
