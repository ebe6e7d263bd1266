"""The work on a change is over: how it went, and monitoring watches again."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from monitoring import maintenance
from servicedesk import cleaning
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Change, ChangeOutcome, Ticket, Verb


def finish(actor: Actor, ticket: Ticket, *, outcome: ChangeOutcome | str, body: str = "") -> Ticket:
    """End the work. A window that has not ended ends now, so that what is still down calls somebody."""
    body = cleaning.text(body, 10_000, "body")
    if outcome and outcome not in ChangeOutcome.values:
        raise ValidationError({"outcome": _("This is none of the choices.")})
    with step(actor, ticket, Verb.FINISH, {"outcome": outcome}) as one:
        change = Change.objects.get(ticket=one.ticket)
        change.outcome, change.ended_at = str(outcome), one.at
        if body:
            change.review = body
        change.save(update_fields=["outcome", "ended_at", "review"])
        one.set(resolved_at=one.at)
        one.outcome = str(outcome)
        maintenance.finish(one.ticket.reference, one.at)
        one.record(body, public=True, outcome=str(outcome))
    return one.ticket
