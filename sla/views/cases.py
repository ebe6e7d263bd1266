"""One case as the report knows it: its clocks and every step of them. The ticket itself belongs to the desk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.web import SignedInRequest
from sla import clocks, words
from sla.access import reader
from sla.models import Case, ClockEntry


@reader
def case_detail(request: SignedInRequest, reference: str) -> HttpResponse:
    """Facts, clocks, steps."""
    rows = Case.objects.visible_to(request.user).select_related(
        "organisation", "municipality", "service", "system", "supplier", "agreement"
    )
    case = rows.filter(reference=reference).first()
    if case is None:
        raise Http404(_("Nothing here that you may see."))
    views = clocks.clocks_of(case, timezone.now(), history=True)
    entries = ClockEntry.objects.filter(clock__case=case).select_related("clock").order_by("at", "pk")
    context = {
        "case": case,
        "clocks": [(view, words.STATES[view.state]) for view in views],
        "reason": views.reason,
        "entries": [_entry(entry) for entry in entries],
        "ticket_url": ticket_url(request, case),
        "kind": words.KINDS.get(case.kind, case.kind),
        "priority": words.priority(case.priority),
        "outcome": words.OUTCOMES.get(case.outcome, case.outcome),
        "breadcrumbs": [(_("Reports"), reverse("board:overview"))],
    }
    return render(request, "sla/case.html", context)


def _entry(entry: ClockEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "clock": words.promise(entry.clock.measure, entry.clock.priority),
        "do": words.DOINGS.get(entry.do, entry.do),
        "reason": words.reason(entry.reason) if entry.reason else "",
        "actor": entry.actor,
    }


def ticket_url(request: SignedInRequest, case: Case) -> str:
    """Where the desk shows the ticket, for those who work on it. The wiring names that page; this floor does not."""
    name = getattr(settings, "SAMDRIFT_CASE_URL", "")
    if not name or case.organisation_id not in request.user.access.work_orgs:
        return ""
    try:
        return reverse(name, args=[case.reference])
    except NoReverseMatch:
        return ""
