"""A change's window as monitoring's maintenance: silence inside, planned downtime in the availability."""

from __future__ import annotations

from datetime import datetime

from cmdb.models import Item
from monitoring import maintenance
from servicedesk.models import Change, ItemRole, Ticket


def plan(ticket: Ticket, change: Change, announced_at: datetime) -> None:
    """Plan (or plan again) the window of an approved change; without items or times there is nothing to silence.

    :param announced_at: the approval: notice counts from when the window was certain.
    """
    items = list(Item.objects.filter(ticket_items__ticket=ticket, ticket_items__role=ItemRole.CHANGED))
    if not items or change.planned_start is None or change.planned_end is None:
        return
    maintenance.plan(
        ticket.reference,
        title=f"{ticket.reference} {ticket.title}"[:200],
        organisation=ticket.organisation,
        items=items,
        starts_at=change.planned_start,
        ends_at=change.planned_end,
        announced_at=announced_at,
    )
