"""The last step: the reporter is content, nobody said otherwise in time, or a change has been reviewed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from servicedesk import cleaning
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Change, ChangeOutcome, ChangeType, Kind, Ticket, Verb
from servicedesk.workflow import MoveRefused


def close(actor: Actor, ticket: Ticket, *, body: str = "", at: datetime | None = None) -> Ticket:
    """Close. For a change `body` is its review, which a failed or an emergency one can not do without."""
    body = cleaning.text(body, 10_000, "body")
    with step(actor, ticket, Verb.CLOSE, at=at) as one:
        one.set(closed_at=one.at)
        if one.ticket.kind == Kind.CHANGE:
            _review(one.ticket, body)
        one.record(body, public=one.ticket.kind != Kind.CHANGE)
    return one.ticket


def _review(ticket: Ticket, body: str) -> None:
    change = Change.objects.get(ticket=ticket)
    if body:
        change.review = body
        change.save(update_fields=["review"])
    delicate = change.outcome != ChangeOutcome.SUCCESS or change.type == ChangeType.EMERGENCY
    if delicate and not change.review:
        raise MoveRefused(
            _("Write the review first: what happened, and what is learnt from it."), field="body"
        )
