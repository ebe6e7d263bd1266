"""The clock of a ticket, the most important mark in the product: icon + words, then a bar, which clock and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from cmdb.common.words import deadline, duration

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Clock:
    """What is needed to draw one clock. Times left and used are working time of its calendar."""

    #: running | breached (still runs) | paused | met | missed (stopped too late)
    state: str
    #: which clock: "Response", "Resolution"
    name: Text
    #: seconds left; negative once breached
    left: int | None = None
    #: share of the target that is used, 0–1
    used: float | None = None
    #: when it falls due (met and missed: fell due)
    due: datetime | None = None
    #: met and missed: when it stopped
    stopped: datetime | None = None
    #: paused: why, always
    reason: Text = ""
    #: the working window in which it runs now ends here; without it nothing counts down on the page
    window_end: datetime | None = None


class ClockParts(NamedTuple):
    """One clock in words; `used` is 0–100 or None (no bar)."""

    color: str
    icon: str
    words: str
    used: int | None
    detail: str


_CLOCK_LOOK: Final[dict[str, tuple[str, str]]] = {
    "running": ("neutral", "clock"),
    "soon": ("warning", "soon"),
    "breached": ("danger", "breach"),
    "paused": ("info", "pause"),
    "met": ("success", "ok"),
    "missed": ("danger", "breach"),
}


def is_soon(left: int | None, used: float | None) -> bool:
    """Whether a running clock wants attention: half used and within the hour, or three quarters used."""
    if left is None or used is None:
        return False
    return used >= 0.75 or (used >= 0.5 and left <= 3600)


def clock_parts(clock: Clock, now: datetime | None = None) -> ClockParts:
    """The words, colour, icon and bar of a clock."""
    key = "soon" if clock.state == "running" and is_soon(clock.left, clock.used) else clock.state
    color, icon_name = _CLOCK_LOOK[key]
    bar = None if key in {"met", "missed"} or clock.used is None else round(min(max(clock.used, 0), 1) * 100)
    return ClockParts(color, icon_name, _clock_words(key, clock), bar, _clock_detail(key, clock, now))


def _clock_words(key: str, clock: Clock) -> str:
    # Working time: a day of it means something else in each calendar, so hours are never put together to days.
    left = abs(clock.left) if clock.left is not None else None
    if left is not None and left >= 86400:
        left -= left % 3600
    time = {"time": duration(left, short=key in {"breached", "paused"}, exact=True)}
    if key == "soon":
        return gettext("%(time)s left") % time
    if key == "breached":
        return gettext("Breached %(time)s") % time
    if key == "paused":
        return gettext("Paused · %(time)s") % time if clock.left is not None else gettext("Paused")
    if key == "met":
        return gettext("Met")
    if key == "missed":
        return gettext("Missed by %(time)s") % time if clock.left is not None else gettext("Missed")
    return time["time"]


def _clock_detail(key: str, clock: Clock, now: datetime | None) -> str:
    if key == "paused":
        return str(clock.reason or clock.name)
    words = {"name": clock.name, "due": deadline(clock.due, now) if clock.due else ""}
    if key in {"met", "missed"} and clock.stopped:
        stopped = {**words, "stopped": deadline(clock.stopped, now)}
        return (
            gettext("%(name)s %(stopped)s of %(due)s") % stopped
            if clock.due
            else f"{clock.name} {stopped['stopped']}"
        )
    if not clock.due:
        return str(clock.name)
    return (gettext("%(name)s was %(due)s") if key == "breached" else "%(name)s %(due)s") % words


def clock(clock: Clock, now: datetime | None = None) -> SafeString:
    """HTML: icon and time in words, then a bar, which clock and when. Counts down in static/samdrift/js/clock.js."""
    parts = clock_parts(clock, now)
    bar = ""
    if parts.used is not None:
        label = gettext("%(share)s %% of the time used") % {"share": parts.used}
        bar = format_html('<progress value="{}" max="100" aria-label="{}"></progress>', parts.used, label)
    return format_html(
        '<span class="clock" data-color="{}"><i data-i="{}"></i><b>{}</b>{}<small>{}</small></span>',
        parts.color,
        parts.icon,
        _countdown(parts.words, clock),
        bar,
        parts.detail,
    )


def _countdown(words: str, clock: Clock) -> str:
    if clock.due is None or clock.state not in {"running", "breached"}:
        return escape(words)
    window = format_html(' data-until="{}"', clock.window_end.isoformat()) if clock.window_end else ""
    return format_html(
        '<time datetime="{}" data-left="{}"{}>{}</time>',
        clock.due.isoformat(),
        clock.left or 0,
        window,
        words,
    )
