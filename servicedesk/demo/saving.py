"""Drafts of past tickets, and how thousands of them are saved at once: cases and clocks by sla.history, the rest in bulk."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Model

from cmdb.models import Item, Organisation, Service, Team, User
from servicedesk import mirror
from servicedesk.demo.region import Region
from servicedesk.handovers import holder
from servicedesk.models import (
    PREFIX,
    Approval,
    Category,
    Change,
    Entry,
    HandOver,
    ItemRole,
    Kind,
    ReferenceCounter,
    State,
    Ticket,
    TicketItem,
    TicketOrganisation,
    TicketService,
    Verb,
)
from sla.history import History, Step
from sla.history import load as load_cases
from sla.models import Case, Clock, ClockEntry

if TYPE_CHECKING:
    from servicedesk.demo.planned import Work

# A step's own word → the timeline's verb, the state after it, whether the reporter sees it.
STEPS: dict[str, tuple[Verb, State | None, bool]] = {
    "owned": (Verb.ASSIGN, State.ASSIGNED, False),
    "answered": (Verb.REPLY, State.IN_PROGRESS, True),
    "pause": (Verb.PEND, State.PENDING, True),
    "resume": (Verb.RESUME, State.IN_PROGRESS, True),
    "resolve": (Verb.RESOLVE, State.RESOLVED, True),
    "reopen": (Verb.REOPEN, State.IN_PROGRESS, True),
    "close": (Verb.CLOSE, State.CLOSED, True),
    "approved": (Verb.APPROVE, State.SCHEDULED, False),
    "start": (Verb.START, State.IMPLEMENTING, False),
}
COUNTED = frozenset({"owned", "answered", "pause", "resume", "resolve", "reopen", "close"})


@dataclass(frozen=True)
class Move:
    """One step of a draft."""

    at: dt.datetime
    step: str
    actor: str
    detail: str = ""
    body: str = ""


@dataclass
class Draft:
    """A ticket of the past with its steps in order of time."""

    kind: str
    title: str
    description: str
    channel: str
    organisation: Organisation
    category: Category | None
    item: Item | None
    service: Service | None
    reporter: User | None
    impact: int
    urgency: int
    priority: int
    opened_at: dt.datetime
    assignee: User | None = None
    team: Team | None = None
    supplier: Organisation | None = None
    work: Work | None = None
    affected: tuple[Organisation, ...] = ()
    moves: list[Move] = field(default_factory=list)

    def add(self, at: dt.datetime, step: str, actor: str, detail: str = "", body: str = "") -> None:
        """Append a step, never before the one before it."""
        floor = self.moves[-1].at if self.moves else self.opened_at
        self.moves.append(Move(max(at, floor), step, actor, detail, body))

    def cut(self, now: dt.datetime) -> None:
        """What lies after `now` has not happened."""
        self.moves = [move for move in self.moves if move.at < now]

    def last(self, step: str) -> Move | None:
        return next((move for move in reversed(self.moves) if move.step == step), None)


def save(region: Region, drafts: list[Draft], now: dt.datetime) -> None:
    """Number the drafts in their order and save everything that belongs to them."""
    numbers: Counter[str] = Counter()
    references = []
    for draft in drafts:
        numbers[draft.kind] += 1
        references.append(f"{PREFIX[Kind(draft.kind)]}-{numbers[draft.kind]:05d}")
    cases = load_cases(
        _history(draft, reference) for draft, reference in zip(drafts, references, strict=True)
    )
    measure(Case, Clock, ClockEntry)
    tickets = [_ticket(draft, case, now) for draft, case in zip(drafts, cases, strict=True)]
    Ticket.objects.bulk_create(tickets, batch_size=1000)
    people = {user.display_name: user for user in User.objects.all()}
    entries = [
        entry
        for draft, ticket in zip(drafts, tickets, strict=True)
        for entry in _entries(draft, ticket, people)
    ]
    Entry.objects.bulk_create(entries, batch_size=2000)
    _touched(drafts, tickets)
    _hand_overs(tickets)
    _changes(region, drafts, tickets)
    ReferenceCounter.objects.bulk_create(
        ReferenceCounter(kind=kind, last=last) for kind, last in numbers.items()
    )
    measure(Ticket, Entry)


def measure(*models: type[Model]) -> None:
    """Let the database look at rows that it has not seen yet: who plans for an empty table reads a full one row by row."""
    names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"analyze {names}")


def _history(draft: Draft, reference: str) -> History:
    return History(
        reference=reference, title=draft.title, kind=draft.kind, channel=draft.channel,
        organisation_id=draft.organisation.pk, priority=draft.priority, opened_at=draft.opened_at,
        type=draft.work.type if draft.work else draft.category.slug if draft.category else "",
        type_label=draft.work.type_label if draft.work else draft.category.name if draft.category else "",
        service_id=draft.service.pk if draft.service else None, system_id=draft.item.pk if draft.item else None,
        supplier_id=_supplier(draft),
        steps=[Step(move.at, move.step, move.actor, move.detail) for move in draft.moves if move.step in COUNTED],
    )  # fmt: skip


def _supplier(draft: Draft) -> int | None:
    if draft.supplier is not None:
        return draft.supplier.pk
    return draft.item.supplier_id if draft.item is not None else None


def _ticket(draft: Draft, case: Case, now: dt.datetime) -> Ticket:
    states = [STEPS[move.step][1] for move in draft.moves]
    first = State.DRAFT if draft.work else State.NEW
    pause, resolve = draft.last("pause"), draft.last("resolve")
    state = states[-1] if states else first
    if draft.work and state == State.RESOLVED:
        state = State.REVIEW
    ticket = Ticket(
        reference=case.reference, kind=draft.kind, category=draft.category, title=draft.title,
        description=draft.description, state=state or first, impact=draft.impact, urgency=draft.urgency,
        priority=draft.priority, channel=draft.channel, organisation=draft.organisation, service=draft.service,
        item=draft.item, team=draft.team, reporter=draft.reporter, supplier=draft.supplier, case=case,
        assignee=draft.assignee if draft.last("owned") or draft.work else None,
        pend_reason=pause.detail if pause and state == State.PENDING else "",
        resolution=resolve.body if resolve and not _taken_up(draft) else "",
        opened_at=draft.opened_at, answered_at=case.answered_at, resolved_at=case.resolved_at,
        closed_at=case.closed_at, touched_at=draft.moves[-1].at if draft.moves else draft.opened_at,
    )  # fmt: skip
    if case.closed_at is None and case.resolved_at is None:
        for name, value in mirror.columns(ticket).items():
            setattr(ticket, name, value)
    return ticket


def _taken_up(draft: Draft) -> bool:
    resolved, reopened = draft.last("resolve"), draft.last("reopen")
    return bool(resolved and reopened and reopened.at > resolved.at)


def _entries(draft: Draft, ticket: Ticket, people: dict[str, User]) -> list[Entry]:
    by = draft.reporter
    rows = [
        Entry(
            ticket=ticket, verb=Verb.OPEN, at=draft.opened_at, actor=by, is_public=True,
            actor_name=str(by) if by else "monitoring",
            data={"channel": draft.channel, "priority": draft.priority, "state": State.DRAFT if draft.work else State.NEW},
        )
    ]  # fmt: skip
    for move in draft.moves:
        verb, _state, public = STEPS[move.step]
        if draft.work and move.step == "resolve":
            verb = Verb.FINISH
        rows.append(
            Entry(
                ticket=ticket, verb=verb, at=move.at, actor=people.get(move.actor),
                actor_name=move.actor or "clock", is_public=public, body=move.body,
                data=_data(move),
            )
        )  # fmt: skip
    return rows


def _data(move: Move) -> dict[str, Any]:
    return {"reason": move.detail} if move.step == "pause" else {}


def _touched(drafts: list[Draft], tickets: list[Ticket]) -> None:
    pairs = list(zip(drafts, tickets, strict=True))
    TicketItem.objects.bulk_create(
        (
            TicketItem(ticket=t, item=d.item, role=ItemRole.CHANGED if d.work else ItemRole.CAUSE)
            for d, t in pairs
            if d.item is not None
        ),
        batch_size=2000,
    )
    TicketService.objects.bulk_create(
        (TicketService(ticket=t, service=d.service) for d, t in pairs if d.service is not None),
        batch_size=2000,
    )
    TicketOrganisation.objects.bulk_create(
        (TicketOrganisation(ticket=t, organisation=o) for d, t in pairs for o in d.affected), batch_size=2000
    )


def _hand_overs(tickets: list[Ticket]) -> None:
    """A supplier held it from its report until it was closed."""
    HandOver.objects.bulk_create(
        HandOver(
            ticket=ticket, supplier_id=ticket.supplier_id, handed_at=ticket.opened_at,
            ended_at=ticket.touched_at if holder(ticket) is None else None,
        )
        for ticket in tickets
        if ticket.supplier_id is not None
    )  # fmt: skip


def _changes(region: Region, drafts: list[Draft], tickets: list[Ticket]) -> None:
    manager = region.users["changemanager"]
    changes, approvals = [], []
    for draft, ticket in zip(drafts, tickets, strict=True):
        work, approved = draft.work, draft.last("approved")
        if work is None:
            continue
        ended = draft.last("resolve")
        changes.append(
            Change(
                ticket=ticket, type=work.type, reason=work.reason, plan=work.plan, backout_plan=work.backout,
                probability=work.probability, consequence=work.consequence, planned_start=work.begin,
                planned_end=work.planned_end, started_at=work.begin, ended_at=ended.at if ended else None,
                outcome=work.outcome if ended else "", review="Gjennomgått i endringsrådet." if ended else "",
            )
        )  # fmt: skip
        if approved is not None:
            approvals.append(
                Approval(
                    ticket=ticket,
                    role="changemanager",
                    decision="approved",
                    decided_by=manager,
                    decided_at=approved.at,
                )
            )
    Change.objects.bulk_create(changes)
    Approval.objects.bulk_create(approvals)
