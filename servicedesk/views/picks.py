"""Suggestions for the desk's search fields: people, items, tickets; at most twelve, only what the person may see."""

from __future__ import annotations

from django.http import JsonResponse
from django.views.decorators.http import require_GET

from cmdb.access import WORKING_ROLES
from cmdb.common.fields import SUGGESTIONS, suggestions
from cmdb.models import Item, Lifecycle, Membership, User
from cmdb.web import SignedInRequest
from servicedesk import search
from servicedesk.models import DONE_STATES, Ticket
from servicedesk.views.shared import only as only_for
from servicedesk.views.shared import sees_pages


@only_for(sees_pages)
@require_GET
def workers(request: SignedInRequest) -> JsonResponse:
    """Who can be given a ticket: people with a working role."""
    working = Membership.objects.filter(role__in=WORKING_ROLES).values("user")
    rows = User.objects.filter(is_active=True, pk__in=working).order_by("sort_name", "pk")
    return suggestions(request, rows, ("display_name", "username"), "organisation__name")


@only_for(sees_pages)
@require_GET
def people(request: SignedInRequest) -> JsonResponse:
    """Who may have reported something."""
    rows = User.objects.filter(is_active=True).order_by("sort_name", "pk")
    return suggestions(request, rows, ("display_name", "username", "email", "phone"), "organisation__name")


@only_for(sees_pages)
@require_GET
def items(request: SignedInRequest) -> JsonResponse:
    """What a ticket can be about: everything that is not retired."""
    rows = Item.objects.exclude(lifecycle=Lifecycle.RETIRED).order_by("sort_name", "pk")
    return suggestions(request, rows, ("name", "asset_tag", "serial"), "organisation__name")


@only_for(sees_pages)
@require_GET
def tickets(request: SignedInRequest) -> JsonResponse:
    """Other tickets, open ones first: by reference or words."""
    words = request.GET.get("q", "")[:100].strip()
    rows = search.matching(Ticket.objects.visible_to(request.user), words).order_by("-opened_at", "-pk")
    newest = list(rows.exclude(state__in=DONE_STATES)[:SUGGESTIONS])
    if len(newest) < SUGGESTIONS:
        newest += list(rows.filter(state__in=DONE_STATES)[: SUGGESTIONS - len(newest)])
    return JsonResponse(
        {
            "results": [
                {"value": str(row.pk), "label": str(row), "note": str(row.get_state_display())}
                for row in newest
            ]
        }
    )
