"""A letter as it was sent, and whether it arrived; for those who work on its ticket."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmdb.web import SignedInRequest
from servicedesk import letters
from servicedesk.access import works_on
from servicedesk.models import Message
from servicedesk.views.shared import find, only, sees_pages
from servicedesk.views.ticket import here


@only(sees_pages)
@require_http_methods(["GET", "POST"])
def letter(request: SignedInRequest, reference: str, pk: int) -> HttpResponse:
    """Its text and its way; POST sends again what did not arrive."""
    ticket = find(request.user, reference)
    if not works_on(request.user, ticket):
        raise PermissionDenied
    row = get_object_or_404(Message.objects.select_related("recipient"), pk=pk, ticket=ticket)
    if request.method == "POST":
        if letters.send_again(row):
            messages.success(request, _("The letter is sent again."))
        else:
            messages.warning(request, _("The letter is on its way already."))
        return redirect("desk:ticket", reference)
    context = {
        "ticket": ticket,
        "letter": row,
        "now": letters.state(row),
        "breadcrumbs": here(request, ticket, _("Letter")),
    }
    return render(request, "servicedesk/desk/letter.html", context)
