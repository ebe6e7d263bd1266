"""The portal: report, order, follow. What a reporter sees of a ticket is what is public of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cmdb.models import Family, Item
from cmdb.web import SignedInRequest
from servicedesk import attachments, outages, workflow
from servicedesk.access import attachments_for, entries_for
from servicedesk.actions.close import close as close_ticket
from servicedesk.actions.comment import comment as write_comment
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reopen import reopen as reopen_ticket
from servicedesk.actors import Actor
from servicedesk.forms.portal import AnswerForm, OrderForm, ReportForm
from servicedesk.models import OPEN_STATES, Channel, Kind, Level, State, Ticket, Verb
from servicedesk.workflow import MoveRefused

CASES_ON_PAGE = 25


def _actor(request: SignedInRequest) -> Actor:
    return Actor.of(request.user)


@login_required
@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    """Known faults first, then what one can do, then the own cases."""
    mine = Ticket.objects.filter(reporter=request.user)
    return render(
        request,
        "servicedesk/portal/home.html",
        {
            "outages": outages.known(request.user.access.own_orgs),
            "planned": outages.planned(request.user.access.own_orgs),
            "open_count": mine.filter(state__in=OPEN_STATES).count(),
            "asked": mine.filter(state=State.PENDING, pend_reason="customer").count(),
        },
    )


@login_required
@require_GET
def cases(request: SignedInRequest) -> HttpResponse:
    """Everything one reported, newest first."""
    mine = Ticket.objects.filter(reporter=request.user).select_related("item", "service")
    page = _page_number(request)
    rows = list(mine.order_by("-opened_at", "-pk")[(page - 1) * CASES_ON_PAGE : page * CASES_ON_PAGE + 1])
    return render(
        request,
        "servicedesk/portal/cases.html",
        {"cases": rows[:CASES_ON_PAGE], "page": page, "more": len(rows) > CASES_ON_PAGE},
    )


def _page_number(request: SignedInRequest) -> int:
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), 400) if text.isdecimal() and len(text) < 6 else 1


@login_required
def report(request: SignedInRequest) -> HttpResponse:
    """A fault in three answers; the known faults stand above, so that nobody writes what is known."""
    form = ReportForm(
        request.POST or None, request.FILES or None, user=request.user, initial=request.GET.dict()
    )
    if request.method == "POST" and form.is_valid():
        ticket = _open(request, form, kind=Kind.INCIDENT, **form.order())
        if ticket is not None:
            _keep_phone(request, form.cleaned_data["phone"])
            return redirect("portal:sent", ticket.reference)
    device = (
        Item.objects.filter(user=request.user, family=Family.CLIENT).order_by("-purchased_on", "-pk").first()
    )
    context = {"form": form, "outages": outages.known(request.user.access.own_orgs), "device": device}
    return render(request, "servicedesk/portal/report.html", context, status=422 if form.errors else 200)


def _keep_phone(request: SignedInRequest, phone: str) -> None:
    if phone and phone != request.user.phone:
        request.user.phone = phone
        request.user.save(update_fields=["phone"])


@login_required
@require_GET
def known(request: SignedInRequest) -> HttpResponse:
    """Fragment of the report form: what is known about the chosen system, and one's own open cases on it."""
    item = _chosen(request)
    found = outages.known(request.user.access.own_orgs, item_id=item.pk) if item else []
    own = Ticket.objects.filter(reporter=request.user, item=item, state__in=OPEN_STATES)[:3] if item else []
    return render(request, "servicedesk/portal/known.html", {"outages": found, "own": own})


def _chosen(request: SignedInRequest) -> Item | None:
    value = request.GET.get("system", "")
    if not value.isdecimal() or len(value) > 18:
        return None
    return Item.objects.visible_to(request.user).filter(pk=int(value)).first()


@login_required
def order(request: SignedInRequest) -> HttpResponse:
    """A service request in words."""
    form = OrderForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        ticket = _open(
            request, form, kind=Kind.REQUEST, title=data["title"], description=data["description"],
            impact=Level.LOW, urgency=Level.MEDIUM,
        )  # fmt: skip
        if ticket is not None:
            return redirect("portal:sent", ticket.reference)
    return render(
        request, "servicedesk/portal/order.html", {"form": form}, status=422 if form.errors else 200
    )


def _open(request: SignedInRequest, form: Any, **values: Any) -> Ticket | None:
    """Open it with its files, or put what is wrong onto the form."""
    try:
        with transaction.atomic():
            ticket = open_ticket(_actor(request), channel=Channel.PORTAL, **values)
            attachments.add(ticket, form.cleaned_data["files"], public=True)
            return ticket
    except ValidationError as error:
        for field, sentences in _by_field(error, form).items():
            form.add_error(field, sentences)
        return None


def _by_field(error: ValidationError, form: Any) -> dict[str | None, list[str]]:
    if not hasattr(error, "error_dict"):
        return {None: error.messages}
    return {
        name if name in form.fields else None: sentences for name, sentences in error.message_dict.items()
    }


@login_required
@require_POST
def same(request: SignedInRequest, pk: int) -> HttpResponse:
    """«It is the same for me»: a case of one's own under the known one, without writing a word. Twice is once."""
    outage = next((o for o in outages.known(request.user.access.own_orgs) if o.ticket_id == pk), None)
    if outage is None:
        messages.info(request, _("This fault is no longer open. If something is still wrong, report it."))
        return redirect("portal:home")
    with transaction.atomic():
        parent = Ticket.objects.select_for_update().get(pk=pk)
        mine = Ticket.objects.filter(parent=parent, reporter=request.user).first()
        if mine is None:
            title = _("The same as the known fault: %(services)s") % {"services": ", ".join(outage.services)}
            mine = open_ticket(
                _actor(request), title=title[:200], item=None, service=parent.service, impact=Level.LOW,
                urgency=Level.LOW, channel=Channel.PORTAL, data={"parent": parent.reference},
            )  # fmt: skip
            mine.parent = parent
            mine.save(update_fields=["parent"])
    return redirect("portal:sent", mine.reference)


def _mine(request: SignedInRequest, reference: str) -> Ticket:
    """A ticket that the person may see; foreign ones are 404."""
    visible = Ticket.objects.visible_to(request.user).select_related(
        "item", "service", "assignee", "reporter", "organisation", "case__agreement", "parent"
    )
    return get_object_or_404(visible, reference=reference)


@login_required
@require_GET
def sent(request: SignedInRequest, reference: str) -> HttpResponse:
    """Thanks, the reference, and what happens now."""
    return render(request, "servicedesk/portal/sent.html", {"ticket": _mine(request, reference)})


@login_required
def ticket(request: SignedInRequest, reference: str) -> HttpResponse:
    """Follow it: the public timeline, an answer, closing and reopening."""
    row = _mine(request, reference)
    form = AnswerForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid() and _answer(request, row, form):
        return redirect("portal:ticket", reference)
    verbs = workflow.available(request.user, row)
    context = {
        "ticket": row,
        "form": form,
        "entries": _shown(request, row),
        "files": attachments_for(request.user, row).filter(is_public=True),
        "can_write": Verb.COMMENT in verbs,
        "can_close": Verb.CLOSE in verbs and row.reporter_id == request.user.pk,
        "can_reopen": Verb.REOPEN in verbs,
        "asked": row.state == State.PENDING and row.pend_reason == "customer",
    }
    return render(request, "servicedesk/portal/ticket.html", context, status=422 if form.errors else 200)


def _shown(request: SignedInRequest, row: Ticket) -> Any:
    """Public steps only, also for those who work here: the portal shows what the reporter sees."""
    return entries_for(request.user, row).filter(is_public=True).select_related("actor")


def _answer(request: SignedInRequest, row: Ticket, form: Any) -> bool:
    try:
        with transaction.atomic():
            write_comment(_actor(request), row, body=form.cleaned_data["body"])
            attachments.add(row, form.cleaned_data["files"], public=True)
            return True
    except MoveRefused as refused:
        form.add_error(None, str(refused.sentence))
    except ValidationError as error:
        form.add_error(None, error.messages)
    return False


@login_required
@require_POST
def move(request: SignedInRequest, reference: str, verb: str) -> HttpResponse:
    """The reporter's own verbs: close («it works») and reopen («it does not»)."""
    row = _mine(request, reference)
    verbs = {"close": close_ticket, "reopen": reopen_ticket}
    if verb not in verbs:
        raise PermissionDenied
    try:
        verbs[verb](_actor(request), row)
    except MoveRefused as refused:
        messages.warning(request, str(refused.sentence))
    return redirect(reverse("portal:ticket", args=[reference]))
