"""States of items in a word, for the head of an item's page, its relations and its map: fragments without a frame."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cmdb.common import ui
from cmdb.models import Item
from monitoring.live import Live, live

MOST = 300
PLACES = ("live", "map-live")


@login_required
def item_mark(request: HttpRequest, key: int) -> HttpResponse:
    """The state of one item as ``<span class="state">``; nothing where nobody watches it."""
    if not Item.objects.visible_to(request.user).filter(pk=key).exists():
        raise Http404
    state = live([key])[key]
    return HttpResponse(_mark(state) if state.is_watched else "")


@login_required
def item_states(request: HttpRequest) -> HttpResponse:
    """``?live=1,2&map-live=2,3``: states of the items that the person may see, each for its places on the page.

    Answers ``<span id="live-1" hx-swap-oob="true">`` and so on; unwatched items are left out.
    """
    asked = {place: _keys(request.GET.get(place, "")) for place in PLACES}
    wanted = {pk for keys in asked.values() for pk in keys}
    seen = Item.objects.visible_to(request.user).filter(pk__in=wanted).values_list("pk", flat=True)
    states = {pk: _mark(state) for pk, state in live(seen).items() if state.is_watched}
    marks = [(place, pk, states[pk]) for place, keys in asked.items() for pk in keys if pk in states]
    return HttpResponse(format_html_join("", '<span id="{}-{}" hx-swap-oob="true">{}</span>', marks))


def _keys(text: str) -> list[int]:
    return [
        int(part) for part in text.split(",")[:MOST] if part.isascii() and part.isdigit() and len(part) < 16
    ]


def _mark(state: Live) -> SafeString:
    """Icon and word, and for what is not up since when."""
    key = "maintenance" if state.state == "planned" else state.state
    look = ui.LIVE.get(key, ui.LIVE["unknown"])
    if state.state == "up" or state.since is None:
        return ui.state(look.label, look.color, look.icon)
    words = _("%(state)s since %(time)s") % {"state": look.label, "time": ui.moment(state.since)}
    return ui.state(format_html("{}", words), look.color, look.icon)
