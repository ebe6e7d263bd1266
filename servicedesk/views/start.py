"""The first page by role, and what a person prefers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cmdb.common import links
from cmdb.models import ColorScheme, Language
from cmdb.web import SignedInRequest
from servicedesk import first_day


@login_required
def start(request: SignedInRequest) -> HttpResponse:
    """Those who work go to the queue, the board to its reports, everybody else to the portal; a superuser first to what is missing."""
    access = request.user.access
    if request.user.is_superuser and not first_day.is_over():
        return redirect("first_day")
    if access.is_staff_role or access.has("supplier"):
        return redirect("desk:queue")
    if access.has("board", "commissioner"):
        return redirect("board:overview")
    return redirect("portal:home")


@login_required
@require_POST
def preferences(request: SignedInRequest) -> HttpResponse:
    """Keep language and colours; unknown values change nothing."""
    user, changed = request.user, []
    if request.POST.get("language") in Language.values:
        user.language = request.POST["language"]
        changed.append("language")
    if request.POST.get("color_scheme") in ColorScheme.values:
        user.color_scheme = request.POST["color_scheme"]
        changed.append("color_scheme")
    if changed:
        user.save(update_fields=changed)
    target = request.POST.get("next", "/")
    return redirect(target if links.stays_here(target) else "/")
