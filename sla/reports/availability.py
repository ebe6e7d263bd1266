"""Availability of each service in the month: figures, one column a day, and the outages with what was measured behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q

from cmdb.models import Organisation, Service, ServiceComponent
from monitoring.models import Interval, Target, TargetState
from sla import availability, forecast
from sla.availability import ServiceAvailability
from sla.promises import Promise, PromiseBook
from sla.reports.scope import Scope
from sla.specs import instant_text
from sla.uptime import Outage


def section(scope: Scope, book: PromiseBook, *, with_ids: bool = False) -> list[dict[str, Any]]:
    """Services with a promise, and watched ones without; what was missed first, then the lowest availability.

    with_ids: also the ids of intervals and windows behind each outage, for a month that is frozen.
    """
    promises = book.promises(scope.organisation, scope.last)
    services = services_of(scope, promises)
    found = availability.of_services(services, scope.organisation, scope.start, scope.end, promises)
    polls = _resolution(found, scope)
    lines = [line_of(one, polls, with_ids) for one in found]
    for line, one in zip(lines, found, strict=True):
        under_way = one.window[1] < scope.end
        line["downtime_left_seconds"] = forecast.downtime_left(one, scope.end) if under_way else None
    return ordered(lines)


def ordered(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was missed first, then the lowest availability; what was not measured last."""
    return sorted(lines, key=lambda line: (_RANK[line["verdict"]], _least(line), line["service"]))


_RANK = {
    availability.MISSED: 0,
    availability.MET: 1,
    availability.NO_TARGET: 2,
    availability.INSUFFICIENT: 3,
    availability.NO_DATA: 4,
}


def _least(line: dict[str, Any]) -> float:
    value: float | None = line["availability"]
    return 2.0 if value is None else value


def services_of(scope: Scope, promises: dict[int, Promise]) -> list[Service]:
    """Services that this organisation was promised, or uses and whose parts are known."""
    used = used_by(scope.organisation, scope.start)
    return list(Service.objects.filter(Q(pk__in=list(promises)) | used).order_by("sort_name", "pk"))


def used_by(organisation: Organisation, since: datetime) -> Q:
    """Services that an organisation uses or delivers and whose parts are known; not those archived by `since`."""
    mine = Service.objects.filter(consumers=organisation).values("pk")
    known = ServiceComponent.objects.values("service")
    return (Q(pk__in=mine) | Q(organisation=organisation)) & Q(pk__in=known) & not_archived_by(since)


def not_archived_by(since: datetime) -> Q:
    """What was in use then: archived later, it stays in the months in which it was."""
    return Q(archived_at=None, is_active=True) | Q(archived_at__gt=since)


def line_of(one: ServiceAvailability, polls: dict[int, int], with_ids: bool) -> dict[str, Any]:
    result, promise = one.result, one.promise
    line: dict[str, Any] = {
        "service": one.service.name,
        "slug": one.service.slug,
        "goal": promise.goal if promise else None,
        "longest_allowed_seconds": promise.longest if promise else None,
        "minimum_coverage": promise.minimum_coverage if promise else None,
        "hours": promise.hours if promise else "",
        "verdict": one.verdict,
        "items": sorted(one.items),
        "resolution_seconds": max((polls.get(pk, 0) for pk in one.items), default=0),
        "availability": result.availability if result else None,
        "coverage": result.coverage if result else None,
        "longest_outage_seconds": result.longest_outage_seconds if result else 0,
        "mttr_seconds": round(result.mttr_seconds) if result and result.mttr_seconds is not None else None,
        "mtbf_seconds": round(result.mtbf_seconds) if result and result.mtbf_seconds is not None else None,
        "columns": [[kind, round(lost, 4)] for kind, lost in one.columns],
        "outages": {"count": result.outages if result else 0, "key": f"outages:{one.service.slug}"},
        "outage_list": [_outage(one, outage, with_ids) for outage in (result.outage_list if result else ())],
        "planned": [[instant_text(begin), instant_text(end)] for begin, end in one.planned],
    }
    for name in ("agreed", "down", "unknown", "degraded", "planned"):
        line[f"{name}_seconds"] = getattr(result, f"{name}_seconds") if result else 0
    return line


def _outage(one: ServiceAvailability, outage: Outage, with_ids: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "begin": instant_text(outage.begin),
        "end": instant_text(outage.end),
        "seconds": outage.seconds,
    }
    if with_ids:
        found["intervals"] = one.interval_ids(outage.begin, outage.end)
    return found


def _resolution(found: list[ServiceAvailability], scope: Scope) -> dict[int, int]:
    """Seconds between two polls by item: how exact the edges of an outage can be (rule C.2.17)."""
    items = {pk for one in found for pk in one.items}
    asked = Interval.objects.filter(target=OuterRef("pk"), started_at__lt=scope.end).exclude(
        state=TargetState.OFF
    )
    asked = asked.filter(Q(ended_at=None) | Q(ended_at__gt=scope.start))
    polled = Target.objects.filter(Exists(asked), item__in=items).order_by().values_list("item")
    return dict(polled.annotate(seconds=Max("interval")))
