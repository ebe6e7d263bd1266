"""A change from draft to closed: who says yes, what its window does to monitoring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from monitoring.models import MaintenanceWindow
from servicedesk.actions.approve import approve
from servicedesk.actions.cancel import cancel
from servicedesk.actions.close import close
from servicedesk.actions.edit import edit
from servicedesk.actions.finish import finish
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reject import reject
from servicedesk.actions.reopen import reopen
from servicedesk.actions.start import start
from servicedesk.actions.submit import submit
from servicedesk.actors import Actor
from servicedesk.models import ChangeOutcome, ChangeType, Decision, Kind, Message, State, Ticket
from servicedesk.workflow import MoveRefused
from tests.cases import RegionCase


class ChangeCase(RegionCase):
    def setUp(self) -> None:
        self.me = Actor.of(self.r.technician)
        self.manager = Actor.of(self.r.changemanager)
        self.begin = timezone.now() + timedelta(days=3)

    def draft(self, **details: Any) -> Ticket:
        plan = {
            "type": ChangeType.NORMAL,
            "reason": "Old firmware",
            "plan": "Load the new one",
            "backout_plan": "Load the old one",
            "planned_start": self.begin,
            "planned_end": self.begin + timedelta(hours=2),
        }
        return open_ticket(
            self.me,
            kind=Kind.CHANGE,
            title="Firmware",
            organisation=self.r.here,
            items=[self.r.switch],
            details=plan | details,
        )

    def window(self, ticket: Ticket) -> MaintenanceWindow | None:
        return MaintenanceWindow.objects.filter(source_key=ticket.reference, cancelled_at=None).first()


class TestWay(ChangeCase):
    def test_from_draft_to_closed(self) -> None:
        ticket = self.draft()
        assert (ticket.state, ticket.reference) == (State.DRAFT, "CHG-00001")
        assert {row.service.slug for row in ticket.ticket_services.all()} == {"mail", "payroll"}
        assert submit(self.me, ticket).state == State.APPROVAL
        assert Message.objects.get(kind="approval").recipient == self.r.changemanager
        assert self.window(ticket) is None
        assert approve(self.manager, ticket, body="Go").state == State.SCHEDULED
        window = self.window(ticket)
        assert window is not None
        assert (window.starts_at, [i.name for i in window.items.all()]) == (self.begin, ["sw-granli-1"])
        assert Message.objects.get(kind="decided").recipient == self.r.technician
        assert start(self.me, ticket).assignee == self.r.technician
        done = finish(self.me, ticket, outcome=ChangeOutcome.SUCCESS)
        assert (done.state, done.case.outcome) == (State.REVIEW, "success")  # type: ignore[union-attr]
        assert close(self.me, ticket).state == State.CLOSED

    def test_a_plan_with_holes_is_not_submitted(self) -> None:
        for hole in (
            {"plan": ""},
            {"planned_start": None},
            {"reason": ""},
            {"backout_plan": " "},
            {"probability": 4, "consequence": 3},
            {
                "planned_start": timezone.now() - timedelta(hours=3),
                "planned_end": timezone.now() - timedelta(hours=1),
            },
        ):
            with pytest.raises(MoveRefused):
                submit(self.me, self.draft(**hole))

    def test_a_window_must_have_length(self) -> None:
        with pytest.raises(ValidationError):
            self.draft(planned_end=self.begin)
        with pytest.raises(ValidationError):
            edit(self.me, self.draft(), probability=9)

    def test_a_standard_change_is_scheduled_at_once(self) -> None:
        ticket = submit(self.me, self.draft(type=ChangeType.STANDARD, reason="", backout_plan=""))
        assert ticket.state == State.SCHEDULED
        assert self.window(ticket) is not None


class TestApproval(ChangeCase):
    def test_not_by_a_technician_and_not_one_s_own(self) -> None:
        ticket = self.draft()
        submit(self.me, ticket)
        with pytest.raises(PermissionDenied):
            approve(self.me, ticket)
        with pytest.raises(PermissionDenied):
            approve(Actor.of(self.r.lead), ticket)
        mine = open_ticket(
            self.manager, kind=Kind.CHANGE, title="x", organisation=self.r.here,
            details={"reason": "r", "plan": "p", "backout_plan": "b", "planned_start": self.begin,
                     "planned_end": self.begin + timedelta(hours=1)},
        )  # fmt: skip
        submit(self.manager, mine)
        with pytest.raises(MoveRefused, match="your own"):
            approve(self.manager, mine)

    def test_a_high_risk_needs_the_committee_too(self) -> None:
        ticket = self.draft(probability=3, consequence=4, mitigation="Two people")
        submit(self.me, ticket)
        assert approve(self.manager, ticket).state == State.APPROVAL
        assert self.window(ticket) is None
        with pytest.raises(PermissionDenied):
            approve(self.manager, ticket)  # the answer that is left is not the manager's
        assert approve(Actor.of(self.r.commissioner), ticket).state == State.SCHEDULED
        assert self.window(ticket) is not None
        assert {a.decision for a in ticket.approvals.all()} == {Decision.APPROVED}

    def test_in_an_emergency_whoever_is_on_call_decides(self) -> None:
        ticket = self.draft(type=ChangeType.EMERGENCY, reason="", backout_plan="")
        submit(self.me, ticket)
        assert approve(Actor.of(self.r.oncall), ticket).state == State.SCHEDULED

    def test_rejected_and_planned_anew(self) -> None:
        ticket = self.draft()
        submit(self.me, ticket)
        with pytest.raises(MoveRefused):
            reject(self.manager, ticket, body="")
        assert reject(self.manager, ticket, body="Not in the exam week").state == State.REJECTED
        again = reopen(self.me, ticket)
        assert (again.state, again.closed_at, again.approvals.count()) == (State.DRAFT, None, 0)
        assert submit(self.me, ticket).state == State.APPROVAL

    def test_a_commissioner_sees_the_changes_of_the_own_municipality(self) -> None:
        ticket = self.draft()
        seen = Ticket.objects.visible_to(self.r.commissioner)
        assert ticket in seen
        assert ticket not in Ticket.objects.visible_to(self.r.own)
        assert ticket not in Ticket.objects.visible_to(self.r.stranger)


class TestWindow(ChangeCase):
    def scheduled(self, **details: Any) -> Ticket:
        ticket = self.draft(**details)
        submit(self.me, ticket)
        return approve(self.manager, ticket)

    def test_called_off_with_the_change(self) -> None:
        ticket = self.scheduled()
        cancel(self.me, ticket, body="No need")
        assert self.window(ticket) is None

    def test_called_off_when_it_is_planned_anew(self) -> None:
        ticket = self.scheduled()
        assert reopen(self.me, ticket).state == State.DRAFT
        assert self.window(ticket) is None

    def test_work_that_ends_early_ends_the_silence(self) -> None:
        now = timezone.now()
        ticket = self.scheduled(
            planned_start=now - timedelta(minutes=5), planned_end=now + timedelta(hours=2)
        )
        start(self.me, ticket)
        finish(self.me, ticket, outcome="success")
        window = self.window(ticket)
        assert window is not None
        assert window.ends_at < now + timedelta(minutes=1)

    def test_a_failed_change_is_not_closed_without_its_review(self) -> None:
        ticket = self.scheduled()
        start(self.me, ticket)
        with pytest.raises(MoveRefused):
            finish(self.me, ticket, outcome="")
        with pytest.raises(ValidationError):
            finish(self.me, ticket, outcome="splendid")
        finish(self.me, ticket, outcome=ChangeOutcome.FAILED)
        with pytest.raises(MoveRefused, match="review"):
            close(self.me, ticket)
        assert close(self.me, ticket, body="The image was broken").state == State.CLOSED
