"""Tickets over HTTP: the same verbs, the same rows and the same rights as the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router, Status

from cmdb.common.api import list_parameters, listing, page_of
from cmdb.common.scope import chosen_from
from cmdb.models import Item, Organisation, Service, Team, User
from servicedesk import schemas, workflow
from servicedesk.access import entries_for, works_on
from servicedesk.actions.assign import assign
from servicedesk.actions.comment import comment
from servicedesk.actions.edit import edit
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.prioritise import prioritise
from servicedesk.actions.registry import perform
from servicedesk.actions.reply import reply
from servicedesk.actors import Actor
from servicedesk.apifilters import TicketFilter
from servicedesk.models import Approval, Category, Change, Channel, Entry, Kind, Problem, Ticket
from servicedesk.workflow import MoveRefused
from sla import clocks

router = Router(tags=["tickets"])

_WITH = ("category", "organisation", "service", "item", "team", "assignee", "reporter", "supplier", "parent")
_REFERENCE = re.compile(r"[A-Za-z]{3}-\d{1,12}")
ORDER = {
    "opened_at": "opened_at",
    "due_at": "due_at",
    "priority": "priority",
    "touched_at": "touched_at",
    "reference": "reference",
    "resolved_at": "resolved_at",
}
_BY: Mapping[str, tuple[type[models.Model], str]] = {
    "organisation": (Organisation, "slug"),
    "supplier": (Organisation, "slug"),
    "service": (Service, "slug"),
    "team": (Team, "slug"),
    "category": (Category, "slug"),
    "item": (Item, ""),
    "reporter": (User, "username"),
    "assignee": (User, "username"),
}


# --- rows ----------------------------------------------------------------------------------------------


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # every operation needs a signed-in person
    return user


def _actor(request: HttpRequest) -> Actor:
    return Actor.of(_person(request))


def _ticket(request: HttpRequest, reference: str) -> Ticket:
    """The ticket if the person may see it; else it does not exist."""
    if not _REFERENCE.fullmatch(reference):
        raise Http404
    rows = Ticket.objects.visible_to(_person(request)).select_related(*_WITH)
    ticket = rows.filter(reference=reference.upper()).first()
    if ticket is None:
        raise Http404
    return ticket


def _row(user: User, name: str, value: int | str) -> Any:
    """A row that the person may name, by id or short name; what is foreign is as unknown as what does not exist."""
    model, slug = _BY[name]
    rows = model._default_manager.all() if model is Category else model.objects.visible_to(user)  # type: ignore[attr-defined]
    rows = chosen_from(rows)
    if isinstance(value, int) or (value.isascii() and value.isdigit()):
        found = rows.filter(pk=int(value)).first() if len(str(value)) <= 18 else None
    elif slug and "\x00" not in value:
        found = rows.filter(**{slug: value}).first()
    else:
        found = None
    if found is None:
        raise ValidationError({name: _("There is none of this name that you may choose.")})
    return found


def _named(user: User, values: dict[str, Any]) -> dict[str, Any]:
    """Names of rows replaced by the rows."""
    return {
        key: _row(user, key, value) if key in _BY and value is not None else value
        for key, value in values.items()
    }


# --- shapes --------------------------------------------------------------------------------------------


def _short(row: Any) -> str | None:
    """The name by which requests may call it too."""
    return None if row is None else str(getattr(row, "slug", None) or row.username)


def ticket_out(ticket: Ticket) -> dict[str, Any]:
    """A ticket as the API shows it; needs the relations of `_WITH` at hand."""
    plain = (
        "reference", "kind", "title", "description", "state", "impact", "urgency", "priority",
        "priority_reason", "channel", "is_major", "pend_reason", "pend_until", "resolution", "opened_at",
        "answered_at", "resolved_at", "closed_at", "touched_at", "due_at", "clock_state",
    )  # fmt: skip
    shown = {name: getattr(ticket, name) for name in plain}
    shown |= {name: _short(getattr(ticket, name)) for name in _WITH if name not in ("parent", "item")}
    return shown | {
        "item": ticket.item_id,
        "item_name": ticket.item.name if ticket.item else None,
        "clock": ticket.clock_measure,
        "parent": ticket.parent.reference if ticket.parent else None,
    }


def _whole(user: User, ticket: Ticket) -> dict[str, Any]:
    """One ticket with what can be done and what its kind adds."""
    services = Service.objects.visible_to(user).filter(ticket_services__ticket=ticket)
    organisations = Organisation.objects.visible_to(user).filter(ticket_organisations__ticket=ticket)
    return ticket_out(ticket) | {
        "affected_services": list(services.order_by("criticality", "pk").values_list("slug", flat=True)),
        "affected_organisations": list(organisations.order_by("pk").values_list("slug", flat=True)),
        "actions": [str(verb) for verb in workflow.available(user, ticket)],
        "details": _details(ticket),
        "approvals": _approvals(ticket),
    }


def _approvals(ticket: Ticket) -> list[dict[str, Any]] | None:
    if ticket.kind != Kind.CHANGE:
        return None
    rows = Approval.objects.filter(ticket=ticket).select_related("organisation", "decided_by").order_by("pk")
    return [
        {name: getattr(row, name) for name in ("role", "decision", "decided_at", "comment")}
        | {"organisation": _short(row.organisation), "decided_by": _short(row.decided_by)}
        for row in rows
    ]


def _details(ticket: Ticket) -> dict[str, Any] | None:
    model: type[models.Model] | None = {Kind.CHANGE: Change, Kind.PROBLEM: Problem}.get(Kind(ticket.kind))
    row = model._default_manager.filter(pk=ticket.pk).first() if model else None
    if row is None:
        return None
    return {f.name: getattr(row, f.name) for f in row._meta.concrete_fields if f.name != "ticket"}


def _entry_out(entry: Entry, inside: bool) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "verb": entry.verb,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor_name,
        "public": entry.is_public,
        "body": entry.body,
        "data": entry.data if inside else None,
    }


def _again(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """The ticket as it is now. Whoever gave it away may not see it any more: then its last words are shown."""
    user = _person(request)
    fresh = Ticket.objects.select_related(*_WITH).get(pk=ticket.pk)
    return _whole(user, fresh)


# --- operations ------------------------------------------------------------------------------------------


@router.get(
    "/tickets",
    response=page_of(schemas.TicketOut),
    openapi_extra=list_parameters(TicketFilter, ORDER),
    summary="Tickets that you may see",
)
def ticket_list(request: HttpRequest) -> dict[str, Any]:
    rows = Ticket.objects.visible_to(_person(request)).select_related(*_WITH).defer("search")
    return listing(request, rows, TicketFilter, order=ORDER, default="-opened_at", serialize=ticket_out)


@router.post("/tickets", response={201: schemas.TicketOut}, summary="Report something")
def ticket_create(request: HttpRequest, payload: schemas.TicketIn, response: HttpResponse) -> Any:
    user = _person(request)
    values = _named(user, payload.model_dump(exclude={"details", "items"}, exclude_none=True))
    ticket = open_ticket(
        _actor(request),
        channel=Channel.API,
        items=[_row(user, "item", value) for value in payload.items],
        details=_kind_details(payload),
        **values,
    )
    response["Location"] = f"{request.path.rstrip('/')}/{ticket.reference}"
    return Status(201, _again(request, ticket))


def _kind_details(payload: schemas.TicketIn) -> dict[str, Any] | None:
    """What the kind adds; a change's plan on an incident is a slip."""
    given = payload.details
    if given is None:
        return None
    wanted: Any = {"change": schemas.ChangeIn, "problem": schemas.ProblemIn}.get(payload.kind)
    sent = given.model_dump(exclude_unset=True)
    if wanted is None or not set(sent) <= set(wanted.model_fields):
        raise ValidationError({"details": _("This kind of ticket has no such details.")})
    return wanted(**sent).model_dump()


@router.get("/tickets/{reference}", response=schemas.TicketOut, summary="One ticket")
def ticket_detail(request: HttpRequest, reference: str) -> dict[str, Any]:
    return _whole(_person(request), _ticket(request, reference))


@router.patch("/tickets/{reference}", response=schemas.TicketOut, summary="Change a ticket")
def ticket_edit(request: HttpRequest, reference: str, payload: schemas.TicketPatch) -> dict[str, Any]:
    ticket, actor = _ticket(request, reference), _actor(request)
    given = payload.model_dump(exclude_unset=True)
    seen: datetime | None = given.pop("seen", None)
    reason = given.pop("reason", "")
    details = given.pop("details", None) or {}
    level: dict[str, Any] = {
        name: given.pop(name) for name in ("impact", "urgency", "priority") if name in given
    }
    hands = _named(actor.user, {n: given.pop(n) for n in ("team", "assignee") if n in given})  # type: ignore[arg-type]
    facts = _named(actor.user, given) | _changed_details(ticket, details)  # type: ignore[arg-type]
    with transaction.atomic():
        _refuse_null(facts)
        if facts:
            edit(actor, ticket, seen=seen, **facts)
            seen = None  # what follows is part of the same change
        if level:
            level["priority_"] = level.pop("priority", None)
            prioritise(actor, ticket, reason=reason, seen=seen, **level)
            seen = None
        if hands:
            hands.setdefault("assignee", ticket.assignee)
            assign(actor, ticket, seen=seen, **hands)
    return _again(request, ticket)


def _refuse_null(facts: Mapping[str, Any]) -> None:
    for name in ("title", "description", "organisation"):
        if name in facts and facts[name] is None:
            raise ValidationError({name: _("This cannot be empty.")})


def _changed_details(ticket: Ticket, given: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of a change's or problem's fields."""
    form = {Kind.CHANGE: schemas.ChangeIn, Kind.PROBLEM: schemas.ProblemIn}.get(Kind(ticket.kind))
    if given and form is None:
        raise ValidationError({"details": _("This kind of ticket has no such details.")})
    return form(**given).model_dump(include=set(given)) if form and given else {}


@router.get("/tickets/{reference}/entries", response=page_of(schemas.EntryOut), summary="The timeline",
            openapi_extra=list_parameters(None, {"at": "at"}))  # fmt: skip
def entry_list(request: HttpRequest, reference: str) -> dict[str, Any]:
    user, ticket = _person(request), _ticket(request, reference)
    inside = works_on(user, ticket)
    return listing(
        request,
        entries_for(user, ticket),
        order={"at": "at"},
        default="at",
        serialize=lambda entry: _entry_out(entry, inside),
    )


@router.post("/tickets/{reference}/entries", response={201: schemas.EntryOut}, summary="Write on a ticket")
def entry_create(request: HttpRequest, reference: str, payload: schemas.EntryIn) -> Any:
    user, ticket = _person(request), _ticket(request, reference)
    inside = works_on(user, ticket)
    write: Callable[..., Ticket] = (reply if payload.public else note) if inside else comment
    with transaction.atomic():
        write(_actor(request), ticket, body=payload.body)
        entry = Entry.objects.filter(ticket=ticket).latest("pk")
    return Status(201, _entry_out(entry, inside))


@router.get(
    "/tickets/{reference}/clocks", response=schemas.ClocksOut, summary="What was promised, and how it stands"
)
def clock_list(request: HttpRequest, reference: str) -> dict[str, Any]:
    ticket = _ticket(request, reference)
    if ticket.case is None:
        return {"clocks": [], "reason": ""}
    found = clocks.clocks_of(ticket.case, timezone.now())
    same = set(schemas.ClockOut.model_fields) - {"target_seconds"}
    shown = [{name: getattr(one, name) for name in same} | {"target_seconds": one.seconds} for one in found]
    return {"clocks": shown, "reason": str(found.reason)}


def _operation(verb: str, form: type[schemas.Strict]) -> None:
    """One typed operation per verb, so that the description names what each takes."""

    def act(request: HttpRequest, reference: str, payload: Any = None) -> dict[str, Any]:
        user, ticket = _person(request), _ticket(request, reference)
        given = payload.model_dump(exclude_unset=True) if payload is not None else {}
        if verb == "prioritise":
            given["priority_"] = given.pop("priority", None)
        for name in ("target", "into"):
            if given.get(name) is not None:
                given[name] = _ticket(request, given[name])
        try:
            done = perform(verb, _actor(request), ticket, _required(verb, _named(user, given)))
        except MoveRefused as refused:
            if refused.field in form.model_fields:
                raise
            raise MoveRefused(
                refused.sentence
            ) from refused  # what is missing is the ticket's, not the body's
        return _again(request, done)

    act.__name__ = f"ticket_{verb}"
    # Where nothing is needed the body may be left out.
    asks = {"required", "anyOf"} & form.model_json_schema().keys()
    act.__annotations__["payload"] = form if asks else form | None
    if asks:
        act.__defaults__ = None
    router.post(
        f"/tickets/{{reference}}/actions/{verb}",
        response=schemas.TicketOut,
        operation_id=f"ticket_{verb}",
        summary=verb.replace("_", " ").capitalize(),
    )(act)


def _required(verb: str, values: dict[str, Any]) -> dict[str, Any]:
    """What a verb cannot do without is asked for by the verb itself, in a sentence."""
    needed = {
        "reply": "body", "comment": "body", "note": "body", "cancel": "body", "reject": "body",
        "resolve": "resolution", "finish": "outcome", "pend": "reason",
    }.get(verb)  # fmt: skip
    return {needed: "", **values} if needed else values


for _verb, _form in schemas.BODIES.items():
    _operation(_verb, _form)
