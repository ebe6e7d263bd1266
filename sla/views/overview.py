"""The last thirteen months of every organisation whose reports one reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.common.ui import DASH, number, percent
from cmdb.models import Organisation
from cmdb.web import SignedInRequest
from sla import words
from sla.access import organisations_of, reader
from sla.reports import summaries
from sla.reports.scope import add_months, month_of
from sla.reports.sheet import Figure
from sla.reports.summaries import Summary

MONTHS = 13


@dataclass(frozen=True)
class Cell:
    """One municipality's month: figures with their rows, and where the report is."""

    organisation: Organisation
    url: str
    rows_url: str
    points: str = ""
    color: str = ""
    icon: str = ""
    verdict: str = ""
    frozen: bool = False
    figures: list[tuple[str, Figure]] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One month."""

    name: str
    cells: list[Cell]
    complete: bool


@reader
def overview(request: SignedInRequest) -> HttpResponse:
    """Months down, organisations across. What has to be measured first is fetched when the page stands."""
    organisations = list(organisations_of(request.user).filter(archived_at=None))
    context = {
        "organisations": organisations,
        "lines": _lines(organisations, wait=False),
        "tabs": tabs("reports"),
    }
    return render(request, "sla/overview.html", context)


@reader
def overview_lines(request: SignedInRequest) -> HttpResponse:
    """Fragment: the lines of the overview, however long they take."""
    lines = _lines(list(organisations_of(request.user).filter(archived_at=None)), wait=True)
    return render(request, "sla/partials/overview_lines.html", {"lines": lines})


def _lines(organisations: Sequence[Organisation], *, wait: bool) -> list[Line] | None:
    this = month_of(timezone.now())
    months = [add_months(this, -back) for back in range(MONTHS)]
    found = summaries.of(months, organisations, wait=wait)
    if found is None:
        return None
    return [
        Line(words.month(month), [cell(found[month, one.pk]) for one in organisations], month < this)
        for month in months
    ]


def cell(summary: Summary) -> Cell:
    """A month of an organisation in a few figures."""
    head = summary.headline
    args = [summary.month, summary.organisation.slug]
    points, worst = head["points"], head["worst"]
    missed = points["missed"]["count"]
    look = words.VERDICTS["missed" if missed else "met" if points["of"]["count"] else "no_data"]
    figures = [(_("Events"), _figure(head["incidents"])), (_("Changes"), _figure(head["changes"]))]
    if worst:
        figures.insert(0, (_("Lowest"), Figure(percent(worst["availability"]), worst["outages"]["key"])))
    return Cell(
        organisation=summary.organisation,
        url=reverse("board:report", args=args),
        rows_url=reverse("board:report", args=args) + "rows/",
        points=_("%(met)s of %(of)s") % {"met": points["met"]["count"], "of": points["of"]["count"]},
        color=look.color,
        icon=look.icon,
        verdict=_("%(n)s not kept") % {"n": missed} if missed else str(look.label),
        frozen=summary.frozen,
        figures=figures,
    )


def _figure(counted: dict[str, Any] | None) -> Figure:
    if not counted:
        return Figure(DASH)
    return Figure(number(counted["count"]), counted["key"] if counted["count"] else "")


@dataclass(frozen=True)
class Tab:
    """A part of the board's pages."""

    label: str
    url: str
    current: bool
    count: str = ""


def tabs(current: str) -> list[Tab]:
    """Reports, improvements, agreements, calendars, declared outages."""
    parts = (
        ("reports", _("Reports"), "board:overview"),
        ("improvements", _("Improvements"), "board:improvement_list"),
        ("agreements", _("Agreements"), "board:agreement_list"),
        ("calendars", _("Calendars"), "board:calendar_list"),
        ("outages", _("Declared outages"), "board:declaredoutage_list"),
    )
    return [Tab(label, reverse(url), name == current) for name, label, url in parts]
