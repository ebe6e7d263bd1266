"""Opening a ticket: reference, routing, priority, clocks, receipt, rights, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING, Actor
from servicedesk.models import (
    Channel,
    Entry,
    Kind,
    Level,
    Message,
    Priority,
    PriorityRule,
    State,
    Ticket,
    Verb,
)
from tests.cases import HOUR, RegionCase


@contextmanager
def statements(most: int) -> Iterator[CaptureQueriesContext]:
    """At most so many statements, transaction control aside."""
    with CaptureQueriesContext(connection) as caught:
        yield caught
    real = [q["sql"] for q in caught.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(real) <= most, "\n".join(sql[:160] for sql in real)


class TestOpen(RegionCase):
    def test_a_title_is_enough(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="The printer is dead")
        ticket.refresh_from_db()
        assert ticket.reference == "INC-00001"
        assert ticket.state == State.NEW
        assert (ticket.impact, ticket.urgency, ticket.priority) == (Level.LOW, Level.MEDIUM, Priority.NORMAL)
        assert ticket.organisation == self.r.unit
        assert ticket.reporter == self.r.own
        assert ticket.team == self.r.desk

    def test_its_clocks_run_under_the_municipality_s_agreement(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        assert ticket.case is not None
        assert ticket.case.agreement == self.r.agreement
        assert {c.measure: c.seconds for c in ticket.case.clocks.all()} == {
            "response": 4 * HOUR,
            "resolution": 24 * HOUR,
        }
        assert ticket.clock_measure == "response"
        assert ticket.clock_state == "running"
        assert ticket.due_at is not None

    def test_the_reporter_is_told_once(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="x")
        letter = Message.objects.get(ticket=ticket)
        assert (letter.kind, letter.address, letter.recipient) == ("received", "own@example.no", self.r.own)
        assert letter.subject == "[INC-00001] x"
        assert "INC-00001" in letter.body

    def test_the_timeline_begins_with_the_report(self) -> None:
        then = timezone.now() - timedelta(hours=3)
        ticket = open_ticket(
            Actor.of(self.r.technician),
            title="Phoned in",
            channel=Channel.PHONE,
            organisation=self.r.here,
            reporter=self.r.own,
            opened_at=then,
        )
        entry = Entry.objects.get(ticket=ticket)
        assert entry.verb == Verb.OPEN
        assert entry.at == ticket.opened_at == then
        assert entry.recorded_at > then
        assert entry.actor == self.r.technician
        assert ticket.case is not None
        assert ticket.case.opened_at == then
        assert ticket.case.clocks.get(measure="resolution").started_at == then

    def test_references_have_neither_holes_nor_twins(self) -> None:
        actor = Actor.of(self.r.technician)
        made = [open_ticket(actor, title=str(n), organisation=self.r.here).reference for n in range(3)]
        with pytest.raises(ValidationError):
            open_ticket(actor, title=" ")
        made.append(open_ticket(actor, title="x", organisation=self.r.here, kind=Kind.PROBLEM).reference)
        made.append(open_ticket(actor, title="x", organisation=self.r.here).reference)
        assert made == ["INC-00001", "INC-00002", "INC-00003", "PRB-00001", "INC-00004"]

    def test_the_item_routes_and_touches_services_and_municipalities(self) -> None:
        ticket = open_ticket(
            Actor.of(self.r.technician), title="Dead", organisation=self.r.here, item=self.r.switch
        )
        assert ticket.team == self.r.operations
        assert {row.service.slug for row in ticket.ticket_services.all()} == {"mail", "payroll"}
        assert {row.organisation.slug for row in ticket.ticket_organisations.all()} == {"granli", "vassoy"}
        assert ticket.impact == Level.MEDIUM  # two municipalities

    def test_priority_follows_the_edited_matrix(self) -> None:
        PriorityRule.objects.filter(impact=Level.LOW, urgency=Level.HIGH).update(priority=Priority.CRITICAL)
        ticket = open_ticket(Actor.of(self.r.own), title="x", urgency=Level.HIGH)
        assert ticket.priority == Priority.CRITICAL

    def test_no_agreement_means_no_clock(self) -> None:
        ticket = open_ticket(Actor.of(self.r.technician), title="Ours")
        assert ticket.organisation == self.r.region
        assert ticket.case is not None
        assert not ticket.case.clocks.exists()
        assert ticket.due_at is None

    def test_hostile_text_is_kept_as_text_or_refused_with_a_sentence(self) -> None:
        ticket = open_ticket(
            Actor.of(self.r.own),
            title="<script>alert(1)</script>\r\nBcc: all@example.no",
            description="a\x00b\ud800c",
        )
        assert "\n" not in ticket.title
        assert ticket.description == "abc"
        assert "\n" not in Message.objects.get(ticket=ticket).subject
        for wrong in (
            {"title": ""},
            {"title": "x", "description": "y" * 2_000_000},
            {"title": "x", "urgency": 9},
            {"title": "x", "kind": "war"},
            {"title": "x", "opened_at": timezone.now() + timedelta(days=1)},
        ):
            with pytest.raises(ValidationError):
                open_ticket(Actor.of(self.r.own), **wrong)


class TestRights(RegionCase):
    def test_a_reporter_reports_for_the_own_municipality_alone(self) -> None:
        with pytest.raises(PermissionDenied):
            open_ticket(Actor.of(self.r.own), title="x", organisation=self.r.there)

    def test_a_reporter_opens_no_change_and_nothing_in_another_s_name(self) -> None:
        for wrong in (
            {"kind": Kind.CHANGE},
            {"kind": Kind.PROBLEM},
            {"reporter": self.r.colleague},
            {"item": self.r.switch},
            {"item": self.r.system_there},
        ):
            with pytest.raises(PermissionDenied):
                open_ticket(Actor.of(self.r.own), title="x", **wrong)
        assert not Ticket.objects.exists()

    def test_a_superuser_reports_for_a_colleague(self) -> None:
        ticket = open_ticket(Actor.of(self.r.keyuser), title="x", reporter=self.r.colleague)
        assert ticket.reporter == self.r.colleague

    def test_the_system_opens_without_a_reporter_and_writes_to_nobody(self) -> None:
        ticket = open_ticket(MONITORING, title="Down", organisation=self.r.here, channel=Channel.MONITORING)
        assert ticket.reporter is None
        assert not Message.objects.exists()


class TestCost(RegionCase):
    """15 is what the whole page may cost, with session and signed-in user; a calendar is read once per process."""

    def test_a_report_leaves_room_for_the_page(self) -> None:
        actor = Actor.of(self.r.own)
        open_ticket(actor, title="warm")
        with statements(9):
            open_ticket(actor, title="x", description="y" * 450)

    def test_with_an_item_too(self) -> None:
        actor = Actor.of(self.r.technician)
        open_ticket(actor, title="warm", organisation=self.r.here)
        with statements(15):
            open_ticket(
                actor,
                title="x",
                organisation=self.r.here,
                item=self.r.switch,
                service=self.r.mail,
                category=self.r.fault,
                reporter=self.r.own,
            )
