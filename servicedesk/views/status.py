"""The public status page: which services work now, for everybody, without signing in."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from cmdb.common.ui import Text
from cmdb.models import Service, ServiceComponent
from monitoring.live import live
from servicedesk import outages
from sla.composition import Trees


class Line(NamedTuple):
    """One service: `state` is a word of ui.LIVE."""

    name: str
    group: str
    state: str
    note: Text


@require_GET
@cache_control(public=True, max_age=15)
def status(request: HttpRequest) -> HttpResponse:
    """Open faults, planned work of two weeks, and every service's state. Unknown is said, never shown as working."""
    faults, work = outages.known(), outages.planned()
    lines = _lines({name for fault in faults for name in fault.services})
    context = {
        "faults": faults,
        "planned": work,
        "lines": lines,
        "bad": sum(1 for line in lines if line.state in ("down", "degraded")),
    }
    return render(request, "servicedesk/status.html", context)


def _lines(failing: set[str]) -> list[Line]:
    services = list(
        Service.objects.filter(is_active=True, children=None, components__isnull=False)
        .select_related("parent").distinct().order_by("parent__sort_name", "sort_name")
    )  # fmt: skip
    parts: dict[int, list[ServiceComponent]] = {}
    for part in ServiceComponent.objects.filter(service__in=services):
        parts.setdefault(part.service_id, []).append(part)
    # A system that nobody watches is judged by what it rests on, as in the availability.
    now = timezone.now()
    trees = Trees(
        {part.item_id for found in parts.values() for part in found}, now - timedelta(seconds=1), now
    )
    watched = {pk: trees.service(found)[1] for pk, found in parts.items()}
    states = live(sorted({item for items in watched.values() for item in items}))
    lines = []
    for service in services:
        seen = [states[item].state for item in watched.get(service.pk, ()) if item in states]
        lines.append(_line(service, seen, service.name in failing))
    return lines


def _line(service: Service, seen: list[str], failing: bool) -> Line:
    group = service.parent.name if service.parent else ""
    if failing:
        return Line(service.name, group, "down", _("Known fault, we are working on it"))
    measured = [state for state in seen if state != "unknown"]
    if not measured:
        return Line(service.name, group, "unknown", _("Not measured"))
    if any(state in ("planned", "maintenance") for state in measured):
        return Line(service.name, group, "maintenance", _("Planned work"))
    if any(state in ("down", "shadow", "degraded") for state in measured):
        return Line(service.name, group, "degraded", _("Parts of it do not answer"))
    return Line(service.name, group, "up", "")
