"""A ticket for somebody who calls or stands at the counter: priority and duplicates are shown while one writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cmdb.impact import Impact, impact_of
from cmdb.models import Criticality, Item, Service
from cmdb.web import SignedInRequest
from servicedesk import attachments, outages, priority
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.forms.desk import CreateForm
from servicedesk.forms.verbs import refuse
from servicedesk.models import OPEN_STATES, Level, Priority, Ticket
from servicedesk.views.shared import actor, staff_only

SAME_SHOWN = 5


@dataclass
class Preview:
    """What the answers so far make of the ticket."""

    impact: Level
    urgency: Level
    priority: Priority
    suggested: bool
    services: list[Service] = field(default_factory=list)
    municipalities: int = 0
    outages: list[outages.Outage] = field(default_factory=list)
    same: list[Ticket] = field(default_factory=list)


@staff_only
def create(request: SignedInRequest) -> HttpResponse:
    """The form; on success the new ticket's page."""
    form = CreateForm(request.POST or None, request.FILES or None, user=request.user, initial=_given(request))
    if request.method == "POST" and form.is_valid():
        made = _open(request, form)
        if made is not None:
            messages.success(request, _("%(reference)s is opened.") % {"reference": made.reference})
            return redirect("desk:ticket", made.reference)
    context = {"form": form, "preview": preview(request, request.POST or request.GET)}
    return render(request, "servicedesk/desk/create.html", context, status=422 if form.errors else 200)


def _given(request: SignedInRequest) -> dict[str, str]:
    """Answers that a link brings along (an item's page, a person's)."""
    return {key: str(value)[:200] for key, value in request.GET.items() if key in CreateForm.base_fields}


def _open(request: SignedInRequest, form: CreateForm) -> Ticket | None:
    try:
        with transaction.atomic():
            made = open_ticket(actor(request), **form.order())
            attachments.add(made, form.cleaned_data["files"], public=True)
            return made
    except ValidationError as error:
        refuse(form, error)
    except PermissionDenied as error:
        form.add_error(None, str(error) or _("You may not do that."))
    return None


@staff_only
@require_GET
def preview_fragment(request: SignedInRequest) -> HttpResponse:
    """Fragment beside the form: priority and why, known faults, open tickets on the same item."""
    return render(request, "servicedesk/desk/preview.html", {"preview": preview(request, request.GET)})


def preview(request: SignedInRequest, given: Any) -> Preview:
    """Nonsense in the answers counts as no answer: this is advice, the form itself checks."""
    item = _row(Item.objects.visible_to(request.user), given.get("item", ""))
    service = _row(Service.objects.visible_to(request.user), given.get("service", ""))
    reach = impact_of([item.pk]) if item is not None else Impact(items={})
    services = [*reach.services, *([service] if service is not None else [])]
    own = item.criticality if item is not None else int(Criticality.LOW)
    suggested = priority.suggest_impact(priority.worst(own, services), len(reach.organisations))
    impact = _level(given.get("impact", ""), suggested)
    urgency = _level(given.get("urgency", ""), Level.MEDIUM)
    found = Preview(
        impact=impact,
        urgency=urgency,
        priority=priority.of(impact, urgency),
        suggested=not given.get("impact"),
        services=list({one.pk: one for one in services}.values()),
        municipalities=len(reach.organisations),
    )
    if item is not None:
        found.outages = outages.known(item_id=item.pk)
        same = Ticket.objects.visible_to(request.user).filter(item=item, state__in=OPEN_STATES)
        found.same = list(same.order_by("-opened_at")[:SAME_SHOWN])
    return found


def _row(rows: Any, value: str) -> Any:
    return rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None


def _level(value: str, default: Level) -> Level:
    return Level(int(value)) if value in {str(level) for level in Level.values} else default
