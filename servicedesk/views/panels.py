"""Fragments that pages of lower floors load: the tickets of an item or a service. They know us by URL names only."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cmdb.models import Item, Service, User
from cmdb.web import SignedInRequest
from servicedesk.models import OPEN_STATES, Ticket, TicketItem, TicketService
from servicedesk.views.shared import only, sees_desk, sees_pages

SHOWN = 8


@only(sees_pages)
@require_GET
def of_item(request: SignedInRequest, pk: int) -> HttpResponse:
    """Tickets on an item or about it in another way, open ones first."""
    item = get_object_or_404(Item.objects.visible_to(request.user), pk=pk)
    about = TicketItem.objects.filter(ticket=OuterRef("pk"), item=item)
    return _panel(request, Q(item=item) | Exists(about), f"item={item.pk}")


@only(sees_pages)
@require_GET
def of_service(request: SignedInRequest, pk: int) -> HttpResponse:
    """Tickets that touch a service, open ones first."""
    service = get_object_or_404(Service.objects.visible_to(request.user), pk=pk)
    touched = TicketService.objects.filter(ticket=OuterRef("pk"), service=service)
    return _panel(request, Q(service=service) | Exists(touched), f"service={service.pk}")


@only(lambda user: user.access.is_staff_role)
@require_GET
def of_person(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a person reported, open ones first."""
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    return _panel(request, Q(reporter=person), f"reporter={person.pk}")


def _panel(request: SignedInRequest, about: Any, query: str) -> HttpResponse:
    still = Case(When(state__in=OPEN_STATES, then=Value(0)), default=Value(1))
    rows = Ticket.objects.visible_to(request.user).filter(about).annotate(rank=still)
    found = list(rows.order_by("rank", "-opened_at", "-pk")[: SHOWN + 1])
    context = {
        "title": _("Tickets"),
        "icon": "inbox",
        "tickets": found[:SHOWN],
        "link_label": _("All"),
        "link_url": f"{reverse('desk:queue')}?{query}&state=any" if found and sees_desk(request.user) else "",
        "create_url": f"{reverse('desk:create')}?{query}" if request.user.access.is_staff_role else "",
    }
    return render(request, "servicedesk/desk/panel.html", context)
