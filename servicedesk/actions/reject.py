"""Say no to a change, with the reason."""

from __future__ import annotations

from monitoring import maintenance
from servicedesk import cleaning, notify
from servicedesk.actions import decide
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Change, Decision, Ticket, Verb


def reject(actor: Actor, ticket: Ticket, *, body: str) -> Ticket:
    """Reject; one no is enough. It can be planned anew (`reopen`)."""
    comment = cleaning.text(body, 500, "body")
    with step(actor, ticket, Verb.REJECT, {"body": comment}) as one:
        change = Change.objects.get(ticket=one.ticket)
        decide.answer(one, change, Decision.REJECTED, comment)
        one.set(closed_at=one.at)
        maintenance.cancel(one.ticket.reference)
        one.record(comment, public=True)
        one.tell(
            notify.DECIDED,
            [one.ticket.reporter, *notify.workers(one.ticket)],
            approved=False,
            text=comment,
        )
    return one.ticket
