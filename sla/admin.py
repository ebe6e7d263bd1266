"""The administrator's view: everything is read; what is counted or frozen is not changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cmdb.common.admin import KeptAdmin
from sla.models import (
    Agreement,
    AgreementTarget,
    Calendar,
    CalendarVersion,
    Case,
    Clock,
    ClockEntry,
    Correction,
    DeclaredOutage,
    Improvement,
    Report,
    ServiceTarget,
)


class ReadOnly:
    """No button changes these rows: sla.clocks, sla.publish and sla.reports.freezing are their only writers."""

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TargetInline(admin.TabularInline):
    model = AgreementTarget
    extra = 0
    can_delete = False  # the pages ask whether months were counted by it


class ServiceTargetInline(admin.TabularInline):
    model = ServiceTarget
    extra = 0
    can_delete = False


@admin.register(Agreement)
class AgreementAdmin(KeptAdmin):
    list_display = ("name", "organisation", "version", "valid_from", "valid_until")
    list_filter = ("organisation",)
    inlines = (TargetInline, ServiceTargetInline)


class VersionInline(ReadOnly, admin.TabularInline):
    model = CalendarVersion
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(KeptAdmin):
    list_display = ("name", "slug", "organisation")
    inlines = (VersionInline,)


class ClockInline(ReadOnly, admin.TabularInline):
    model = Clock
    extra = 0
    fields = (
        "measure",
        "state",
        "priority",
        "started_at",
        "due_at",
        "breached_at",
        "stopped_at",
        "elapsed_seconds",
    )


@admin.register(Case)
class CaseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("reference", "title", "kind", "municipality", "priority", "opened_at", "resolved_at")
    list_filter = ("kind", "priority", "municipality")
    search_fields = ("reference", "title")
    inlines = (ClockInline,)
    show_full_result_count = False


@admin.register(ClockEntry)
class ClockEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("clock", "at", "do", "reason", "actor")
    list_select_related = ("clock",)
    show_full_result_count = False


class CorrectionInline(ReadOnly, admin.TabularInline):
    model = Correction
    extra = 0


@admin.register(Report)
class ReportAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("month", "organisation", "frozen_at", "frozen_by", "sha256")
    list_filter = ("organisation",)
    inlines = (CorrectionInline,)


@admin.register(Improvement)
class ImprovementAdmin(KeptAdmin):
    list_display = ("title", "organisation", "state", "due_on")
    list_filter = ("state", "organisation")


@admin.register(DeclaredOutage)
class DeclaredOutageAdmin(KeptAdmin):
    list_display = ("service", "organisation", "starts_at", "ends_at", "reason")
