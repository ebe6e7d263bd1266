"""Clocks in the database: every rule of C.2 that moves one, and that a clock is what its entries make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla import clocks, history, integrity
from sla.models import (
    Agreement,
    AgreementTarget,
    Calendar,
    CalendarVersion,
    Case,
    Clock,
    ClockEntry,
    Mark,
    Measure,
)
from tests.cases import RegionCase

HOUR = 3600
#: Monday 5 October 2026, 08.00 in Oslo (summer time: UTC+2)
MONDAY = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


class ClockCase(RegionCase):
    """Cases of `here`, opened on Monday at eight unless said otherwise."""

    number = 0

    def open(self, **changed: Any) -> Case:
        type(self).number += 1
        values: dict[str, Any] = {
            "reference": f"INC-{self.number}", "title": "Nothing prints", "kind": "incident", "type": "fault",
            "type_label": "Fault", "channel": "portal", "organisation": self.r.unit, "service": self.r.mail,
            "system": self.r.system, "supplier": None, "priority": 2, "opened_at": MONDAY, "actor": "Kari Eng",
        }  # fmt: skip
        return clocks.open_case(**values | changed)

    def clock(self, case: Case, measure: str, **more: Any) -> Clock:
        return Clock.objects.get(case=case, measure=measure, **more)

    def target(self, measure: str, seconds: int, priority: int | None = None, **more: Any) -> AgreementTarget:
        return AgreementTarget.objects.create(
            agreement=self.r.agreement,
            kind="incident",
            priority=priority,
            measure=measure,
            seconds=seconds,
            **more,
        )

    def tearDown(self) -> None:
        assert list(integrity.check_stopped(now=MONDAY + timedelta(days=400))) == []


class TestOpening(ClockCase):
    def test_clocks_start_at_the_report_under_the_municipalitys_agreement(self) -> None:
        case = self.open()
        assert case.municipality == self.r.here
        assert case.agreement == self.r.agreement
        response, resolution = self.clock(case, "response"), self.clock(case, "resolution")
        assert response.due_at == MONDAY + hours(1)
        assert resolution.due_at == MONDAY + hours(8)
        assert resolution.soon_at == MONDAY + hours(6)
        assert resolution.state == "running"

    def test_a_report_outside_hours_counts_from_the_next_opening(self) -> None:
        friday_evening = MONDAY - timedelta(days=3) + hours(11)
        case = self.open(opened_at=friday_evening)
        assert self.clock(case, "response").due_at == MONDAY + hours(1)

    def test_four_statements(self) -> None:
        self.open()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            case = self.open()
            clocks.nearest(case)
        assert len(seen) <= 4, [q["sql"][:120] for q in seen.captured_queries]

    def test_no_target_for_a_priority_is_said_and_nothing_is_guessed(self) -> None:
        AgreementTarget._base_manager.filter(agreement=self.r.agreement, priority=4).delete()
        case = self.open(priority=4)
        view = clocks.clocks_of(case, MONDAY)
        assert view == []
        assert "No agreed target" in str(view.reason)
        assert clocks.nearest(case) is None
        clocks.pause(case, "customer", MONDAY, "Per")
        clocks.resolve(case, MONDAY + hours(1), "Per")
        assert case.resolved_at == MONDAY + hours(1)

    def test_no_agreement_falls_back_to_the_region_then_to_none(self) -> None:
        Agreement.objects.filter(organisation=self.r.here).update(organisation=self.r.region)
        assert self.open().agreement is not None
        Agreement.objects.update(valid_until="2026-10-01")
        case = self.open()
        assert case.agreement is None
        assert "No agreement" in str(clocks.clocks_of(case, MONDAY).reason)

    def test_a_target_for_one_priority_comes_before_one_for_all(self) -> None:
        self.target("own", 600)
        self.target("own", 300, priority=1)
        assert self.clock(self.open(priority=1), "own").seconds == 300
        assert self.clock(self.open(priority=3), "own").seconds == 600

    def test_a_calendar_that_never_opens_says_so(self) -> None:
        shut = Calendar.objects.create(name="Shut", slug="shut")
        CalendarVersion.objects.create(
            calendar=shut, valid_from=MONDAY - timedelta(days=9), spec={"timezone": "Europe/Oslo", "week": {}}
        )
        Agreement.objects.filter(pk=self.r.agreement.pk).update(calendar=shut)
        case = self.open()
        (first, _second) = clocks.clocks_of(case, MONDAY + hours(50))
        assert first.due_at is None
        assert "no open hours" in str(first.note)
        near = clocks.nearest(case)
        assert near is not None
        assert near.due_at is None
        assert near.state == "running"

    def test_a_calendar_without_hours_gives_no_clock_and_a_sentence(self) -> None:
        Agreement.objects.filter(pk=self.r.agreement.pk).update(
            calendar=Calendar.objects.create(name="Empty", slug="empty")
        )
        assert "no hours yet" in str(clocks.clocks_of(self.open(), MONDAY).reason)

    def test_unreadable_hours_never_stop_the_desk(self) -> None:
        CalendarVersion.objects.filter(calendar=self.r.calendar).update(spec={"week": "often"})
        case = self.open()
        assert self.clock(case, "resolution").due_at is None


class TestTargets(ClockCase):
    """C.2.1: response, resolution, update, time to own."""

    def test_the_answer_stops_response_and_nothing_else(self) -> None:
        case = self.open()
        clocks.answered(case, MONDAY + hours(0.5), "Per")
        response = self.clock(case, "response")
        assert (response.state, response.elapsed_seconds) == ("met", HOUR // 2)
        assert self.clock(case, "resolution").state == "running"
        assert case.answered_at == MONDAY + hours(0.5)

    def test_each_answer_starts_the_next_update_and_resolving_ends_it(self) -> None:
        self.target("update", 2 * HOUR)
        case = self.open()
        assert not Clock.objects.filter(case=case, measure="update").exists()
        for hour in (1, 2, 5):
            clocks.answered(case, MONDAY + hours(hour), "Per")
        clocks.resolve(case, MONDAY + hours(6), "Per")
        states = Clock.objects.filter(case=case, measure="update").order_by("started_at")
        assert [(c.state, c.elapsed_seconds) for c in states] == [
            ("met", HOUR), ("missed", 3 * HOUR), ("met", HOUR),
        ]  # fmt: skip
        assert states[1].breached_at == MONDAY + hours(4)

    def test_taking_it_stops_time_to_own_and_is_no_answer(self) -> None:
        self.target("own", HOUR)
        case = self.open()
        clocks.owned(case, MONDAY + hours(0.25), "Per")
        assert self.clock(case, "own").state == "met"
        assert self.clock(case, "response").state == "running"

    def test_exactly_the_target_is_met_one_second_more_is_missed(self) -> None:
        met, missed = self.open(), self.open()
        clocks.resolve(met, MONDAY + hours(8), "Per")
        clocks.resolve(missed, MONDAY + timedelta(days=1, seconds=1), "Per")
        assert self.clock(met, "resolution").state == "met"
        clock = self.clock(missed, "resolution")
        assert (clock.state, clock.elapsed_seconds) == ("missed", 8 * HOUR + 1)
        # The due instant is closing time; nothing was missed before the calendar opened again.
        assert clock.breached_at == MONDAY + hours(8)
        assert Mark.objects.filter(clock=clock, kind="breach", at=MONDAY + hours(8)).exists()


class TestPauses(ClockCase):
    """C.2.5."""

    def test_waiting_for_the_reporter_pauses_resolution_not_response(self) -> None:
        case = self.open()
        clocks.pause(case, "customer", MONDAY + hours(0.5), "Per")
        paused = self.clock(case, "resolution")
        assert (paused.state, paused.due_at, paused.pause_reason) == ("paused", None, "customer")
        assert self.clock(case, "response").state == "running"
        clocks.resume(case, MONDAY + hours(2.5), "Kari Eng")
        running = self.clock(case, "resolution")
        assert running.due_at == MONDAY + timedelta(days=1) + hours(2)
        assert running.paused_seconds == 2 * HOUR

    def test_the_supplier_pauses_only_if_the_agreement_says_so(self) -> None:
        case = self.open(supplier=self.r.supplier)
        clocks.pause(case, "supplier", MONDAY + hours(1), "Per")
        assert self.clock(case, "resolution").state == "running"
        Agreement.objects.filter(pk=self.r.agreement.pk).update(pauses_for_supplier=True)
        clocks.pause(case, "supplier", MONDAY + hours(2), "Per")
        assert self.clock(case, "resolution").state == "paused"

    def test_waiting_for_the_supplier_runs_the_suppliers_own_clock(self) -> None:
        Agreement.objects.filter(pk=self.r.agreement.pk).update(pauses_for_supplier=True)
        contract = Agreement.objects.create(
            organisation=self.r.supplier, name="Contract", valid_from="2020-01-01", calendar=self.r.calendar
        )
        AgreementTarget.objects.create(
            agreement=contract, kind="incident", measure=Measure.SUPPLIER, seconds=3 * HOUR
        )
        case = self.open(supplier=self.r.supplier)
        clocks.pause(case, "supplier", MONDAY + hours(1), "Per")
        clocks.resume(case, MONDAY + hours(3), "Leif Rud")
        clocks.pause(case, "supplier", MONDAY + hours(4), "Per")
        clocks.resume(case, MONDAY + hours(6), "Leif Rud")
        clock = self.clock(case, "supplier")
        assert (clock.state, clock.elapsed_seconds) == ("missed", 4 * HOUR)
        assert self.clock(case, "resolution").paused_seconds == 4 * HOUR

    def test_another_reason_takes_over_from_the_first(self) -> None:
        case = self.open()
        clocks.pause(case, "customer", MONDAY + hours(1), "Per")
        clocks.pause(case, "date", MONDAY + hours(2), "Per")
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.pause_reason) == ("paused", "date")
        clocks.resume(case, MONDAY + hours(3), "Per")
        assert self.clock(case, "resolution").paused_seconds == 2 * HOUR

    def test_pausing_never_takes_a_breach_back(self) -> None:
        case = self.open(priority=1)
        clocks.pause(case, "customer", MONDAY + hours(5), "Per")
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.is_paused) == ("missed", True)
        assert clock.breached_at == MONDAY + hours(4)

    def test_an_unknown_reason_is_refused(self) -> None:
        with pytest.raises(ValueError, match="tea"):
            clocks.pause(self.open(), "tea", MONDAY, "Per")


class TestReopening(ClockCase):
    """C.2.6."""

    def test_the_same_clock_goes_on_without_the_time_since_resolved(self) -> None:
        case = self.open()
        clocks.resolve(case, MONDAY + hours(3), "Per")
        clocks.reopen(case, MONDAY + hours(5), "Kari Eng")
        clock = self.clock(case, "resolution")
        assert clock.state == "running"
        assert clock.due_at == MONDAY + timedelta(days=1) + hours(2)
        clocks.resolve(case, MONDAY + hours(6), "Per")
        assert self.clock(case, "resolution").elapsed_seconds == 4 * HOUR
        assert case.first_resolved_at == MONDAY + hours(3)
        assert case.resolved_at == MONDAY + hours(6)

    def test_a_met_target_that_is_reopened_can_still_be_missed(self) -> None:
        case = self.open(priority=1)
        clocks.resolve(case, MONDAY + hours(3), "Per")
        assert self.clock(case, "resolution").state == "met"
        clocks.reopen(case, MONDAY + hours(4), "Kari Eng")
        clocks.resolve(case, MONDAY + hours(6), "Per")
        clock = self.clock(case, "resolution")
        assert (clock.state, clock.breached_at) == ("missed", MONDAY + hours(5))


class TestReclassifying(ClockCase):
    """C.2.3 and C.2.4."""

    def test_a_raised_priority_hides_no_time_and_carries_pauses(self) -> None:
        case = self.open(priority=3)
        clocks.pause(case, "customer", MONDAY + hours(1), "Per")
        clocks.resume(case, MONDAY + hours(3), "Kari Eng")
        clocks.reclassify(case, MONDAY + hours(4), "Liv", priority=1)
        old = self.clock(case, "resolution", state="superseded")
        assert (old.priority, old.breached_at) == (3, None)
        new = self.clock(case, "resolution", state="running")
        assert new.started_at == MONDAY
        assert new.elapsed_seconds == HOUR  # at its last entry, the end of the pause
        assert new.due_at == MONDAY + hours(6)
        # Response was owed within half an hour all along.
        response = self.clock(case, "response", priority=1)
        assert (response.state, response.breached_at) == ("missed", MONDAY + hours(0.5))

    def test_a_lowered_priority_keeps_the_stamped_breach(self) -> None:
        case = self.open(priority=1)
        clocks.reclassify(case, MONDAY + hours(5), "Liv", priority=4)
        old = self.clock(case, "resolution", state="superseded")
        assert old.breached_at == MONDAY + hours(4)
        assert Mark.objects.filter(clock=old, kind="breach").exists()
        assert self.clock(case, "resolution", state="running").priority == 4

    def test_what_has_ended_keeps_the_goal_it_had(self) -> None:
        case = self.open(priority=3)
        clocks.answered(case, MONDAY + hours(1), "Per")
        clocks.reclassify(case, MONDAY + hours(2), "Liv", priority=1)
        assert [c.priority for c in Clock.objects.filter(case=case, measure="response")] == [3]

    def test_a_paused_clock_stays_paused(self) -> None:
        case = self.open(priority=3)
        clocks.pause(case, "customer", MONDAY + hours(1), "Per")
        clocks.reclassify(case, MONDAY + hours(2), "Liv", priority=2)
        new = self.clock(case, "resolution", priority=2)
        assert (new.state, new.pause_reason, new.elapsed_seconds) == ("paused", "customer", HOUR)

    def test_another_municipality_means_its_agreement(self) -> None:
        case = self.open()
        other = Agreement.objects.get(organisation=self.r.there)
        clocks.reclassify(case, MONDAY + hours(1), "Liv", organisation=self.r.there)
        assert (case.municipality, case.agreement) == (self.r.there, other)
        new = self.clock(case, "resolution", state="running")
        assert new.target is not None
        assert new.target.agreement == other

    def test_words_and_supplier_move_no_clock(self) -> None:
        case = self.open()
        before = ClockEntry.objects.count()
        clocks.reclassify(
            case, MONDAY + hours(1), "Liv", title="Printer", is_major=True, supplier=self.r.supplier
        )
        assert ClockEntry.objects.count() == before
        case.refresh_from_db()
        assert (case.title, case.is_major, case.supplier) == ("Printer", True, self.r.supplier)

    def test_the_same_promise_runs_on_when_only_the_service_changes(self) -> None:
        case = self.open()
        clocks.reclassify(case, MONDAY + hours(1), "Liv", service=self.r.payroll)
        assert Clock.objects.filter(case=case).count() == 2

    def test_a_promise_that_was_not_there_before_counts_from_the_report(self) -> None:
        AgreementTarget._base_manager.filter(agreement=self.r.agreement, priority=4).delete()
        case = self.open(priority=4)
        clocks.answered(case, MONDAY + hours(0.5), "Per")
        clocks.reclassify(case, MONDAY + hours(2), "Liv", priority=2)
        assert self.clock(case, "response").state == "met"
        assert self.clock(case, "resolution").due_at == MONDAY + hours(8)

    def test_other_names_are_refused(self) -> None:
        with pytest.raises(TypeError, match="assignee"):
            clocks.reclassify(self.open(), MONDAY, "Liv", assignee=1)


class TestEnding(ClockCase):
    """C.2.7 and cancelling."""

    def test_merged_the_parent_counts_from_the_earliest_report(self) -> None:
        parent = self.open(opened_at=MONDAY + hours(2))
        child = self.open(opened_at=MONDAY)
        clocks.merge(child, parent, MONDAY + hours(3), "Per")
        assert {c.state for c in Clock.objects.filter(case=child)} == {"merged"}
        assert child.outcome == "merged"
        new = self.clock(parent, "resolution", state="running")
        assert (new.started_at, new.due_at) == (MONDAY, MONDAY + hours(8))
        assert self.clock(parent, "response", state="missed").breached_at == MONDAY + hours(1)

    def test_a_later_child_moves_nothing(self) -> None:
        parent, child = self.open(), self.open(opened_at=MONDAY + hours(1))
        clocks.merge(child, parent, MONDAY + hours(2), "Per")
        assert Clock.objects.filter(case=parent).count() == 2

    def test_cancelling_ends_uncounted_but_keeps_a_breach(self) -> None:
        early, late = self.open(priority=1), self.open(priority=1)
        clocks.cancel(early, MONDAY + hours(0.25), "Kari Eng")
        clocks.cancel(late, MONDAY + hours(6), "Kari Eng")
        assert self.clock(early, "resolution").breached_at is None
        assert self.clock(late, "resolution").breached_at == MONDAY + hours(4)
        assert {c.state for c in Clock.objects.all()} == {"cancelled"}

    def test_entries_are_only_added(self) -> None:
        case = self.open()
        kept = set(ClockEntry.objects.values_list("pk", "do", "at", "reason", "actor"))
        clocks.pause(case, "customer", MONDAY + hours(1), "Per")
        clocks.reclassify(case, MONDAY + hours(2), "Liv", priority=1)
        clocks.resolve(case, MONDAY + hours(3), "Per")
        assert kept <= set(ClockEntry.objects.values_list("pk", "do", "at", "reason", "actor"))

    def test_an_entry_is_never_earlier_than_the_one_before_it(self) -> None:
        case = self.open()
        clocks.pause(case, "customer", MONDAY + hours(2), "Per")
        clocks.resume(case, MONDAY + hours(1), "Per")
        assert self.clock(case, "resolution").paused_seconds == 0


class TestShowing(ClockCase):
    def test_the_nearest_is_the_one_that_falls_due_first(self) -> None:
        case = self.open()
        near = clocks.nearest(case)
        assert near is not None
        assert near.measure == "response"
        clocks.answered(case, MONDAY + hours(0.5), "Per")
        near = clocks.nearest(case)
        assert near is not None
        assert near.measure == "resolution"

    def test_after_the_last_stop_it_is_the_outcome(self) -> None:
        case = self.open()
        clocks.resolve(case, MONDAY + hours(0.5), "Per")
        near = clocks.nearest(case)
        assert near is not None
        assert (near.measure, near.state) == ("resolution", "met")

    def test_views_say_what_a_clock_shows(self) -> None:
        case = self.open()
        resolution = next(v for v in clocks.clocks_of(case, MONDAY + hours(2)) if v.measure == "resolution")
        assert (resolution.percent, resolution.remaining_seconds) == (25, 6 * HOUR)
        assert resolution.calendar == "Core hours"
        assert resolution.window_end == MONDAY + hours(8)
        evening = next(v for v in clocks.clocks_of(case, MONDAY + hours(9)) if v.measure == "resolution")
        assert evening.window_end is None

    def test_superseded_clocks_show_only_in_the_history(self) -> None:
        case = self.open(priority=3)
        clocks.reclassify(case, MONDAY + hours(1), "Liv", priority=2)
        assert len(clocks.clocks_of(case, MONDAY + hours(2))) == 2
        assert len(clocks.clocks_of(case, MONDAY + hours(2), history=True)) == 4

    def test_statements_do_not_grow_with_clocks(self) -> None:
        case = self.open()
        for priority in (1, 2, 3, 4):
            clocks.reclassify(case, MONDAY + hours(1), "Liv", priority=priority)
        with CaptureQueriesContext(connection) as seen:
            clocks.clocks_of(case, MONDAY + hours(2))
        assert len(seen) == 2


class TestHistory(ClockCase):
    def test_many_at_once_are_the_same_as_one_by_one(self) -> None:
        AgreementTarget.objects.create(
            agreement=self.r.agreement, kind="incident", measure="update", seconds=HOUR
        )
        one = self.open(reference="ONE")
        clocks.owned(one, MONDAY + hours(0.2), "Per")
        clocks.answered(one, MONDAY + hours(0.5), "Per")
        clocks.pause(one, "customer", MONDAY + hours(1), "Per")
        clocks.resume(one, MONDAY + hours(2), "Per")
        clocks.resolve(one, MONDAY + hours(30), "Per", "success")
        clocks.close(one, MONDAY + timedelta(days=14))
        (many,) = history.load(
            [
                history.History(
                    reference="MANY", title="Nothing prints", kind="incident", type="fault", type_label="Fault",
                    channel="portal", organisation_id=self.r.unit.pk, service_id=self.r.mail.pk,
                    system_id=self.r.system.pk, priority=2, opened_at=MONDAY,
                    steps=[
                        history.Step(MONDAY + hours(0.2), "owned", "Per"),
                        history.Step(MONDAY + hours(0.5), "answered", "Per"),
                        history.Step(MONDAY + hours(1), "pause", "Per", "customer"),
                        history.Step(MONDAY + hours(2), "resume", "Per"),
                        history.Step(MONDAY + hours(30), "resolve", "Per", "success"),
                        history.Step(MONDAY + timedelta(days=14), "close", "Per"),
                    ],
                )
            ]
        )  # fmt: skip
        skip = {"id", "case_id", "reference"}

        def plain(rows: Any) -> list[dict[str, Any]]:
            return [{k: v for k, v in row.items() if k not in skip} for row in rows.values()]

        assert plain(Case.objects.filter(pk=one.pk)) == plain(Case.objects.filter(pk=many.pk))
        assert plain(Clock.objects.filter(case=one).order_by("pk")) == plain(
            Clock.objects.filter(case=many).order_by("pk")
        )

    def test_an_unknown_step_is_refused_and_nothing_is_saved(self) -> None:
        with pytest.raises(ValueError, match="jump"):
            history.load(
                [
                    history.History(
                        reference="X", title="x", kind="incident", channel="portal",
                        organisation_id=self.r.unit.pk, priority=2, opened_at=MONDAY,
                        steps=[history.Step(MONDAY, "jump")],
                    )
                ]
            )  # fmt: skip
        assert not Case.objects.exists()
