"""Reports that are part of another ticket ("it is the same for me") live with it: its answers and its end are theirs too."""

from __future__ import annotations

from servicedesk.access import works_on
from servicedesk.actors import Actor
from servicedesk.models import OPEN_STATES, Ticket


def attached(actor: Actor, ticket: Ticket) -> list[Ticket]:
    """Open tickets under this one that the actor may act on; the oldest first. One statement."""
    rows = Ticket.objects.filter(parent=ticket, state__in=OPEN_STATES).order_by("pk")
    return [row for row in rows if actor.user is None or works_on(actor.user, row)]
