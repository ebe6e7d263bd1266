"""Reports in the API: the same document, the same rights."""

from __future__ import annotations

from unittest import mock

from cmdb.models import ApiToken
from sla.reports import freezing, monthly
from tests.cases import RegionCase
from tests.sla.month import MONTH, NOW, fill


class TestReports(RegionCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fill(cls.r, 120)

    def setUp(self) -> None:
        clock = mock.patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def test_a_month_is_the_document(self) -> None:
        answer = self.client_of("board").get("/api/v1/reports/2026-09?organisation=granli").json()
        assert dict(monthly.figures(answer)) == dict(monthly.figures(monthly.build(MONTH, self.r.here)))
        assert answer["frozen"] is None

    def test_a_token_opens_it_too(self) -> None:
        token = ApiToken.issue(self.r.board)
        answer = self.client.get("/api/v1/reports/2026-09", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["organisation"]["slug"] == "elvedal"

    def test_frozen_months_are_listed(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        answer = self.client_of("commissioner").get("/api/v1/reports").json()
        assert answer["count"] == 1
        assert answer["results"][0]["sha256"] == report.sha256
        again = self.client_of("commissioner").get(answer["results"][0]["url"]).json()
        assert again["frozen"]["sha256"] == report.sha256
        assert "rows" not in again

    def test_others_are_refused(self) -> None:
        freezing.freeze(MONTH, self.r.here, "Liv Moen")
        assert self.client.get("/api/v1/reports").status_code == 401
        for account in ("own", "colleague", "stranger", "technician"):
            for path in ("/api/v1/reports", "/api/v1/reports/2026-09?organisation=granli"):
                assert self.client_of(account).get(path).status_code == 403, (account, path)
        foreign = self.client_of("commissioner").get("/api/v1/reports/2026-09?organisation=vassoy")
        assert foreign.status_code == 404

    def test_bad_input_is_a_problem(self) -> None:
        answer = self.client_of("board").get("/api/v1/reports/2026-13")
        assert answer.status_code == 422
        assert answer["Content-Type"].startswith("application/problem+json")
