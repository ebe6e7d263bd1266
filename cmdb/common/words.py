"""Numbers, lengths of time and instants in the words of a page; `formats` has the plain forms for tables and exports.

Every function answers text in the language in force. Instants are aware datetimes, shown in the current zone;
`now` may be given, so that one page has one idea of now, and tests too.
"""

from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from django.utils import dateformat, timezone
from django.utils.translation import gettext, ngettext

from cmdb.common import formats

NBSP: Final = "\u00a0"
DASH: Final = "–"


# --- numbers -------------------------------------------------------------------------------------------


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """A number with the decimal comma and grouping of the language; a dash for nothing."""
    if value is None:
        return DASH
    return formats.number(value, digits)


def percent(ratio: float | Decimal | None, digits: int = 2) -> str:
    """A ratio (0–1) in per cent: `99,41 %`. Less than everything is never rounded up to 100 %."""
    if ratio is None:
        return gettext("no data")
    exact = Decimal(str(ratio)) * 100
    step = Decimal(1).scaleb(-digits)
    shown = exact.quantize(step, rounding=ROUND_HALF_UP)
    if shown >= 100 > exact:
        shown = exact.quantize(step, rounding=ROUND_DOWN)
    return number(shown, 0 if shown in (0, 100) else digits) + NBSP + "%"


def kroner(value: float | Decimal | None) -> str:
    """An amount in Norwegian kroner, whole: `12 500 kr`."""
    return DASH if value is None else number(value) + NBSP + "kr"


def file_size(size: int) -> str:
    """Bytes in the unit people read: `214 kB`, `1,4 MB`."""
    if size < 1_000_000:
        return f"{number(max(1, round(size / 1000)) if size else 0)}{NBSP}kB"
    return f"{number(size / 1_000_000, 1)}{NBSP}MB"


def duration(seconds: float | None, *, short: bool = False, day: int = 86400, exact: bool = False) -> str:
    """A length of time in words: `38 min`, `3 h 12 min`, `2 days`; the sign is dropped.

    :param short: leave the last unit out after hours (`2 h 05`), for tables.
    :param day: seconds in a day; a working day of eight hours is 28800.
    :param exact: never days, so that a sum in a report can be checked (`26 h 5 min`).
    """
    if seconds is None:
        return DASH
    left = int(abs(seconds))
    if left < 60:
        return gettext("under 1 min") if left else _minutes(0)
    if left >= day and not exact:
        return _days(left, day)
    hours, minutes = left // 3600, left % 3600 // 60
    if not hours:
        return _minutes(minutes)
    if not minutes:
        return gettext("%(hours)s h") % {"hours": number(hours)}
    if short:
        return gettext("%(hours)s h %(minutes)s") % {"hours": number(hours), "minutes": f"{minutes:02d}"}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": number(hours), "minutes": minutes}


def _minutes(minutes: int) -> str:
    return gettext("%(minutes)s min") % {"minutes": minutes}


def _days(seconds: int, day: int) -> str:
    days, rest = divmod(seconds, day)
    words = ngettext("%(days)s day", "%(days)s days", days) % {"days": number(days)}
    hours = rest // 3600
    if days >= 2 or not hours:
        return words
    return words + " " + gettext("%(hours)s h") % {"hours": hours}


# --- instants ------------------------------------------------------------------------------------------


class _Formats(NamedTuple):
    """Django format strings of one language (in code, because they are no words to translate)."""

    day: str
    day_year: str
    weekday: str
    long: str


_NORWEGIAN: Final = _Formats("j. b", "j. b Y", "D", "l j. F Y")
_ENGLISH: Final = _Formats("j M", "j M Y", "D", "l j F Y")


def _formats() -> _Formats:
    return _NORWEGIAN if formats.norwegian() else _ENGLISH


def clock_time(instant: datetime) -> str:
    """The time of day: `14.00` (nb, nn), `14:00` (en)."""
    return formats.clock(instant)


def date_words(instant: datetime, now: datetime | None = None) -> str:
    """A date without the time: `21. nov`, with the year where it is not this one."""
    local, form = timezone.localtime(instant), _formats()
    this_year = timezone.localtime(now).year
    return dateformat.format(local, form.day if local.year == this_year else form.day_year)


def letter_moment(instant: datetime | None) -> str:
    """An instant that is still right when it is read another day: `Thursday 26 November 2026, 14:00`, `torsdag 26. november 2026 kl. 14.00`."""
    if instant is None:
        return DASH
    day = long_date(instant)
    if formats.norwegian():
        return f"{day[:1].lower()}{day[1:]} kl. {clock_time(instant)}"
    return f"{day}, {clock_time(instant)}"


def long_date(instant: datetime) -> str:
    """A date with its weekday, for headings: `Thursday 26 November 2026`."""
    return dateformat.format(timezone.localtime(instant), _formats().long)


def moment(instant: datetime | None, now: datetime | None = None) -> str:
    """An instant as people say it: `today 11.32`, `yesterday 14.00`, `21. nov 13.22`."""
    if instant is None:
        return DASH
    day, time = _day_word(instant, now), clock_time(instant)
    return f"{day or date_words(instant, now)} {time}"


def deadline(instant: datetime, now: datetime | None = None) -> str:
    """An instant ahead, as short as it can be: `14.00`, `Thu 18.00`, `21. nov`."""
    local, today = timezone.localtime(instant), timezone.localtime(now).date()
    if local.date() == today:
        return clock_time(instant)
    if abs((local.date() - today).days) < 7:
        return f"{dateformat.format(local, _formats().weekday).lower().rstrip('.')} {clock_time(instant)}"
    return date_words(instant, now)


def _day_word(instant: datetime, now: datetime | None) -> str:
    days = (timezone.localtime(instant).date() - timezone.localtime(now).date()).days
    return {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}.get(days, "")


def ago(instant: datetime | None, now: datetime | None = None) -> str:
    """How long since, in one word for a table: `now`, `8 min`, `3 h`, `yesterday`, `4 days`, `21. nov`."""
    if instant is None:
        return DASH
    now = now or timezone.now()
    seconds = (now - instant).total_seconds()
    if seconds < 60:
        return gettext("now")
    if seconds < 3600:
        return _minutes(int(seconds // 60))
    days = (timezone.localtime(now).date() - timezone.localtime(instant).date()).days
    if days == 0 or seconds < 6 * 3600:
        return gettext("%(hours)s h") % {"hours": int(seconds // 3600)}
    if days == 1:
        return gettext("yesterday")
    if days < 7:
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    return date_words(instant, now)
