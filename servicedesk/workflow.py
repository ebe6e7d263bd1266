"""States and moves of each kind of ticket, as a table: from, verb, to, who, what must be given, what clocks do.

`apply` is the one function that changes a ticket's state; everything else asks `available` or `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from cmdb.models import Role
from servicedesk import approvals
from servicedesk.access import Who, standing
from servicedesk.models import Approval, Decision, Kind, State, Ticket, Verb

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from cmdb.models import User


class MoveRefused(Exception):  # noqa: N818  (agreed name; it is an answer, not an error)
    """A verb that does not go now. `sentence` (translatable) says why and is meant for people; `field` what is missing."""

    def __init__(self, sentence: str | Promise, field: str = "") -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.field = field


class Effect(StrEnum):
    """What a move does to the clocks (rules C.2)."""

    NONE = "none"
    ANSWER = "answer"
    OWN = "own"
    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table. `to` by state before it; a state that is not among the keys refuses the verb."""

    verb: Verb
    to: Mapping[State, State]
    who: frozenset[Who]
    needs: tuple[str, ...] = ()
    effect: Effect = Effect.NONE


# --- states, by what can be done in them --------------------------------------------------------------

S = State
WAITING = (S.NEW, S.ASSIGNED)
WORKED = (S.NEW, S.ASSIGNED, S.IN_PROGRESS, S.PENDING)
PLANNED = (S.DRAFT, S.APPROVAL, S.SCHEDULED, S.IMPLEMENTING, S.REVIEW)
PEOPLE = frozenset({Who.STAFF, Who.SYSTEM})
DECIDING = frozenset({Verb.APPROVE, Verb.REJECT})
ASKERS = frozenset({Who.REPORTER, Who.KEYUSER, Who.OWNER, Who.SUPPLIER, Who.STAFF, Who.SYSTEM})


def _stay(states: Iterable[State]) -> dict[State, State]:
    return {state: state for state in states}


def _move(
    verb: Verb,
    to: Mapping[State, State],
    who: Iterable[Who] = PEOPLE,
    needs: tuple[str, ...] = (),
    effect: Effect = Effect.NONE,
) -> Move:
    return Move(verb, dict(to), frozenset(who), needs, effect)


_EVERYWHERE = _stay(State)
_COMMON = (
    _move(Verb.NOTE, _EVERYWHERE, needs=("body",)),
    _move(Verb.LINK, _EVERYWHERE),
    # What lower floors report is written down whatever the state.
    _move(Verb.ALERT, _EVERYWHERE, {Who.SYSTEM}),
    _move(Verb.BREACH, _EVERYWHERE, {Who.SYSTEM}),
    _move(Verb.SOON, _EVERYWHERE, {Who.SYSTEM}),
)

_DESK = (
    *_COMMON,
    _move(Verb.ASSIGN, _stay(WORKED) | {S.NEW: S.ASSIGNED}, effect=Effect.OWN),
    _move(
        Verb.REPLY,
        {**dict.fromkeys((*WAITING, S.IN_PROGRESS), S.IN_PROGRESS), **_stay((S.PENDING, S.RESOLVED))},
        needs=("body",),
        effect=Effect.ANSWER,
    ),
    _move(Verb.COMMENT, {**_stay((*WAITING, S.IN_PROGRESS, S.PENDING, S.RESOLVED))}, ASKERS, ("body",)),
    _move(
        Verb.PEND,
        dict.fromkeys((*WAITING, S.IN_PROGRESS), S.PENDING),
        needs=("reason",),
        effect=Effect.PAUSE,
    ),
    _move(Verb.RESUME, {S.PENDING: S.IN_PROGRESS}, ASKERS, effect=Effect.RESUME),
    _move(Verb.RESOLVE, dict.fromkeys(WORKED, S.RESOLVED), needs=("resolution",), effect=Effect.RESOLVE),
    _move(Verb.REOPEN, {S.RESOLVED: S.IN_PROGRESS}, ASKERS, effect=Effect.REOPEN),
    _move(
        Verb.CLOSE,
        {S.RESOLVED: S.CLOSED},
        {Who.STAFF, Who.REPORTER, Who.KEYUSER, Who.SYSTEM},
        effect=Effect.CLOSE,
    ),
    _move(
        Verb.CANCEL,
        dict.fromkeys(WORKED, S.CANCELLED),
        {Who.STAFF, Who.REPORTER, Who.SYSTEM},
        ("body",),
        Effect.CANCEL,
    ),
    _move(Verb.EDIT, _stay((*WORKED, S.RESOLVED))),
    _move(Verb.PRIORITISE, _stay(WORKED)),
    _move(Verb.MERGE, dict.fromkeys(WORKED, S.CLOSED)),
)

_INCIDENT = (
    *_DESK,
    _move(Verb.DECLARE_MAJOR, _stay(WORKED), {Who.LEAD, Who.CHANGE_MANAGER, Who.ON_CALL, Who.SYSTEM}),
)

_CHANGE = (
    *_COMMON,
    _move(Verb.COMMENT, _stay((*PLANNED, S.REJECTED)), ASKERS | {Who.COMMISSIONER}, ("body",)),
    _move(Verb.REPLY, _stay((*PLANNED, S.REJECTED)), needs=("body",), effect=Effect.ANSWER),
    _move(Verb.ASSIGN, _stay(PLANNED), effect=Effect.OWN),
    _move(Verb.EDIT, _stay((S.DRAFT,))),
    _move(Verb.PRIORITISE, _stay(PLANNED)),
    # To APPROVAL or, pre-authorised, straight to SCHEDULED: the verb says which (servicedesk.actions.submit).
    _move(
        Verb.SUBMIT,
        {S.DRAFT: S.APPROVAL},
        {Who.STAFF},
        ("plan", "planned_start", "planned_end"),
    ),
    _move(
        Verb.APPROVE,
        {S.APPROVAL: S.SCHEDULED},
        {Who.CHANGE_MANAGER, Who.COMMISSIONER, Who.LEAD, Who.ON_CALL},
    ),
    _move(
        Verb.REJECT,
        {S.APPROVAL: S.REJECTED},
        {Who.CHANGE_MANAGER, Who.COMMISSIONER, Who.LEAD, Who.ON_CALL},
        ("body",),
        Effect.CANCEL,
    ),
    # Taken back to be planned anew.
    _move(
        Verb.REOPEN,
        dict.fromkeys((S.APPROVAL, S.SCHEDULED, S.REJECTED), S.DRAFT),
        {Who.STAFF},
        effect=Effect.REOPEN,
    ),
    _move(Verb.START, {S.SCHEDULED: S.IMPLEMENTING}),
    _move(Verb.FINISH, {S.IMPLEMENTING: S.REVIEW}, needs=("outcome",), effect=Effect.RESOLVE),
    _move(Verb.CLOSE, {S.REVIEW: S.CLOSED}, {Who.STAFF}, effect=Effect.CLOSE),
    _move(
        Verb.CANCEL,
        dict.fromkeys((S.DRAFT, S.APPROVAL, S.SCHEDULED), S.CANCELLED),
        {Who.STAFF, Who.REPORTER},
        ("body",),
        Effect.CANCEL,
    ),
)

MOVES: Mapping[Kind, Mapping[Verb, Move]] = {
    kind: {move.verb: move for move in moves}
    for kind, moves in (
        (Kind.INCIDENT, _INCIDENT),
        (Kind.REQUEST, _DESK),
        (Kind.PROBLEM, _DESK),
        (Kind.CHANGE, _CHANGE),
    )
}

FIRST_STATE: Mapping[Kind, State] = {
    Kind.INCIDENT: State.NEW,
    Kind.REQUEST: State.NEW,
    Kind.PROBLEM: State.NEW,
    Kind.CHANGE: State.DRAFT,
}

_MISSING: Mapping[str, Promise] = {
    "body": _("Write a text first."),
    "reason": _("Say what it waits for."),
    "resolution": _("Write how it was resolved."),
    "plan": _("Describe how the change is carried out."),
    "planned_start": _("Set when the work begins."),
    "planned_end": _("Set when the work ends."),
    "outcome": _("Say how it went."),
}


def find(ticket: Ticket, verb: Verb) -> Move | None:
    """The line of the table for this kind and verb, whatever the state; None if the kind does not know the verb."""
    return MOVES[Kind(ticket.kind)].get(verb)


def available(user: User, ticket: Ticket) -> list[Verb]:
    """What this person can do with it now, in the order of the table; for buttons and the API."""
    mine = standing(user, ticket)
    hidden = {Verb.ALERT, Verb.BREACH, Verb.SOON}
    found = [
        move.verb
        for move in MOVES[Kind(ticket.kind)].values()
        if State(ticket.state) in move.to and move.who & mine and move.verb not in hidden
    ]
    if DECIDING & set(found) and not approvals.awaits(user, ticket):
        return [verb for verb in found if verb not in DECIDING]
    return found


def check(user: User | None, ticket: Ticket, verb: Verb, values: Mapping[str, Any] | None = None) -> Move:
    """The move, if it goes: PermissionDenied for the wrong person, MoveRefused for the wrong state or a missing value."""
    move = find(ticket, verb)
    if move is None:
        raise MoveRefused(_("%(kind)s: this cannot be done with it.") % {"kind": ticket.get_kind_display()})
    if not move.who & standing(user, ticket):
        raise PermissionDenied(str(_("Your role does not let you do this with this ticket.")))
    if State(ticket.state) not in move.to:
        raise MoveRefused(_refusal(ticket))
    if user is not None and verb in DECIDING:
        _must_answer(user, ticket)
    for name in move.needs:
        value = (values or {}).get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise MoveRefused(_MISSING[name], field=name)
    return move


def _must_answer(user: User, ticket: Ticket) -> None:
    """Only an outstanding answer of one's own can be given; of two who may give it the second is told who was first."""
    rows = approvals.waiting(ticket)
    if not rows:
        raise MoveRefused(_("Nobody waits for an answer here any more."))
    if approvals.owned(user, ticket, rows):
        return
    given = Approval.objects.filter(ticket=ticket).exclude(decision=Decision.WAITING).exclude(decided_by=user)
    first = next(
        iter(approvals.owned(user, ticket, given.select_related("organisation", "decided_by"))), None
    )
    if first is None or first.decided_by is None:
        raise PermissionDenied(str(_("This approval is not yours to give.")))
    raise MoveRefused(
        _("%(name)s has answered already, for %(whom)s.")
        % {"name": first.decided_by, "whom": first.organisation or Role(first.role).label}
    )


def _refusal(ticket: Ticket) -> str:
    return str(
        _("This does not go while %(reference)s is in the state “%(state)s”.")
        % {"reference": ticket.reference, "state": ticket.get_state_display()}
    )


def apply(user: User | None, ticket: Ticket, verb: Verb, values: Mapping[str, Any] | None = None) -> Move:
    """Check and set the new state on the object (not saved). The caller holds the row's lock."""
    move = check(user, ticket, verb, values)
    ticket.state = move.to[State(ticket.state)]
    return move
