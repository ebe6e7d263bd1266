"""Every verb: what it changes, what it writes, what clocks do, who is told, who may not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from cmdb.common import trace
from cmdb.models import Team, User
from servicedesk import access
from servicedesk.actions.assign import assign, take
from servicedesk.actions.cancel import cancel
from servicedesk.actions.close import close
from servicedesk.actions.comment import comment
from servicedesk.actions.declare_major import declare_major
from servicedesk.actions.edit import edit
from servicedesk.actions.link import link
from servicedesk.actions.merge import merge
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.pend import pend
from servicedesk.actions.prioritise import prioritise
from servicedesk.actions.reopen import reopen
from servicedesk.actions.reply import reply
from servicedesk.actions.resolve import resolve
from servicedesk.actions.resume import resume
from servicedesk.actors import Actor
from servicedesk.models import Entry, Message, PendReason, Priority, State, Ticket, TicketLink, Verb
from servicedesk.workflow import MoveRefused
from sla.models import Clock
from tests.cases import RegionCase


def clock(ticket: Ticket, measure: str = "resolution") -> Clock:
    """The newest clock of a measure, from the database."""
    assert ticket.case is not None
    return ticket.case.clocks.filter(measure=measure).order_by("-pk")[0]


def later(days: float = 0, hours: float = 0) -> Any:
    """Make it later than it is, for everything that asks Django's clock."""
    then = timezone.now() + timedelta(days=days, hours=hours)
    return mock.patch("django.utils.timezone.now", return_value=then)


class VerbCase(RegionCase):
    def setUp(self) -> None:
        self.me = Actor.of(self.r.technician)
        self.enterContext(trace.under("r1"))
        self.asker = Actor.of(self.r.own)
        self.ticket = open_ticket(self.asker, title="No mail since nine")
        Message.objects.all().delete()

    def now(self) -> Ticket:
        return Ticket.objects.get(pk=self.ticket.pk)

    def last(self) -> Entry:
        return Entry.objects.filter(ticket=self.ticket).latest("pk")

    def letters(self) -> list[tuple[str, str]]:
        return sorted(Message.objects.values_list("kind", "address"))


class TestAssign(VerbCase):
    def test_taking_it(self) -> None:
        ticket = take(self.me, self.ticket)
        assert (ticket.state, ticket.assignee) == (State.ASSIGNED, self.r.technician)
        entry = self.last()
        assert (entry.verb, entry.actor_name, entry.request_id) == (Verb.ASSIGN, "Per Dahl", "r1")
        assert entry.data["after"]["assignee"]["name"] == "Per Dahl"
        assert entry.data["before"]["state"] == State.NEW
        assert not entry.is_public

    def test_the_second_who_takes_it_is_told_who_was_quicker(self) -> None:
        take(self.me, self.ticket)
        with pytest.raises(MoveRefused, match="Per Dahl has taken INC-00001 already"):
            take(Actor.of(self.r.lead), self.ticket)
        assert self.now().assignee == self.r.technician

    def test_a_page_that_is_out_of_date_is_refused(self) -> None:
        seen = self.ticket.touched_at
        assign(self.me, self.ticket, team=self.r.operations, seen=seen)
        with pytest.raises(MoveRefused, match="Per Dahl changed INC-00001"):
            assign(Actor.of(self.r.lead), self.ticket, team=self.r.desk, seen=seen)

    def test_not_to_somebody_who_does_not_work_here(self) -> None:
        with pytest.raises(ValidationError):
            assign(self.me, self.ticket, assignee=self.r.stranger)
        with pytest.raises(MoveRefused):
            assign(self.me, self.ticket)

    def test_the_customer_s_clocks_do_not_move(self) -> None:
        before = clock(self.ticket).due_at
        assign(self.me, self.ticket, team=self.r.operations)
        assert clock(self.ticket).due_at == before
        assert clock(self.ticket, "response").stopped_at is None


class TestReply(VerbCase):
    def test_the_first_human_answer_stops_the_response_clock(self) -> None:
        ticket = reply(self.me, self.ticket, body="We look at it.")
        assert (ticket.state, ticket.assignee) == (State.IN_PROGRESS, self.r.technician)
        assert ticket.answered_at == self.last().at
        assert clock(ticket, "response").state == "met"
        assert clock(ticket).state == "running"
        assert ticket.clock_measure == "resolution"
        assert self.letters() == [("answered", "own@example.no")]
        assert "We look at it." in Message.objects.get().body

    def test_a_note_or_an_assignment_does_not(self) -> None:
        note(self.me, self.ticket, body="secret")
        take(self.me, self.ticket)
        assert clock(self.ticket, "response").stopped_at is None
        assert self.now().answered_at is None
        assert self.letters() == []

    def test_only_those_who_work_on_it(self) -> None:
        for account in ("own", "colleague", "stranger", "keyuser", "supplier_person", "board"):
            with pytest.raises(PermissionDenied):
                reply(Actor.of(getattr(self.r, account)), self.ticket, body="x")

    def test_nothing_is_written_when_it_is_refused(self) -> None:
        with pytest.raises(MoveRefused):
            reply(self.me, self.ticket, body=" \x00 ")
        assert Entry.objects.filter(ticket=self.ticket).count() == 1


class TestNote(VerbCase):
    def test_the_reporter_never_sees_it(self) -> None:
        note(self.me, self.ticket, body="secret")
        reply(self.me, self.ticket, body="open")
        seen = access.entries_for(self.fresh("own"), self.ticket)
        assert [e.verb for e in seen] == [Verb.OPEN, Verb.REPLY]
        assert "secret" in [e.body for e in access.entries_for(self.r.technician, self.ticket)]


class TestPend(VerbCase):
    def test_waiting_for_the_reporter_pauses_resolution_but_not_response(self) -> None:
        ticket = pend(self.me, self.ticket, reason=PendReason.CUSTOMER, body="Which room?")
        assert ticket.state == State.PENDING
        assert clock(ticket).is_paused
        assert not clock(ticket, "response").is_paused
        assert self.letters() == [("waiting", "own@example.no")]
        assert self.last().is_public

    def test_the_answer_ends_it(self) -> None:
        reply(self.me, self.ticket, body="hello")
        pend(self.me, self.ticket, reason=PendReason.CUSTOMER, body="Which room?")
        assert self.now().clock_state == "paused"
        ticket = comment(self.asker, self.ticket, body="Room 3")
        assert (ticket.state, ticket.pend_reason) == (State.IN_PROGRESS, "")
        assert not clock(ticket).is_paused
        assert ("commented", "technician@example.no") in self.letters()

    def test_the_reporter_s_word_does_not_end_a_wait_for_the_supplier(self) -> None:
        pend(self.me, self.ticket, reason=PendReason.SUPPLIER, supplier=self.r.supplier)
        assert comment(self.asker, self.ticket, body="Well?").state == State.PENDING
        ticket = comment(Actor.of(self.r.supplier_person), self.ticket, body="Mended.")
        assert ticket.state == State.ASSIGNED

    def test_waiting_for_a_supplier_pauses_only_where_agreed(self) -> None:
        pend(self.me, self.ticket, reason=PendReason.SUPPLIER, supplier=self.r.supplier)
        assert not clock(self.ticket).is_paused

    def test_refusals(self) -> None:
        for wrong in (
            {"reason": ""},
            {"reason": "tea"},
            {"reason": PendReason.DATE},
            {"reason": PendReason.DATE, "until": timezone.now() - timedelta(hours=1)},
            {"reason": PendReason.SUPPLIER},
        ):
            with pytest.raises(MoveRefused):
                pend(self.me, self.ticket, **wrong)
        assert self.now().state == State.NEW

    def test_resume(self) -> None:
        pend(self.me, self.ticket, reason=PendReason.DATE, until=timezone.now() + timedelta(days=2))
        ticket = resume(self.me, self.ticket)
        assert (ticket.state, ticket.pend_until) == (State.ASSIGNED, None)
        assert not clock(ticket).is_paused


class TestResolve(VerbCase):
    def test_clocks_stop_and_the_reporter_is_told(self) -> None:
        ticket = resolve(self.me, self.ticket, resolution="A full disk.")
        assert ticket.state == State.RESOLVED
        assert ticket.resolved_at == self.last().at
        assert clock(ticket).state == "met"
        assert clock(ticket, "response").state == "met"
        assert ticket.clock_state == "met"
        assert self.letters() == [("resolved", "own@example.no")]
        assert not ticket.is_open

    def test_without_a_word_it_is_not(self) -> None:
        with pytest.raises(MoveRefused):
            resolve(self.me, self.ticket, resolution="")

    def test_it_happened_when_it_happened_but_never_before_the_last_step(self) -> None:
        note(self.me, self.ticket, body="x")
        ticket = resolve(
            self.me,
            self.ticket,
            resolution="x",
            at=datetime(2021, 1, 1, tzinfo=timezone.get_default_timezone()),
        )
        assert ticket.resolved_at == Entry.objects.get(ticket=ticket, verb=Verb.NOTE).at
        times = list(Entry.objects.filter(ticket=ticket).order_by("pk").values_list("at", flat=True))
        assert times == sorted(times)


class TestReopen(VerbCase):
    def test_within_the_window_the_same_clock_goes_on(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        first = clock(self.ticket).pk
        with later(days=13):
            ticket = reopen(self.asker, self.ticket, body="Still dead")
        assert (ticket.state, ticket.resolved_at, ticket.resolution) == (State.IN_PROGRESS, None, "")
        assert clock(ticket).pk == first
        assert clock(ticket).elapsed_seconds < 60
        assert ticket.case is not None
        assert ticket.case.first_resolved_at is not None

    def test_later_it_is_a_new_one(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        with later(days=15), pytest.raises(MoveRefused, match="too long ago"):
            reopen(self.asker, self.ticket)

    def test_a_comment_reopens_unless_it_says_thank_you(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        assert comment(self.asker, self.ticket, body="Thanks", reopen=False).state == State.RESOLVED
        assert comment(self.asker, self.ticket, body="No!").state == State.IN_PROGRESS
        assert clock(self.ticket).state == "running"

    def test_not_by_a_stranger(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        with pytest.raises(PermissionDenied):
            reopen(Actor.of(self.r.stranger), self.ticket)


class TestCloseAndCancel(VerbCase):
    def test_the_reporter_closes(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        ticket = close(self.asker, self.ticket)
        assert (ticket.state, ticket.closed_at) == (State.CLOSED, self.last().at)
        with pytest.raises(MoveRefused):
            comment(self.asker, self.ticket, body="hello?")

    def test_the_reporter_withdraws(self) -> None:
        ticket = cancel(self.asker, self.ticket, body="My mistake")
        assert ticket.state == State.CANCELLED
        assert clock(ticket).state == "cancelled"
        assert ticket.due_at is None

    def test_a_colleague_does_not(self) -> None:
        with pytest.raises(PermissionDenied):
            cancel(Actor.of(self.r.colleague), self.ticket, body="x")


class TestPrioritise(VerbCase):
    def test_by_the_matrix(self) -> None:
        ticket = prioritise(self.me, self.ticket, impact=1, urgency=1)
        assert ticket.priority == Priority.CRITICAL
        assert clock(ticket).priority == 1
        assert clock(ticket).seconds == 4 * 3600
        assert Clock.objects.filter(case=ticket.case, state="superseded").count() == 2

    def test_against_the_matrix_only_with_a_reason(self) -> None:
        with pytest.raises(MoveRefused, match="Say why"):
            prioritise(self.me, self.ticket, priority_=1)
        ticket = prioritise(self.me, self.ticket, priority_=1, reason="The mayor speaks at ten")
        assert ticket.priority_reason == "The mayor speaks at ten"

    def test_raising_hides_no_time(self) -> None:
        started = clock(self.ticket).started_at
        ticket = prioritise(self.me, self.ticket, impact=1, urgency=1)
        assert clock(ticket).started_at == started

    def test_hostile_values(self) -> None:
        with pytest.raises(ValidationError):
            prioritise(self.me, self.ticket, impact=7)


class TestMajor(VerbCase):
    def test_a_lead_declares(self) -> None:
        ticket = declare_major(Actor.of(self.r.lead), self.ticket, body="Nobody can sign in")
        assert (ticket.is_major, ticket.priority) == (True, Priority.CRITICAL)
        assert ticket.case is not None
        assert ticket.case.is_major
        assert [kind for kind, _ in self.letters()] == ["major"]

    def test_a_technician_does_not_and_twice_is_refused(self) -> None:
        with pytest.raises(PermissionDenied):
            declare_major(self.me, self.ticket)
        declare_major(Actor.of(self.r.lead), self.ticket)
        with pytest.raises(MoveRefused):
            declare_major(Actor.of(self.r.lead), self.ticket)


class TestMergeAndLink(VerbCase):
    def setUp(self) -> None:
        super().setUp()
        early = timezone.now() - timedelta(days=3)
        self.other = open_ticket(
            self.me,
            title="Mail is dead",
            organisation=self.r.here,
            reporter=self.r.colleague,
            opened_at=early,
        )
        Message.objects.all().delete()

    def test_the_parent_counts_from_the_earlier_report(self) -> None:
        child = merge(self.me, self.other, into=self.ticket)
        assert (child.state, child.parent) == (State.CLOSED, self.ticket)
        assert set(child.case.clocks.values_list("state", flat=True)) <= {"merged", "missed"}  # type: ignore[union-attr]
        parent = self.now()
        assert parent.opened_at == self.other.opened_at
        assert clock(parent).started_at == self.other.opened_at
        assert TicketLink.objects.filter(source=child, target=parent, kind="duplicates").exists()
        assert self.letters() == [("merged", "colleague@example.no")]

    def test_its_reporter_gets_the_parent_s_answers(self) -> None:
        merge(self.me, self.other, into=self.ticket)
        Message.objects.all().delete()
        resolve(self.me, self.ticket, resolution="x")
        assert [address for _, address in self.letters()] == ["colleague@example.no", "own@example.no"]

    def test_refusals(self) -> None:
        with pytest.raises(MoveRefused):
            merge(self.me, self.ticket, into=self.ticket)
        resolve(self.me, self.other, resolution="x")
        with pytest.raises(MoveRefused, match="is over"):
            merge(self.me, self.ticket, into=self.other)
        with pytest.raises(PermissionDenied):
            merge(self.asker, self.ticket, into=self.other)

    def test_link_to_ticket_and_item(self) -> None:
        ticket = link(self.me, self.ticket, target=self.other, item=self.r.server)
        link(self.me, self.ticket, target=self.other)
        assert TicketLink.objects.count() == 1
        assert ticket.item == self.r.server
        with pytest.raises(MoveRefused):
            link(self.me, self.ticket)
        with pytest.raises(MoveRefused):
            link(self.me, self.ticket, target=self.ticket)


class TestAttached(VerbCase):
    """ "It is the same for me": a report under another one."""

    def setUp(self) -> None:
        super().setUp()
        self.child = open_ticket(Actor.of(self.r.stranger), title="Same here")
        Ticket.objects.filter(pk=self.child.pk).update(parent=self.ticket)
        Message.objects.all().delete()

    def test_the_answer_is_theirs_too(self) -> None:
        reply(self.me, self.ticket, body="We look at it")
        assert self.letters() == [("answered", "own@example.no"), ("answered", "stranger@example.no")]
        self.child.refresh_from_db()
        assert self.child.answered_at is not None
        assert clock(self.child, "response").state == "met"

    def test_the_end_is_theirs_too_and_each_is_told_once(self) -> None:
        resolve(self.me, self.ticket, resolution="Mended")
        self.child.refresh_from_db()
        assert (self.child.state, self.child.resolution) == (State.RESOLVED, "Mended")
        assert self.letters() == [("resolved", "own@example.no"), ("resolved", "stranger@example.no")]

    def test_what_is_over_already_is_left_alone(self) -> None:
        cancel(Actor.of(self.r.stranger), self.child, body="No, it works")
        resolve(self.me, self.ticket, resolution="Mended")
        self.child.refresh_from_db()
        assert self.child.state == State.CANCELLED


class TestEdit(VerbCase):
    def test_before_and_after_are_kept(self) -> None:
        edit(self.me, self.ticket, title="No mail", service=self.r.mail, category=self.r.fault)
        data = self.last().data
        assert data["before"]["title"] == "No mail since nine"
        assert data["after"]["service"]["name"] == "E-mail"
        case = self.now().case
        assert case is not None
        assert (case.title, case.service, case.type) == ("No mail", self.r.mail, "fault")

    def test_another_customer_is_another_promise(self) -> None:
        ticket = edit(self.me, self.ticket, organisation=self.r.there)
        assert ticket.case is not None
        assert ticket.case.municipality == self.r.there
        assert Clock.objects.filter(case=ticket.case, state="superseded").count() == 2

    def test_refusals(self) -> None:
        with pytest.raises(ValidationError):
            edit(self.me, self.ticket, priority=1)
        with pytest.raises(ValidationError):
            edit(self.me, self.ticket, title="")
        with pytest.raises(PermissionDenied):
            edit(self.asker, self.ticket, title="x")


class TestLetters(VerbCase):
    def test_in_the_language_of_whom_it_is_for(self) -> None:
        User.objects.filter(pk=self.r.own.pk).update(language="nn")
        resolve(self.me, self.ticket, resolution="x")
        assert Message.objects.get().language == "nn"

    def test_not_to_who_left_or_has_no_address(self) -> None:
        User.objects.filter(pk=self.r.own.pk).update(is_active=False)
        resolve(self.me, self.ticket, resolution="x")
        assert self.letters() == []

    def test_the_reporter_s_word_reaches_the_team_while_nobody_has_it(self) -> None:
        Team.objects.filter(pk=self.r.desk.pk).update(email="desk@example.no")
        comment(self.asker, self.ticket, body="Well?")
        assert self.letters() == [("commented", "desk@example.no")]
