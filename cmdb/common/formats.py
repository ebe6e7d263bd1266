"""Numbers and dates in the plain forms of tables and exports, without a template per value.

Instants go in aware (any zone) and come out in the zone that is active; texts follow the active language.
Bokmål and Nynorsk: ``1 234,5`` (narrow no-break space), ``21.11.2026 14.05``. English: ``1,234.5``,
``2026-11-21 14:05``.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language

THIN = "\u202f"


def norwegian() -> bool:
    """Whether the active language is Bokmål or Nynorsk."""
    return (get_language() or "").split("-")[0] in ("nb", "nn", "no")


def number(value: int | float | Decimal | None, decimals: int | None = None) -> str:
    """``value`` grouped in thousands; ``decimals`` fixed, or as many as the value carries. None is ""."""
    if value is None:
        return ""
    text = f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
    return text.replace(",", THIN).replace(".", ",") if norwegian() else text


def day(value: date | datetime | None) -> str:
    """The calendar day, in the active zone if an instant is given."""
    if value is None:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return value.strftime("%d.%m.%Y" if norwegian() else "%Y-%m-%d")


def clock(value: datetime | None) -> str:
    """Time of day: ``14.05`` or ``14:05``."""
    if value is None:
        return ""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return local.strftime("%H.%M" if norwegian() else "%H:%M")


def column(values: Iterable[date | datetime | None], time: bool = False) -> list[str]:
    """``day`` (or ``when``, with ``time``) of a whole column: zone and pattern are asked once."""
    zone, dotted = timezone.get_current_timezone(), norwegian()
    out = []
    for value in values:
        if value is None:
            out.append("")
            continue
        clock = ""
        if isinstance(value, datetime):
            value = value.astimezone(zone) if value.tzinfo is not None else value
            clock = f" {value.hour:02}{'.' if dotted else ':'}{value.minute:02}" if time else ""
        d, m, y = value.day, value.month, value.year
        out.append((f"{d:02}.{m:02}.{y:04}" if dotted else f"{y:04}-{m:02}-{d:02}") + clock)
    return out


def when(value: date | datetime | None) -> str:
    """Day and time of day of an instant; a date alone stays a date."""
    if value is None:
        return ""
    if not isinstance(value, datetime):
        return day(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return local.strftime("%d.%m.%Y %H.%M" if norwegian() else "%Y-%m-%d %H:%M")
