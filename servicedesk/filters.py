"""Filters of ticket lists: page, export and API use the same class; everything is in the address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from cmdb.common.filters import Chip, FastFilterSet, PickFilter
from cmdb.common.tables.head import address
from cmdb.models import Item, Organisation, User
from servicedesk import lists, search
from servicedesk.models import (
    OPEN_STATES,
    ChangeType,
    Kind,
    Priority,
    State,
    Ticket,
    TicketItem,
    TicketService,
)

OPEN, ANY, DONE = "open", "any", "done"
_STATES = [(OPEN, _("Open")), *State.choices, (DONE, _("Resolved or closed")), (ANY, _("Any"))]
_DONE = (State.RESOLVED, State.CLOSED, State.CANCELLED, State.REJECTED)
SOON = timedelta(hours=1)


def end_of_day(now: datetime) -> datetime:
    """Midnight after `now` where people are."""
    local = timezone.localtime(now)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def due_condition(word: str, now: datetime) -> Q:
    """Tickets that are late, or fall due within the hour or today."""
    if word == "breached":
        return Q(due_at__lte=now)
    if word == "hour":
        return Q(due_at__gt=now, due_at__lte=now + SOON)
    return Q(due_at__gt=now, due_at__lt=end_of_day(now))


def under(organisation_id: int | str) -> QuerySet[Any]:
    """Keys of an organisation and of everything below it."""
    top = Organisation.objects.filter(
        pk=organisation_id, tree_id=OuterRef("tree_id"), lft__lte=OuterRef("lft"), rght__gte=OuterRef("lft")
    )
    return Organisation.objects.filter(Exists(top)).order_by().values("pk")


class TicketFilter(FastFilterSet):
    """What a queue is narrowed by. Without `state` only open tickets are meant; `state=any` means all.

    Choices of teams, municipalities and services are the person's own (servicedesk.lists); people and items are
    found by typing.
    """

    team = django_filters.ChoiceFilter(field_name="team_id", label=_("Team"))
    state = django_filters.ChoiceFilter(
        method="by_state", label=_("State"), choices=_STATES[1:], empty_label=_STATES[0][1]
    )
    held = django_filters.ChoiceFilter(
        method="by_holder", label=_("Held by"), choices=[("me", _("me")), ("nobody", _("nobody"))]
    )
    assignee = PickFilter(
        queryset=User.objects.all(), url_name="desk:pick_worker", label=_("Assignee")
    )  # the register's own choice would offer reporters too
    due = django_filters.ChoiceFilter(
        method="by_due",
        label=_("Due"),
        choices=[("breached", _("Breached")), ("hour", _("Within the hour")), ("today", _("Today"))],
    )
    priority = django_filters.ChoiceFilter(label=_("Priority"), choices=Priority.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Kind.choices)
    municipality = django_filters.ChoiceFilter(method="by_municipality", label=_("Municipality"))
    service = django_filters.ChoiceFilter(method="by_service", label=_("Service"))
    item = PickFilter(
        queryset=Item.objects.all(), url_name="desk:pick_item", method="by_item", label=_("System or item")
    )
    reporter = PickFilter(queryset=User.objects.all(), url_name="desk:pick_person", label=_("Reporter"))
    major = django_filters.ChoiceFilter(field_name="is_major", label=_("Major"), choices=[("1", _("Yes"))])

    default_state = OPEN

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = timezone.now()
        mine = lists.of(self.user) if self.user is not None and self.user.is_authenticated else lists.Lists()
        for name, choices in (
            ("team", mine.teams),
            ("municipality", mine.municipalities),
            ("service", mine.services),
        ):
            if name in self.filters:
                self.filters[name].extra["choices"] = choices
        for one in self.filters.values():
            if isinstance(one, django_filters.ChoiceFilter):
                one.extra.setdefault("empty_label", _("All"))

    # --- what each filter means

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Full text, as everywhere else."""
        return search.matching(queryset, words)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """An empty state is a filter of its own here: the open ones."""
        queryset = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            queryset = queryset.filter(state__in=OPEN_STATES)
        return queryset

    def by_state(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """One state, or a word for several."""
        if value == ANY:
            return queryset
        return queryset.filter(state__in=_DONE) if value == DONE else queryset.filter(state=value)

    def by_holder(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Mine, or nobody's."""
        return queryset.filter(assignee=self.user if value == "me" else None)

    def by_due(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """By the nearest clock."""
        return queryset.filter(due_condition(value, self.now))

    def by_municipality(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """The municipality with all its units."""
        return queryset.filter(organisation__in=under(value))

    def by_service(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """About the service, or touching it."""
        touched = TicketService.objects.filter(ticket=OuterRef("pk"), service_id=int(value))
        return queryset.filter(Q(service_id=int(value)) | Exists(touched))

    def by_item(self, queryset: QuerySet[Any], _name: str, value: Any) -> QuerySet[Any]:
        """On the item, or about it in another way."""
        about = TicketItem.objects.filter(ticket=OuterRef("pk"), item=value)
        return queryset.filter(Q(item=value) | Exists(about))

    # --- HTML

    @property
    def chips(self) -> list[Chip]:
        """The filter that holds without being named is shown too, and can be taken away like the others."""
        chips = super().chips
        if not self._values.get("state"):
            chips.insert(0, Chip(now_("State"), str(_STATES[0][1]), self._address(state=ANY)))
        return chips

    @property
    def query(self) -> str:
        """The filters and the order as a query string: what a saved view keeps."""
        kept = {*map(self.form.add_prefix, self.form.fields), "sort"}
        data = self.form.data
        if not isinstance(data, QueryDict):
            return ""
        gone = {key: None for key in data if key not in kept or not data.get(key)}
        return address(data, **gone).lstrip("?")


class ChangeFilter(TicketFilter):
    """Changes: by type and window as well."""

    type = django_filters.ChoiceFilter(field_name="change__type", label=_("Type"), choices=ChangeType.choices)
    kind = None
    major = None
    due = None
