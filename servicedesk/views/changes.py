"""Changes: the list, the calendar of the next weeks, planning one. Its page is a ticket's page (views.ticket)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from cmdb.common.htmx import respond, wants
from cmdb.impact import Impact, impact_of
from cmdb.models import Item
from cmdb.web import SignedInRequest
from servicedesk import changecalendar
from servicedesk.actions.edit import edit as edit_ticket
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.filters import ChangeFilter
from servicedesk.forms.changes import ITEMS_AT_MOST, ChangeEditForm, ChangeForm
from servicedesk.forms.verbs import refuse
from servicedesk.models import Kind, State, Ticket, Verb
from servicedesk.tables import ChangeTable
from servicedesk.views.shared import actor, changes_only, find, seen, staff_only
from servicedesk.views.ticket import seen_field
from servicedesk.workflow import MoveRefused, check

DAYS = 28


def _mine(request: SignedInRequest) -> Any:
    return Ticket.objects.visible_to(request.user).filter(kind=Kind.CHANGE)


def _tabs(current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, label in (("changes:list", _("List")), ("changes:calendar", _("Calendar")))
    ]


@changes_only
@require_GET
def changes(request: SignedInRequest) -> HttpResponse:
    """The list, soonest first; open ones unless the filter says otherwise."""
    found = ChangeFilter(request.GET, _mine(request), request=request)
    table = ChangeTable(found.qs)
    table.configure(request)
    context: dict[str, Any] = {"table": table, "filter": found, "filtered": found.size > 0}
    if wants(request) != table.region:
        works = request.user.access.is_staff_role
        context |= {
            "title": _("Changes"),
            "chips": found.chips,
            "lead": ngettext("%(n)s change", "%(n)s changes", int(table.total)) % {"n": table.total},
            "tabs": _tabs("changes:list"),
            "create_url": reverse("changes:create") if works else "",
            "waiting": _mine(request).filter(state=State.APPROVAL).count(),
        }
    fragments = {table.region: "servicedesk/changes/table.html"}
    return respond(request, "servicedesk/changes/list.html", context, fragments=fragments)


@changes_only
@require_GET
def calendar(request: SignedInRequest) -> HttpResponse:
    """Four weeks day by day, from `?from=YYYY-MM-DD` or today; windows that must not meet are named."""
    start = _first_day(request)
    end = start + timedelta(days=DAYS)
    slots = changecalendar.slots(_mine(request), start, end)
    days = changecalendar.days(slots, start, DAYS)
    context = {
        "title": _("Calendar of changes"),
        "tabs": _tabs("changes:calendar"),
        "days": [day for day in days if day.slots],
        "quiet": sum(1 for day in days if not day.slots),
        "start": start,
        "end": end - timedelta(days=1),
        "earlier": (start - timedelta(days=DAYS)).date().isoformat(),
        "later": end.date().isoformat(),
        "clashes": sum(1 for slot in slots if slot.clashes),
        "create_url": reverse("changes:create") if request.user.access.is_staff_role else "",
    }
    return render(request, "servicedesk/changes/calendar.html", context)


def _first_day(request: SignedInRequest) -> Any:
    now = timezone.localtime()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        day = timezone.datetime.fromisoformat(request.GET.get("from", "")).date()  # type: ignore[attr-defined]
    except ValueError:
        return today
    if abs((day - today.date()).days) > 3660:
        return today
    return today.replace(year=day.year, month=day.month, day=day.day)


# --- planning one ----------------------------------------------------------------------------------------------


def _picked(request: SignedInRequest) -> list[Item]:
    """Items that the form holds (`items`, several) and the one that is being added (`item`), in this order."""
    given = request.POST if request.method == "POST" else request.GET
    keys = [
        key for key in [*given.getlist("items"), given.get("item", "")] if key.isdecimal() and len(key) < 18
    ]
    wanted = list(dict.fromkeys(int(key) for key in keys))[:ITEMS_AT_MOST]
    rows = Item.objects.visible_to(request.user).select_related("organisation").in_bulk(wanted)
    return [rows[key] for key in wanted if key in rows]


def _touch(items: list[Item]) -> dict[str, Any]:
    reach = impact_of([item.pk for item in items]) if items else Impact(items={})
    return {
        "items": items,
        "services": reach.services,
        "municipalities": reach.organisations,
        "beyond": max(len(reach.items) - len(items), 0),
    }


@staff_only
def create(request: SignedInRequest) -> HttpResponse:
    """Plan a change. «Add» puts an item onto the list and shows what it would touch, without sending the form."""
    items = _picked(request)
    adding = request.method == "POST" and "add" in request.POST
    if adding and wants(request) == "touch":
        return render(request, "servicedesk/changes/touch.html", _touch(items))
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(data, user=request.user, initial={} if data else _initial(request))
    if adding:
        form = _unchecked(request)
    elif request.method == "POST" and form.is_valid():
        made = _open(request, form, items)
        if made is not None:
            messages.success(request, _("%(reference)s is a draft now.") % {"reference": made.reference})
            return redirect("desk:ticket", made.reference)
    context = {"form": form, "title": _("New change"), **_touch(items)}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "servicedesk/changes/form.html", context, status=status)


def _initial(request: SignedInRequest) -> dict[str, str]:
    return {key: str(value)[:200] for key, value in request.GET.items() if key in ("title", "service")}


def _unchecked(request: SignedInRequest) -> ChangeForm:
    """The form with what was typed, not judged yet; the item that was added leaves its field."""
    typed = {name: request.POST.get(name, "") for name in ChangeForm.base_fields if name != "item"}
    return ChangeForm(user=request.user, initial=typed)


def _open(request: SignedInRequest, form: ChangeForm, items: list[Item]) -> Ticket | None:
    try:
        return open_ticket(actor(request), **form.order(items))
    except ValidationError as error:
        refuse(form, error)
    except PermissionDenied as error:
        form.add_error(None, str(error) or _("You may not do that."))
    return None


@changes_only
def edit(request: SignedInRequest, reference: str) -> HttpResponse:
    """Change the plan of a draft."""
    row = find(request.user, reference)
    if row.kind != Kind.CHANGE:
        return redirect("desk:verb", reference, "edit")
    try:
        check(request.user, row, Verb.EDIT)
    except MoveRefused as refused:
        messages.warning(request, str(refused.sentence))
        return redirect("desk:ticket", reference)
    form = ChangeEditForm(request.POST or None, user=request.user, ticket=row)
    if request.method == "POST" and form.is_valid() and _save(request, row, form):
        messages.success(request, _("Saved."))
        return redirect("desk:ticket", reference)
    items = list(Item.objects.filter(ticket_items__ticket=row, ticket_items__role="changed"))
    context = {
        "form": form,
        "title": _("Edit %(reference)s") % {"reference": reference},
        "ticket": row,
        "seen": seen_field(find(request.user, reference)),
        **_touch(items),
    }
    return render(request, "servicedesk/changes/form.html", context, status=422 if form.errors else 200)


def _save(request: SignedInRequest, row: Ticket, form: ChangeEditForm) -> bool:
    try:
        with transaction.atomic():
            edit_ticket(actor(request), row, seen=seen(request), **form.values())
            return True
    except (MoveRefused, ValidationError) as error:
        refuse(form, error)
    return False


@changes_only
@require_GET
def ticket(request: SignedInRequest, reference: str) -> HttpResponse:
    """A change's page is its ticket's; a foreign one is not there, here neither."""
    return redirect("desk:ticket", find(request.user, reference).reference)
