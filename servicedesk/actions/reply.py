"""A public answer by those who work on it: the reporter gets it by mail, the response clock stops (rule C.2.1)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from servicedesk import cleaning, notify
from servicedesk.actions.children import attached
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import State, Ticket, Verb
from sla import clocks


def reply(actor: Actor, ticket: Ticket, *, body: str, **data: Any) -> Ticket:
    """Answer, and with it all that is attached. A ticket that nobody has becomes that of whoever answers it.

    `data` is kept with the entry.
    """
    body = cleaning.text(body, cleaning.BODY, "body")
    with transaction.atomic():
        done = _reply(actor, ticket, body, data)
        for child in attached(actor, done):
            reply(actor, child, body=body)
    return done


def _reply(actor: Actor, ticket: Ticket, body: str, data: dict[str, Any]) -> Ticket:
    with step(actor, ticket, Verb.REPLY, {"body": body}) as one:
        if one.ticket.assignee is None and actor.user is not None and one.ticket.state == State.IN_PROGRESS:
            one.set(assignee=actor.user)
            if one.ticket.case is not None:
                clocks.owned(one.ticket.case, one.at, actor.name)
        one.record(body, public=True, **data)
        one.tell(notify.ANSWERED, notify.askers(one.ticket), text=body)
    return one.ticket
