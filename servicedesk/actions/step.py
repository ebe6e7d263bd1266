"""The frame of every verb: lock, check, change, clocks, ticket, entry, messages, in this order and in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common import trace
from servicedesk import handovers, mirror, notify, workflow
from servicedesk.actors import Actor
from servicedesk.models import Entry, Message, State, Ticket, Verb
from servicedesk.workflow import Effect, MoveRefused
from sla import clocks

_WITH = ("case", "reporter", "assignee", "team", "item", "service", "category", "organisation")


@dataclass
class Step:
    """One verb on one locked ticket. Change fields through `set`, then `record` and `tell`; saving is done for you."""

    actor: Actor
    ticket: Ticket
    verb: Verb
    at: datetime
    effect: Effect = Effect.NONE
    before: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    public: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    letters: list[tuple[str, list[notify.Recipient], dict[str, Any]]] = field(default_factory=list)
    pause_reason: str = ""
    outcome: str = ""
    entry: Entry | None = None

    def set(self, **values: Any) -> None:
        """Give fields of the ticket new values and remember the old ones; equal values are no change."""
        for name, value in values.items():
            old = getattr(self.ticket, name)
            if old != value:
                self.before.setdefault(name, old)
                setattr(self.ticket, name, value)

    def record(self, body: str = "", *, public: bool = False, **data: Any) -> None:
        """What the timeline says about this step, beside the changed fields."""
        self.body, self.public = body, public
        self.data.update(data)

    def tell(self, kind: str, people: Iterable[notify.Recipient | None], **context: Any) -> None:
        """Put a letter of this kind to these people into the outbox; never to the actor."""
        mine = self.actor.user
        others = [who for who in people if who is not None and who != mine]
        if others:
            self.letters.append((kind, others, context))


@contextmanager
def step(
    actor: Actor,
    ticket: Ticket,
    verb: Verb,
    values: Mapping[str, Any] | None = None,
    *,
    seen: datetime | None = None,
    at: datetime | None = None,
) -> Iterator[Step]:
    """A verb from beginning to end.

    :param seen: `touched_at` of the ticket as the person saw it; if somebody changed it since, the verb is refused.
    :param at: when it happened (an alert closed); never before the last entry, default: now, after the lock was got.
    """
    with transaction.atomic():
        locked = lock(ticket.pk)
        if seen is not None and locked.touched_at > seen:
            refuse_stale(locked, seen)
        was = locked.state
        move = workflow.apply(actor.user, locked, verb, values)
        one = Step(actor, locked, verb, _instant(locked, at), move.effect)
        if locked.state != was:
            one.before["state"] = was
        yield one
        _finish(one)


def lock(pk: int) -> Ticket:
    """The ticket with its row locked until the transaction ends; verbs on one ticket so come one after the other."""
    return Ticket.objects.select_related(*_WITH).select_for_update(of=("self",)).get(pk=pk)


def _instant(ticket: Ticket, at: datetime | None) -> datetime:
    """Steps never go back behind what happened last: clocks are computed from entries in their order."""
    if at is None:
        return max(timezone.now(), ticket.touched_at)
    last = Entry.objects.filter(ticket=ticket).aggregate(at=Max("at"))["at"]
    return max(at, last or ticket.opened_at)


def refuse_stale(ticket: Ticket, seen: datetime) -> None:
    """What the system wrote meanwhile (a target came close) does not make a page out of date; a person's step does."""
    last = (
        Entry.objects.filter(ticket=ticket, at__gt=seen, actor__isnull=False).order_by("-at", "-pk").first()
    )
    if last is not None:
        raise MoveRefused(
            _("%(name)s changed %(reference)s while you had it open. Look at it again first.")
            % {"name": last.actor_name, "reference": ticket.reference}
        )


def _finish(one: Step) -> None:
    if one.ticket.case is not None:
        _EFFECTS[one.effect](one)
    one.ticket.touched_at = max(timezone.now(), one.at)  # when it was written, which may be later
    changed = {*one.before, *mirror.refresh(one.ticket), "touched_at", "updated_at"}
    one.ticket.save(update_fields=changed)
    if {"state", "supplier"} & one.before.keys():
        handovers.follow(one.ticket, one.at)
    one.entry = write_entry(one)
    send(one.ticket, one.entry, one.letters)


def write_entry(one: Step) -> Entry:
    """The step's line in the timeline, with what changed as {"before": …, "after": …}."""
    data = dict(one.data)
    if one.before:
        data["before"] = {name: plain(value) for name, value in one.before.items()}
        data["after"] = {name: plain(getattr(one.ticket, name)) for name in one.before}
    return Entry.objects.create(
        ticket=one.ticket,
        verb=one.verb,
        at=one.at,
        actor=one.actor.user,
        actor_name=one.actor.name,
        is_public=one.public,
        body=one.body,
        data=data,
        request_id=trace.current(),
    )


def send(
    ticket: Ticket, entry: Entry, letters: Iterable[tuple[str, list[notify.Recipient], dict[str, Any]]]
) -> None:
    """Write the letters of one entry into the outbox, in one statement."""
    rows: dict[str, Message] = {}
    for kind, people, context in letters:
        for row in notify.compose(ticket, entry, kind, people, **context):
            rows.setdefault(row.key, row)
    if rows:
        Message.objects.bulk_create(rows.values(), ignore_conflicts=True)


def plain(value: Any) -> Any:
    """A field's value as JSON that stays readable when the thing it names is gone."""
    if isinstance(value, models.Model):
        return {"id": value.pk, "name": str(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def waiting_state(ticket: Ticket) -> State:
    """Where a ticket that is taken up again belongs: with its assignee, its team, or nobody yet."""
    if ticket.assignee_id is not None:
        return State.IN_PROGRESS
    return State.ASSIGNED if ticket.team_id is not None else State.NEW


# --- what moves do to the clocks ----------------------------------------------------------------------


def _nothing(_one: Step) -> None:
    return None


def _answer(one: Step) -> None:
    # The first public answer by a human being (rule C.2.1); what the system writes is none.
    if one.actor.user is None or not one.public:
        return
    clocks.answered(_case(one), one.at, one.actor.name)
    if one.ticket.answered_at is None:
        one.set(answered_at=one.at)


def _own(one: Step) -> None:
    if one.ticket.assignee_id is not None:
        clocks.owned(_case(one), one.at, one.actor.name)


def _case(one: Step) -> Any:
    return one.ticket.case


_EFFECTS: Mapping[Effect, Callable[[Step], None]] = {
    Effect.NONE: _nothing,
    Effect.ANSWER: _answer,
    Effect.OWN: _own,
    Effect.PAUSE: lambda one: clocks.pause(_case(one), one.pause_reason, one.at, one.actor.name),
    Effect.RESUME: lambda one: clocks.resume(_case(one), one.at, one.actor.name),
    Effect.RESOLVE: lambda one: clocks.resolve(_case(one), one.at, one.actor.name, one.outcome),
    Effect.REOPEN: lambda one: clocks.reopen(_case(one), one.at, one.actor.name),
    Effect.CLOSE: lambda one: clocks.close(_case(one), one.at),
    Effect.CANCEL: lambda one: clocks.cancel(_case(one), one.at, one.actor.name),
}
