"""Filters of the board's lists and of the API."""

from __future__ import annotations

from cmdb.common.filters import FastFilterSet
from sla.models import Agreement, Calendar, DeclaredOutage, Improvement, Report


class ImprovementFilter(FastFilterSet):
    search_fields = ("title", "description")

    class Meta:
        model = Improvement
        fields = ("organisation", "state")


class AgreementFilter(FastFilterSet):
    search_fields = ("name",)

    class Meta:
        model = Agreement
        fields = ("organisation",)


class CalendarFilter(FastFilterSet):
    search_fields = ("name",)

    class Meta:
        model = Calendar
        fields = ("organisation",)


class DeclaredOutageFilter(FastFilterSet):
    search_fields = ("reason", "service__name")

    class Meta:
        model = DeclaredOutage
        fields = ("service", "organisation")


class ReportFilter(FastFilterSet):
    class Meta:
        model = Report
        fields = ("month", "organisation")
