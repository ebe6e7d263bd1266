"""The work on a change begins."""

from __future__ import annotations

from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Change, Ticket, Verb


def start(actor: Actor, ticket: Ticket) -> Ticket:
    """Begin. Whoever begins a change that nobody has becomes its assignee."""
    with step(actor, ticket, Verb.START) as one:
        Change.objects.filter(ticket=one.ticket).update(started_at=one.at)
        if one.ticket.assignee is None and actor.user is not None:
            one.set(assignee=actor.user)
        one.record(public=True)
    return one.ticket
