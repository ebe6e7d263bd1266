"""Join two tickets, or a ticket and an item."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.models import Item
from monitoring import maintenance
from servicedesk import approvals, reach
from servicedesk.access import may_name_item, works_on
from servicedesk.actions import asking, decide
from servicedesk.actions.step import Step, step
from servicedesk.actors import Actor
from servicedesk.models import Change, ItemRole, Kind, LinkKind, State, Ticket, TicketItem, TicketLink, Verb
from servicedesk.workflow import MoveRefused

#: States in which a wider reach asks for more answers; a draft asks when it is submitted, what is over asks nobody.
_ASKS = (State.APPROVAL, State.SCHEDULED, State.IMPLEMENTING)


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
            if one.ticket.kind == Kind.CHANGE:
                _widen(one, item)
    return one.ticket


def _widen(one: Step, item: Item) -> None:
    """What a change reaches grew: municipalities that were not asked are asked now, answers given stay.

    One that was approved waits again until they have said yes; one under way can not be widened to who was never asked.
    """
    reach.widen(one.ticket, item)
    change = Change.objects.filter(ticket=one.ticket).first()
    if change is None or one.ticket.state not in _ASKS or not approvals.asks_committee(change):
        return
    new = approvals.ask(one.ticket, change)
    if not new:
        return
    if one.ticket.state == State.IMPLEMENTING:
        names = ", ".join(str(row.organisation) for row in new)
        raise MoveRefused(
            _("The work has begun, and this reaches %(names)s, who were not asked. Plan a change of its own.")
            % {"names": names},
            field="item",
        )
    if one.ticket.state == State.SCHEDULED:
        maintenance.cancel(one.ticket.reference)
        one.set(state=State.APPROVAL)
    one.record(public=True, asks=decide.named(new))
    asking.tell(one, change, new)


def _may_see(actor: Actor, target: Ticket | None, item: Item | None) -> None:
    if actor.user is None:
        return
    foreign = target is not None and not works_on(actor.user, target)
    if foreign or (item is not None and not may_name_item(actor.user, item)):
        raise PermissionDenied
