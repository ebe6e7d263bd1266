"""An internal note: for those who work on it, never for the reporter, never an answer."""

from __future__ import annotations

from typing import Any

from servicedesk import cleaning
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Ticket, Verb


def note(actor: Actor, ticket: Ticket, *, body: str, **data: Any) -> Ticket:
    """Write it down. Nobody is told."""
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.NOTE, {"body": body}) as one:
        one.record(body, **data)
    return one.ticket
