"""What the desk's views share: who may come in, which ticket, whether it is still as it was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField
from django.db.models.expressions import RawSQL
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime

from cmdb.common import links
from cmdb.models import Organisation, Service, Team, User
from cmdb.web import SignedInRequest
from servicedesk import sidelist
from servicedesk.actors import Actor
from servicedesk.models import Category, Ticket
from sla.models import Agreement, Calendar

#: Rows that a ticket's page reads whole.
WITH = ("organisation", "reporter", "item", "case", "change")


def sees_desk(user: User) -> bool:
    """Who has a queue: those who work, and who speaks for a municipality, a system or a supplier."""
    return user.access.is_staff_role or user.access.has("supplier", "keyuser", "owner")


def sees_changes(user: User) -> bool:
    """Who has a list of changes."""
    return user.access.is_staff_role or user.access.has("commissioner")


def sees_pages(user: User) -> bool:
    """Who reads a ticket's whole page; everybody else follows it in the portal."""
    return sees_desk(user) or sees_changes(user)


def only(rule: Callable[[User], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Signed in, and `rule` holds; else 403."""

    def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
        @login_required
        @wraps(view)
        def inner(request: SignedInRequest, *args: Any, **kwargs: Any) -> Any:
            if not rule(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return inner

    return wrap


desk_only = only(sees_desk)
staff_only = only(lambda user: user.access.is_staff_role)
changes_only = only(sees_changes)


def find(user: User, reference: str) -> Ticket:
    """A ticket that the person sees, with everything its page reads; 404 for a foreign one."""
    visible = Ticket.objects.visible_to(user).select_related(*WITH).annotate(parts=PARTS)
    ticket = get_object_or_404(visible, reference=reference)
    attach(ticket, getattr(ticket, "parts"))  # noqa: B009 - an annotation
    return ticket


# Of these a page shows a name or two. Thirteen joins would cost the planner more than the rows; as one JSON value they
# cost nothing to speak of. Each becomes a deferred row: what else is asked of it is read then.
_PARTS = """
select jsonb_build_object(
 'team', (select jsonb_build_object('id', n.id, 'name', n.name) from cmdb_team n where n.id = t.team_id),
 'service', (select jsonb_build_object('id', n.id, 'name', n.name) from cmdb_service n where n.id = t.service_id),
 'category', (select jsonb_build_object('id', n.id, 'name', n.name)
    from servicedesk_category n where n.id = t.category_id),
 'supplier', (select jsonb_build_object('id', n.id, 'name', n.name)
    from cmdb_organisation n where n.id = t.supplier_id),
 'assignee', (select jsonb_build_object('id', n.id, 'display_name', n.display_name, 'username', n.username)
    from cmdb_user n where n.id = t.assignee_id),
 'handed', (select jsonb_build_object('id', h.id) from servicedesk_handover h where h.ticket_id = t.id limit 1),
 'home', (select jsonb_build_object('id', n.id, 'name', n.name)
    from cmdb_organisation n join cmdb_user u on u.organisation_id = n.id where u.id = t.reporter_id),
 'agreement', (select jsonb_build_object('id', n.id, 'name', n.name, 'version', n.version)
    from sla_agreement n join sla_case c on c.agreement_id = n.id where c.id = t.case_id),
 'calendar', (select jsonb_build_object('id', n.id, 'name', n.name)
    from sla_calendar n join sla_agreement a on a.calendar_id = n.id
    join sla_case c on c.agreement_id = a.id where c.id = t.case_id)
) from servicedesk_ticket t where t.id = servicedesk_ticket.id
"""
PARTS = RawSQL(_PARTS, (), output_field=JSONField())  # noqa: S611 - no data in it


def attach(ticket: Ticket, parts: dict[str, dict[str, Any] | None]) -> None:
    """Put the parts onto the ticket as rows that know their names."""
    for name, model in _MODELS.items():
        values = parts.get(name)
        if values is not None:
            setattr(ticket, name, _row(model, values))
    ticket.__dict__["was_handed_over"] = parts.get("handed") is not None
    home, agreement, calendar = parts.get("home"), parts.get("agreement"), parts.get("calendar")
    if home is not None and ticket.reporter is not None:
        ticket.reporter.organisation = _row(Organisation, home)
    if agreement is not None and ticket.case is not None:
        ticket.case.agreement = _row(Agreement, agreement)
        if calendar is not None:
            ticket.case.agreement.calendar = _row(Calendar, calendar)


_MODELS: dict[str, Any] = {
    "team": Team,
    "service": Service,
    "category": Category,
    "supplier": Organisation,
    "assignee": User,
}


def _row(model: Any, values: dict[str, Any]) -> Any:
    return model.from_db("default", list(values), list(values.values()))


def actor(request: SignedInRequest) -> Actor:
    """Who acts; steps of one request carry the same id in the timeline. What was counted before is counted anew."""
    sidelist.forget(request.user)
    return Actor.of(request.user)


def seen(request: SignedInRequest) -> datetime | None:
    """`touched_at` of the ticket as the page showed it; None where the form does not say."""
    try:
        found = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def back_to(request: SignedInRequest, default: str) -> str:
    """Where the person came from, if that is a page of ours."""
    url = request.POST.get("next", "")
    return url if links.stays_here(url) else default
