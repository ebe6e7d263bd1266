"""Small marks of the pages as plain functions that answer escaped HTML; the template tags call the same ones.

Colours are the design system's `data-color` words, icons are names out of `assets.ICONS`. Words and numbers
come from `words` and `formats`, the clock from `clockmark`; all are offered here, so that pages import one room.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from cmdb.common.assets import ICONS
from cmdb.common.clockmark import Clock, ClockParts, clock, clock_parts, is_soon
from cmdb.common.words import (
    DASH,
    ago,
    clock_time,
    date_words,
    deadline,
    duration,
    file_size,
    kroner,
    letter_moment,
    long_date,
    moment,
    number,
    percent,
)

__all__ = [
    "DASH",
    "LIVE",
    "PRIORITY",
    "PRIORITY_ELEMENT",
    "STATE_ELEMENT",
    "TAG_ELEMENT",
    "TIME_ELEMENT",
    "Clock",
    "ClockParts",
    "Day",
    "Look",
    "ago",
    "avatar",
    "badge",
    "clock",
    "clock_parts",
    "clock_time",
    "date_words",
    "days",
    "deadline",
    "duration",
    "file_size",
    "icon",
    "initials",
    "is_soon",
    "kroner",
    "live",
    "long_date",
    "letter_moment",
    "moment",
    "number",
    "percent",
    "priority",
    "priority_look",
    "progress",
    "state",
    "time_element",
]

Text = str | Promise

# Skeletons for tables that build rows with one `%`: every piece is escaped by the table.
STATE_ELEMENT: Final = '<span class="state" data-color="%s" data-i="%s">%s</span>'
TAG_ELEMENT: Final = '<span class="ds-tag" data-color="%s" data-i="%s">%s</span>'
PRIORITY_ELEMENT: Final = '<span class="prio %s" data-color="%s" data-i="%s">%s</span>'
TIME_ELEMENT: Final = '<time datetime="%s" title="%s">%s</time>'


class Look(NamedTuple):
    """How a value is drawn: colour role, icon name, word."""

    color: str
    icon: str
    label: Text


#: State of something watched, as it is now. Unknown is never green.
LIVE: Final[dict[str, Look]] = {
    "up": Look("success", "ok", _("Up")),
    "degraded": Look("warning", "breach", _("Slow")),
    "down": Look("danger", "stop", _("Down")),
    "shadow": Look("neutral", "eye", _("In the shadow")),
    "unknown": Look("neutral", "question", _("Unknown")),
    "maintenance": Look("info", "wrench", _("Planned work")),
}

#: Four steps. Only the first is red: if amber meant priority too, it would no longer mean time.
PRIORITY: Final[dict[str, Look]] = {
    "critical": Look("danger", "p1", _("Critical")),
    "high": Look("neutral", "p2", _("High")),
    "normal": Look("neutral", "p3", _("Normal")),
    "low": Look("neutral", "p4", _("Low")),
}
_PRIORITY_STEPS: Final = tuple(PRIORITY)


# --- marks (HTML) --------------------------------------------------------------------------------------


def icon(name: str, label: Text = "", extra: str = "") -> SafeString:
    """HTML: an icon by its name in `assets.ICONS`; without a label it is decoration and not read out.

    :raises KeyError: for a name that is not there, so that a slip shows in the first test and not as a square.
    """
    if name and name not in ICONS:
        raise KeyError(f"no icon {name!r}; see cmdb/common/assets.py")
    classes = f"i {extra}".strip()
    if label:
        return format_html(
            '<span class="{}" data-i="{}" role="img" aria-label="{}"></span>', classes, name, label
        )
    return format_html('<span class="{}" data-i="{}" aria-hidden="true"></span>', classes, name)


def state(label: Text, color: str = "neutral", icon_name: str = "") -> SafeString:
    """HTML: icon and word in running text or a table cell."""
    return format_html('<span class="state" data-color="{}" data-i="{}">{}</span>', color, icon_name, label)


def badge(label: Text, color: str = "neutral", icon_name: str = "") -> SafeString:
    """HTML: icon and word on a tinted ground, for the head of a page."""
    return format_html('<span class="ds-tag" data-color="{}" data-i="{}">{}</span>', color, icon_name, label)


def live(key: str | None, label: Text = "") -> SafeString:
    """HTML: the state of something watched; see `LIVE`. An unknown key is the state unknown."""
    look = LIVE.get(key or "unknown", LIVE["unknown"])
    return state(label or look.label, look.color, look.icon)


def priority_look(key: str | int) -> Look:
    """The look of a priority by name or by step (1 is the most urgent)."""
    name = _PRIORITY_STEPS[min(max(key, 1), 4) - 1] if isinstance(key, int) else key
    return PRIORITY.get(name, PRIORITY["normal"])


def priority(key: str | int, label: Text = "") -> SafeString:
    """HTML: four rising bars and the word."""
    look = priority_look(key)
    return format_html(
        '<span class="prio{}" data-color="{}" data-i="{}">{}</span>',
        " hi" if look.icon == "p2" else "",
        look.color,
        look.icon,
        label or look.label,
    )


def initials(name: str) -> str:
    """Up to two letters of a person's name: first and last word."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    return "".join(word[0].upper() for word in ([words[0], words[-1]] if len(words) > 1 else words))


def avatar(name: str, *, alone: bool = False) -> SafeString:
    """HTML: initials in a ring. `alone`: no written name stands beside it, so the name is read out."""
    if alone:
        return format_html(
            '<span class="ds-avatar ava" data-initials="{}" role="img" aria-label="{}"></span>',
            initials(name),
            name,
        )
    return format_html(
        '<span class="ds-avatar ava" data-initials="{}" aria-hidden="true"></span>', initials(name)
    )


def progress(share: float, label: Text, *, thick: bool = False) -> SafeString:
    """HTML: a bar filled by `share` (0–1); the label is its accessible name."""
    return format_html(
        '<progress value="{}" max="100" aria-label="{}"{}></progress>',
        round(min(max(share, 0.0), 1.0) * 100),
        label,
        mark_safe(' class="thick"') if thick else "",
    )


def time_element(instant: datetime | None, text: str | None = None, now: datetime | None = None) -> str:
    """HTML: `<time>` with the exact instant, shown as `text` (default: how long ago)."""
    if instant is None:
        return DASH
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        timezone.localtime(instant).isoformat(timespec="seconds"),
        moment(instant, now),
        ago(instant, now) if text is None else text,
    )


# --- availability, one column per day ------------------------------------------------------------------


class Day(NamedTuple):
    """One day of a service: kind is ok, part, down, plan or none; `lost` is lost time of the day, 0–1."""

    kind: str
    lost: float = 0.0


def days(columns: Sequence[Day | tuple[str, float]], label: Text) -> SafeString:
    """HTML: an SVG in which height is lost time, so that shape alone tells; `label` says it in a sentence."""
    rects = []
    for index, (kind, lost) in enumerate(columns):
        height = 8 if kind in {"ok", "none"} else 8 + round(24 * min(max(lost, 0.0), 1.0) ** 0.5)
        rects.append(
            f'<rect class="{escape(kind)}" x="{index * 10 + 1}" y="{32 - height}" width="7.5" height="{height}"/>'
        )
    return format_html(
        '<svg class="days" viewBox="0 0 {} 32" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        len(columns) * 10,
        label,
        mark_safe("".join(rects)),  # noqa: S308 - kind is escaped, the rest are numbers
    )
