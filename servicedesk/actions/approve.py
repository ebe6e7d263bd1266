"""Say yes to a change. With the last yes it is scheduled and its window is maintenance."""

from __future__ import annotations

from servicedesk import cleaning, notify
from servicedesk.actions import decide, schedule
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Change, Decision, State, Ticket, Verb


def approve(actor: Actor, ticket: Ticket, *, body: str = "") -> Ticket:
    """Approve for the change manager and for all municipalities that the actor speaks for; others may still be waited for."""
    comment = cleaning.text(body, 500, "body")
    with step(actor, ticket, Verb.APPROVE) as one:
        change = Change.objects.get(ticket=one.ticket)
        left = decide.answer(one, change, Decision.APPROVED, comment)
        if left:
            one.set(state=State.APPROVAL)
        else:
            schedule.plan(one.ticket, change, one.at)
            one.tell(notify.DECIDED, [one.ticket.reporter, *notify.workers(one.ticket)], approved=True)
        one.record(comment, public=True)
    return one.ticket
