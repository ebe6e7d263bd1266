"""Django's admin for the register: a way in for operators when a page is missing, not a second product."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from mptt.admin import MPTTModelAdmin

from cmdb.common.admin import KeptAdmin
from cmdb.common.archive import held
from cmdb.models import (
    ApiToken,
    CIClass,
    Contract,
    Heartbeat,
    Installation,
    Item,
    Licence,
    Membership,
    Organisation,
    Place,
    Relation,
    Service,
    ServiceComponent,
    Software,
    Team,
    User,
)


@admin.register(Organisation, Place, CIClass, Service)
class TreeAdmin(KeptAdmin, MPTTModelAdmin):
    """Nodes of a tree."""

    search_fields = ("name",)
    autocomplete_fields = ("parent",)
    exclude = ("consumers",)

    def delete_selected_tree(self, modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """mptt's own asks nothing before it deletes: where a row is held, Django's page says so instead."""
        if any(held(row) for row in queryset):
            return delete_selected(self, request, queryset)
        return super().delete_selected_tree(modeladmin, request, queryset)


class MembershipInline(admin.TabularInline):
    """Roles of a person."""

    model = Membership
    extra = 0
    autocomplete_fields = ("organisation",)


@admin.register(User)
class PersonAdmin(KeptAdmin, UserAdmin):
    """People with their roles."""

    list_display = ("username", "display_name", "organisation", "is_active")
    search_fields = ("username", "display_name", "email")
    autocomplete_fields = ("organisation",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("display_name", "title", "organisation", "email", "phone", "language")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    filter_horizontal = ()
    inlines = (MembershipInline,)


@admin.register(Heartbeat)
class HeartbeatAdmin(admin.ModelAdmin):
    """Signs of life: to look at, and to forget a machine that is gone."""

    list_display = ("part", "host", "instance", "at", "ok_at", "detail")
    list_filter = ("part", "host")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only what runs gives signs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody else speaks for it."""
        return False


@admin.register(Item)
class ItemAdmin(KeptAdmin):
    """Items."""

    list_display = ("name", "item_class", "organisation", "lifecycle")
    list_select_related = ("item_class", "organisation")
    list_filter = ("family", "lifecycle")
    search_fields = ("name", "serial", "asset_tag")
    autocomplete_fields = (
        "item_class",
        "organisation",
        "place",
        "software",
        "owner",
        "manager",
        "user",
        "team",
        "supplier",
        "replaced_by",
    )


@admin.register(Relation)
class RelationAdmin(admin.ModelAdmin):
    """Relations."""

    list_display = ("source", "kind", "target")
    list_select_related = ("source", "target")
    autocomplete_fields = ("source", "target")


@admin.register(ServiceComponent)
class ServiceComponentAdmin(admin.ModelAdmin):
    """Components of services."""

    list_display = ("service", "item", "organisation", "redundancy_group")
    list_select_related = ("service", "item", "organisation")
    autocomplete_fields = ("service", "item", "organisation")


@admin.register(Software)
class SoftwareAdmin(KeptAdmin):
    """Products."""

    list_display = ("name", "publisher", "category")
    search_fields = ("name", "publisher")


@admin.register(Installation)
class InstallationAdmin(admin.ModelAdmin):
    """Products on items."""

    list_display = ("software", "item", "version")
    list_select_related = ("software", "item")
    autocomplete_fields = ("software", "item")


@admin.register(Licence)
class LicenceAdmin(KeptAdmin):
    """Licences."""

    list_display = ("software", "organisation", "metric", "bought")
    list_select_related = ("software", "organisation")
    autocomplete_fields = ("software", "organisation", "contract")


@admin.register(Contract)
class ContractAdmin(KeptAdmin):
    """Contracts."""

    list_display = ("name", "supplier", "notice_on", "ends_on")
    list_select_related = ("supplier",)
    search_fields = ("name", "number")
    autocomplete_fields = ("organisation", "supplier", "items")


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    """Teams."""

    list_display = ("name", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("name",)
    autocomplete_fields = ("organisation", "members")


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens: only switched off here; the token itself is nowhere."""

    list_display = ("user", "label", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    fields = ("user", "label", "expires_at", "revoked_at")
    readonly_fields = ("user",)

    def has_add_permission(self, request: object) -> bool:
        """Made by ``manage.py api_token`` only."""
        return False
