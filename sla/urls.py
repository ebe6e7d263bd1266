"""Addresses of the board's pages, below /board/."""

from __future__ import annotations

from django.urls import path, register_converter

from sla import pages
from sla.access import MonthConverter
from sla.views import cases, overview, panels, report, rows

app_name = "board"
register_converter(MonthConverter, "month")

_one = "<month:month>/<slug:slug>/"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("lines/", overview.overview_lines, name="overview_lines"),
    path(_one, report.report, name="report"),
    path(f"{_one}rows/<str:key>/", rows.report_rows, name="report_rows"),
    path(f"{_one}charts/<slug:name>/", report.chart, name="chart"),
    path(f"{_one}files/<slug:form>/", report.download, name="download"),
    path(f"{_one}freeze/", report.freeze, name="freeze"),
    path(f"{_one}correct/", report.correct, name="correct"),
    path("cases/<str:reference>/", cases.case_detail, name="case_detail"),
    path("panels/services/<int:pk>/", panels.service_availability_panel, name="service_panel"),
    path("panels/items/<int:pk>/", panels.item_availability_panel, name="item_panel"),
    *(url for crud in pages.ALL for url in crud.urls),
]
