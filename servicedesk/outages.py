"""What is known to be wrong or planned, in words that may be told to everybody: services and times, never equipment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from servicedesk.models import OPEN_STATES, Channel, Kind, State, Ticket, TicketOrganisation, TicketService

PLANNED_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Outage:
    """An open fault that many feel. `ticket_id` serves «it is the same for me»; nothing else of the ticket is shown."""

    ticket_id: int
    services: tuple[str, ...]
    municipalities: tuple[str, ...]
    since: datetime
    next_word_by: datetime | None
    same: int


@dataclass(frozen=True)
class Planned:
    """Announced work: which services, from when to when."""

    services: tuple[str, ...]
    municipalities: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


def known(organisation_ids: Iterable[int] | None = None, *, item_id: int | None = None) -> list[Outage]:
    """Open faults found by monitoring or declared major, newest first. Three statements.

    :param organisation_ids: only what these feel; None: everybody's (the public status page).
    :param item_id: only faults that reach this item's services or began on it.
    """
    tickets = _felt(
        Ticket.objects.filter(kind=Kind.INCIDENT, state__in=OPEN_STATES, parent=None), organisation_ids
    )
    tickets = tickets.filter(Q(channel=Channel.MONITORING) | Q(is_major=True))
    if item_id is not None:
        reached = TicketService.objects.filter(ticket=OuterRef("pk"), service__components__item_id=item_id)
        tickets = tickets.filter(Q(item_id=item_id) | Q(ticket_items__item_id=item_id) | Exists(reached))
    tickets = tickets.annotate(same=Count("children", distinct=True)).order_by("-opened_at")
    return [
        Outage(
            ticket_id=ticket.pk,
            services=_services(ticket),
            municipalities=_municipalities(ticket),
            since=ticket.opened_at,
            next_word_by=ticket.due_at if ticket.clock_measure == "update" else None,
            same=ticket.same,
        )
        for ticket in tickets
        if ticket.ticket_services.all()
    ]


def planned(organisation_ids: Iterable[int] | None = None, now: datetime | None = None) -> list[Planned]:
    """Approved work of the next two weeks that touches a service, soonest first."""
    now = now or timezone.now()
    tickets = _felt(
        Ticket.objects.filter(kind=Kind.CHANGE, state__in=(State.SCHEDULED, State.IMPLEMENTING)),
        organisation_ids,
    ).filter(change__planned_end__gt=now, change__planned_start__lt=now + PLANNED_AHEAD)
    found = []
    for ticket in tickets.select_related("change").order_by("change__planned_start"):
        start, end = ticket.change.planned_start, ticket.change.planned_end
        if start and end and ticket.ticket_services.all():
            found.append(Planned(_services(ticket), _municipalities(ticket), start, end))
    return found


def _felt(tickets: QuerySet[Ticket], organisation_ids: Iterable[int] | None) -> QuerySet[Ticket]:
    if organisation_ids is not None:
        felt = TicketOrganisation.objects.filter(
            ticket=OuterRef("pk"), organisation__in=list(organisation_ids)
        )
        tickets = tickets.filter(Exists(felt))
    return tickets.prefetch_related(
        Prefetch(
            "ticket_services",
            TicketService.objects.select_related("service").order_by("service__criticality"),
        ),
        Prefetch("ticket_organisations", TicketOrganisation.objects.select_related("organisation")),
    )


def _services(ticket: Ticket) -> tuple[str, ...]:
    return tuple(row.service.name for row in ticket.ticket_services.all())


def _municipalities(ticket: Ticket) -> tuple[str, ...]:
    return tuple(sorted(row.organisation.name for row in ticket.ticket_organisations.all()))
