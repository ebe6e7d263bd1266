"""One search over tickets, people and equipment: only what the person may see, a few of each, best first."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from cmdb.models import Item, User
from cmdb.web import SignedInRequest
from servicedesk import search as tickets
from servicedesk.models import State, Ticket
from servicedesk.views.shared import desk_only

TICKETS, OTHERS = 25, 10
LONGEST = 200


@desk_only
@require_GET
def search(request: SignedInRequest) -> HttpResponse:
    """A whole reference leads straight to its ticket."""
    text = request.GET.get("q", "").replace("\x00", "")[:LONGEST].strip()
    if tickets.is_reference(text):
        row = Ticket.objects.visible_to(request.user).filter(tickets.condition(text)).first()
        if row is not None:
            return redirect("desk:ticket", row.reference)
    found = tickets.search(request.user, text, TICKETS)
    context = {
        "text": text,
        "tickets": [(row, State(row.state)) for row in found],
        "items": _items(request, text),
        "people": _people(request, text),
        "more": len(found) == TICKETS,
    }
    return render(request, "servicedesk/desk/search.html", context)


def _words(rows: QuerySet[Any], text: str, fields: tuple[str, ...], first: str) -> list[Any]:
    """Rows that hold every word in one of the fields; those whose name begins with the text come first."""
    words = text.split()[:6]
    if not words:
        return []
    for word in words:
        anywhere = Q()
        for name in fields:
            anywhere |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(anywhere)
    begins = Case(
        When(**{f"{first}__istartswith": text}, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return list(rows.annotate(begins=begins).order_by("begins", "sort_name", "pk")[:OTHERS])


def _items(request: SignedInRequest, text: str) -> list[Item]:
    rows = Item.objects.visible_to(request.user).select_related("item_class", "organisation")
    return _words(rows, text, ("name", "asset_tag", "serial", "model"), "name")


def _people(request: SignedInRequest, text: str) -> list[User]:
    rows = User.objects.visible_to(request.user).filter(is_active=True).select_related("organisation")
    return _words(rows, text, ("display_name", "username", "email", "phone"), "display_name")
