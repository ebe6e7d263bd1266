"""Frozen means frozen (invariant 6): whatever happens afterwards, the month reads the same and opens the same rows."""

from __future__ import annotations

import copy
from datetime import timedelta
from unittest import mock

import pytest

from sla import clocks, integrity
from sla.models import Case, Correction, Report
from sla.reports import freezing, monthly, rows
from sla.reports.document import digest
from sla.reports.scope import Scope, add_months
from tests.cases import RegionCase
from tests.sla.month import MONTH, NOW, fill


class TestFreeze(RegionCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fill(cls.r, 200)

    def setUp(self) -> None:
        clock = mock.patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def meddle(self) -> Case:
        """Reopen what was resolved, merge, cancel: everything a month could change by."""
        scope = Scope(MONTH, self.r.here)
        met = scope.cases().filter(
            clocks__state="met", clocks__measure="resolution", resolved_at__lt=scope.end
        )
        case = met.filter(kind="incident", resolved_at__gte=scope.start).first()
        assert case is not None
        clocks.reopen(case, NOW, "Kari")
        counted = scope.cases().filter(rows.incidents(scope)).exclude(pk=case.pk)
        for other in counted[:3]:
            clocks.cancel(other, NOW, "Kari")
        return case

    def test_a_frozen_month_reads_the_same_for_ever(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        before = copy.deepcopy(report.data)
        self.meddle()
        data, held = monthly.get(MONTH, self.r.here)
        assert held == report
        assert data == before
        assert monthly.build(MONTH, self.r.here)["incidents"] != before["incidents"]

    def test_every_frozen_figure_still_opens_its_rows(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        self.meddle()
        data = Report.objects.get(pk=report.pk).data
        checked = 0
        for key, count in monthly.figures(data):
            if key in data["rows"]:
                assert len(data["rows"][key]) == count
                checked += 1
        assert checked > 40

    def test_it_is_the_live_month_at_that_moment(self) -> None:
        live = monthly.build(MONTH, self.r.here)
        frozen = freezing.freeze(MONTH, self.r.here, "Liv Moen").data
        assert dict(monthly.figures(live)) == dict(monthly.figures(frozen))

    def test_later_truth_is_a_dated_correction(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        assert freezing.differences(report) == []
        self.meddle()
        said = freezing.differences(report)
        assert any(d.figure.startswith("target:") for d in said)
        assert any(d.figure == "incidents:*:*" for d in said)
        with mock.patch("django.utils.timezone.now", return_value=NOW + timedelta(hours=1)):
            made = freezing.correct(report, "Reopened after the month", "Liv Moen")
        assert len(made) == len(said) == Correction.objects.count()
        assert freezing.differences(report) == []
        assert digest(Report.objects.get(pk=report.pk).data) == report.sha256
        november = monthly.build(add_months(MONTH, 2), self.r.here)
        assert len(november["corrections"]) == len(said)
        assert november["corrections"][0]["reason"] == "Reopened after the month"

    def test_twice_is_refused(self) -> None:
        freezing.freeze(MONTH, self.r.here, "Liv Moen")
        with pytest.raises(freezing.FreezeError, match="already"):
            freezing.freeze(MONTH, self.r.here, "Liv Moen")
        assert Report.objects.count() == 1

    def test_not_before_the_month_is_over(self) -> None:
        with pytest.raises(freezing.FreezeError, match="not over"):
            freezing.freeze(add_months(MONTH, 2), self.r.here, "Liv Moen")

    def test_a_changed_month_is_found(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        assert list(integrity.check(NOW)) == []
        report.data["headline"]["incidents"]["count"] += 1
        Report.objects.filter(pk=report.pk).update(data=report.data)
        assert any("hash" in sentence for sentence in integrity.check(NOW))
