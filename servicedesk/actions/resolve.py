"""It works again, or it is delivered: say how, tell the reporter, stop the clocks."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from servicedesk import cleaning, notify
from servicedesk.actions.children import attached
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Ticket, Verb


def resolve(actor: Actor, ticket: Ticket, *, resolution: str, at: datetime | None = None) -> Ticket:
    """Resolve, and with it all that is attached.

    :param at: when it worked again, if that is past (an alert closed); never before the last step.
    """
    resolution = cleaning.text(resolution, cleaning.RESOLUTION, "resolution")
    with transaction.atomic():
        done = _resolve(actor, ticket, resolution, at)
        for child in attached(actor, done):
            resolve(actor, child, resolution=resolution, at=at)
    return done


def _resolve(actor: Actor, ticket: Ticket, resolution: str, at: datetime | None) -> Ticket:
    with step(actor, ticket, Verb.RESOLVE, {"resolution": resolution}, at=at) as one:
        one.set(resolution=resolution, resolved_at=one.at, pend_reason="", pend_until=None)
        if one.ticket.assignee is None and actor.user is not None:
            one.set(assignee=actor.user)
        one.record(resolution, public=True)
        one.tell(notify.RESOLVED, notify.askers(one.ticket), text=resolution)
    return one.ticket
