"""The rows behind a figure: tickets, clocks, outages or agreed points; as many as the figure said."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from cmdb.models import Item, Organisation
from cmdb.web import SignedInRequest
from monitoring.models import Interval
from sla import availability
from sla.access import of_report
from sla.models import DeclaredOutage, Report
from sla.reports import monthly, rows
from sla.reports.present import figure_name
from sla.reports.present import sheet as present
from sla.reports.scope import Scope
from sla.reports.times import instant
from sla.words import month as month_words

PER_PAGE = 100


@of_report
def report_rows(request: SignedInRequest, month: date, organisation: Organisation, key: str) -> HttpResponse:
    """One figure's rows, of the frozen month or of now; 404 for a key that names no figure."""
    frozen = Report.objects.filter(month=month, organisation=organisation).first()
    name = key.partition(":")[0]
    context: dict[str, Any] = {
        "title": figure_name(key),
        "organisation": organisation,
        "month": month,
        "frozen": frozen,
        "report_url": reverse("board:report", args=[month, organisation.slug]),
        "breadcrumbs": _trail(month, organisation),
    }
    if name == "outages":
        return _outages(request, month, organisation, key.partition(":")[2], context)
    if name == "points":
        return _points(request, month, organisation, key.partition(":")[2], context)
    return _counted(request, Scope(month, organisation), key, frozen, context)


def _trail(month: date, organisation: Organisation) -> list[tuple[str, str]]:
    title = f"{organisation.name}, {month_words(month)}"
    return [
        (_("Reports"), reverse("board:overview")),
        (title, reverse("board:report", args=[month, organisation.slug])),
    ]


def _counted(
    request: SignedInRequest, scope: Scope, key: str, frozen: Report | None, context: dict[str, Any]
) -> HttpResponse:
    """Cases or clocks: by the ids that were frozen, or by the condition that counts them."""
    try:
        cases, clocks = rows.cases_of(scope, key), rows.clocks_of(scope, key)
    except rows.UnknownKeyError as error:
        raise Http404 from error
    if cases is None and clocks is None:
        raise Http404
    found: Any = cases if clocks is None else clocks
    if frozen:
        # What was counted then is shown, whatever became of it since.
        ids = frozen.data["rows"].get(key, [])
        found = found.model.objects.filter(pk__in=ids).order_by("pk" if clocks is not None else "-opened_at")
    found = (
        found.select_related("system")
        if clocks is None
        else found.select_related("case", "case__system", "target")
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    template = "sla/rows_cases.html" if clocks is None else "sla/rows_clocks.html"
    return render(request, template, {**context, "page_obj": page, "count": page.paginator.count})


def _points(
    request: SignedInRequest, month: date, organisation: Organisation, verdict: str, context: dict[str, Any]
) -> HttpResponse:
    data, frozen = monthly.get(month, organisation)
    try:
        points = monthly.points_of(data, verdict)
    except KeyError as error:
        raise Http404 from error
    sheet = present(
        data
        | {"targets": [p for p in points if "kind" in p], "availability": [p for p in points if "slug" in p]},
        frozen,
    )
    rows_url = reverse("board:report", args=[month, organisation.slug]) + "rows/"
    return render(
        request,
        "sla/rows_points.html",
        {**context, "sheet": sheet, "count": len(points), "rows_url": rows_url},
    )


def _outages(
    request: SignedInRequest, month: date, organisation: Organisation, slug: str, context: dict[str, Any]
) -> HttpResponse:
    data, _frozen = monthly.get(month, organisation)
    line = next((one for one in data["availability"] if one["slug"] == slug), None)
    if line is None:
        raise Http404
    outages = [
        {
            **o,
            "number": n,
            "begin": instant(o["begin"]),
            "end": instant(o["end"]),
            "measured": _measured(line, o),
        }
        for n, o in enumerate(line["outage_list"], start=1)
    ]
    start, end = Scope(month, organisation).start, Scope(month, organisation).end
    said = DeclaredOutage.objects.filter(service__slug=slug, starts_at__lt=end).filter(
        Q(ends_at=None) | Q(ends_at__gt=start), Q(organisation=None) | Q(organisation=organisation)
    )
    sheet = present(data | {"availability": [line]}, None)
    context |= {
        "title": _("Outages of %(service)s") % {"service": line["service"]},
        "outages": outages,
        "count": len(outages),
        "row": sheet.services[0],
        "declared": said,
        "windows": availability.windows_behind(line["items"], start, end).order_by("starts_at"),
        "items": Item.objects.filter(pk__in=line["items"]).order_by("sort_name"),
        "opens_targets": request.user.access.is_staff_role,
    }
    return render(request, "sla/rows_outages.html", context)


def _measured(line: dict[str, Any], outage: dict[str, Any]) -> list[Interval]:
    """What pollers saw behind an outage: by the frozen ids, or what lies in its time."""
    if "intervals" in outage:
        found = Interval.objects.filter(pk__in=outage["intervals"]).order_by("started_at", "pk")
    else:
        found = availability.intervals_behind(line["items"], instant(outage["begin"]), instant(outage["end"]))
    return list(found.select_related("target")[:50])
