"""Filters of the ticket list in the API; names as in the ticket itself."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cmdb.common.filters import FastFilterSet, InstantFilter
from cmdb.models import Organisation, Service, Team
from servicedesk import search
from servicedesk.models import OPEN_STATES, Category, Channel, Kind, Priority, State, Ticket


class TicketFilter(FastFilterSet):
    """`q` searches as the desk does; `open` true or false; organisation means that one and all under it."""

    search_fields: ClassVar[tuple[str, ...]] = ("title",)

    reference = django_filters.CharFilter(field_name="reference", lookup_expr="iexact", max_length=20)
    kind = django_filters.MultipleChoiceFilter(choices=Kind.choices)
    state = django_filters.MultipleChoiceFilter(choices=State.choices)
    priority = django_filters.MultipleChoiceFilter(choices=Priority.choices)
    channel = django_filters.MultipleChoiceFilter(choices=Channel.choices)
    open = django_filters.BooleanFilter(method="_open", label=_("Open"))
    is_major = django_filters.BooleanFilter()
    organisation = django_filters.ModelChoiceFilter(
        queryset=Organisation.objects.all(), to_field_name="slug", method="_organisation"
    )
    service = django_filters.ModelChoiceFilter(queryset=Service.objects.all(), to_field_name="slug")
    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), to_field_name="slug")
    category = django_filters.ModelChoiceFilter(queryset=Category.objects.all(), to_field_name="slug")
    item = django_filters.NumberFilter(field_name="item_id", decimal_places=0, max_digits=18)
    assignee = django_filters.CharFilter(field_name="assignee__username", max_length=150)
    reporter = django_filters.CharFilter(field_name="reporter__username", max_length=150)
    opened_after = InstantFilter(field_name="opened_at", lookup_expr="gte")
    opened_before = InstantFilter(field_name="opened_at", lookup_expr="lt")

    class Meta:
        model = Ticket
        fields: ClassVar[tuple[str, ...]] = ()

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Full text."""
        return search.matching(queryset, words)

    def _open(self, queryset: QuerySet[Any], _name: str, value: bool | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        return queryset.filter(state__in=OPEN_STATES) if value else queryset.exclude(state__in=OPEN_STATES)

    def _organisation(self, queryset: QuerySet[Any], _name: str, value: Organisation | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        return queryset.filter(organisation__in=value.get_descendants(include_self=True))
