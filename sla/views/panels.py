"""Fragments for pages of the floors below: availability of a service or an item."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.common.ui import duration, percent
from cmdb.models import Item, Organisation, Service
from cmdb.web import SignedInRequest
from sla import availability, words
from sla.access import organisations_of

DAYS = 30


@login_required
def service_availability_panel(request: SignedInRequest, pk: int) -> HttpResponse:
    """The last thirty days of a service, for each organisation whose reports one reads; else for one's own."""
    service = get_object_or_404(Service.objects.visible_to(request.user), pk=pk)
    now = timezone.now()
    using = set(service.consumers.values_list("pk", flat=True))
    mine = [one for one in organisations_of(request.user).filter(archived_at=None) if one.pk in using]
    if not mine:
        own = Organisation.objects.filter(pk__in=request.user.access.own_orgs & using)
        mine = list(own[:1])
    look = availability.Look([service.pk], _begin(now), now)
    lines = [_line(availability.of_services([service], one, look.start, now, look=look)[0]) for one in mine]
    return render(
        request, "sla/panels/availability.html", {"title": _("Availability, thirty days"), "lines": lines}
    )


@login_required
def item_availability_panel(request: SignedInRequest, pk: int) -> HttpResponse:
    """The last thirty days of an item, around the clock."""
    item = get_object_or_404(Item.objects.visible_to(request.user), pk=pk)
    now = timezone.now()
    result = availability.availability_of_item(item, _begin(now), now)
    lines: list[dict[str, Any]] = []
    if result is not None:
        values = {"item": item, "value": percent(result.availability), "n": result.outages}
        lines.append(
            {
                "name": _("Around the clock"),
                "value": percent(result.availability),
                "columns": [availability.column(day, None) for day in result.days],
                "sentence": _("%(item)s: %(value)s in thirty days, %(n)s outages") % values,
                "note": _("down %(time)s") % {"time": duration(result.down_seconds, exact=True)},
                "look": None,
            }
        )
    return render(
        request, "sla/panels/availability.html", {"title": _("Availability, thirty days"), "lines": lines}
    )


def _begin(now: datetime) -> datetime:
    """Local midnight thirty days ago, so that every column but the last is a whole day."""
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=DAYS - 1)


def _line(one: availability.ServiceAvailability) -> dict[str, Any]:
    look, result = words.VERDICTS[one.verdict], one.result
    name = one.organisation.name if one.organisation else one.service.name
    value = percent(result.availability if result else None)
    note = _("down %(time)s") % {"time": duration(result.down_seconds, exact=True)} if result else ""
    if one.promise:
        note = " · ".join(filter(None, [_("target %(goal)s") % {"goal": percent(one.promise.goal)}, note]))
    sentence = _("%(service)s in %(organisation)s: %(value)s, %(verdict)s") % {
        "service": one.service.name, "organisation": name, "value": value, "verdict": look.label,
    }  # fmt: skip
    return {
        "name": name,
        "value": value,
        "columns": one.columns,
        "sentence": sentence,
        "note": note,
        "look": look,
    }
