"""Holes in the register that somebody should fill: each one a condition, so that a count opens its own rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cmdb.lifecycle import CURRENT, past_end
from cmdb.models import Family

DEVICES = (Family.SERVER, Family.NETWORK, Family.CLIENT, Family.PRINTER, Family.POWER)
PLACED = (Family.SERVER, Family.NETWORK, Family.PRINTER, Family.POWER)


@dataclass(frozen=True)
class Check:
    """A hole: key in addresses, words, condition."""

    key: str
    label: str | Promise
    condition: Q


def checks(today: date | None = None) -> list[Check]:
    """All holes that are looked for, as of `today` (default: today)."""
    day = today or timezone.localdate()
    return [
        Check(
            "no_owner", _("Systems without an owner"), CURRENT & Q(family=Family.SYSTEM, owner__isnull=True)
        ),
        Check(
            "no_manager",
            _("Systems without a manager"),
            CURRENT & Q(family=Family.SYSTEM, manager__isnull=True),
        ),
        Check(
            "no_team", _("Items without a team"), CURRENT & Q(team__isnull=True) & ~Q(family=Family.CLIENT)
        ),
        Check("no_place", _("Devices without a place"), CURRENT & Q(family__in=PLACED, place__isnull=True)),
        Check("no_serial", _("Devices without a serial number"), CURRENT & Q(family__in=DEVICES, serial="")),
        Check("past_end", _("Still in use after their end of life"), past_end(day)),
    ]


CHOICES = [(check.key, check.label) for check in checks(date(2000, 1, 1))]


def condition(key: str) -> Q:
    """The condition of one hole; KeyError for an unknown key."""
    return {check.key: check.condition for check in checks()}[key]


def counts(items: QuerySet[Any]) -> list[tuple[Check, int]]:
    """Holes among `items` with their number, those without a single row left out. One statement."""
    found = checks()
    numbers = items.order_by().aggregate(**{c.key: Count("pk", filter=c.condition) for c in found})
    return [(check, numbers[check.key]) for check in found if numbers[check.key]]
