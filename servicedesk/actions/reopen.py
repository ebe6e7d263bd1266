"""It was not over: a resolved ticket is taken up again within the agreed days (rule C.2.6), a change is planned anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from monitoring import maintenance
from servicedesk import cleaning, notify
from servicedesk.actions.step import Step, step, waiting_state
from servicedesk.actors import Actor
from servicedesk.models import Kind, Ticket, Verb
from servicedesk.workflow import MoveRefused

#: Where no agreement says how long; the same as a new agreement's own default.
DEFAULT_DAYS = 14


def reopen(actor: Actor, ticket: Ticket, *, body: str = "", at: datetime | None = None) -> Ticket:
    """Take it up again. Later than the agreement allows: MoveRefused, and it is to be reported anew."""
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.REOPEN, at=at) as one:
        if one.ticket.kind == Kind.CHANGE:
            one.ticket.approvals.all().delete()
            maintenance.cancel(one.ticket.reference)
            one.set(closed_at=None)
        elif not within_window(one.ticket, one.at):
            raise MoveRefused(
                _(
                    "%(reference)s was resolved too long ago to be reopened. Report it anew, it will be linked."
                )
                % {"reference": one.ticket.reference}
            )
        else:
            take_up_again(one)
        one.record(body, public=True)
        one.tell(notify.COMMENTED, notify.workers(one.ticket), text=body)
    return one.ticket


def within_window(ticket: Ticket, at: datetime) -> bool:
    """Whether a resolved ticket may still be reopened at `at`; what is not resolved may not."""
    if ticket.resolved_at is None:
        return False
    return at <= ticket.resolved_at + timedelta(days=reopen_days(ticket))


def reopen_days(ticket: Ticket) -> int:
    """Days in which it can be reopened, from the agreement under which it runs."""
    agreement = ticket.case.agreement if ticket.case is not None else None
    return agreement.reopen_days if agreement is not None else DEFAULT_DAYS


def take_up_again(one: Step) -> None:
    """The ticket's fields of a reopening; the old resolution stays readable in the timeline."""
    one.set(resolved_at=None, resolution="", pend_reason="", pend_until=None)
    one.set(state=waiting_state(one.ticket))
