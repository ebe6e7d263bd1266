"""What the desk's views share: who may come in, which ticket, whether it is still as it was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme

from cmdb.web import SignedInRequest
from servicedesk.actors import Actor
from servicedesk.models import Ticket

if TYPE_CHECKING:
    from cmdb.models import User

#: Everything that a ticket's page reads of it, in one statement.
WITH = (
    "organisation",
    "reporter__organisation",
    "assignee",
    "team",
    "item",
    "item__item_class",
    "service",
    "category",
    "supplier",
    "case__agreement__calendar",
    "change",
    "problem",
)


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
    visible = Ticket.objects.visible_to(user).select_related(*WITH)
    return get_object_or_404(visible, reference=reference)


def actor(request: SignedInRequest) -> Actor:
    """Who acts; steps of one request carry the same id in the timeline."""
    return Actor.of(request.user, uuid4().hex)


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
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure()) else default
