"""A job comes in, however it arrives: numbered, prioritised, routed, its clocks started, its reporter answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common import trace
from cmdb.impact import Impact, impact_of
from cmdb.models import Criticality, Item, Organisation, Service, Team, User
from monitoring.models import Alert
from servicedesk import cleaning, handovers, mirror, notify, priority, references, routing
from servicedesk import reach as reaching
from servicedesk.access import may_name_item, may_open_for
from servicedesk.actions import touched
from servicedesk.actions.case import fields_of
from servicedesk.actions.step import plain, send
from servicedesk.actors import Actor
from servicedesk.models import (
    Category,
    Change,
    Channel,
    Entry,
    Kind,
    Level,
    Priority,
    Problem,
    State,
    Ticket,
    Verb,
)
from servicedesk.workflow import FIRST_STATE
from sla import clocks

#: A report entered later than this after the fact is a slip of the hand.
_LONGEST_AGO = timedelta(days=366)


@dataclass
class Order:
    """What somebody wants opened; everything but the title has an answer of its own."""

    kind: Kind
    title: str
    description: str
    channel: Channel
    organisation: Organisation
    reporter: User | None
    category: Category | None
    service: Service | None
    item: Item | None
    items: list[Item]
    supplier: Organisation | None
    team: Team | None
    impact: int | None
    urgency: int
    opened_at: datetime
    alert: Alert | None
    details: dict[str, Any] = field(default_factory=dict)
    state: State | None = None


def open_ticket(
    actor: Actor,
    *,
    title: str,
    kind: Kind | str = Kind.INCIDENT,
    description: str = "",
    channel: Channel | str = Channel.PORTAL,
    organisation: Organisation | None = None,
    reporter: User | None = None,
    category: Category | None = None,
    service: Service | None = None,
    item: Item | None = None,
    items: Iterable[Item] = (),
    supplier: Organisation | None = None,
    team: Team | None = None,
    impact: int | None = None,
    urgency: int | None = None,
    opened_at: datetime | None = None,
    alert: Alert | None = None,
    reach: Impact | None = None,
    details: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> Ticket:
    """Open a ticket. At most 15 statements, however much it touches.

    :param organisation: default: the reporter's, else the actor's own.
    :param reporter: default: the actor; another person only by those who may open for that organisation.
    :param items: further items it is about (what a change changes); `item` is the first of all.
    :param impact: default: from the criticality and the number of municipalities touched (servicedesk.priority).
    :param opened_at: when it was reported, if that was earlier than now (a phone call entered later; rule C.2.2).
    :param reach: what it touches, if the caller has computed it (cmdb.impact).
    :param details: fields of Change or Problem. :param data: kept with the first entry (a mail's identifier).
    """
    order = _order(
        actor, title=title, kind=kind, description=description, channel=channel, organisation=organisation,
        reporter=reporter, category=category, service=service, item=item, items=items, supplier=supplier,
        team=team, impact=impact, urgency=urgency, opened_at=opened_at, alert=alert, details=details,
    )  # fmt: skip
    _may(actor, order)
    with transaction.atomic():
        ticket = _write(actor, order, reach or _reach(order))
        entry = _record(actor, ticket, data or {})
        if ticket.reporter is not None:
            send(ticket, entry, [(notify.RECEIVED, [ticket.reporter], {})])
    return ticket


def _order(actor: Actor, **given: Any) -> Order:
    """Values checked and completed."""
    now = timezone.now()
    for name, choices in (("kind", Kind), ("channel", Channel)):
        if given[name] not in choices.values:
            raise ValidationError({name: _("This is none of the choices.")})
    for name in ("impact", "urgency"):
        if given[name] is not None and given[name] not in Level.values:
            raise ValidationError({name: _("This is none of the choices.")})
    reporter = given["reporter"] or actor.user
    organisation = given["organisation"] or (reporter.organisation if reporter is not None else None)
    if organisation is None:
        raise ValidationError({"organisation": _("Say which organisation it is for.")})
    item = given["item"]
    return Order(
        kind=Kind(given["kind"]),
        title=cleaning.title(given["title"]),
        description=cleaning.text(given["description"], cleaning.DESCRIPTION, "description"),
        channel=Channel(given["channel"]),
        organisation=organisation,
        reporter=reporter,
        category=given["category"],
        service=given["service"],
        item=item,
        items=list(
            {one.pk: one for one in [*([item] if item is not None else []), *given["items"]]}.values()
        ),
        supplier=given["supplier"],
        team=given["team"],
        impact=given["impact"],
        urgency=given["urgency"] or Level.MEDIUM,
        opened_at=_reported_at(given["opened_at"], now),
        alert=given["alert"],
        details=given["details"] or {},
    )


def _reported_at(given: datetime | None, now: datetime) -> datetime:
    if given is None:
        return now
    if given > now + timedelta(minutes=1) or given < now - _LONGEST_AGO:
        raise ValidationError({"opened_at": _("Give a time in the past year, not in the future.")})
    return min(given, now)


def _may(actor: Actor, order: Order) -> None:
    """For whom one may open what. The system may all; its callers choose from facts."""
    user = actor.user
    if user is None:
        return
    staff = order.organisation.pk in user.access.work_orgs
    if not may_open_for(user, order.organisation.pk):
        raise PermissionDenied(str(_("You cannot report for this organisation.")))
    if not staff and order.kind not in (Kind.INCIDENT, Kind.REQUEST):
        raise PermissionDenied(str(_("Your role does not let you open this kind of ticket.")))
    late = order.opened_at < timezone.now() - timedelta(minutes=1) and order.channel != Channel.EMAIL
    if not staff and (order.team is not None or order.supplier is not None or late):
        # Whose queue it is, which supplier reads it and since when the clocks count is the desk's to say.
        raise PermissionDenied(str(_("You may not do that.")))
    if not staff and order.impact == Level.HIGH:
        raise PermissionDenied(str(_("How many are hit is judged by those who work on it.")))
    for_another = order.reporter is not None and order.reporter != user
    if for_another and not (staff or order.organisation.pk in user.access.orgs("keyuser")):
        raise PermissionDenied(str(_("You cannot report in another person's name.")))
    if not all(may_name_item(user, item) for item in order.items):
        raise PermissionDenied(str(_("This item is not among yours.")))


def _reach(order: Order) -> Impact:
    """What it touches by the register. A change is also felt by all who use the service that it names."""
    if order.kind == Kind.CHANGE:
        return reaching.of_change(order.items, order.service)
    return impact_of(one.pk for one in order.items) if order.items else Impact(items={})


def _write(actor: Actor, order: Order, reach: Impact) -> Ticket:
    facts = references.draw(order.kind, order.organisation.pk)
    now = timezone.now()
    ticket = Ticket(
        reference=facts.reference, kind=order.kind, title=order.title, description=order.description,
        state=FIRST_STATE[order.kind], channel=order.channel, organisation=order.organisation,
        reporter=order.reporter, category=order.category, service=order.service, item=order.item,
        supplier=order.supplier, alert=order.alert, opened_at=order.opened_at, touched_at=now,
        impact=order.impact or _impact(order, reach), urgency=order.urgency,
    )  # fmt: skip
    if order.item is None and order.items:
        ticket.item = order.items[0]
    ticket.priority = priority.of(ticket.impact, ticket.urgency, facts.matrix)
    ticket.team_id = (
        order.team.pk if order.team else routing.team_for(ticket.item, ticket.service, facts.team_id)
    )
    change = Change(ticket=ticket, **order.details) if order.kind == Kind.CHANGE else None
    ticket.case = clocks.open_case(
        reference=ticket.reference,
        kind=str(order.kind),
        channel=str(order.channel),
        priority=Priority(ticket.priority),
        opened_at=order.opened_at,
        actor=actor.name,
        **fields_of(ticket, change),
    )
    mirror.refresh(ticket)
    ticket.save(force_insert=True)
    if change is not None:
        change.full_clean(exclude=["ticket"])
        change.save(force_insert=True)
    elif order.kind == Kind.PROBLEM:
        Problem.objects.create(ticket=ticket, **order.details)
    touched.write(ticket, order.items, reach)
    if ticket.supplier_id is not None:
        handovers.follow(ticket, now)
    return ticket


def _impact(order: Order, reach: Impact) -> Level:
    """From the worst that is touched; a named service counts as touched."""
    services = [*reach.services, *([order.service] if order.service is not None else [])]
    own = min((item.criticality for item in order.items), default=int(Criticality.LOW))
    return priority.suggest_impact(priority.worst(own, services), len(reach.organisations))


def _record(actor: Actor, ticket: Ticket, data: dict[str, Any]) -> Entry:
    """The first line: at the time of the report, written now."""
    return Entry.objects.create(
        ticket=ticket,
        verb=Verb.OPEN,
        at=ticket.opened_at,
        actor=actor.user,
        actor_name=actor.name,
        is_public=True,
        data=data
        | {"channel": ticket.channel, "priority": ticket.priority, "state": ticket.state}
        | ({"supplier": plain(ticket.supplier)} if ticket.supplier is not None else {}),
        request_id=trace.current(),
    )
