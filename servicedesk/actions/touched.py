"""What a ticket touches (items, services, municipalities), written in one statement, also when it is written again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from cmdb.impact import Impact
from cmdb.models import Item
from servicedesk.models import ItemRole, Kind, Ticket

#: A core switch reaches everything; a ticket lists the nearest, the impact map shows the rest.
AFFECTED_AT_MOST = 200

_SQL = """
with items as (
  insert into servicedesk_ticketitem (ticket_id, item_id, role, created_at, updated_at)
  select %(ticket)s, given.item, given.role, %(now)s, %(now)s
    from unnest(%(items)s::bigint[], %(roles)s::text[]) given(item, role)
  on conflict (ticket_id, item_id) do nothing
), services as (
  insert into servicedesk_ticketservice (ticket_id, service_id)
  select %(ticket)s, unnest(%(services)s::bigint[]) on conflict do nothing
)
insert into servicedesk_ticketorganisation (ticket_id, organisation_id)
select %(ticket)s, unnest(%(organisations)s::bigint[]) on conflict do nothing
"""


def write(ticket: Ticket, items: Iterable[Item], reach: Impact) -> None:
    """Add rows that are missing; nothing is taken away. No item and nothing reached: no statement.

    `items` are what a change changes, else where the fault is; what `reach` holds beside them is affected, the nearest
    AFFECTED_AT_MOST of it.
    """
    named = {item.pk for item in items}
    if not named and not reach.services and not reach.organisations:
        return
    role = ItemRole.CHANGED if ticket.kind == Kind.CHANGE else ItemRole.CAUSE
    behind = sorted((depth, pk) for pk, depth in reach.items.items() if pk not in named)[:AFFECTED_AT_MOST]
    roles = [(pk, role) for pk in sorted(named)] + [(pk, ItemRole.AFFECTED) for _depth, pk in behind]
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "ticket": ticket.pk,
                "items": [pk for pk, _role in roles],
                "roles": [word.value for _pk, word in roles],
                "services": [service.pk for service in reach.services],
                "organisations": [organisation.pk for organisation in reach.organisations],
                "now": timezone.now(),
            },
        )
