"""The queue: what falls due first, narrowed by what stands in the address; the same rows as a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import django_tables2 as tables
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from cmdb.common import export
from cmdb.common.htmx import respond, wants
from cmdb.common.tables import FastTable
from cmdb.web import SignedInRequest
from servicedesk import lists
from servicedesk.filters import ANY, DONE, OPEN, TicketFilter
from servicedesk.models import Kind, State, Ticket
from servicedesk.sidelist import counts, side_menu
from servicedesk.tables import ExportTable, TicketTable
from servicedesk.views.shared import desk_only

LIST = "servicedesk/desk/list.html"
#: How far back «new since you looked» may reach; a page left open for days says "many" and is right.
LONGEST_AWAY = timedelta(days=2)
NEW_AT_MOST = 99


def filtered(request: SignedInRequest) -> TicketFilter:
    """The filter of this address over what the person sees."""
    return TicketFilter(request.GET, Ticket.objects.visible_to(request.user), request=request)


def make_table(request: SignedInRequest, found: TicketFilter) -> TicketTable:
    """The page of rows. Who can take nothing is not asked to choose rows."""
    works = request.user.access.work_orgs
    table = TicketTable(found.qs, rights={"take": works}, exclude=() if works else ("pick",))
    table.configure(request)
    return table


@desk_only
@require_GET
def queue(request: SignedInRequest) -> HttpResponse:
    """The page, or its table alone. Eight statements at most, however many rows."""
    found = filtered(request)
    table = make_table(request, found)
    context: dict[str, Any] = {"table": table, "filter": found, "filtered": found.size > 0}
    if wants(request) != table.region:
        context |= _around(request, found, table)
    return respond(request, "servicedesk/desk/queue.html", context, fragments={table.region: LIST})


def _around(request: SignedInRequest, found: TicketFilter, table: FastTable) -> dict[str, Any]:
    """What the whole page shows around the table."""
    query = found.query
    total = _total(request, found, table)
    context = {
        "title": _title(request, found),
        "lead": _lead(found, total, table),
        "side_menu": side_menu(request),
        "query": query,
        "export_url": f"{reverse('desk:export')}?{_with(query, 'format=xlsx')}",
        "filters_url": f"{reverse('desk:filters')}?{query}",
        "new_url": f"{reverse('desk:queue_new')}?{_with(query, 'since=' + _stamp(timezone.now()))}",
        "here": request.get_full_path(),
        "works": bool(request.user.access.work_orgs),
    }
    return context


def _total(request: SignedInRequest, found: TicketFilter, table: FastTable) -> Any:
    """Rows in all: a page that holds everything counts itself, the views of the list at the side are counted there."""
    page = table.page
    if not page.has_other_pages():
        return len(page.object_list)
    known = counts(request.user).of(_given(request, found)) if not found.problems else None
    return table.total if known is None else known


def _given(request: SignedInRequest, found: TicketFilter) -> dict[str, str]:
    """Filters of the address that say something."""
    return {key: str(value) for key, value in request.GET.items() if value and key in found.filters}


def _with(query: str, more: str) -> str:
    return f"{query}&{more}" if query else more


def _stamp(at: datetime) -> str:
    """An instant that needs no quoting in an address."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _title(request: SignedInRequest, found: TicketFilter) -> str:
    """The name of the view: a saved one's, else what the only filter says."""
    known = lists.of(request.user)
    saved = next((name for _pk, name, query in known.views if query == found.query and query), None)
    if saved:
        return saved
    given = _given(request, found)
    if len(given) != 1:
        return _("Tickets") if given else _("All open tickets")
    key, value = next(iter(given.items()))
    if key == "team":
        name = next((name for pk, name in known.teams if str(pk) == value), None)
        return _("Queue of %(team)s") % {"team": name} if name else _("Tickets")
    words = {
        ("held", "me"): _("My tickets"),
        ("held", "nobody"): _("Unassigned"),
        ("due", "breached"): _("Breached"),
        ("due", "today"): _("Due today"),
        ("major", "1"): _("Major incidents"),
        ("kind", Kind.PROBLEM.value): _("Problems"),
    }
    return words.get((key, value), _("Tickets"))


def _lead(found: TicketFilter, total: Any, table: FastTable) -> str:
    state = str(found.form.cleaned_data.get("state") or "") if found.form.is_valid() else ""
    figure = {"n": str(total)}
    if state in ("", OPEN):
        words = ngettext("%(n)s open", "%(n)s open", int(total)) % figure
    elif state in (ANY, DONE):
        words = ngettext("%(n)s ticket", "%(n)s tickets", int(total)) % figure
    else:
        words = f"{total} · {State(state).label}"
    if table.grouped:
        words += " · " + _("sorted by what falls due first")
    return words


@desk_only
@require_GET
def filters(request: SignedInRequest) -> HttpResponse:
    """All filters as a form: a fragment for the queue, a page of its own without script."""
    found = filtered(request)
    context = {"filter": found, "title": _("Filter"), "queue_url": reverse("desk:queue")}
    return respond(
        request,
        "servicedesk/desk/filters_page.html",
        context,
        fragments={"filterbox": "servicedesk/desk/filters.html"},
    )


@desk_only
@require_GET
def queue_new(request: SignedInRequest) -> HttpResponse:
    """Fragment: how many tickets of this filter came since the page was drawn. The list itself never moves."""
    since = _since(request)
    found = filtered(request)
    came = found.qs.order_by().filter(created_at__gt=since)[: NEW_AT_MOST + 1].count() if since else 0
    query = found.query
    context = {
        "came": came,
        "many": came > NEW_AT_MOST,
        "queue_url": f"{reverse('desk:queue')}?{query}",
        "new_url": request.get_full_path(),
    }
    return respond(request, "servicedesk/desk/new.html", context)


def _since(request: SignedInRequest) -> datetime | None:
    try:
        at = parse_datetime(request.GET.get("since", ""))
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    return max(at, timezone.now() - LONGEST_AWAY)


@desk_only
@require_GET
def export_queue(request: SignedInRequest) -> HttpResponseBase:
    """The queue as a spreadsheet (`format=xlsx`) or CSV: same rows, same order."""
    found = filtered(request)
    if found.problems:
        return queue(request)
    table = ExportTable(found.qs)
    tables.RequestConfig(request, paginate=False).configure(table)
    kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
    try:
        return export.export(table, _("Tickets"), kind)
    except export.TooLargeError:
        return export.export(table, _("Tickets"), "csv")
