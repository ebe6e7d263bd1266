"""A change asks for approval; a standard one is pre-authorised and is scheduled at once (ITIL change enablement)."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.models import Role
from servicedesk import approvals, reach
from servicedesk.actions import asking, decide, schedule
from servicedesk.actions.step import Step, step
from servicedesk.actors import Actor
from servicedesk.models import Approval, Change, ChangeType, Decision, State, Ticket, Verb
from servicedesk.workflow import MoveRefused

#: What a normal change must say beside its plan and window, in the words of its form.
_NEEDED = {"reason": _("why"), "backout_plan": _("way back")}


def submit(actor: Actor, ticket: Ticket) -> Ticket:
    """Ask for approval. The plan and the window must be there; for a normal change also the reason and the way back."""
    change = Change.objects.filter(ticket=ticket).first()
    values = {name: getattr(change, name, None) for name in ("plan", "planned_start", "planned_end")}
    with step(actor, ticket, Verb.SUBMIT, values) as one:
        if change is None:
            raise MoveRefused(_("This change has no plan."))
        _complete(change)
        one.ticket.approvals.all().delete()
        reach.write_anew(one.ticket)
        if change.type == ChangeType.STANDARD:
            Approval.objects.create(
                ticket=one.ticket,
                role=Role.CHANGEMANAGER,
                decision=Decision.APPROVED,
                decided_at=one.at,
                comment="standard",
            )
            one.set(state=State.SCHEDULED)
            schedule.plan(one.ticket, change, one.at)
        else:
            _ask(one, change)
        one.record(risk=change.risk_factor, type=change.type)
    return one.ticket


def _complete(change: Change) -> None:
    if change.planned_end is not None and change.planned_end <= timezone.now():
        raise MoveRefused(_("The window lies in the past."), field="planned_end")
    if change.type == ChangeType.NORMAL:
        for name, label in _NEEDED.items():
            if not getattr(change, name).strip():
                raise MoveRefused(_("Fill in “%(field)s” first.") % {"field": label}, field=name)
    if change.risk_factor >= approvals.COMMITTEE_RISK and not change.mitigation.strip():
        raise MoveRefused(_("A risk this high needs a word on what lowers it."), field="mitigation")


def _ask(one: Step, change: Change) -> None:
    """What is waited for, and a letter to those who may answer."""
    asked = approvals.ask(one.ticket, change)
    one.record(asks=decide.named(asked))
    asking.tell(one, change, asked)
