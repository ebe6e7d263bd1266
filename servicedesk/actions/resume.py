"""Take up a ticket that was on hold."""

from __future__ import annotations

from datetime import datetime

from servicedesk import cleaning
from servicedesk.actions.step import step, waiting_state
from servicedesk.actors import Actor
from servicedesk.models import Ticket, Verb


def resume(actor: Actor, ticket: Ticket, *, body: str = "", at: datetime | None = None) -> Ticket:
    """The wait is over; clocks run on. `at`: when it ended (an agreed date), if that is past."""
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.RESUME, at=at) as one:
        one.set(pend_reason="", pend_until=None)
        one.set(state=waiting_state(one.ticket))
        one.record(body, public=True)
    return one.ticket
