"""The nearest clock, copied onto the ticket, so that a queue sorts and shows without joining. Truth stays with sla."""

from __future__ import annotations

from typing import Any

from servicedesk.models import Ticket
from sla import clocks

FIELDS = (
    "due_at",
    "clock_measure",
    "clock_state",
    "clock_soon_at",
    "clock_started_at",
    "clock_remaining",
)


def columns(ticket: Ticket) -> dict[str, Any]:
    """What the ticket's clock columns should hold; no clock that still counts: all empty."""
    nearest = clocks.nearest(ticket.case) if ticket.case is not None else None
    # Only the response was promised and it was kept: nothing is due any more, and nothing may look late.
    if nearest is None or (nearest.state == "met" and ticket.is_open):
        return {
            "due_at": None,
            "clock_measure": "",
            "clock_state": "",
            "clock_soon_at": None,
            "clock_started_at": None,
            "clock_remaining": None,
        }
    return {
        "due_at": nearest.due_at,
        "clock_measure": str(nearest.measure),
        "clock_state": str(nearest.state),
        "clock_soon_at": nearest.soon_at,
        "clock_started_at": nearest.started_at,
        "clock_remaining": nearest.remaining_seconds,
    }


def refresh(ticket: Ticket) -> list[str]:
    """Set the columns on the object; answers the names of those that changed (the caller saves)."""
    changed = []
    for name, value in columns(ticket).items():
        if getattr(ticket, name) != value:
            setattr(ticket, name, value)
            changed.append(name)
    return changed
