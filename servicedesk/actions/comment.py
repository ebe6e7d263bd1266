"""The reporter (or whoever speaks for the reporter's side, or the supplier) writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from servicedesk import cleaning, notify
from servicedesk.access import Who, standing
from servicedesk.actions import reopen as reopening
from servicedesk.actions.step import Step, step, waiting_state
from servicedesk.actors import Actor
from servicedesk.models import PendReason, State, Ticket, Verb
from servicedesk.workflow import Effect, MoveRefused

if TYPE_CHECKING:
    from cmdb.models import User


def comment(actor: Actor, ticket: Ticket, *, body: str, reopen: bool = True, **data: Any) -> Ticket:
    """Write. It ends the wait for the one who wrote (rule C.2.5) and, within the agreed days, reopens what was resolved.

    `reopen` False leaves a resolved ticket resolved ("thank you, it works"). `data` is kept with the entry.
    """
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.COMMENT, {"body": body}) as one:
        if one.ticket.state == State.PENDING and _was_waited_for(actor.user, one.ticket):
            one.set(pend_reason="", pend_until=None)
            one.set(state=waiting_state(one.ticket))
            one.effect = Effect.RESUME
        elif one.ticket.state == State.RESOLVED and reopen:
            _reopen(one)
        one.record(body, public=True, **data)
        one.tell(notify.COMMENTED, notify.workers(one.ticket), text=body)
        if actor.user != one.ticket.reporter:
            one.tell(notify.COMMENTED, [one.ticket.reporter], text=body)
    return one.ticket


def _was_waited_for(user: User | None, ticket: Ticket) -> bool:
    """A supplier's word does not answer a question to the reporter, nor the other way round."""
    who = standing(user, ticket)
    if ticket.pend_reason == PendReason.SUPPLIER:
        return Who.SUPPLIER in who
    return ticket.pend_reason == PendReason.CUSTOMER and bool(
        who & {Who.REPORTER, Who.KEYUSER, Who.OWNER, Who.SYSTEM}
    )


def _reopen(one: Step) -> None:
    if not reopening.within_window(one.ticket, one.at):
        raise MoveRefused(
            _("%(reference)s was resolved too long ago to be reopened. Report it anew, it will be linked.")
            % {"reference": one.ticket.reference}
        )
    reopening.take_up_again(one)
    one.effect = Effect.REOPEN
