"""Hand-overs to suppliers follow the ticket: the one writer of `HandOver`, called wherever a ticket is saved by a verb."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servicedesk.models import ENDED_STATES, HandOver, Ticket

if TYPE_CHECKING:
    from cmdb.models import User


def holder(ticket: Ticket) -> int | None:
    """The supplier that holds it now: the one it names, until it is over."""
    return ticket.supplier_id if ticket.state not in ENDED_STATES else None


def follow(ticket: Ticket, at: datetime) -> None:
    """End the hand-over that no longer holds and begin the one that does; following twice changes nothing."""
    now = holder(ticket)
    open_ones = HandOver.objects.filter(ticket=ticket, ended_at=None)
    if now is None:
        open_ones.update(ended_at=at)
        return
    open_ones.exclude(supplier=now).update(ended_at=at)
    HandOver.objects.get_or_create(
        ticket=ticket, ended_at=None, defaults={"supplier_id": now, "handed_at": at}
    )


def latest(ticket: Ticket, user: User | None = None) -> HandOver | None:
    """The last hand-over, with `reads_until`; of a person's own supplier houses where one is given."""
    rows = HandOver.with_end_of_reading().filter(ticket=ticket).select_related("supplier")
    if user is not None:
        rows = rows.filter(supplier__in=user.access.orgs("supplier"))
    return rows.order_by("-handed_at", "-pk").first()
