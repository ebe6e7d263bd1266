"""A ticket's page: what happened, what can be done, what belongs to it; and why its clocks say what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cmdb.common import ui
from cmdb.models import OrganisationKind, Role, User
from cmdb.web import SignedInRequest
from monitoring.live import live
from servicedesk import approvals, around, handovers, letters, notify, timeline, workflow
from servicedesk.access import Who, attachments_for, entries_for, standing, works_on
from servicedesk.forms.verbs import SPECS, Spec
from servicedesk.models import ItemRole, Kind, PendReason, Priority, State, Ticket, Verb
from servicedesk.sidelist import side_menu
from servicedesk.views.shared import find, only, sees_desk, sees_pages
from sla import clocks
from sla.clockview import ClockList, ClockView
from sla.models import ClockEntry, Measure

ITEMS_SHOWN = 12


@dataclass(frozen=True)
class Button:
    """A verb that goes now: its look and its address. What it asks is loaded into its dialog when that opens."""

    spec: Spec
    url: str

    @property
    def dialog(self) -> str:
        return f"dialog-{self.spec.name}"


def buttons(request: SignedInRequest, ticket: Ticket) -> list[Button]:
    """What this person can do with it now: exactly the verbs that `workflow.available` gives."""
    verbs = workflow.available(request.user, ticket)
    works = works_on(request.user, ticket)
    found = []
    for spec in SPECS.values():
        if spec.verb not in verbs or (spec.verb == Verb.MERGE and not works):
            continue
        if spec.name == "take" and ticket.assignee_id is not None:
            continue
        found.append(Button(spec, reverse("desk:verb", args=[ticket.reference, spec.name])))
    return found


@only(lambda _user: True)
@require_GET
def ticket(request: SignedInRequest, reference: str) -> HttpResponse:
    """The page. Who only reported it reads it in the portal."""
    row = find(request.user, reference)
    if not sees_pages(request.user):
        return redirect("portal:ticket", reference)
    return page(request, row)


def page(
    request: SignedInRequest, row: Ticket, *, error: str = "", text: str = "", note: bool = False
) -> HttpResponse:
    """Everything of the page; with what was written when the editor's text was refused."""
    now = timezone.now()
    user = request.user
    verbs = workflow.available(user, row)
    entries = entries_for(user, row).select_related("actor__organisation")
    works = works_on(user, row)
    if works:
        entries = letters.with_letters(entries)
    sent = letters.of(entries) if works else {}
    steps = timeline.lines(row, entries, attachments_for(user, row), sent)
    touched = around.touched(row)
    context = {
        "ticket": row,
        "seen": seen_field(row),
        "state": State(row.state),
        "priority": Priority(row.priority),
        "lines": steps,
        "around": around.tied(user, row, touched.links),
        "touched": touched,
        "buttons": buttons(request, row),
        "works": works,
        "lost": letters.lost(sent.values()),
        "editor": editor(row, verbs, note=note) | {"error": error, "text": text},
        "side_menu": side_menu(request) if sees_desk(request.user) else None,
        "breadcrumbs": here(request, row),
        **clock_context(row, now),
        **supplier_context(user, row),
        **(
            change_context(request, row, known=bool(touched.organisations)) if row.kind == Kind.CHANGE else {}
        ),
    }
    return render(request, "servicedesk/desk/ticket.html", context, status=422 if error else 200)


def seen_field(row: Ticket) -> Any:
    """A hidden field that says which state of the ticket the person looked at."""
    return format_html('<input type="hidden" name="seen" value="{}">', row.touched_at.isoformat())


def crumbs(request: SignedInRequest, row: Ticket) -> list[tuple[str, str]]:
    """The list that it belongs to."""
    if row.kind == Kind.CHANGE:
        return [(_("Changes"), reverse("changes:list"))]
    if row.team is not None:
        return [(row.team.name, f"{reverse('desk:queue')}?team={row.team.pk}")]
    return [(_("Tickets"), reverse("desk:queue"))]


def here(request: SignedInRequest, row: Ticket, *more: str) -> list[tuple[str, str]]:
    """The way to the ticket's page, or to one behind it called `more`."""
    own = [(row.reference, reverse("desk:ticket", args=[row.reference]))]
    return [*crumbs(request, row), *own, *((name, request.path) for name in more)]


def editor(row: Ticket, verbs: list[Verb], *, note: bool = False) -> dict[str, Any]:
    """What may be written here: a reply and a note, a note alone, a message, or nothing.

    :param note: a note was refused; its text must not come back in a field that sends a reply.
    """
    asks = [row.reporter] if row.reporter is not None else notify.correspondents(row)
    who = asks[0].display_name if asks else ""
    return {
        "action": reverse("desk:write", args=[row.reference]),
        "reply": Verb.REPLY in verbs and bool(who) and not note,
        "note_only": Verb.NOTE in verbs and (note or not (Verb.REPLY in verbs and who)),
        "comment": Verb.COMMENT in verbs and Verb.NOTE not in verbs,
        "to": who.split()[0] if who else "",
        "to_full": who,
    }


# --- clocks -----------------------------------------------------------------------------------------------


def clock_context(row: Ticket, now: Any) -> dict[str, Any]:
    """Clocks as marks, and the sentence to show where there are none."""
    if row.case is None:
        return {"clocks": [], "clocks_why": _("No clock counts for this ticket.")}
    views = clocks.clocks_of(row.case, now)
    shown = [view for view in views if view.state in ("running", "paused", "missed", "met")]
    return {
        "clocks": [(mark(view, row), view) for view in shown],
        "clocks_why": views.reason or ("" if shown else _("No clock counts any more.")),
        "agreement": row.case.agreement,
    }


def mark(view: ClockView, row: Ticket) -> ui.Clock:
    """A clock of the promise floor as the mark that pages draw."""
    state = view.state
    if state == "missed" and view.is_live:
        state = "breached"
    left = view.remaining_seconds if state != "missed" else -abs(view.remaining_seconds)
    reason = dict(PendReason.choices).get(view.pause_reason, view.pause_reason)
    return ui.Clock(
        state=state,
        name=view.label,
        left=left,
        used=view.elapsed_seconds / view.seconds if view.seconds else None,
        due=view.due_at,
        stopped=view.stopped_at,
        reason=reason,
        window_end=view.window_end,
    )


@only(sees_pages)
@require_GET
def explain(request: SignedInRequest, reference: str) -> HttpResponse:
    """Why this due time: the promise, its calendar, and every step that moved each clock."""
    row = find(request.user, reference)
    views: Any = ClockList([])
    steps: dict[str, list[ClockEntry]] = {}
    if row.case is not None:
        views = clocks.clocks_of(row.case, history=True)
        entries = ClockEntry.objects.filter(clock__case=row.case).select_related("clock")
        for entry in entries.order_by("at", "pk"):
            steps.setdefault(entry.clock.measure, []).append(entry)
    context = {
        "ticket": row,
        "clocks": [(mark(view, row), view) for view in views if view.state != "cancelled"],
        "ended": [view for view in views if view.state in ("cancelled", "superseded", "merged")],
        "steps": [(Measure(measure).label, found) for measure, found in steps.items()],
        "reason": views.reason,
        "agreement": row.case.agreement if row.case is not None else None,
        "breadcrumbs": here(request, row, _("Clocks")),
    }
    return render(request, "servicedesk/desk/clocks.html", context)


# --- what is affected now (loaded after the page) -------------------------------------------------------------


@only(sees_pages)
@require_GET
def affected(request: SignedInRequest, reference: str) -> HttpResponse:
    """Fragment: the items it is about with their state now, the broken one first."""
    row = find(request.user, reference)
    order = {ItemRole.CAUSE: 0, ItemRole.CHANGED: 0, ItemRole.AFFECTED: 1}
    about = around.items(request.user, row)
    items = {one.item_id: (one.item, one.get_role_display(), order[ItemRole(one.role)]) for one in about}
    if row.item is not None:
        items.setdefault(row.item.pk, (row.item, "", -1))
    states = live(items)
    failing = ("down", "shadow", "degraded")
    lines = [(item, role, states[pk], place) for pk, (item, role, place) in items.items()]
    lines.sort(key=lambda line: (line[2].state not in failing, line[3], line[0].sort_name))
    context = {
        "ticket": row,
        "lines": [line[:3] for line in lines[:ITEMS_SHOWN]],
        "more": max(len(lines) - ITEMS_SHOWN, 0),
        "reads_register": request.user.access.reads_register,
    }
    return render(request, "servicedesk/desk/affected.html", context)


@only(sees_pages)
@require_GET
def beside(request: SignedInRequest, reference: str) -> HttpResponse:
    """Fragment: what may help with it."""
    row = find(request.user, reference)
    return render(
        request,
        "servicedesk/desk/beside.html",
        {"ticket": row, "around": around.near(request.user, row), "works": works_on(request.user, row)},
    )


def supplier_context(user: User, row: Ticket) -> dict[str, Any]:
    """The hand-over for those who work on it, and for the supplier until when it reads on. Nothing where there was none."""
    if not row.__dict__["was_handed_over"]:
        return {}
    if works_on(user, row):
        return {"hand_over": handovers.latest(row)}
    if user.access.has(Role.SUPPLIER):
        return {"held": handovers.latest(row, user)}
    return {}


# --- what a change adds -----------------------------------------------------------------------------------------


def change_context(request: SignedInRequest, row: Ticket, *, known: bool) -> dict[str, Any]:
    """Approvals and plan. Which services it touches was written down when it was opened.

    :param known: whether any municipality that it touches is.
    """
    who = standing(request.user, row)
    return {
        "change": row.change,
        "approvals": approvals.seats(row),
        "asks": row.state == State.APPROVAL,
        "reach_unknown": row.organisation.kind == OrganisationKind.REGION and not known,
        "edit_change_url": reverse("changes:edit", args=[row.reference])
        if row.state == State.DRAFT and Who.STAFF in who
        else "",
    }
