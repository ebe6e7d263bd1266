"""A major incident: declared by a role, highest priority, and everybody it touches is a reader of its news."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cmdb.models import Role
from servicedesk import cleaning, notify
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Priority, Ticket, Verb
from servicedesk.workflow import MoveRefused
from sla import clocks


def declare_major(actor: Actor, ticket: Ticket, *, body: str = "") -> Ticket:
    """Declare; `body` says what is known, in words for everybody."""
    body = cleaning.text(body, cleaning.BODY, "body")
    with step(actor, ticket, Verb.DECLARE_MAJOR) as one:
        if one.ticket.is_major:
            raise MoveRefused(_("It is a major incident already."))
        one.set(is_major=True, priority=Priority.CRITICAL)
        if "priority" in one.before:
            one.set(priority_reason=str(_("Major incident")))
        if one.ticket.case is not None:
            clocks.reclassify(one.ticket.case, one.at, actor.name, is_major=True, priority=Priority.CRITICAL)
        one.record(body, public=bool(body))
        one.tell(notify.MAJOR, notify.holders(one.ticket, Role.LEAD, Role.ONCALL), text=body)
    return one.ticket
