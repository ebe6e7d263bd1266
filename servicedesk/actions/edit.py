"""Correct what is written about a ticket; what an agreement depends on reaches the clocks too (rule C.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk import cleaning, reach
from servicedesk.access import may_name_item
from servicedesk.actions.case import fields_of
from servicedesk.actions.step import Step, plain, step
from servicedesk.actors import Actor
from servicedesk.models import Change, Kind, Problem, Ticket, Verb
from sla import clocks

#: Fields of the ticket itself, and of what its kind adds. Priority has a verb of its own.
TICKET = ("title", "description", "category", "service", "item", "organisation", "supplier", "reporter")
CHANGE = (
    "type", "reason", "plan", "test_plan", "backout_plan", "probability", "consequence", "mitigation",
    "planned_start", "planned_end",
)  # fmt: skip
PROBLEM = ("root_cause", "workaround", "is_known_error")
_REACH = frozenset({"service", "item", "organisation"})
_CASE = frozenset({"title", "category", "service", "item", "organisation", "supplier"})


def edit(actor: Actor, ticket: Ticket, *, seen: datetime | None = None, **values: Any) -> Ticket:
    """Give fields new values: those named in TICKET, and CHANGE or PROBLEM for such tickets. Unknown ones are refused."""
    own, added = _sort(ticket, values)
    _may(actor, own)
    if "title" in own:
        own["title"] = cleaning.title(own["title"])
    if "description" in own:
        own["description"] = cleaning.text(own["description"], cleaning.DESCRIPTION, "description")
    with step(actor, ticket, Verb.EDIT, seen=seen) as one:
        one.set(**own)
        if added:
            _edit_added(one, added)
        if _CASE & one.before.keys() or "type" in added:
            _reclassify(one)
        if one.ticket.kind == Kind.CHANGE and _REACH & one.before.keys():
            reach.write_anew(one.ticket)
        one.record()
    return one.ticket


def _sort(ticket: Ticket, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {Kind.CHANGE: CHANGE, Kind.PROBLEM: PROBLEM}.get(Kind(ticket.kind), ())
    for name in values:
        if name not in TICKET and name not in known:
            raise ValidationError({name: _("This cannot be changed here.")})
    return (
        {name: value for name, value in values.items() if name in TICKET},
        {name: value for name, value in values.items() if name in known},
    )


def _may(actor: Actor, own: Mapping[str, Any]) -> None:
    """A ticket can be moved only to where one works, and name only items that one may see."""
    if actor.user is None:
        return
    organisation, item = own.get("organisation"), own.get("item")
    if organisation is not None and organisation.pk not in actor.user.access.work_orgs:
        raise PermissionDenied
    if item is not None and not may_name_item(actor.user, item):
        raise PermissionDenied
    if "organisation" in own and organisation is None:
        raise ValidationError({"organisation": _("A ticket belongs to an organisation.")})


def _edit_added(one: Step, added: Mapping[str, Any]) -> None:
    model = Change if one.ticket.kind == Kind.CHANGE else Problem
    row = model._default_manager.get(ticket=one.ticket)
    before = {name: plain(getattr(row, name)) for name in added}
    for name, value in added.items():
        setattr(row, name, cleaning.text(value, 20_000, name) if isinstance(value, str) else value)
    row.full_clean(exclude=["ticket"])
    row.save(update_fields=list(added))
    changed = {name: old for name, old in before.items() if old != plain(getattr(row, name))}
    one.record(details={name: [old, plain(getattr(row, name))] for name, old in changed.items()})


def _reclassify(one: Step) -> None:
    if one.ticket.case is None:
        return
    change = Change.objects.get(ticket=one.ticket) if one.ticket.kind == Kind.CHANGE else None
    facts = fields_of(one.ticket, change)
    clocks.reclassify(one.ticket.case, one.at, one.actor.name, **facts)
