"""The administration's raw view of monitoring: secrets left out, what the poller writes read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cmdb.common.admin import KeptAdmin
from monitoring.models import Alert, ConfigBackup, Credential, Event, Interval, MaintenanceWindow, Target


class ReadOnly(admin.ModelAdmin):
    """Rows that only the machine writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Target)
class TargetAdmin(KeptAdmin):
    list_display = ("name", "address", "check_kind", "state", "is_enabled")
    list_filter = ("state", "check_kind", "is_enabled")
    search_fields = ("name", "address")
    raw_id_fields = ("item", "parent")
    # Where a credential is sent is said on the target's own page, which asks who may and what may be asked.
    readonly_fields = (
        "organisation", "check_kind", "address", "port", "credential", "ssh_credential", "ssh_port", "is_enabled",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Credential)
class CredentialAdmin(ReadOnly):
    list_display = ("name", "kind", "organisation")
    exclude = ("secret",)


@admin.register(ConfigBackup)
class BackupAdmin(ReadOnly):
    list_display = ("target", "taken_at", "result", "lines_added", "lines_removed")
    exclude = ("content", "diff")


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("target", "kind", "severity", "mute", "opened_at", "closed_at")
    list_filter = ("kind", "severity", "mute")


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "target", "kind", "severity", "source", "handled_at")
    list_filter = ("kind", "severity")


@admin.register(Interval)
class IntervalAdmin(ReadOnly):
    list_display = ("target", "state", "started_at", "ended_at")
    list_select_related = ("target",)


@admin.register(MaintenanceWindow)
class MaintenanceAdmin(ReadOnly):
    list_display = ("title", "organisation", "starts_at", "ends_at", "cancelled_at")
