"""Calendars of the database: versions spliced into one, Norwegian holidays, edits that count from now on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from sla import calendars, clocks, publish
from sla.models import CalendarVersion, Clock
from sla.strict import SpecError
from sla.worktime import WorkCalendar, working_seconds
from tests.cases import CORE_HOURS
from tests.sla.test_clocks import MONDAY, ClockCase, hours

LONG = {
    "timezone": "Europe/Oslo",
    "week": {d: [["08:00", "18:00"]] for d in ("mon", "tue", "wed", "thu", "fri")},
}
OLD, NEW = calendars.parse(CORE_HOURS), calendars.parse(LONG)


@given(
    edit=st.integers(0, 60 * 24 * 30), begin=st.integers(0, 60 * 24 * 30), length=st.integers(0, 60 * 24 * 40)
)
def test_before_the_edit_the_old_hours_count_and_after_it_the_new(edit: int, begin: int, length: int) -> None:
    zero = datetime(2026, 10, 1, tzinfo=UTC)
    at, low = zero + timedelta(minutes=edit), zero + timedelta(minutes=begin)
    high = low + timedelta(minutes=length)
    both = calendars.splice([(datetime(2020, 1, 1, tzinfo=UTC), OLD), (at, NEW)])
    middle = min(max(at, low), high)
    assert working_seconds(both, low, high) == working_seconds(OLD, low, middle) + working_seconds(
        NEW, middle, high
    )


def test_norwegian_holidays_close_the_desk() -> None:
    spec = calendars.norwegian_spec(2026, 2027)
    work = calendars.parse(spec)
    closed = dict(work.dates)
    for day in (date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14),
                date(2026, 12, 25), date(2027, 5, 17), date(2027, 3, 25)):  # fmt: skip
        assert closed[day] == ()
    assert closed[date(2026, 12, 24)] == ((8 * 60, 12 * 60),)
    assert closed[date(2026, 4, 1)] == ((8 * 60, 12 * 60),)
    assert isinstance(work, WorkCalendar)


def test_hours_that_make_no_sense_are_refused_by_place() -> None:
    with pytest.raises(SpecError, match=r"week\.mon\[0\]"):
        calendars.parse({"timezone": "Europe/Oslo", "week": {"mon": [["16:00", "08:00"]]}})
    with pytest.raises(SpecError, match="unknown time zone"):
        calendars.parse({"timezone": "Europe/Nowhere", "week": {"mon": [["08:00", "16:00"]]}})


class TestVersions(ClockCase):
    def test_a_calendar_is_built_once_and_never_stale(self) -> None:
        calendars.of([self.r.calendar.pk])
        with CaptureQueriesContext(connection) as seen:
            calendars.of([self.r.calendar.pk])
        assert len(seen) == 1
        CalendarVersion.objects.create(calendar=self.r.calendar, valid_from=MONDAY, spec=LONG)
        assert calendars.of([self.r.calendar.pk])[self.r.calendar.pk].work.week[0] == ((480, 1080),)

    def test_an_edit_counts_for_running_clocks_from_now_on(self) -> None:
        running = self.open(priority=3)
        done = self.open(priority=2)
        clocks.resolve(done, MONDAY + hours(9), "Per")
        stopped = self.clock(done, "resolution")
        publish.publish(
            self.r.calendar, LONG, MONDAY + timedelta(days=1), now=MONDAY + hours(12), actor="Liv"
        )
        # 8 h on Monday under the old hours, then ten a day: the 24th hour is on Wednesday at 14.
        assert self.clock(running, "resolution").due_at == MONDAY + timedelta(days=2) + hours(6)
        assert self.clock(done, "resolution") == stopped
        assert self.clock(done, "resolution").elapsed_seconds == stopped.elapsed_seconds

    def test_an_edit_in_the_past_is_previewed_and_then_flips_what_it_said(self) -> None:
        case = self.open(priority=2)
        clocks.resolve(case, MONDAY + timedelta(days=1) + hours(1), "Per")
        assert self.clock(case, "resolution").state == "missed"
        short = {
            "timezone": "Europe/Oslo",
            "week": {"mon": [["08:00", "10:00"]], "tue": [["08:00", "16:00"]]},
        }
        said = publish.preview(self.r.calendar, short, MONDAY - hours(1), now=MONDAY + timedelta(days=5))
        assert (said.changed, said.flipped) == (2, 1)
        assert self.clock(case, "resolution").state == "missed"
        publish.publish(
            self.r.calendar, short, MONDAY - hours(1), now=MONDAY + timedelta(days=5), actor="Liv", past=True
        )
        assert self.clock(case, "resolution").state == "met"

    def test_an_edit_in_the_past_needs_to_be_asked_for(self) -> None:
        with pytest.raises(publish.PublishError):
            publish.publish(self.r.calendar, LONG, MONDAY, now=MONDAY + hours(1), actor="Liv")

    def test_another_zone_is_another_calendar(self) -> None:
        utc = {**LONG, "timezone": "UTC"}
        with pytest.raises(publish.PublishError, match="time zone"):
            publish.publish(self.r.calendar, utc, MONDAY + hours(2), now=MONDAY + hours(1), actor="Liv")

    def test_it_may_be_done_between_two_clocks(self) -> None:
        publish.publish(self.r.calendar, LONG, MONDAY, now=MONDAY - hours(1), actor="Liv")
        case = self.open(priority=3)
        assert Clock.objects.get(case=case, measure="resolution").due_at == MONDAY + timedelta(
            days=2
        ) + hours(4)
