"""Faults that people reported, month by month, with the year before beside them where it is known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import TruncMonth

from sla.reports import rows
from sla.reports.scope import Scope, add_months, begin_of, month_of, zone

MONTHS = 13


def section(scope: Scope) -> list[dict[str, Any]]:
    """Thirteen months ending with this one: {"month", "count", "key", "before": {"count", "key"} or null}.

    A month that is not known as a whole is not few but unknown: it is left out, as a year before it is null. Two statements.
    """
    first = add_months(scope.month, -(MONTHS - 1) - 12)
    found = _counts(scope, first)
    begun = scope.cases().filter(kind=rows.INCIDENT).aggregate(at=Min("opened_at"))["at"]
    known = _known(begun) if begun else scope.month
    months = [add_months(scope.month, back) for back in range(-(MONTHS - 1), 1)]
    return [_point(month, found, known) for month in months if month >= known or month == scope.month]


def _known(begun: datetime) -> date:
    """The first month that is known as a whole; the first case's own if it lies in its first days."""
    month = month_of(begun)
    return month if begun < begin_of(month) + timedelta(days=4) else add_months(month, 1)


def _counts(scope: Scope, first: date) -> dict[date, int]:
    # The same condition as rows.faults, over all months at once.
    groups = (
        scope.cases()
        .filter(kind=rows.INCIDENT, opened_at__gte=begin_of(first), opened_at__lt=scope.end)
        .exclude(channel=rows.MONITORED)
        .annotate(month=TruncMonth("opened_at", tzinfo=zone()))
        .values_list("month")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return {month.date(): n for month, n in groups}


def _point(month: date, found: dict[date, int], known: date) -> dict[str, Any]:
    before = add_months(month, -12)
    return {
        "month": f"{month:%Y-%m}",
        **_figure(month, found),
        "before": _figure(before, found) if before >= known else None,
    }


def _figure(month: date, found: dict[date, int]) -> dict[str, Any]:
    return {"count": found.get(month, 0), "key": f"faults:{month:%Y-%m}"}
