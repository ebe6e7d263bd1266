"""The headline figures of many months at once, for the overview: frozen ones as they are, others counted and kept for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from cmdb.models import Organisation
from sla.models import Report
from sla.reports import monthly
from sla.reports.scope import Scope

#: How long a counted month is shown before it is counted again, in seconds.
KEEP_OVER, KEEP_NOW = 600, 60
#: Seconds that one request spends on counting; the rest is fetched by the page itself, line by line.
BUDGET = 0.25


@dataclass(frozen=True)
class Summary:
    """headline: as in the document."""

    month: date
    organisation: Organisation
    headline: dict[str, Any]
    frozen: bool


def of(
    months: Sequence[date], organisations: Sequence[Organisation], budget: float | None = BUDGET
) -> dict[tuple[date, int], Summary | None]:
    """Summaries by month and organisation id; None where counting would take longer than the budget (None: no limit)."""
    frozen = Report.objects.filter(month__in=months, organisation__in=organisations)
    held = {(m, o): h for m, o, h in frozen.values_list("month", "organisation_id", "data__headline")}
    pairs = [(month, one) for month in months for one in organisations]
    kept = cache.get_many([_key(month, one) for month, one in pairs if (month, one.pk) not in held])
    found: dict[tuple[date, int], Summary | None] = {}
    begun = monotonic()
    for month, one in pairs:
        headline = held.get((month, one.pk)) or kept.get(_key(month, one))
        if headline is None and (budget is None or monotonic() - begun < budget):
            headline = _count(month, one)
        found[month, one.pk] = Summary(month, one, headline, (month, one.pk) in held) if headline else None
    return found


def _count(month: date, organisation: Organisation) -> dict[str, Any]:
    headline: dict[str, Any] = monthly.build(month, organisation)["headline"]
    over = Scope(month, organisation).end < timezone.now()
    cache.set(_key(month, organisation), headline, KEEP_OVER if over else KEEP_NOW)
    return headline


def _key(month: date, organisation: Organisation) -> str:
    return f"board:{monthly.VERSION}:{organisation.pk}:{month:%Y-%m}"
