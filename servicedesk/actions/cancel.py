"""Not wanted any more: withdrawn by the reporter, or given up with a reason."""

from __future__ import annotations

from monitoring import maintenance
from servicedesk import cleaning, notify
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Kind, Ticket, Verb


def cancel(actor: Actor, ticket: Ticket, *, body: str) -> Ticket:
    """Cancel; `body` says why and is told to the reporter. A change's maintenance window is called off."""
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.CANCEL, {"body": body}) as one:
        one.set(closed_at=one.at, pend_reason="", pend_until=None)
        if one.ticket.kind == Kind.CHANGE:
            maintenance.cancel(one.ticket.reference)
        one.record(body, public=True)
        one.tell(notify.CANCELLED, notify.askers(one.ticket), text=body)
    return one.ticket
