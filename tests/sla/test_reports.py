"""The month: which month a clock belongs to, that every figure is the number of its rows, and what the words say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmdb.models import Organisation
from sla import clocks, sweep
from sla.models import AgreementTarget, Case
from sla.reports import attainment, freezing, monthly, rows
from sla.reports.scope import Scope, add_months, parse_month
from tests.cases import Region, RegionCase
from tests.sla.month import MONTH, NOW, fill
from tests.sla.test_clocks import ClockCase, hours

#: Tuesday 29 September 2026, 08.00 in Oslo
LATE_SEPTEMBER = datetime(2026, 9, 29, 6, tzinfo=UTC)
SEPTEMBER, OCTOBER = MONTH, add_months(MONTH, 1)


def target(data: dict[str, Any], measure: str, priority: int) -> dict[str, Any]:
    found = [
        row
        for row in data["targets"]
        if (row["kind"], row["measure"], row["priority"]) == ("incident", measure, priority)
    ]
    assert len(found) == 1
    return found[0]


def counts(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name]["count"] for name in (*rows.WHAT, "counted") if row[name]["count"]}


class TestAttribution(ClockCase):
    """C.2.11: an instance counts once, in the month in which its outcome became final."""

    def month(self, month: Any) -> dict[str, Any]:
        return monthly.build(month, self.r.here)

    def test_met_counts_in_the_month_of_the_stop(self) -> None:
        case = self.open(opened_at=LATE_SEPTEMBER, priority=3)
        clocks.answered(case, LATE_SEPTEMBER + hours(1), "Per")
        clocks.resolve(case, LATE_SEPTEMBER + timedelta(days=2), "Per")
        assert counts(target(self.month(SEPTEMBER), "resolution", 3)) == {"open": 1}
        assert counts(target(self.month(OCTOBER), "resolution", 3)) == {"met": 1, "counted": 1}
        assert counts(target(self.month(SEPTEMBER), "response", 3)) == {"met": 1, "counted": 1}

    def test_missed_counts_in_the_month_of_the_deadline_also_when_still_open(self) -> None:
        self.open(opened_at=LATE_SEPTEMBER, priority=1)
        sweep.run(NOW)
        september = target(self.month(SEPTEMBER), "resolution", 1)
        assert counts(september) == {"missed": 1, "open_missed": 1, "counted": 1}
        assert september["attainment"] == 0.0
        october = target(self.month(OCTOBER), "resolution", 1)
        assert counts(october) == {"open_missed": 1}
        assert october["verdict"] == "no_data"
        # Due on 29 September at 12, so at the end of the month it had been over for a day and a half.
        assert september["oldest_missed_seconds"] == int(hours(36).total_seconds())

    def test_superseded_counts_nowhere_unless_it_was_missed(self) -> None:
        early = self.open(opened_at=LATE_SEPTEMBER, priority=3)
        clocks.reclassify(early, LATE_SEPTEMBER + hours(1), "Liv", priority=2)
        late = self.open(opened_at=LATE_SEPTEMBER, priority=1)
        clocks.reclassify(late, LATE_SEPTEMBER + hours(5), "Liv", priority=4)
        data = self.month(SEPTEMBER)
        assert counts(target(data, "resolution", 3)) == {"superseded": 1}
        assert counts(target(data, "resolution", 1)) == {"missed": 1, "counted": 1}

    def test_merged_and_cancelled_stand_beside(self) -> None:
        parent, child, gone = (self.open(opened_at=LATE_SEPTEMBER) for _ in range(3))
        clocks.merge(child, parent, LATE_SEPTEMBER + hours(0.5), "Per")
        clocks.cancel(gone, LATE_SEPTEMBER + hours(0.5), "Kari")
        data = self.month(SEPTEMBER)
        # The parent's clock was replaced where the merged report is as early: it is not, so it simply runs on.
        assert counts(target(data, "response", 2)) == {"merged": 1, "cancelled": 1, "open": 1}
        assert data["incidents"]["total"]["count"] == 1
        assert data["headline"]["faults"]["count"] == 3

    def test_paused_time_is_shown_as_a_share(self) -> None:
        case = self.open(opened_at=LATE_SEPTEMBER)
        clocks.pause(case, "customer", LATE_SEPTEMBER + hours(1), "Per")
        clocks.resume(case, LATE_SEPTEMBER + hours(2), "Per")
        clocks.resolve(case, LATE_SEPTEMBER + hours(4), "Per")
        assert target(self.month(SEPTEMBER), "resolution", 2)["paused_share"] == 0.25

    def test_no_tickets_is_no_data_and_not_a_hundred_per_cent(self) -> None:
        row = target(self.month(SEPTEMBER), "resolution", 1)
        assert (row["attainment"], row["verdict"]) == (None, "no_data")

    def test_changes_count_when_they_end_by_system_and_type(self) -> None:
        for outcome in ("success", "backed_out"):
            case = self.open(kind="change", type="normal", type_label="Normal", opened_at=LATE_SEPTEMBER)
            clocks.resolve(case, LATE_SEPTEMBER + timedelta(days=3), "Per", outcome)
        assert self.month(SEPTEMBER)["changes"]["total"]["count"] == 0
        changes = self.month(OCTOBER)["changes"]
        assert changes["total"]["count"] == 2
        assert [(o["outcome"], o["count"]) for o in changes["outcomes"]] == [
            ("backed_out", 1),
            ("success", 1),
        ]
        assert changes["systems"][0]["name"] == "Profil"
        assert changes["types"][0]["label"] == "Normal"


class TestVerdict:
    def test_whole_counts_decide(self) -> None:
        assert attainment.verdict(9, 10, 0.9) == "met"
        assert attainment.verdict(8, 9, 0.9) == "missed"
        assert attainment.verdict(19_989, 20_010, 0.999) == "missed"

    def test_almost_all_never_reads_as_all(self) -> None:
        assert attainment.share(99_999, 100_000) == 0.9999
        assert attainment.share(100_000, 100_000) == 1.0
        assert attainment.share(0, 0) is None

    def test_a_month_has_a_name(self) -> None:
        for text in ("2026-13", "2026-1", "26-01", "2026-01-01", "０２０２-01", "9999-01"):
            with pytest.raises(ValueError, match="month"):
                parse_month(text)


class TestGeneratedMonth(RegionCase):
    """Every figure of a month is the number of the rows that its key opens."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fill(cls.r)

    def organisations(self) -> list[Organisation]:
        return [self.r.here, self.r.there, self.r.region]

    def test_every_figure_is_the_number_of_its_rows(self) -> None:
        seen = 0
        for organisation in self.organisations():
            scope = Scope(MONTH, organisation)
            for key, count in monthly.figures(monthly.build(MONTH, organisation)):
                if key.startswith("points:"):
                    assert len(monthly.points_of(monthly.build(MONTH, organisation), key[7:])) == count
                    continue
                if key.startswith("outages:"):
                    continue
                ids = freezing.row_ids(scope, key)
                assert ids is not None, key
                assert len(ids) == count, key
                seen += count > 0
        assert seen > 150

    def test_the_parts_add_up_to_the_whole(self) -> None:
        data = monthly.build(MONTH, self.r.region)
        for table in (data["incidents"], data["changes"]):
            assert sum(s["total"]["count"] for s in table["systems"]) == table["total"]["count"] > 5
            assert sum(t["total"]["count"] for t in table["types"]) == table["total"]["count"]
            cells = [cell["count"] for s in table["systems"] for cell in s["cells"] if cell]
            assert sum(cells) == table["total"]["count"]
        parts = [
            monthly.build(MONTH, one)["incidents"]["total"]["count"] for one in (self.r.here, self.r.there)
        ]
        own = (
            Case.objects.filter(municipality=None).filter(rows.incidents(Scope(MONTH, self.r.region))).count()
        )
        assert data["incidents"]["total"]["count"] == sum(parts) + own

    def test_each_outcome_is_counted_in_exactly_one_month(self) -> None:
        first, last = add_months(MONTH, -4), add_months(MONTH, 3)
        total: dict[str, int] = {}
        month = first
        with mock.patch("django.utils.timezone.now", return_value=NOW + timedelta(days=60)):
            while month <= last:
                for row in monthly.build(month, self.r.region)["targets"]:
                    for name in ("met", "missed", "cancelled"):
                        total[name] = total.get(name, 0) + row[name]["count"]
                month = add_months(month, 1)
        every = Scope(MONTH, self.r.region).clocks()
        assert total["missed"] == every.exclude(breached_at=None).count() > 20
        assert total["met"] == every.filter(state="met").count() > 50
        assert total["cancelled"] == every.filter(state="cancelled", breached_at=None).count() > 0

    def test_statements_do_not_grow_with_cases(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            monthly.build(MONTH, self.r.here)
        few = len(seen)
        _more(self.r)
        with CaptureQueriesContext(connection) as seen:
            monthly.build(MONTH, self.r.here)
        assert len(seen) == few <= 26

    def test_the_trend_leaves_out_what_is_not_known(self) -> None:
        points = monthly.build(MONTH, self.r.here)["trend"]
        assert [p["month"] for p in points] == ["2026-06", "2026-07", "2026-08", "2026-09"]
        assert all(p["before"] is None for p in points)
        later = monthly.build(add_months(MONTH, 12), self.r.here)["trend"]
        assert later[-1]["before"]["count"] == points[-1]["count"]

    def test_a_kind_of_organisation_without_reports_is_refused(self) -> None:
        with pytest.raises(ValueError, match="municipalities"):
            monthly.build(MONTH, self.r.unit)

    def test_a_broken_key_is_refused(self) -> None:
        scope = Scope(MONTH, self.r.here)
        for key in (
            "faults:soon",
            "incidents:x:y",
            "target:a:b:c:d:e:met",
            "target:incident:1:own:60:0.9:won",
        ):
            with pytest.raises(rows.UnknownKeyError):
                assert freezing.row_ids(scope, key)

    def test_a_promise_without_tickets_has_a_row(self) -> None:
        AgreementTarget.objects.create(
            agreement=self.r.agreement, kind="problem", measure="resolution", seconds=99, goal=0.5
        )
        data = monthly.build(MONTH, self.r.here)
        assert [r["verdict"] for r in data["targets"] if r["kind"] == "problem"] == ["no_data"]


def _more(r: Region) -> None:
    from sla import history

    history.load(
        history.History(
            reference=f"M-{n}", title="more", kind="incident", channel="portal", organisation_id=r.here.pk,
            priority=2, opened_at=LATE_SEPTEMBER, type=f"type-{n % 9}",
        )
        for n in range(200)
    )  # fmt: skip
