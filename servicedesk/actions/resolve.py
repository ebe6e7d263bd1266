"""It works again, or it is delivered: say how, tell the reporter, stop the clocks."""

from __future__ import annotations

from datetime import datetime

from servicedesk import cleaning, notify
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Ticket, Verb


def resolve(actor: Actor, ticket: Ticket, *, resolution: str, at: datetime | None = None) -> Ticket:
    """Resolve. `at`: when it worked again, if that is past (an alert closed); never before the last step."""
    resolution = cleaning.text(resolution, cleaning.RESOLUTION, "resolution")
    with step(actor, ticket, Verb.RESOLVE, {"resolution": resolution}, at=at) as one:
        one.set(resolution=resolution, resolved_at=one.at, pend_reason="", pend_until=None)
        if one.ticket.assignee is None and actor.user is not None:
            one.set(assignee=actor.user)
        one.record(resolution, public=True)
        one.tell(notify.RESOLVED, notify.askers(one.ticket), text=resolution)
    return one.ticket
