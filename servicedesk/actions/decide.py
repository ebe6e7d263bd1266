"""What approving and rejecting share: whose answer somebody may give, and that nobody approves an own normal change."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from cmdb.models import Role
from servicedesk.access import Who, standing
from servicedesk.actions.step import Step
from servicedesk.models import Approval, Change, ChangeType, Decision
from servicedesk.workflow import MoveRefused

#: Who speaks for a role; in an emergency whoever leads or is on call decides, and documents afterwards.
_SPEAKS = {Role.CHANGEMANAGER.value: {Who.CHANGE_MANAGER}, Role.COMMISSIONER.value: {Who.COMMISSIONER}}
_EMERGENCY = {Who.CHANGE_MANAGER, Who.LEAD, Who.ON_CALL}


def answer(one: Step, change: Change, decision: Decision, comment: str) -> list[Approval]:
    """Write the actor's decision on all waiting answers that are the actor's to give; answers those that still wait."""
    waiting = list(one.ticket.approvals.select_for_update().filter(decision=Decision.WAITING))
    mine = [row for row in waiting if _may_answer(one, change, row.role)]
    if waiting and not mine:
        raise PermissionDenied(str(_("This approval is not yours to give.")))
    if not waiting:
        raise MoveRefused(_("Nobody waits for an answer here any more."))
    if decision == Decision.APPROVED and change.type == ChangeType.NORMAL and _is_own(one):
        raise MoveRefused(_("You cannot approve your own change."))
    for row in mine:
        row.decision, row.decided_by, row.decided_at = decision, one.actor.user, one.at
        row.comment = comment[:500]
        row.save()
    return [row for row in waiting if row not in mine]


def _may_answer(one: Step, change: Change, role: str) -> bool:
    who = standing(one.actor.user, one.ticket)
    speakers = _EMERGENCY if change.type == ChangeType.EMERGENCY else _SPEAKS.get(role, set())
    return bool(who & speakers)


def _is_own(one: Step) -> bool:
    return one.actor.user is not None and one.actor.user == one.ticket.reporter
