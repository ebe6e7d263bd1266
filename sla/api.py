"""The board's reports in the API: frozen months as a list, any month as the document that the pages show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router, Schema

from cmdb.common import links
from cmdb.common.api import list_parameters, listing, page_of
from cmdb.common.problems import Problem
from cmdb.models import Organisation
from sla.access import organisations_of
from sla.filters import ReportFilter
from sla.models import Report
from sla.reports import monthly
from sla.reports.formats import public
from sla.reports.scope import parse_month

router = Router(tags=["reports"])
ORDER = {"month": "month", "organisation": "organisation__sort_name", "frozen_at": "frozen_at"}


class ReportOut(Schema):
    """A frozen month."""

    month: date
    organisation: str
    frozen_at: datetime
    frozen_by: str
    sha256: str
    url: str


@router.get("/reports", response=page_of(ReportOut), openapi_extra=list_parameters(ReportFilter, ORDER))
def reports_list(request: HttpRequest) -> Any:
    """Frozen months, the newest first."""
    _reader(request)
    rows = Report.objects.visible_to(request.user).select_related("organisation").defer("data")
    return listing(
        request,
        rows,
        ReportFilter,
        order=ORDER,
        default=("-month", "organisation"),
        serialize=_out,
    )


def _out(report: Report) -> dict[str, Any]:
    month = f"{report.month:%Y-%m}"
    url = links.own(reverse("api:report_detail", args=[month]))
    return {
        "month": report.month, "organisation": report.organisation.slug, "frozen_at": report.frozen_at,
        "frozen_by": report.frozen_by, "sha256": report.sha256, "url": f"{url}?organisation={report.organisation.slug}",
    }  # fmt: skip


@router.get("/reports/{month}", url_name="report_detail")
def report_detail(request: HttpRequest, month: str, organisation: str = "") -> Any:
    """A month as one document: as it was frozen, or as it is now. Default: the widest organisation one reads."""
    _reader(request)
    try:
        first = parse_month(month)
    except ValueError as error:
        raise Problem(
            422, _("Wrong input"), errors={"month": [_("A month is written as 2026-10.")]}
        ) from error
    return public(*monthly.get(first, _organisation(request, organisation)))


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    rows = organisations_of(request.user)  # type: ignore[arg-type]
    found = (rows.filter(slug=slug) if slug else rows).first()
    if found is None:
        raise Http404
    return found


def _reader(request: HttpRequest) -> None:
    if not request.user.access.reads_board:  # type: ignore[union-attr]
        raise PermissionDenied
