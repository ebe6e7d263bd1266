"""What a month under way still allows, and what the next one may bring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

from sla import availability, forecast
from sla.models import ServiceTarget
from sla.promises import Promise
from sla.reports import monthly
from sla.reports.present import sheet
from tests.sla.month import MONTH
from tests.sla.test_availability import END, START, AvailabilityCase


class TestDowntimeLeft(AvailabilityCase):
    def test_counted_on_the_whole_month(self) -> None:
        self.up(self.r.server_target, (START + timedelta(days=2), 1))
        now = START + timedelta(days=10)
        with mock.patch("django.utils.timezone.now", return_value=now):
            (one,) = availability.of_services(
                [self.r.payroll], self.r.here, START, END, {self.r.payroll.pk: Promise(0.99)}
            )
        # 1 % of thirty days is 7 h 12 min; one hour is used.
        assert forecast.downtime_left(one, END) == 25_920 - 3_600

    def test_the_page_of_a_month_under_way_says_it(self) -> None:
        ServiceTarget.objects.create(agreement=self.r.agreement, service=self.r.payroll, availability=0.99)
        self.up(self.r.server_target)
        with mock.patch("django.utils.timezone.now", return_value=START + timedelta(days=10)):
            data = monthly.build(MONTH, self.r.here)
            notes = [row.note for row in sheet(data).services if row.slug == "payroll"]
        assert "7 t 12 min" in notes[0] or "7 h 12 min" in notes[0]
        assert monthly.build(MONTH, self.r.here)["availability"][0]["downtime_left_seconds"] is None


def point(count: int, before: int | None) -> dict[str, Any]:
    return {"count": count, "before": None if before is None else {"count": before}}


class TestExpectedFaults:
    def test_last_years_month_times_how_this_year_compares(self) -> None:
        trend = [
            point(100, None),
            point(120, None),
            *(point(90, None) for _ in range(8)),
            *[point(50, 100)] * 3,
        ]
        assert forecast.expected_faults(trend) == 60

    def test_unknown_without_a_year(self) -> None:
        assert forecast.expected_faults([point(9, 9)] * 12) is None
        assert forecast.expected_faults([point(9, None)] * 13) is None
        assert forecast.expected_faults([point(0, 0)] * 13) is None
