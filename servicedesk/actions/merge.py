"""The same thing reported twice: one ticket goes on, the other ends in it (rule C.2.7)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cmdb.common import trace
from servicedesk import mirror, notify
from servicedesk.access import works_on
from servicedesk.actions.step import lock, step
from servicedesk.actors import Actor
from servicedesk.models import DONE_STATES, Entry, LinkKind, Ticket, TicketLink, Verb
from servicedesk.workflow import MoveRefused
from sla import clocks


def merge(actor: Actor, ticket: Ticket, *, into: Ticket) -> Ticket:
    """End `ticket` in `into`: its clocks end as merged, the other counts from the earlier report, its reporter follows the other.

    Nothing of the merged ticket is lost: its timeline stays, and both timelines name the other.
    """
    if ticket.pk == into.pk:
        raise MoveRefused(_("A ticket cannot be merged into itself."), field="into")
    if actor.user is not None and not works_on(actor.user, into):
        raise PermissionDenied
    with transaction.atomic():
        # Always in the order of their keys: two merges of the same pair must not wait for each other.
        held = {pk: lock(pk) for pk in sorted((ticket.pk, into.pk))}
        parent = held[into.pk]
        _check(parent, held[ticket.pk])
        with step(actor, ticket, Verb.MERGE) as one:
            one.set(parent=parent, closed_at=one.at, pend_reason="", pend_until=None)
            TicketLink.objects.get_or_create(source=one.ticket, kind=LinkKind.DUPLICATES, target=parent)
            one.ticket.children.update(parent=parent)
            if one.ticket.case is not None and parent.case is not None:
                clocks.merge(one.ticket.case, parent.case, one.at, actor.name)
            one.record(public=True, into=parent.reference)
            one.tell(notify.MERGED, [one.ticket.reporter], into=parent)
        _write_on_parent(actor, parent, one.ticket)
    return one.ticket


def _check(parent: Ticket, child: Ticket) -> None:
    if parent.kind != child.kind:
        raise MoveRefused(_("Only tickets of the same kind can be merged."), field="into")
    if parent.state in DONE_STATES:
        raise MoveRefused(
            _("%(reference)s is over; choose one that is still open.") % {"reference": parent.reference},
            field="into",
        )


def _write_on_parent(actor: Actor, parent: Ticket, child: Ticket) -> None:
    """The parent's clocks may count from an earlier report now; its own report time follows."""
    at = max(child.touched_at, parent.touched_at)
    fields = {*mirror.refresh(parent), "touched_at", "updated_at"}
    if child.opened_at < parent.opened_at:
        parent.opened_at = child.opened_at
        fields.add("opened_at")
    parent.touched_at = at
    parent.save(update_fields=fields)
    Entry.objects.create(
        ticket=parent,
        verb=Verb.MERGE,
        at=at,
        actor=actor.user,
        actor_name=actor.name,
        data={"from": child.reference, "opened_at": parent.opened_at.isoformat()},
        request_id=trace.current(),
    )
