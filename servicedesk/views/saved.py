"""Views of the queue kept under a name: a name and a query string."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cmdb.web import SignedInRequest
from servicedesk.filters import TicketFilter
from servicedesk.forms.desk import SaveViewForm
from servicedesk.models import SavedView, Ticket
from servicedesk.sidelist import side_menu
from servicedesk.views.shared import desk_only

MOST = 50


def _known(request: SignedInRequest, query: str) -> str:
    """Only filters and order of a query string that somebody sent."""
    return TicketFilter(QueryDict(query), Ticket.objects.none(), user=request.user).query


@desk_only
@require_POST
def save(request: SignedInRequest) -> HttpResponse:
    """Keep the filters in force under a name; the same name again replaces them."""
    form = SaveViewForm(request.POST, user=request.user)
    if not form.is_valid():
        context = {"form": form, "views": _mine(request), "side_menu": side_menu(request)}
        return render(request, "servicedesk/desk/saved.html", context, status=422)
    form.cleaned_data["query"] = _known(request, form.cleaned_data["query"])
    if SavedView.objects.filter(user=request.user).count() >= MOST:
        messages.warning(request, _("You have %(n)d views already; delete one first.") % {"n": MOST})
        return redirect("desk:saved")
    view = form.save()
    messages.success(request, _("Kept as “%(name)s”.") % {"name": view.name})
    return redirect(f"{reverse('desk:queue')}?{view.query}")


def _mine(request: SignedInRequest) -> list[SavedView]:
    return list(SavedView.objects.visible_to(request.user).order_by("name", "pk"))


@desk_only
@require_GET
def saved(request: SignedInRequest) -> HttpResponse:
    """All of one's own, to open or delete."""
    context = {"views": _mine(request), "side_menu": side_menu(request)}
    return render(request, "servicedesk/desk/saved.html", context)


@desk_only
@require_POST
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget one; somebody else's is 404."""
    get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk).delete()
    messages.success(request, _("The view is gone."))
    return redirect("desk:saved")
