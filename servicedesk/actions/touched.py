"""What a ticket touches (items, services, municipalities), written in one statement, also when it is written again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from cmdb.impact import Impact
from cmdb.models import Item
from servicedesk.models import ItemRole, Kind, Ticket

_SQL = """
with items as (
  insert into servicedesk_ticketitem (ticket_id, item_id, role, created_at, updated_at)
  select %(ticket)s, unnest(%(items)s::bigint[]), %(role)s, %(now)s, %(now)s
  on conflict (ticket_id, item_id) do nothing
), services as (
  insert into servicedesk_ticketservice (ticket_id, service_id)
  select %(ticket)s, unnest(%(services)s::bigint[]) on conflict do nothing
)
insert into servicedesk_ticketorganisation (ticket_id, organisation_id)
select %(ticket)s, unnest(%(organisations)s::bigint[]) on conflict do nothing
"""


def write(ticket: Ticket, items: Iterable[Item], reach: Impact, role: ItemRole | None = None) -> None:
    """Add rows that are missing; nothing is taken away. No item and nothing reached: no statement.

    :param role: of the items; default: what a change changes, what else is at fault.
    """
    ids = [item.pk for item in items]
    if not ids and not reach.services and not reach.organisations:
        return
    role = role or (ItemRole.CHANGED if ticket.kind == Kind.CHANGE else ItemRole.CAUSE)
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "ticket": ticket.pk,
                "items": ids,
                "role": role.value,
                "services": [service.pk for service in reach.services],
                "organisations": [organisation.pk for organisation in reach.organisations],
                "now": timezone.now(),
            },
        )
