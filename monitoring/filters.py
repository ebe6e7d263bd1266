"""Filters of monitoring's lists, exports and API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common.filters import FastFilterSet, PickFilter
from cmdb.models import Organisation
from monitoring import words
from monitoring.models import (
    Alert,
    BackupResult,
    CheckKind,
    ConfigBackup,
    Credential,
    Event,
    MaintenanceWindow,
    Network,
    Severity,
    Target,
)

LIVE = [
    ("up", _("Up")),
    ("degraded", _("Slow")),
    ("down", _("Down")),
    ("shadow", _("In the shadow")),
    ("unknown", _("Unknown")),
    ("off", _("Switched off")),
]
LIVE_Q = {
    "up": Q(is_enabled=True, state="up"),
    "degraded": Q(is_enabled=True, state="degraded"),
    "down": Q(is_enabled=True, state="down", shadowed_by=None),
    "shadow": Q(is_enabled=True, state="down", shadowed_by__isnull=False),
    "unknown": Q(is_enabled=True, state="unknown"),
    "off": Q(is_enabled=False),
}


class OrganisationFilter(django_filters.ModelChoiceFilter):
    """An organisation with everything under it."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return qs
        below = Organisation.objects.filter(tree_id=value.tree_id, lft__gte=value.lft, rght__lte=value.rght)
        return qs.filter(organisation__in=below.values("pk"))


def organisation() -> OrganisationFilter:
    """The choice of the organisations that a person may see."""
    return OrganisationFilter(queryset=Organisation.objects.all(), label=_("Organisation"))


class TargetFilter(FastFilterSet):
    """By state as pages show it, owner, kind of check and device."""

    search_fields = ("name", "address", "item__name")
    state = django_filters.ChoiceFilter(choices=LIVE, method="_state", label=_("State"))
    organisation = organisation()
    exact = django_filters.BooleanFilter(method="_exact", label=_("Without the organisations under it"))
    check_kind = django_filters.ChoiceFilter(choices=CheckKind.choices, label=_("Check"))
    profile = django_filters.CharFilter(label=_("Device profile"), max_length=40)
    parent = PickFilter(
        queryset=Target.objects.all(), url_name="monitoring:target_pick", label=_("Reached through")
    )

    class Meta:
        model = Target
        fields = ("state", "organisation", "exact", "check_kind", "profile", "parent")

    def _exact(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        chosen = self.form.cleaned_data.get("organisation")
        return queryset.filter(organisation=chosen) if value and chosen is not None else queryset

    def _state(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(LIVE_Q[value])


class AlertFilter(FastFilterSet):
    """Open ones or those that are over, by severity, kind and owner."""

    search_fields = ("target__name", "text")
    open = django_filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", label=_("Still open"))
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label=_("Severity"))
    kind = django_filters.ChoiceFilter(choices=list(words.KINDS.items()), label=_("What"))
    organisation = organisation()
    since = django_filters.DateFilter(field_name="opened_at", lookup_expr="date__gte", label=_("Opened from"))

    class Meta:
        model = Alert
        fields = ("open", "severity", "kind", "organisation", "since")


class EventFilter(FastFilterSet):
    """By kind, severity, target and day."""

    kind = django_filters.ChoiceFilter(choices=list(words.KINDS.items()), label=_("What"))
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label=_("Severity"))
    target = PickFilter(
        queryset=Target.objects.all(),
        url_name="monitoring:target_pick",
        label=pgettext_lazy("watched", "Target"),
    )
    organisation = organisation()
    since = django_filters.DateFilter(field_name="at", lookup_expr="date__gte", label=_("From"))

    class Meta:
        model = Event
        fields = ("kind", "severity", "target", "organisation", "since")


class CredentialFilter(FastFilterSet):
    """By name, kind and owner."""

    search_fields = ("name",)
    organisation = organisation()

    class Meta:
        model = Credential
        fields = ("kind", "organisation")


class NetworkFilter(FastFilterSet):
    """By words, owner and use."""

    search_fields = ("name", "prefix", "note")
    organisation = organisation()

    class Meta:
        model = Network
        fields = ("organisation", "use")


class MaintenanceFilter(FastFilterSet):
    """By words and owner."""

    search_fields = ("title", "source_key")
    organisation = organisation()

    class Meta:
        model = MaintenanceWindow
        fields = ("organisation",)


class BackupFilter(FastFilterSet):
    """By target and result."""

    search_fields = ("target__name",)
    target = PickFilter(
        queryset=Target.objects.all(),
        url_name="monitoring:target_pick",
        label=pgettext_lazy("watched", "Target"),
    )
    result = django_filters.ChoiceFilter(choices=BackupResult.choices, label=_("Result"))

    class Meta:
        model = ConfigBackup
        fields = ("target", "result")
