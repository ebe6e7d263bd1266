"""The life of an item: what counts as current, what ends soon, and which steps are refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from cmdb.models import Family, Item, Lifecycle

#: Days ahead in which an end of life asks for a plan, and a notice date for a decision.
END_HORIZON: Final = 180
NOTICE_HORIZON: Final = 90

#: Colour and icon of every state, for lists and heads of pages.
LOOKS: Final[dict[Any, tuple[str, str]]] = {
    Lifecycle.PLANNED: ("info", "calendar"),
    Lifecycle.ORDERED: ("info", "request"),
    Lifecycle.IN_STORE: ("neutral", "archive"),
    Lifecycle.IN_USE: ("neutral", "check"),
    Lifecycle.PHASING_OUT: ("warning", "soon"),
    Lifecycle.RETIRED: ("neutral", "cancelled"),
}
CURRENT: Final = ~Q(lifecycle=Lifecycle.RETIRED)


def ends_soon(today: date, days: int = END_HORIZON) -> Q:
    """Items still held whose end of life lies within `days` from today (both days counted)."""
    return CURRENT & Q(end_of_life__gte=today, end_of_life__lte=today + timedelta(days=days))


def past_end(today: date) -> Q:
    """Items still held although their end of life is over."""
    return CURRENT & Q(end_of_life__lt=today)


def refusals(item: Item, to: str) -> list[str]:
    """Why `item` may not go to the lifecycle state `to`: sentences, empty where nothing stands against it.

    A system that is phased out needs a date (one system in means one system out, and a plan for it); what others
    in use still rest on is not retired. At most two statements.
    """
    if to == Lifecycle.PHASING_OUT and item.family == Family.SYSTEM and not item.end_of_life:
        return [_("A system that is being phased out needs an end of life date.")]
    if to != Lifecycle.RETIRED or item.pk is None:
        return []
    return item.rested_on()
