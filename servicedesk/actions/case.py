"""What of a ticket counts for agreements and reports: the words in which the promise floor is told."""

from __future__ import annotations

from typing import Any

from servicedesk.models import Change, Ticket


def fields_of(ticket: Ticket, change: Change | None = None) -> dict[str, Any]:
    """The fields that a case shares with its ticket, by the names of sla.clocks.

    `type` of a change is its type, of everything else its category. The system is the item that it is about.
    """
    if change is not None:
        kind_of, label = change.type, str(change.get_type_display())
    else:
        category = ticket.category
        kind_of, label = (category.slug, category.name) if category is not None else ("", "")
    supplier = ticket.supplier or (ticket.item.supplier if ticket.item is not None else None)
    return {
        "title": ticket.title,
        "type": str(kind_of),
        "type_label": label,
        "organisation": ticket.organisation,
        "service": ticket.service,
        "system": ticket.item,
        "supplier": supplier,
    }
