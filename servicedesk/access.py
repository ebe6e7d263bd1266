"""What a person is to a ticket: the one place that turns roles and relations into rights on tickets."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from cmdb.access import WORKING_ROLES
from cmdb.models import Family, Item, Role
from servicedesk import handovers, reach
from servicedesk.models import Attachment, Entry, Kind, Ticket

if TYPE_CHECKING:
    from cmdb.models import User


class Who(StrEnum):
    """What somebody is to one ticket."""

    SYSTEM = "system"
    STAFF = "staff"  # works for the ticket's organisation
    LEAD = "lead"
    CHANGE_MANAGER = "change_manager"
    ON_CALL = "on_call"
    COMMISSIONER = "commissioner"
    ASSIGNEE = "assignee"
    REPORTER = "reporter"
    KEYUSER = "keyuser"  # superuser of the reporter's municipality
    OWNER = "owner"  # owns or manages the system that it is about
    SUPPLIER = "supplier"  # works for the supplier that holds it


def standing(user: User | None, ticket: Ticket) -> frozenset[Who]:
    """All that `user` is to `ticket`; None is the system. Costs the one statement of `user.access`, plus one for owners, and
    one for a commissioner who looks at a change."""
    if user is None:
        return frozenset({Who.SYSTEM})
    access, where = user.access, ticket.organisation_id
    found = {
        Who.STAFF: where in access.work_orgs,
        Who.LEAD: where in access.orgs(Role.LEAD, Role.ADMIN),
        Who.CHANGE_MANAGER: where in access.orgs(Role.CHANGEMANAGER),
        Who.ON_CALL: where in access.orgs(Role.ONCALL),
        Who.COMMISSIONER: speaks_for(user, ticket),
        Who.ASSIGNEE: ticket.assignee_id == user.pk and where in access.work_orgs,
        Who.REPORTER: ticket.reporter_id == user.pk,
        Who.KEYUSER: where in access.orgs(Role.KEYUSER),
        Who.OWNER: access.has(Role.OWNER) and _owns(user, ticket),
        Who.SUPPLIER: handovers.holder(ticket) in access.orgs(Role.SUPPLIER),
    }
    return frozenset(who for who, holds in found.items() if holds)


def _owns(user: User, ticket: Ticket) -> bool:
    item = ticket.item
    return item is not None and user.pk in (item.owner_id, item.manager_id)


def speaks_for(user: User, ticket: Ticket) -> bool:
    """Whether it is a change that reaches a municipality which the person is a commissioner for."""
    mine = user.access.orgs(Role.COMMISSIONER)
    return ticket.kind == Kind.CHANGE and bool(mine) and bool(mine & reach.keys(ticket))


def works_on(user: User, ticket: Ticket) -> bool:
    """Whether the person may read what is internal about it."""
    return ticket.organisation_id in user.access.work_orgs


def may_name_item(user: User, item: Item) -> bool:
    """Whether `item` is one of those that `Item.visible_q` opens; the same rule without a statement."""
    access = user.access
    return (
        item.organisation_id in access.register_orgs
        or (item.family == Family.SYSTEM and item.organisation_id in access.own_orgs)
        or user.pk in (item.user_id, item.owner_id, item.manager_id)
    )


def may_open_for(user: User, organisation_id: int) -> bool:
    """Own municipality; where one works; where one is superuser."""
    access = user.access
    return organisation_id in access.own_orgs | access.orgs(*WORKING_ROLES, Role.KEYUSER)


def entries_for(user: User, ticket: Ticket) -> QuerySet[Entry]:
    """The timeline as this person may read it: notes and other inner steps are for those who work on it.

    Oldest first. The ticket must have come through `visible_to(user)`.
    """
    entries = Entry.objects.filter(ticket=ticket).order_by("at", "pk")
    return entries if works_on(user, ticket) else entries.filter(is_public=True)


def attachments_for(user: User, ticket: Ticket) -> QuerySet[Attachment]:
    """Files on the ticket that this person may fetch."""
    files = Attachment.objects.filter(ticket=ticket).order_by("created_at", "pk")
    return files if works_on(user, ticket) else files.filter(is_public=True)
