"""Another impact, urgency or priority. Clocks are replaced by rule C.2.3: raising hides no time, lowering erases no breach."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk import cleaning, priority
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Level, Priority, Ticket, Verb
from servicedesk.workflow import MoveRefused
from sla import clocks


def prioritise(
    actor: Actor,
    ticket: Ticket,
    *,
    impact: int | None = None,
    urgency: int | None = None,
    priority_: int | None = None,
    reason: str = "",
    seen: datetime | None = None,
) -> Ticket:
    """New impact and urgency give the matrix's priority; `priority_` overrides the matrix and needs a reason."""
    reason = cleaning.line(reason, cleaning.REASON, "reason")
    _known("impact", impact, Level.values)
    _known("urgency", urgency, Level.values)
    _known("priority", priority_, Priority.values)
    with step(actor, ticket, Verb.PRIORITISE, seen=seen) as one:
        now = one.ticket
        one.set(impact=impact or now.impact, urgency=urgency or now.urgency)
        by_matrix = priority.of(now.impact, now.urgency)
        wanted = Priority(priority_) if priority_ is not None else by_matrix
        if wanted != by_matrix and not reason:
            raise MoveRefused(_("Say why the priority differs from the matrix."), field="reason")
        one.set(priority=wanted, priority_reason=reason if wanted != by_matrix else "")
        if "priority" in one.before and now.case is not None:
            clocks.reclassify(now.case, one.at, actor.name, priority=wanted)
        one.record(reason)
    return one.ticket


def _known(field: str, value: int | None, known: list[int]) -> None:
    if value is not None and value not in known:
        raise ValidationError({field: _("This is none of the choices.")})
