"""Join two tickets, or a ticket and an item."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.models import Item
from servicedesk.access import may_name_item, works_on
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import ItemRole, Kind, LinkKind, Ticket, TicketItem, TicketLink, Verb
from servicedesk.workflow import MoveRefused


def link(
    actor: Actor,
    ticket: Ticket,
    *,
    target: Ticket | None = None,
    kind: LinkKind | str = LinkKind.RELATES,
    item: Item | None = None,
    role: ItemRole | str | None = None,
) -> Ticket:
    """Link to another ticket, to an item, or to both; linking twice is once. Both ends must be the actor's to see.

    :param role: of the item; default: it is changed by a change, affected by everything else.
    """
    role = role or (ItemRole.CHANGED if ticket.kind == Kind.CHANGE else ItemRole.AFFECTED)
    if target is None and item is None:
        raise MoveRefused(_("Choose what it is linked to."), field="target")
    if kind not in LinkKind.values or role not in ItemRole.values:
        raise ValidationError({"kind": _("This is none of the choices.")})
    _may_see(actor, target, item)
    with step(actor, ticket, Verb.LINK) as one:
        if target is not None:
            if target.pk == one.ticket.pk:
                raise MoveRefused(_("A ticket cannot be linked to itself."), field="target")
            TicketLink.objects.get_or_create(source=one.ticket, kind=kind, target=target)
            one.record(target=target.reference, kind=str(kind))
        if item is not None:
            TicketItem.objects.update_or_create(ticket=one.ticket, item=item, defaults={"role": role})
            if one.ticket.item is None:
                one.set(item=item)
            one.record(item={"id": item.pk, "name": item.name}, role=str(role))
    return one.ticket


def _may_see(actor: Actor, target: Ticket | None, item: Item | None) -> None:
    if actor.user is None:
        return
    foreign = target is not None and not works_on(actor.user, target)
    if foreign or (item is not None and not may_name_item(actor.user, item)):
        raise PermissionDenied
