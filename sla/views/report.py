"""One month of one organisation: the sheet, its files and pictures, and closing it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cmdb import audit
from cmdb.models import AuditKind, Organisation
from cmdb.web import SignedInRequest
from sla.access import may_keep, of_report
from sla.forms import CorrectForm
from sla.models import Improvement, Report
from sla.reports import charts, freezing, monthly
from sla.reports.formats import FORMATS
from sla.reports.present import figure_name
from sla.reports.present import sheet as present
from sla.reports.scope import add_months


@of_report
def report(request: SignedInRequest, month: date, organisation: Organisation) -> HttpResponse:
    """The sheet."""
    data, frozen = monthly.get(month, organisation)
    keeps = may_keep(request.user, organisation)
    context = {
        **_body(data, frozen, month, organisation),
        "data": data,
        "frozen": frozen,
        "organisation": organisation,
        "month": month,
        "before": add_months(month, -1),
        "after": add_months(month, 1),
        "keeps": keeps,
        "downloads": _downloads(),
        "improvements": Improvement.objects.filter(organisation=organisation, state__in=("proposed", "decided")).order_by("due_on", "pk")[:8],
    }  # fmt: skip
    if keeps and frozen:
        # In groups, so that it can be read aloud and breaks on a phone.
        context["digest"] = " ".join(frozen.sha256[i : i + 8] for i in range(0, 64, 8))
        context["differences"] = [
            (figure_name(d.figure), d.before, d.after) for d in freezing.differences(frozen)
        ]
        context["form"] = CorrectForm(user=request.user)
    return render(request, "sla/report.html", context)


def _downloads() -> list[tuple[str, str, str]]:
    return [("pdf", "PDF", "download"), ("xlsx", _("Spreadsheet"), "file"), ("json", "JSON", "file")]


def _body(
    data: dict[str, Any], frozen: Report | None, month: date, organisation: Organisation
) -> dict[str, Any]:
    """What partials/report_body.html shows."""
    sheet = present(data, frozen)
    described = charts.described(sheet)
    pictures = {name: charts.themed(svg) for name, chart in described.items() if (svg := charts.kept(chart))}
    args = [month, organisation.slug]
    return {
        "sheet": sheet,
        "rows_url": reverse("board:report", args=args) + "rows/",
        "pictures": pictures,
        "alternatives": {name: charts.alternative(sheet, name) for name in described},
        "legends": {split.name: charts.legend(split.types) for split in sheet.splits},
        "chart_urls": {n: reverse("board:chart", args=[*args, n]) for n in described if n not in pictures},
    }


@of_report
def chart(request: SignedInRequest, month: date, organisation: Organisation, name: str) -> HttpResponse:
    """Fragment: a picture that was not drawn yet. All of the month's are drawn at once, since they share the start."""
    if name not in charts.NAMES:
        raise Http404
    data, frozen = monthly.get(month, organisation)
    sheet = present(data, frozen)
    svg = charts.drawn(charts.described(sheet)).get(name)
    context: dict[str, Any] = {"name": name, "pictures": {}, "alternatives": {}}
    if svg:
        context |= {
            "pictures": {name: charts.themed(svg)},
            "alternatives": {name: charts.alternative(sheet, name)},
        }
    return render(request, "sla/partials/chart.html", context)


@of_report
def download(request: SignedInRequest, month: date, organisation: Organisation, form: str) -> HttpResponse:
    """The month as a file."""
    if form not in FORMATS:
        raise Http404
    data, frozen = monthly.get(month, organisation)
    made = FORMATS[form]
    response = HttpResponse(made.render(data, frozen), content_type=made.content_type)
    audit.record(AuditKind.DOWNLOADED, organisation, detail={"name": f"{month:%Y-%m}", "form": form})
    response["Content-Disposition"] = f'attachment; filename="{organisation.slug}-{month:%Y-%m}.{form}"'
    return response


@require_POST
@of_report
def freeze(request: SignedInRequest, month: date, organisation: Organisation) -> HttpResponse:
    """Close the month."""
    _keep_or_403(request, organisation)
    try:
        freezing.freeze(month, organisation, str(request.user))
        messages.success(request, _("The month is frozen and stays as it is."))
    except freezing.FreezeError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("board:report", args=[month, organisation.slug]))


@require_POST
@of_report
def correct(request: SignedInRequest, month: date, organisation: Organisation) -> HttpResponse:
    """Add what is known now to a frozen month, with a reason."""
    _keep_or_403(request, organisation)
    frozen = get_object_or_404(Report, month=month, organisation=organisation)
    form = CorrectForm(request.POST, user=request.user)
    if form.is_valid():
        made = freezing.correct(frozen, form.cleaned_data["reason"], str(request.user))
        messages.success(request, _("%(n)s corrections are added.") % {"n": len(made)})
    else:
        messages.error(request, _("A correction needs a reason."))
    return HttpResponseRedirect(reverse("board:report", args=[month, organisation.slug]))


def _keep_or_403(request: SignedInRequest, organisation: Organisation) -> None:
    if not may_keep(request.user, organisation):
        raise PermissionDenied
