"""What approving and rejecting share: the answers that the actor gives, and that nobody approves an own normal change."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from servicedesk import approvals
from servicedesk.actions.step import Step, plain
from servicedesk.models import Approval, Change, ChangeType, Decision
from servicedesk.workflow import MoveRefused


def answer(one: Step, change: Change, decision: Decision, comment: str) -> list[Approval]:
    """Write the actor's decision on all waiting answers that are the actor's to give; answers those that still wait.

    Whose they are was asked under the ticket's lock (workflow.check): of two at once the second is refused there.
    """
    waiting = approvals.waiting(one.ticket, lock=True)
    mine = approvals.owned(one.actor.user, one.ticket, waiting)
    if not mine:
        raise PermissionDenied(str(_("This approval is not yours to give.")))
    if decision == Decision.APPROVED and change.type == ChangeType.NORMAL and _is_own(one):
        raise MoveRefused(_("You cannot approve your own change."))
    for row in mine:
        row.decision, row.decided_by, row.decided_at = decision, one.actor.user, one.at
        row.comment = comment[:500]
        row.save(update_fields=["decision", "decided_by", "decided_at", "comment", "updated_at"])
    left = [row for row in waiting if row not in mine]
    one.data |= {"answered_for": named(mine), "waits_for": named(left)}
    return left


def named(rows: list[Approval]) -> list[dict[str, object]]:
    """Answers as the timeline keeps them."""
    return [{"role": row.role, "organisation": plain(row.organisation)} for row in rows]


def _is_own(one: Step) -> bool:
    return one.actor.user is not None and one.actor.user == one.ticket.reporter
