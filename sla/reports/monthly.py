"""The month as one structured document, live or frozen: page, JSON, HTML, PDF and spreadsheet render what is here.

Every number that counts rows stands as {"count": n, "key": k}; sla.reports.rows opens k. Nothing here is a sentence:
words are put to it when it is read, in the reader's language (sla.reports.words).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind
from sla import availability as measured
from sla.models import Agreement, CalendarVersion, Correction, Report
from sla.promises import PromiseBook
from sla.reports import attainment, availability, events_and_changes, trend
from sla.reports.scope import Scope, add_months
from sla.specs import instant_text

#: Goes up when figures are called or counted otherwise; months frozen under another one are not compared.
VERSION = 2


def get(month: date, organisation: Organisation) -> tuple[dict[str, Any], Report | None]:
    """The month as it was frozen with its report, or as it is now and None."""
    report = Report.objects.filter(month=month, organisation=organisation).first()
    return (report.data, report) if report else (build(month, organisation), None)


def build(month: date, organisation: Organisation, *, with_ids: bool = False) -> dict[str, Any]:
    """The month as the tables say now. The number of statements does not depend on the number of rows.

    :raises ValueError: for a month that does not begin on its first day, or an organisation without reports.
    """
    scope = Scope(month, organisation)
    book = PromiseBook()
    agreements = book.in_force(organisation, scope.last) or book.in_force(organisation, scope.start)
    targets, suppliers = attainment.section(scope, agreements)
    services = availability.section(scope, book, with_ids=with_ids)
    incidents, changes = events_and_changes.section(scope)
    trended = trend.section(scope)
    return {
        "version": VERSION,
        **_head(scope, agreements),
        "headline": _headline(scope, targets, services, incidents, changes, trended),
        "targets": targets,
        "suppliers": suppliers,
        "availability": services,
        "incidents": incidents,
        "changes": changes,
        "trend": trended,
        "corrections": corrections_of_earlier(scope),
    }


def _head(scope: Scope, agreements: list[Agreement]) -> dict[str, Any]:
    now = timezone.now()
    calendars = CalendarVersion.objects.filter(
        calendar__in={a.calendar_id for a in agreements}, valid_from__lt=scope.end
    )
    region = scope.organisation.get_ancestors().filter(kind=OrganisationKind.REGION).first()
    return {
        "month": f"{scope.month:%Y-%m}",
        "start": instant_text(scope.start),
        "end": instant_text(scope.end),
        "until": instant_text(min(scope.end, now.replace(microsecond=0))),
        "complete": now >= scope.end,
        "organisation": {
            "slug": scope.organisation.slug,
            "name": scope.organisation.name,
            "kind": scope.organisation.kind,
        },
        "delivered_by": region.name if region else "",
        "agreements": [{"id": a.pk, "name": a.name, "version": a.version} for a in agreements],
        "calendar_versions": sorted(calendars.values_list("pk", flat=True)),
    }


def _headline(
    scope: Scope,
    targets: list[dict[str, Any]],
    services: list[dict[str, Any]],
    incidents: dict[str, Any],
    changes: dict[str, Any],
    trended: list[dict[str, Any]],
) -> dict[str, Any]:
    before = Scope(add_months(scope.month, -1), scope.organisation)
    held = known = None
    if len(trended) > 1:
        held, known = events_and_changes.counts(before)["incidents"], trended[-2]["month"]
    last = trended[-1] if trended and trended[-1]["month"] == f"{scope.month:%Y-%m}" else None
    return {
        "points": points(targets, services),
        "worst": worst(services),
        "faults": last or {"count": 0, "key": f"faults:{scope.month:%Y-%m}", "before": None},
        "incidents": {**incidents["total"], "month_before": held, "known_since": known},
        "changes": {**changes["total"], "outcomes": changes["outcomes"]},
        "major": incidents["major"],
    }


def verdicts(data_targets: list[dict[str, Any]], services: list[dict[str, Any]]) -> list[str]:
    """The verdict of every agreed point: each promise on tickets, and each on a service."""
    return [row["verdict"] for row in data_targets] + [
        s["verdict"] for s in services if s["goal"] is not None
    ]


def points(targets: list[dict[str, Any]], services: list[dict[str, Any]]) -> dict[str, Any]:
    found = verdicts(targets, services)
    met, missed = found.count(measured.MET), found.count(measured.MISSED)
    rest = len(found) - met - missed
    return {
        "met": {"count": met, "key": "points:met"},
        "missed": {"count": missed, "key": "points:missed"},
        "unmeasured": {"count": rest, "key": "points:unmeasured"},
        "of": {"count": met + missed, "key": "points:measured"},
    }


def worst(services: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The service furthest below its promise, else the lowest; None where nothing was measured."""
    seen = [s for s in services if s["availability"] is not None and s["verdict"] != measured.INSUFFICIENT]
    if not seen:
        return None
    lowest = min(seen, key=lambda s: (s["verdict"] != measured.MISSED, s["availability"]))
    names = ("service", "slug", "availability", "goal", "verdict", "down_seconds", "outages")
    return {name: lowest[name] for name in names}


def corrections_of_earlier(scope: Scope) -> list[dict[str, Any]]:
    """What was corrected in this month about earlier, frozen ones (rule C.2.12)."""
    found = Correction.objects.filter(
        report__organisation=scope.organisation,
        report__month__lt=scope.month,
        at__gte=scope.start,
        at__lt=scope.end,
    )
    return [
        {
            "month": f"{c.report.month:%Y-%m}", "at": instant_text(c.at), "figure": c.figure, "before": c.before,
            "after": c.after, "reason": c.reason, "approved_by": c.approved_by,
        }
        for c in found.select_related("report").order_by("at", "pk")
    ]  # fmt: skip


def figures(data: Any) -> Iterator[tuple[str, int]]:
    """Every (key, count) in a document, in order; the same key may stand in several places, always with one count."""
    if isinstance(data, dict):
        if "key" in data and "count" in data:
            yield data["key"], data["count"]
        for name, value in data.items():
            if name != "rows":
                yield from figures(value)
    elif isinstance(data, list):
        for value in data:
            yield from figures(value)


def points_of(data: dict[str, Any], verdict: str) -> list[dict[str, Any]]:
    """Agreed points of a document by "met", "missed", "unmeasured" or "measured": rows of targets and of services."""
    wanted = {
        "met": {measured.MET},
        "missed": {measured.MISSED},
        "measured": {measured.MET, measured.MISSED},
        "unmeasured": {measured.NO_DATA, measured.INSUFFICIENT},
    }[verdict]
    promised = [s for s in data["availability"] if s["goal"] is not None]
    return [row for row in [*data["targets"], *promised] if row["verdict"] in wanted]
