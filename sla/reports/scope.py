"""Whose month: an organisation, a local month and the instants between which it lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind
from sla.models import Case, Clock

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
REPORTED_KINDS = (OrganisationKind.REGION, OrganisationKind.MUNICIPALITY)


def zone() -> ZoneInfo:
    """Months are those of the people who read them."""
    return ZoneInfo(settings.TIME_ZONE)


def parse_month(text: str) -> date:
    """First day of "YYYY-MM". ValueError for anything else."""
    found = _MONTH.fullmatch(text)
    if not found or not 2000 <= int(found[1]) <= 2199:
        raise ValueError(f"{text!r} is not a month as YYYY-MM")
    return date(int(found[1]), int(found[2]), 1)


def add_months(month: date, number: int) -> date:
    """The first day of the month so many later (or earlier)."""
    years, months = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(years, months + 1, 1)


def month_of(instant: datetime) -> date:
    """First day of the local month of an instant."""
    return timezone.localtime(instant, zone()).date().replace(day=1)


def begin_of(month: date) -> datetime:
    """Local midnight on which a month begins."""
    return datetime(month.year, month.month, 1, tzinfo=zone())


@dataclass(frozen=True)
class Scope:
    """A month of a municipality, or of the region: all that belongs to it. [start, end) are instants."""

    month: date
    organisation: Organisation

    def __post_init__(self) -> None:
        if self.month.day != 1:
            raise ValueError("a month is named by its first day")
        if self.organisation.kind not in REPORTED_KINDS:
            raise ValueError("reports are made for municipalities and the region")

    @property
    def start(self) -> datetime:
        return begin_of(self.month)

    @property
    def end(self) -> datetime:
        return begin_of(add_months(self.month, 1))

    @property
    def last(self) -> datetime:
        """The last second of the month: what was agreed then speaks for it."""
        return self.end - timedelta(seconds=1)

    @property
    def is_region(self) -> bool:
        return self.organisation.kind == OrganisationKind.REGION

    def q(self, prefix: str = "") -> Q:
        """Cases of this organisation; `prefix` is the way to the case ("case__")."""
        if not self.is_region:
            return Q(**{f"{prefix}municipality": self.organisation.pk})
        tree = self.organisation
        return Q(
            **{
                f"{prefix}organisation__tree_id": tree.tree_id,
                f"{prefix}organisation__lft__gte": tree.lft,
                f"{prefix}organisation__rght__lte": tree.rght,
            }
        )

    def cases(self) -> QuerySet[Case]:
        """All cases of the organisation, whatever their month."""
        return Case.objects.filter(self.q())

    def clocks(self) -> QuerySet[Clock]:
        """All clocks of the organisation's cases."""
        return Clock.objects.filter(self.q("case__"))


def reported_organisations() -> QuerySet[Organisation]:
    """The region first, then its municipalities; archived ones too, because their months stay."""
    return Organisation.objects.filter(kind__in=REPORTED_KINDS).order_by("tree_id", "level", "sort_name")
