"""What the API takes and gives for tickets. Unknown keys are refused, so that a slip does not vanish."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from servicedesk import cleaning

#: A row by its id or by its short name (user name for people, reference for tickets).
Name = int | str


class Strict(Schema):
    """Base of all input."""

    model_config = ConfigDict(extra="forbid")


class ApprovalOut(Schema):
    """An answer that a change waits for or got; `organisation` is the municipality, null for the change manager."""

    role: str
    organisation: str | None
    decision: str
    decided_by: str | None
    decided_at: datetime | None
    comment: str


class TicketOut(Schema):
    """A ticket. Related rows are named by their short name, people by user name, the item by its id.

    impact, urgency 1 high … 3 low; priority 1 critical … 4 low; instants in UTC. What is affected (as the register had it
    when the ticket was opened), `actions`, `details` and `approvals` come with one ticket, not in lists.
    """

    reference: str
    kind: str
    category: str | None
    title: str
    description: str
    state: str
    impact: int
    urgency: int
    priority: int
    priority_reason: str
    channel: str
    organisation: str
    service: str | None
    item: int | None
    item_name: str | None
    team: str | None
    assignee: str | None
    reporter: str | None
    supplier: str | None
    parent: str | None
    is_major: bool
    pend_reason: str
    pend_until: datetime | None
    resolution: str
    opened_at: datetime
    answered_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    touched_at: datetime
    due_at: datetime | None
    clock: str
    clock_state: str
    affected_services: list[str] | None = None
    affected_organisations: list[str] | None = None
    actions: list[str] | None = None
    details: dict[str, Any] | None = None
    approvals: list[ApprovalOut] | None = None


class TicketIn(Strict):
    """A new ticket; only the title is needed."""

    title: str = Field(max_length=cleaning.TITLE * 5)
    kind: str = "incident"
    description: str = Field("", max_length=cleaning.DESCRIPTION)
    organisation: Name | None = None
    reporter: Name | None = None
    category: Name | None = None
    service: Name | None = None
    item: Name | None = None
    items: list[Name] = Field(default_factory=list, max_length=200)
    supplier: Name | None = None
    team: Name | None = None
    impact: int | None = None
    urgency: int | None = None
    opened_at: datetime | None = None
    details: ChangeIn | ProblemIn | None = None


class ChangeIn(Strict):
    """What a change adds: its plan, risk and window."""

    type: str = "normal"
    reason: str = Field("", max_length=10_000)
    plan: str = Field("", max_length=20_000)
    test_plan: str = Field("", max_length=10_000)
    backout_plan: str = Field("", max_length=10_000)
    probability: int = 1
    consequence: int = 1
    mitigation: str = Field("", max_length=10_000)
    planned_start: datetime | None = None
    planned_end: datetime | None = None


class ProblemIn(Strict):
    """What a problem adds."""

    root_cause: str = Field("", max_length=10_000)
    workaround: str = Field("", max_length=10_000)
    is_known_error: bool = False


class TicketPatch(Strict):
    """Fields to change; what is left out stays. `seen`: the `touched_at` that the caller knows; newer is refused with 409."""

    title: str | None = Field(None, max_length=cleaning.TITLE * 5)
    description: str | None = Field(None, max_length=cleaning.DESCRIPTION)
    category: Name | None = None
    organisation: Name | None = None
    service: Name | None = None
    item: Name | None = None
    supplier: Name | None = None
    team: Name | None = None
    assignee: Name | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    reason: str = Field("", max_length=cleaning.REASON)
    details: dict[str, Any] | None = None
    seen: datetime | None = None


class EntryOut(Schema):
    """A line of the timeline. `data` (what changed) is only for those who work on the ticket."""

    id: int
    verb: str
    at: datetime
    recorded_at: datetime
    actor: str
    public: bool
    body: str
    data: dict[str, Any] | None


class EntryIn(Strict):
    """What somebody writes. For those who work on it: an internal note, or with `public` an answer; for all others a comment."""

    body: str = Field(max_length=cleaning.BODY)
    public: bool = False


class ClockOut(Schema):
    """One clock; seconds are working seconds of its calendar."""

    measure: str
    state: str
    due_at: datetime | None
    target_seconds: int
    elapsed_seconds: int
    remaining_seconds: int
    paused_seconds: int
    percent: int
    started_at: datetime
    stopped_at: datetime | None
    breached_at: datetime | None
    pause_reason: str
    calendar: str


class ClocksOut(Schema):
    """All clocks of a ticket, the most urgent first; `reason` says why there are none."""

    clocks: list[ClockOut]
    reason: str


# --- verbs --------------------------------------------------------------------------------------------


class Nothing(Strict):
    """A verb without values."""


class Assign(Strict):
    team: Name | None = None
    assignee: Name | None = None
    seen: datetime | None = None


class Text(Strict):
    body: str = Field("", max_length=cleaning.BODY)


class Comment(Text):
    reopen: bool = True


class Pend(Text):
    reason: str
    until: datetime | None = None
    supplier: Name | None = None


class Resolve(Strict):
    resolution: str = Field("", max_length=cleaning.RESOLUTION)


class Prioritise(Strict):
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    reason: str = Field("", max_length=cleaning.REASON)
    seen: datetime | None = None


class Link(Strict):
    target: str | None = None
    kind: str = "relates"
    item: Name | None = None
    role: str | None = None


class Merge(Strict):
    into: str


class Finish(Text):
    outcome: str = ""


TicketIn.model_rebuild()

BODIES: dict[str, type[Strict]] = {
    "assign": Assign,
    "take": Nothing,
    "reply": Text,
    "comment": Comment,
    "note": Text,
    "pend": Pend,
    "resume": Text,
    "resolve": Resolve,
    "reopen": Text,
    "close": Text,
    "cancel": Text,
    "prioritise": Prioritise,
    "link": Link,
    "merge": Merge,
    "submit": Nothing,
    "approve": Text,
    "reject": Text,
    "start": Nothing,
    "finish": Finish,
    "declare_major": Text,
}
