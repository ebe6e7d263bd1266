"""Tickets beside the things that they are about, for the fragments that pages of lower floors load."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from cmdb.models import Item, Organisation, Service, User
from monitoring.models import Alert
from servicedesk.models import OPEN_STATES, Kind, Ticket, TicketAlert, TicketItem, TicketService

LIMIT = 10


@dataclass(frozen=True)
class TicketPanel:
    """The first tickets (open ones first, then the newest), and how many there are. Two statements."""

    tickets: list[Ticket]
    open: int
    total: int


def tickets_of_item(user: User, item: Item, limit: int = LIMIT) -> TicketPanel:
    """About the item itself, or where it is among the causes, the affected or the changed."""
    named = TicketItem.objects.filter(ticket=OuterRef("pk"), item=item)
    return _panel(user, Q(item=item) | Q(Exists(named)), limit)


def tickets_of_service(user: User, service: Service, limit: int = LIMIT) -> TicketPanel:
    """About the service, or touching it."""
    touched = TicketService.objects.filter(ticket=OuterRef("pk"), service=service)
    return _panel(user, Q(service=service) | Q(Exists(touched)), limit)


def tickets_of_organisation(user: User, organisation: Organisation, limit: int = LIMIT) -> TicketPanel:
    """For the organisation and all under it."""
    return _panel(user, Q(organisation__in=organisation.get_descendants(include_self=True)), limit)


def tickets_of_person(user: User, person: User, limit: int = LIMIT) -> TicketPanel:
    """Reported by the person."""
    return _panel(user, Q(reporter=person), limit)


def tickets_of_alert(user: User, alert: Alert, limit: int = LIMIT) -> TicketPanel:
    """Opened for the alert, or joined by it."""
    return _panel(user, Q(Exists(TicketAlert.objects.filter(ticket=OuterRef("pk"), alert=alert))), limit)


def changes_of_item(user: User, item: Item, limit: int = LIMIT) -> TicketPanel:
    """Changes that change the item, or something that it hangs behind."""
    named = TicketItem.objects.filter(ticket=OuterRef("pk"), item=item)
    return _panel(user, Q(kind=Kind.CHANGE) & (Q(item=item) | Q(Exists(named))), limit)


def _panel(user: User, condition: Q, limit: int) -> TicketPanel:
    rows: QuerySet[Ticket] = Ticket.objects.visible_to(user).filter(condition)
    counts = rows.aggregate(total=Count("pk"), open=Count("pk", filter=Q(state__in=OPEN_STATES)))
    if not counts["total"]:
        return TicketPanel([], 0, 0)
    is_open = Case(When(state__in=OPEN_STATES, then=Value(0)), default=Value(1), output_field=IntegerField())
    first = rows.select_related("organisation", "assignee", "item").defer("search", "description")
    return TicketPanel(
        list(first.order_by(is_open, "-opened_at", "-pk")[:limit]), counts["open"], counts["total"]
    )
