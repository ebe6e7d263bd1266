"""What the API takes and gives for tickets. Unknown keys are refused, so that a slip does not vanish."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field, WithJsonSchema

from cmdb.common.openapi import Instant, names, one_of, words
from servicedesk import cleaning
from servicedesk.models import (
    ChangeOutcome,
    ChangeType,
    ItemRole,
    Kind,
    Level,
    LinkKind,
    PendReason,
    Priority,
)

#: A row by its id or by its short name (user name for people, reference for tickets).
Name = int | str


class Strict(Schema):
    """Base of all input."""

    model_config = ConfigDict(extra="forbid")


def needs(*either: tuple[str, ...]) -> ConfigDict:
    """The description says that these are required, or one of several; the verb itself asks, in a sentence."""
    required: Any = {"required": list(either[0])}
    if len(either) > 1:
        required = {"anyOf": [{"required": list(one)} for one in either]}
    return ConfigDict(extra="forbid", json_schema_extra=required)


def instant(note: str) -> Any:
    """A point in time that hangs on now."""
    known = [{"type": "string", "format": "date-time"}, {"type": "null"}]
    return WithJsonSchema({"anyOf": known, "description": note, "x-depends": "now"})


def reference() -> Any:
    """Of another ticket."""
    return WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z]{3}-[0-9]{1,12}$", "x-names": "ticket"})


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

    title: Annotated[str, Field(max_length=cleaning.TITLE * 5), words(cleaning.TITLE, needed=True)]
    kind: Annotated[str, one_of(Kind)] = "incident"
    description: str = Field("", max_length=cleaning.DESCRIPTION)
    organisation: Annotated[Name | None, names("organisation")] = None
    reporter: Annotated[Name | None, names("user")] = None
    category: Annotated[Name | None, names("category")] = None
    service: Annotated[Name | None, names("service")] = None
    item: Annotated[Name | None, names("item")] = None
    items: list[Annotated[Name, names("item", null=False)]] = Field(default_factory=list, max_length=200)
    supplier: Annotated[Name | None, names("organisation")] = None
    team: Annotated[Name | None, names("team")] = None
    impact: Annotated[int | None, one_of(Level, null=True)] = None
    urgency: Annotated[int | None, one_of(Level, null=True)] = None
    opened_at: Annotated[Instant | None, instant("in the past year")] = None
    details: Annotated[ChangeIn | ProblemIn | None, Field(json_schema_extra={"x-depends": "kind"})] = None


class ChangeIn(Strict):
    """What a change adds: its plan, risk and window."""

    type: Annotated[str, one_of(ChangeType)] = "normal"
    reason: str = Field("", max_length=10_000)
    plan: str = Field("", max_length=20_000)
    test_plan: str = Field("", max_length=10_000)
    backout_plan: str = Field("", max_length=10_000)
    probability: Annotated[int, one_of(range(1, 6))] = 1
    consequence: Annotated[int, one_of(range(1, 6))] = 1
    mitigation: str = Field("", max_length=10_000)
    planned_start: Instant | None = None
    planned_end: Instant | None = None


class ProblemIn(Strict):
    """What a problem adds."""

    root_cause: str = Field("", max_length=10_000)
    workaround: str = Field("", max_length=10_000)
    is_known_error: bool = False


class TicketPatch(Strict):
    """Fields to change; what is left out stays. `seen`: the `touched_at` that the caller knows; newer is refused with 409."""

    title: Annotated[str | None, Field(max_length=cleaning.TITLE * 5), words(cleaning.TITLE, needed=True)] = (
        None
    )
    description: Annotated[
        str | None, Field(max_length=cleaning.DESCRIPTION), words(cleaning.DESCRIPTION)
    ] = None
    category: Annotated[Name | None, names("category")] = None
    organisation: Annotated[Name | None, names("organisation", null=False)] = None
    service: Annotated[Name | None, names("service")] = None
    item: Annotated[Name | None, names("item")] = None
    supplier: Annotated[Name | None, names("organisation")] = None
    team: Annotated[Name | None, names("team", null=False)] = None
    assignee: Annotated[Name | None, names("user", null=False)] = None
    impact: Annotated[int | None, one_of(Level, null=True)] = None
    urgency: Annotated[int | None, one_of(Level, null=True)] = None
    priority: Annotated[int | None, one_of(Priority, null=True)] = None
    reason: str = Field("", max_length=cleaning.REASON, json_schema_extra={"x-depends": "priority"})
    details: dict[str, Any] | None = Field(None, json_schema_extra={"x-depends": "kind"})
    seen: Instant | None = None


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

    body: Annotated[str, Field(max_length=cleaning.BODY), words(cleaning.BODY, needed=True)]
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
    """A team, a person, or both."""

    model_config = needs(("team",), ("assignee",))

    team: Annotated[Name | None, names("team", null=False)] = None
    assignee: Annotated[Name | None, names("user", null=False)] = None
    seen: Instant | None = None


class Text(Strict):
    body: str = Field("", max_length=cleaning.BODY)


class Written(Text):
    """A text that the verb cannot do without; its absence is said in the verb's own words."""

    model_config = needs(("body",))

    body: Annotated[str, Field(max_length=cleaning.BODY), words(cleaning.BODY, needed=True)] = ""


class Decided(Text):
    """A word with a decision."""

    body: Annotated[str, Field(max_length=cleaning.BODY), words(500)] = ""


class Refused(Written):
    """Why not."""

    body: Annotated[str, Field(max_length=cleaning.BODY), words(500, needed=True)] = ""


class Comment(Written):
    reopen: bool = True


class Pend(Text):
    """Waiting for a date needs the date, for a supplier the supplier, where the ticket names none."""

    reason: Annotated[str, one_of(PendReason)]
    until: Annotated[Instant | None, instant("in the future; needed for a date")] = None
    supplier: Annotated[Name | None, names("organisation")] = None


class Resolve(Strict):
    model_config = needs(("resolution",))

    resolution: Annotated[
        str, Field(max_length=cleaning.RESOLUTION), words(cleaning.RESOLUTION, needed=True)
    ] = ""


class Prioritise(Strict):
    impact: Annotated[int | None, one_of(Level, null=True)] = None
    urgency: Annotated[int | None, one_of(Level, null=True)] = None
    priority: Annotated[int | None, one_of(Priority, null=True)] = None
    reason: str = Field("", max_length=cleaning.REASON, json_schema_extra={"x-depends": "priority"})
    seen: Instant | None = None


class Link(Strict):
    """Another ticket, an item, or both."""

    model_config = needs(("target",), ("item",))

    target: Annotated[str | None, reference()] = None
    kind: Annotated[str, one_of(LinkKind)] = "relates"
    item: Annotated[Name | None, names("item", null=False)] = None
    role: Annotated[str | None, one_of(ItemRole, null=True)] = None


class Merge(Strict):
    into: Annotated[str, reference()]


class Finish(Text):
    model_config = needs(("outcome",))

    outcome: Annotated[str, one_of(ChangeOutcome)] = ""
    body: Annotated[str, Field(max_length=cleaning.BODY), words(10_000)] = ""


class Close(Text):
    """A change's review; one that failed or was an emergency needs it."""

    body: Annotated[str, Field(max_length=cleaning.BODY), words(10_000, **{"x-depends": "outcome"})] = ""


TicketIn.model_rebuild()

BODIES: dict[str, type[Strict]] = {
    "assign": Assign,
    "take": Nothing,
    "reply": Written,
    "comment": Comment,
    "note": Written,
    "pend": Pend,
    "resume": Text,
    "resolve": Resolve,
    "reopen": Text,
    "close": Close,
    "cancel": Written,
    "prioritise": Prioritise,
    "link": Link,
    "merge": Merge,
    "submit": Nothing,
    "approve": Decided,
    "reject": Refused,
    "start": Nothing,
    "finish": Finish,
    "declare_major": Text,
}
