"""Licences bought against licences used, counted by the database so that lists can sort and filter by it.

Per device, use is counted: products installed on items that are not retired, in the licence's organisation and
everything under it. An installation belongs to the nearest organisation above it that holds a licence of the
product, so a school with its own licence does not use up its municipality's. Several licences of the same product
and organisation are one pool. All other metrics go by what was last reported on the licence itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.choices import Choices
from cmdb.models import Installation, Licence, LicenceMetric, Lifecycle


class LicenceState(Choices):
    """What a licence's numbers say."""

    OVER = "over", "danger", "breach", _("Over-used")
    FREE = "free", "success", "ok", _("Some free")
    FULL = "full", "neutral", "check", _("All in use")
    EXPIRED = "expired", "warning", "soon", _("Expired")
    UNKNOWN = "unknown", "neutral", "question", _("Use not reported")


def _valid(today: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=today)


def _installed() -> Coalesce:
    """Installations that draw on the outer licence."""
    nearer = Licence.objects.filter(
        software=OuterRef("software"),
        metric=LicenceMetric.DEVICE,
        organisation__tree_id=OuterRef("item__organisation__tree_id"),
        organisation__lft__lte=OuterRef("item__organisation__lft"),
        organisation__rght__gte=OuterRef("item__organisation__rght"),
        organisation__level__gt=OuterRef(OuterRef("organisation__level")),
    )
    rows = (
        Installation.objects.filter(
            software=OuterRef("software"),
            item__organisation__tree_id=OuterRef("organisation__tree_id"),
            item__organisation__lft__gte=OuterRef("organisation__lft"),
            item__organisation__rght__lte=OuterRef("organisation__rght"),
        )
        .exclude(item__lifecycle=Lifecycle.RETIRED)
        .exclude(Exists(nearer))
        .order_by()
        .values("software")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(rows), 0)


def _pool(today: date) -> Coalesce:
    """Bought in all valid licences of the same product, organisation and metric."""
    rows = (
        Licence.objects.filter(
            _valid(today),
            software=OuterRef("software"),
            organisation=OuterRef("organisation"),
            metric=OuterRef("metric"),
        )
        .order_by()
        .values("software")
        .annotate(n=Sum("bought"))
        .values("n")
    )
    return Coalesce(Subquery(rows), 0)


def columns(today: date | None = None) -> dict[str, Any]:
    """`used` (None: not reported), `pool` (bought that counts together), `left` (negative: over-used), `state`."""
    day = today or timezone.localdate()
    number = IntegerField()
    device = Q(metric=LicenceMetric.DEVICE)
    state: Case = Case(
        When(~_valid(day), then=Value(LicenceState.EXPIRED.value)),
        When(used=None, then=Value(LicenceState.UNKNOWN.value)),
        When(left__lt=0, then=Value(LicenceState.OVER.value)),
        When(left=0, then=Value(LicenceState.FULL.value)),
        default=Value(LicenceState.FREE.value),
        output_field=CharField(),
    )
    return {
        "used": Case(When(device, then=_installed()), default=F("reported_used"), output_field=number),
        "pool": Case(When(device, then=_pool(day)), default=F("bought"), output_field=number),
        "left": F("pool") - F("used"),
        "state": state,
    }


def with_use(licences: QuerySet[Any], today: date | None = None) -> QuerySet[Any]:
    """`licences` with the columns of `columns`."""
    for name, expression in columns(today).items():
        licences = licences.annotate(**{name: expression})
    return licences
