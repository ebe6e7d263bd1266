"""Planned work: what it reaches, replanning, notice, and calling off."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cmdb.models import Item
from monitoring import maintenance
from monitoring.models import MaintenanceWindow, Target
from tests.monitoring.cases import T0, MonitoringCase


class TestPlanning(MonitoringCase):
    def plan(self, start: float, end: float, key: str = "change:1", **more: Any) -> MaintenanceWindow:
        values: dict[str, Any] = {
            "title": "Firmware", "organisation": self.r.here, "items": [self.r.switch], "starts_at": self.at(start),
            "ends_at": self.at(end), "announced_at": T0 - timedelta(days=2),
        } | more  # fmt: skip
        return maintenance.plan(key, **values)

    def covered(self, second: float, *items: Item) -> set[str]:
        found = maintenance.covering([item.pk for item in items], self.at(second))
        return set(Item.objects.filter(pk__in=found).values_list("name", flat=True))

    def test_a_window_reaches_what_hangs_behind_its_items(self) -> None:
        self.plan(0, 100)
        everything = (self.r.switch, self.r.server, self.r.printer, self.r.system, self.r.system_there)
        assert self.covered(50, *everything) == {"sw-granli-1", "srv-granli-1", "prn-granli-1", "Profil"}
        assert self.covered(-1, *everything) == set()
        assert self.covered(100, *everything) == set()

    def test_parents_of_targets_reach_too(self) -> None:
        Target.objects.create(
            name="there",
            organisation=self.r.there,
            item=self.r.system_there,
            address="127.0.9.1",
            parent=self.server,
        )
        self.plan(0, 100)
        assert self.covered(50, self.r.system_there) == {"Komtek"}

    def test_the_same_key_is_the_same_window(self) -> None:
        first = self.plan(0, 100)
        second = self.plan(50, 150, items=[self.r.printer])
        assert first.pk == second.pk
        assert MaintenanceWindow.objects.count() == 1
        assert self.covered(20, self.r.switch, self.r.printer) == set()
        assert self.covered(120, self.r.switch, self.r.printer) == {"prn-granli-1"}

    def test_a_window_without_length_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            self.plan(10, 10)

    def test_late_notice_is_not_planned_work(self) -> None:
        self.plan(0, 100, announced_at=T0 - timedelta(hours=3))
        item = self.r.switch.pk
        found = maintenance.spans([item], self.at(-50), self.at(60), 3)
        assert found == {item: [(self.at(0), self.at(60))]}
        assert maintenance.spans([item], self.at(-50), self.at(60), 3.1) == {item: []}

    def test_windows_that_meet_are_one_span(self) -> None:
        self.plan(0, 100, "a")
        self.plan(50, 200, "b")
        self.plan(200, 300, "c")
        item = self.r.server.pk
        assert maintenance.spans([item], self.at(0), self.at(1000))[item] == [(self.at(0), self.at(300))]

    def test_replanning_inside_what_was_announced_keeps_the_announcement(self) -> None:
        announced = self.plan(0, 100, announced_at=T0 - timedelta(days=9)).announced_at
        assert self.plan(10, 90, announced_at=None).announced_at == announced
        assert self.plan(10, 500, announced_at=None).announced_at > announced

    def test_calling_off_before_it_begins_and_while_it_runs(self) -> None:
        now = timezone.now()
        ahead = self.plan(0, 1, "ahead", starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
        self.plan(0, 1, "running", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
        assert maintenance.cancel("ahead")
        assert not maintenance.cancel("ahead")
        assert not maintenance.cancel("none such")
        assert maintenance.cancel("running")
        item = self.r.switch.pk
        spans = maintenance.spans([item], now - timedelta(hours=2), now + timedelta(hours=3))[item]
        assert len(spans) == 1
        assert spans[0][0] == now - timedelta(hours=1)
        assert timezone.now() - spans[0][1] < timedelta(seconds=10)
        assert maintenance.covering([item], timezone.now()) == {}
        ahead.refresh_from_db()
        assert ahead.cancelled_at is not None

    def test_planning_again_takes_the_calling_off_back(self) -> None:
        now = timezone.now()
        times: dict[str, Any] = {"starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
        self.plan(0, 1, **times)
        maintenance.cancel("change:1")
        self.plan(0, 1, **times)
        assert maintenance.covering([self.r.switch.pk], now + timedelta(minutes=90))

    def test_work_that_ends_early_is_over(self) -> None:
        self.plan(0, 100)
        assert maintenance.finish("change:1", self.at(40))
        assert not maintenance.finish("change:1", self.at(50))
        assert self.covered(45, self.r.switch) == set()
        assert self.covered(30, self.r.switch) == {"sw-granli-1"}
