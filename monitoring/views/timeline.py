"""A target's states over time as a strip (SVG with attributes only) and as the table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cmdb.common import ui
from monitoring.models import Interval, Target, TargetState

KIND = {
    TargetState.UP: "ok",
    TargetState.DEGRADED: "part",
    TargetState.DOWN: "down",
    TargetState.UNKNOWN: "none",
    TargetState.OFF: "none",
}
ORDER = (TargetState.UP, TargetState.DEGRADED, TargetState.OFF, TargetState.UNKNOWN, TargetState.DOWN)
WIDTH = 1000
ROWS = 40


@dataclass(frozen=True)
class Piece:
    """One interval inside the window; `seconds` of it lie inside."""

    state: str
    label: str
    begin: datetime
    end: datetime | None
    seconds: float


@dataclass(frozen=True)
class Timeline:
    """`svg` with a sentence as its name; `pieces` newest first, at most ROWS; `more` were left out."""

    svg: SafeString
    pieces: list[Piece]
    more: int
    sums: dict[str, float]

    @property
    def sentence(self) -> str:
        return _sentence(self.sums)


def timeline(target: Target, now: datetime, span: timedelta) -> Timeline:
    """The last `span` until `now`. One statement."""
    start = now - span
    rows = (
        Interval.objects.filter(target=target, started_at__lt=now)
        .filter(Q(ended_at=None) | Q(ended_at__gt=start))
        .order_by("started_at", "pk")
    )
    pieces = [_piece(row, start, now) for row in rows]
    sums: dict[str, float] = {}
    for piece in pieces:
        sums[piece.state] = sums.get(piece.state, 0.0) + piece.seconds
    svg = _svg(pieces, start, now, span, _sentence(sums))
    return Timeline(svg, pieces[::-1][:ROWS], max(0, len(pieces) - ROWS), sums)


def _piece(row: Interval, start: datetime, now: datetime) -> Piece:
    begin, end = max(row.started_at, start), min(row.ended_at or now, now)
    label = str(TargetState(row.state).label)
    return Piece(row.state, label, row.started_at, row.ended_at, max(0.0, (end - begin).total_seconds()))


def _sentence(sums: dict[str, float]) -> str:
    """ "Up 23 h 10 min, down 50 min"; worst things last."""
    parts = [
        _("%(state)s %(time)s") % {"state": TargetState(state).label, "time": ui.duration(sums[state])}
        for state in ORDER
        if sums.get(state, 0) >= 1
    ]
    return ", ".join(parts) or _("Nothing is known yet")


def _svg(pieces: list[Piece], start: datetime, now: datetime, span: timedelta, name: str) -> SafeString:
    """Height tells too, not colour alone: down is full, up a low foot."""
    whole = span.total_seconds()
    heights = {"ok": 8, "part": 16, "none": 8, "down": 32}
    rects = []
    for piece in pieces:
        begin = (max(piece.begin, start) - start).total_seconds() / whole * WIDTH
        # A short outage must still be seen: at least two units wide.
        width = max(2.0, piece.seconds / whole * WIDTH)
        kind = KIND[TargetState(piece.state)]
        height = heights[kind]
        rects.append((kind, f"{min(begin, WIDTH - 2):.1f}", 32 - height, f"{width:.1f}", height))
    drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', rects)
    return format_html(
        '<svg class="days" viewBox="0 0 {} 32" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        name,
        drawn,
    )
