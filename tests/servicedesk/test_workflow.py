"""The table of moves itself: whole, and closed against what it does not name."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from servicedesk import workflow
from servicedesk.access import Who, standing
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import DONE_STATES, Kind, State, Verb
from servicedesk.workflow import MOVES, MoveRefused
from tests.cases import RegionCase


def reached(kind: Kind) -> set[State]:
    """All states that can be got to from the first one."""
    found = {workflow.FIRST_STATE[kind]}
    while True:
        more = {move.to[s] for move in MOVES[kind].values() for s in found if s in move.to}
        # What verbs decide themselves: a pre-authorised change, and what is taken up again without an assignee.
        more |= {State.ASSIGNED} if kind != Kind.CHANGE else set()
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_closed_and_cancelled_and_has_no_dead_end(kind: Kind) -> None:
    states = reached(kind)
    assert {State.CLOSED, State.CANCELLED} <= states
    for state in states - {State.CLOSED, State.CANCELLED}:
        ways = {move.to[state] for move in MOVES[kind].values() if state in move.to} - {state}
        assert ways, f"{kind}: nothing leads out of {state}"


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_leads_out_of_what_is_closed_or_cancelled(kind: Kind) -> None:
    for move in MOVES[kind].values():
        for state in (State.CLOSED, State.CANCELLED):
            assert move.to.get(state, state) == state, move.verb


@pytest.mark.parametrize("kind", list(Kind))
def test_a_needed_value_has_a_sentence(kind: Kind) -> None:
    for move in MOVES[kind].values():
        for name in move.needs:
            assert str(workflow._MISSING[name])


def test_a_move_into_a_done_state_stops_the_clocks() -> None:
    done = {workflow.Effect.RESOLVE, workflow.Effect.CLOSE, workflow.Effect.CANCEL}
    for kind, moves in MOVES.items():
        for move in moves.values():
            for state, to in move.to.items():
                if to in DONE_STATES and to != state and move.verb != Verb.MERGE:
                    assert move.effect in done, (kind, move.verb)


class TestCheck(RegionCase):
    def test_the_wrong_person_is_denied_before_the_state_is_told(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        with pytest.raises(PermissionDenied):
            workflow.check(self.r.own, ticket, Verb.RESOLVE, {"resolution": "done"})
        with pytest.raises(PermissionDenied):
            workflow.check(self.r.stranger, ticket, Verb.COMMENT, {"body": "hello"})

    def test_a_refusal_is_a_sentence_that_names_ticket_and_state(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        with pytest.raises(MoveRefused, match=r"INC-00001.*New"):
            workflow.check(self.r.technician, ticket, Verb.CLOSE)
        with pytest.raises(MoveRefused, match="Write how it was resolved") as caught:
            workflow.check(self.r.technician, ticket, Verb.RESOLVE, {"resolution": "  "})
        assert caught.value.field == "resolution"

    def test_available_is_what_check_lets_through(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        assert workflow.available(self.r.own, ticket) == [Verb.COMMENT, Verb.CANCEL]
        assert workflow.available(self.r.stranger, ticket) == []
        mine = workflow.available(self.r.technician, ticket)
        assert {Verb.ASSIGN, Verb.REPLY, Verb.PEND, Verb.RESOLVE} <= set(mine)
        assert Verb.DECLARE_MAJOR not in mine
        assert Verb.DECLARE_MAJOR in workflow.available(self.r.lead, ticket)

    def test_the_system_is_nobody_s_reporter(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        assert standing(None, ticket) == {Who.SYSTEM}
