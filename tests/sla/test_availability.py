"""Availability through the database: composition by the register, announced work, declared outages, no data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cmdb.models import Item, Organisation, Relation, Service, ServiceComponent
from monitoring import intervals, maintenance, schedule
from monitoring.models import Target
from sla import availability
from sla.availability import ServiceAvailability
from sla.models import DeclaredOutage, ServiceTarget
from sla.promises import Promise
from sla.reports import monthly, summaries
from sla.reports.scope import add_months
from tests.cases import RegionCase
from tests.sla.month import MONTH
from tests.sla.test_clocks import hours

START, END = datetime(2026, 8, 31, 22, tzinfo=UTC), datetime(2026, 9, 30, 22, tzinfo=UTC)
NOON = datetime(2026, 9, 10, 10, tzinfo=UTC)
NOW = datetime(2026, 10, 5, tzinfo=UTC)
MONTH_SECONDS = 30 * 86400


class AvailabilityCase(RegionCase):
    def setUp(self) -> None:
        clock = mock.patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def up(self, target: Target, *falls: tuple[datetime, float]) -> None:
        """The target has been up since August, and down from each instant for so many hours."""
        intervals.change(target, "up", START - timedelta(days=3))
        for begin, length in falls:
            intervals.change(target, "down", begin)
            intervals.change(target, "up", begin + hours(length))

    def watched(self, name: str, address: str) -> tuple[Item, Target]:
        item = Item.objects.create(name=name, item_class=self.r.server.item_class, organisation=self.r.here)
        target = Target.objects.create(name=name, organisation=self.r.here, item=item, address=address)
        return item, target

    def payroll(self) -> ServiceAvailability:
        return availability.of_services([self.r.payroll], self.r.here, START, END)[0]


class TestComposition(AvailabilityCase):
    def test_down_seconds_of_the_item_behind_the_service(self) -> None:
        self.up(self.r.server_target, (NOON, 2))
        found = self.payroll().result
        assert found is not None
        assert (found.agreed_seconds, found.down_seconds, found.outages) == (MONTH_SECONDS, 7200, 1)
        assert found.longest_outage_seconds == 7200

    def test_an_unwatched_system_is_what_it_runs_on(self) -> None:
        self.up(self.r.server_target, (NOON, 1))
        mail = availability.of_services([self.r.mail], self.r.here, START, END)[0]
        assert mail.result is not None
        assert mail.result.down_seconds == 3600
        assert mail.items == (self.r.server.pk,)

    def test_redundant_parts_stand_in_for_each_other(self) -> None:
        other, target = self.watched("srv-2", "127.0.8.3")
        ServiceComponent.objects.filter(service=self.r.payroll).update(redundancy_group="app")
        ServiceComponent.objects.create(service=self.r.payroll, item=other, redundancy_group="app")
        self.up(self.r.server_target, (NOON, 2))
        self.up(target, (NOON + hours(1), 2))
        found = self.payroll().result
        assert found is not None
        assert found.down_seconds == 3600  # only while both were down

    def test_a_municipalitys_own_part_counts_for_it_alone(self) -> None:
        other, target = self.watched("line-vassoy", "127.0.8.4")
        ServiceComponent.objects.create(service=self.r.mail, item=other, organisation=self.r.there)
        self.up(self.r.server_target)
        self.up(target, (NOON, 3))
        here = availability.of_services([self.r.mail], self.r.here, START, END)[0]
        there = availability.of_services([self.r.mail], self.r.there, START, END)[0]
        assert here.result is not None
        assert there.result is not None
        assert (here.result.down_seconds, there.result.down_seconds) == (0, 3 * 3600)

    def test_silence_is_neither_up_nor_down(self) -> None:
        intervals.change(self.r.server_target, "up", START + timedelta(days=15))
        found = self.payroll()
        assert found.result is not None
        assert found.result.coverage == 0.5
        assert found.result.availability == 1.0
        promised = {self.r.payroll.pk: Promise(0.99)}
        (judged,) = availability.of_services([self.r.payroll], self.r.here, START, END, promised)
        assert judged.verdict == "insufficient"

    def test_a_part_that_nobody_watches_makes_no_data(self) -> None:
        blind = Item.objects.create(
            name="feide", item_class=self.r.system.item_class, organisation=self.r.here
        )
        ServiceComponent.objects.filter(service=self.r.payroll).update(item=blind)
        assert (self.payroll().result, self.payroll().verdict) == (None, "no_data")

    def test_statements_do_not_grow_with_services(self) -> None:
        self.up(self.r.server_target)
        services = [self.r.payroll, self.r.mail]
        with CaptureQueriesContext(connection) as seen:
            availability.of_services(services, self.r.here, START, END, {})
        few = len(seen)
        for number in range(6):
            service = Service.objects.create(name=f"S{number}", slug=f"s{number}", organisation=self.r.region)
            item = Item.objects.create(
                name=f"i{number}", item_class=self.r.server.item_class, organisation=self.r.here
            )
            Relation.objects.create(source=item, kind="runs_on", target=self.r.server)
            ServiceComponent.objects.create(service=service, item=item)
            services.append(service)
        with CaptureQueriesContext(connection) as seen:
            availability.of_services(services, self.r.here, START, END, {})
        assert len(seen) == few <= 9


class TestPlannedWork(AvailabilityCase):
    def plan(self, notice: float) -> None:
        maintenance.plan(
            "CHG-1", title="Work", organisation=self.r.region, items=[self.r.server], starts_at=NOON,
            ends_at=NOON + hours(4), announced_at=NOON - hours(notice),
        )  # fmt: skip

    def test_work_announced_in_time_is_left_out(self) -> None:
        self.plan(72)
        self.up(self.r.server_target, (NOON + hours(1), 2))
        found = self.payroll().result
        assert found is not None
        assert (found.down_seconds, found.agreed_seconds) == (0, MONTH_SECONDS - 4 * 3600)

    def test_work_announced_too_late_is_downtime(self) -> None:
        ServiceTarget.objects.create(agreement=self.r.agreement, service=self.r.payroll, availability=0.999)
        self.plan(24)
        self.up(self.r.server_target, (NOON + hours(1), 2))
        found = self.payroll()
        assert found.result is not None
        assert (found.result.down_seconds, found.verdict) == (7200, "missed")

    def test_work_on_one_of_two_redundant_parts_plans_nothing_for_the_service(self) -> None:
        other, target = self.watched("srv-2", "127.0.8.3")
        ServiceComponent.objects.filter(service=self.r.payroll).update(redundancy_group="app")
        ServiceComponent.objects.create(service=self.r.payroll, item=other, redundancy_group="app")
        self.plan(72)
        self.up(self.r.server_target, (NOON, 4))
        self.up(target)
        found = self.payroll()
        assert found.planned == ()
        assert found.result is not None
        assert found.result.agreed_seconds == MONTH_SECONDS


class TestDeclared(AvailabilityCase):
    def test_what_no_poller_saw_counts_like_what_it_did(self) -> None:
        self.up(self.r.server_target, (NOON, 1))
        DeclaredOutage.objects.create(
            service=self.r.payroll,
            starts_at=NOON + hours(0.5),
            ends_at=NOON + hours(2),
            reason="Hung",
            declared_by="Liv",
        )
        found = self.payroll().result
        assert found is not None
        assert (found.down_seconds, found.outages) == (7200, 1)  # overlapping outages count once

    def test_for_one_municipality_only(self) -> None:
        self.up(self.r.server_target)
        DeclaredOutage.objects.create(
            service=self.r.mail, organisation=self.r.there, starts_at=NOON, ends_at=NOON + hours(2), reason="x",
            declared_by="Liv",
        )  # fmt: skip
        here = availability.of_services([self.r.mail], self.r.here, START, END)[0]
        there = availability.of_services([self.r.mail], self.r.there, START, END)[0]
        assert here.result is not None
        assert there.result is not None
        assert (here.result.down_seconds, there.result.down_seconds) == (0, 7200)

    def test_slow_is_shown_and_not_down(self) -> None:
        self.up(self.r.server_target)
        DeclaredOutage.objects.create(
            service=self.r.payroll,
            starts_at=NOON,
            ends_at=NOON + hours(2),
            degraded=True,
            reason="x",
            declared_by="L",
        )
        found = self.payroll().result
        assert found is not None
        assert (found.down_seconds, found.degraded_seconds) == (0, 7200)


class TestReportSection(AvailabilityCase):
    def test_the_month_shows_outages_with_what_was_measured(self) -> None:
        ServiceTarget.objects.create(agreement=self.r.agreement, service=self.r.payroll, availability=0.999)
        self.up(self.r.server_target, (NOON, 2), (NOON + timedelta(days=3), 0.25))
        data = monthly.build(MONTH, self.r.here, with_ids=True)
        line = next(one for one in data["availability"] if one["slug"] == "payroll")
        assert line["outages"]["count"] == len(line["outage_list"]) == 2
        assert (line["verdict"], line["down_seconds"], line["longest_outage_seconds"]) == (
            "missed",
            8100,
            7200,
        )
        assert line["mttr_seconds"] == 4050
        assert line["resolution_seconds"] == 10
        assert [kind for kind, _ in line["columns"]].count("down") == 1
        assert [kind for kind, _ in line["columns"]].count("part") == 1
        assert len(line["columns"]) == 30
        assert all(outage["intervals"] for outage in line["outage_list"])
        assert data["headline"]["worst"]["slug"] == "payroll"
        assert data["headline"]["points"]["missed"]["count"] == 1

    def test_the_month_under_way_is_counted_until_now(self) -> None:
        self.up(self.r.server_target)
        with mock.patch("django.utils.timezone.now", return_value=START + timedelta(days=10)):
            data = monthly.build(MONTH, self.r.here)
        assert not data["complete"]
        line = next(one for one in data["availability"] if one["slug"] == "payroll")
        assert (line["agreed_seconds"], len(line["columns"])) == (10 * 86400, 10)

    def test_one_item_alone(self) -> None:
        self.up(self.r.server_target, (NOON, 1))
        found = availability.availability_of_item(self.r.server, START, END)
        assert found is not None
        assert found.down_seconds == 3600
        assert availability.availability_of_item(self.r.printer, START, END) is None


class TestPastMonths(AvailabilityCase):
    """What was measured then decides, not what is asked today."""

    def month(self) -> dict[str, Any]:
        return monthly.build(MONTH, self.r.here, with_ids=True)

    def setUp(self) -> None:
        super().setUp()
        ServiceTarget.objects.create(agreement=self.r.agreement, service=self.r.payroll, availability=0.999)
        self.up(self.r.server_target, (NOON, 2))
        # What the server hangs behind fell at another time: it must not take the server's place.
        self.up(self.r.switch_target, (NOON + timedelta(days=5), 9))

    def unchanged_by(self, change: Callable[[], object]) -> None:
        before = self.month()
        line = next(one for one in before["availability"] if one["slug"] == "payroll")
        assert (line["down_seconds"], line["items"]) == (7200, [self.r.server.pk])
        change()
        schedule.sweep_stale(NOW)
        assert self.month() == before
        with mock.patch("django.utils.timezone.now", return_value=NOW + timedelta(days=60)):
            assert self.month() == before

    def test_an_archived_target(self) -> None:
        self.unchanged_by(lambda: self.r.server_target.archive("admin"))

    def test_a_target_that_is_switched_off(self) -> None:
        self.unchanged_by(lambda: Target.objects.filter(pk=self.r.server_target.pk).update(is_enabled=False))

    def test_an_archived_service(self) -> None:
        ServiceTarget._base_manager.all().delete()
        self.unchanged_by(lambda: self.r.payroll.archive("admin"))

    def test_an_archived_item(self) -> None:
        def change() -> None:
            self.r.payroll.archive("admin")
            self.r.mail.archive("admin")
            self.r.system.archive("admin")
            self.r.server_target.archive("admin")
            self.r.server.archive("admin")

        self.unchanged_by(change)

    def test_a_target_that_is_new_today(self) -> None:
        ServiceComponent.objects.create(service=self.r.mail, item=self.r.printer)
        before = self.month()
        Target.objects.create(name="prn", organisation=self.r.here, item=self.r.printer, address="127.0.8.7")
        assert self.month() == before

    def test_the_overview_says_what_the_month_says(self) -> None:
        """Months before a target was archived, the month in which it was, and those after it, in one reading."""
        self.r.server_target.archive("admin")
        schedule.sweep_stale(NOW)
        with mock.patch("django.utils.timezone.now", return_value=NOW + timedelta(days=60)):
            months = [MONTH, add_months(MONTH, 1), add_months(MONTH, 2)]
            found = summaries.of(months, [self.r.here], wait=True)
            assert found is not None
            for month in months:
                assert (
                    found[month, self.r.here.pk].headline["worst"]
                    == monthly.build(month, self.r.here)["headline"]["worst"]
                )

    def test_an_archived_municipality_keeps_its_months(self) -> None:
        self.r.there.people.all().delete()
        Organisation.objects.filter(pk=self.r.there.pk).update(archived_at=NOW, is_active=False)
        url = reverse("board:report", args=[MONTH, self.r.there.slug])
        assert self.client_of("board").get(url).status_code == 200
        page = self.client_of("board").get(reverse("board:overview")).content.decode()
        assert self.r.there.name not in page

    def test_a_withdrawn_outage_counts_no_more(self) -> None:
        outage = DeclaredOutage.objects.create(
            service=self.r.payroll, starts_at=NOON + timedelta(days=9), ends_at=NOON + timedelta(days=9, hours=1),
            reason="x", declared_by="y",
        )  # fmt: skip
        assert self.payroll().result.down_seconds == 10_800  # type: ignore[union-attr]
        outage.archive("admin")
        assert self.payroll().result.down_seconds == 7200  # type: ignore[union-attr]
