"""Which team gets a ticket: the item's, else the service's, else the desk of the nearest organisation."""

from __future__ import annotations

from cmdb.models import Item, Service


def team_for(item: Item | None, service: Service | None, fallback: int | None) -> int | None:
    """Team id. What is broken tells best who can mend it, so the item comes before the service."""
    if item is not None and item.team_id is not None:
        return item.team_id
    if service is not None and service.team_id is not None:
        return service.team_id
    return fallback
