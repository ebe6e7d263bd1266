"""How far a change reaches: the municipalities whose services, items or own house it touches.

Written down when the change is opened, anew when it is edited or submitted (the register may have changed), and from then
on only wider. Where nothing is known it concerns every municipality of the region (docs/decisions/0016).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db import connection

from cmdb.impact import Impact, impact_of, municipalities
from cmdb.models import Item, Organisation, Service
from servicedesk.actions import touched
from servicedesk.models import ItemRole, Ticket, TicketItem, TicketOrganisation, TicketService

# The municipality that the ticket belongs to and those that it touches; nobody: all under its organisation.
_REACHED = """
with home as (
  select o.* from cmdb_organisation o where o.id = %(organisation)s
), known as (
  select organisation_id id from servicedesk_ticketorganisation where ticket_id = %(ticket)s
  union
  select m.id from cmdb_organisation m join home on home.tree_id = m.tree_id and home.lft between m.lft and m.rght
   where m.kind = 'municipality'
)
select m.id from cmdb_organisation m where m.is_active and m.id in (select id from known)
union all
select m.id from cmdb_organisation m join home on home.tree_id = m.tree_id and m.lft between home.lft and home.rght
 where m.kind = 'municipality' and m.is_active and not exists (select from known)
"""


def keys(ticket: Ticket) -> frozenset[int]:
    """Ids of the municipalities that the change reaches. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"ticket": ticket.pk, "organisation": ticket.organisation_id})
        return frozenset(pk for (pk,) in cursor.fetchall())


def reached(ticket: Ticket) -> list[Organisation]:
    """The municipalities themselves, by name."""
    return list(Organisation.objects.filter(pk__in=keys(ticket)).order_by("sort_name"))


def of_change(items: Iterable[Item], service: Service | None) -> Impact:
    """What it touches. A named service that the items do not account for is felt by all who use it."""
    found = [item.pk for item in items]
    reach = impact_of(found) if found else Impact(items={})
    if service is None or service.pk in {one.pk for one in reach.services}:
        return reach
    more = {one.pk: one for one in [*reach.organisations, *municipalities(services=[service.pk])]}
    return replace(reach, services=[*reach.services, service], organisations=list(more.values()))


def write_anew(ticket: Ticket) -> None:
    """What a change touches as the register has it now; services and municipalities that it no longer touches go.

    Items stay: who named one as affected meant it, and its municipality is reached.
    """
    found = _items(ticket)
    reach = of_change(found, ticket.service)
    named = TicketItem.objects.filter(ticket=ticket).values_list("item_id", flat=True)
    more = {one.pk: one for one in [*reach.organisations, *municipalities(items=named)]}
    TicketService.objects.filter(ticket=ticket).exclude(service__in=reach.services).delete()
    TicketOrganisation.objects.filter(ticket=ticket).exclude(organisation__in=more).delete()
    touched.write(ticket, found, replace(reach, organisations=list(more.values())))


def widen(ticket: Ticket, item: Item) -> None:
    """One more item: what it touches is added."""
    touched.write(ticket, [item], impact_of([item.pk]))


def _items(ticket: Ticket) -> list[Item]:
    changed = Item.objects.filter(ticket_items__ticket=ticket, ticket_items__role=ItemRole.CHANGED)
    found = {item.pk: item for item in changed}
    if ticket.item is not None:
        found.setdefault(ticket.item.pk, ticket.item)
    return list(found.values())
