"""Hand a ticket to a team or a person, or take it oneself."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.models import Team, User
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import Ticket, Verb
from servicedesk.workflow import MoveRefused


def assign(
    actor: Actor,
    ticket: Ticket,
    *,
    team: Team | None = None,
    assignee: User | None = None,
    seen: datetime | None = None,
) -> Ticket:
    """To a person, a team, or both; a team alone gives it back to the team's queue. `seen`: see `step`."""
    if team is None and assignee is None:
        raise MoveRefused(_("Choose a team or a person."), field="team")
    if assignee is not None and ticket.organisation_id not in assignee.access.work_orgs:
        raise ValidationError(
            {"assignee": _("%(name)s does not work on tickets of this organisation.") % {"name": assignee}}
        )
    with step(actor, ticket, Verb.ASSIGN, seen=seen) as one:
        if team is not None:
            one.set(team=team)
        one.set(assignee=assignee)
        one.record()
    return one.ticket


def take(actor: Actor, ticket: Ticket) -> Ticket:
    """Assign it to oneself, unless a colleague was quicker: then a sentence says who."""
    me = actor.user
    if me is None:
        raise MoveRefused(_("Only a person can take a ticket."))
    with step(actor, ticket, Verb.ASSIGN) as one:
        holder = one.ticket.assignee
        if holder is not None and holder != me:
            raise MoveRefused(
                _("%(name)s has taken %(reference)s already.")
                % {"name": holder, "reference": one.ticket.reference}
            )
        one.set(assignee=me)
        one.record()
    return one.ticket
