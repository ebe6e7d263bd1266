"""Fragments that pages of the register load: they name nothing that the person may not see there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cmdb.models import Item
from monitoring import live
from monitoring.access import READERS, WRITERS
from monitoring.models import Target
from monitoring.tables import LIVE_STATE


@login_required
def item_state(request: HttpRequest, key: int) -> HttpResponse:
    """How an item is now, for whoever may see the item; targets by name for those who work here."""
    user: Any = request.user
    item: Item | None = Item.objects.visible_to(user).filter(pk=key).first()
    if item is None:
        raise Http404
    state = live.live([item.pk])[item.pk]
    works = user.access.has(*READERS)
    targets = []
    if works:
        rows = Target.objects.visible_to(user).filter(item=item).annotate(live_state=LIVE_STATE)
        targets = list(rows.order_by("sort_name")[:20])
    cause = None
    if state.shadowed_by_item:
        cause = Item.objects.visible_to(user).filter(pk=state.shadowed_by_item).first()
    context = {
        "item": item,
        "live": state,
        "key": "maintenance" if state.state == "planned" else state.state,
        "cause": cause,
        "targets": targets,
        "works": works,
        "may_add": item.organisation_id in user.access.orgs(*WRITERS),
    }
    return render(request, "monitoring/_item_state.html", context | {"title": _("State now"), "icon": "eye"})
