"""GET /api/v1/targets and /api/v1/alerts."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cmdb.models import ApiToken, Membership, Role, User
from monitoring.models import Alert, Credential, CredentialKind, Target
from tests.monitoring.cases import MonitoringCase


class TestApi(MonitoringCase):
    def api(self, user: User) -> Client:
        return Client(headers={"Authorization": f"Bearer {ApiToken.issue(user)}"})

    def get(self, user: User, path: str, **query: Any) -> Any:
        return self.api(user).get(f"/api/v1/{path}", query)

    def setUp(self) -> None:
        super().setUp()
        self.polls({self.switch: "up", self.server: "up"}, 0, 10)
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)

    def test_targets_with_the_states_of_the_pages(self) -> None:
        credential = Credential.objects.create(
            name="c",
            kind=CredentialKind.SNMP_V2C,
            organisation=self.r.here,
            secret={"community": "very-secret"},
        )
        Target.objects.update(credential=credential)
        response = self.get(self.r.technician, "targets")
        found = {row["name"]: row for row in response.json()["results"]}
        assert response.json()["count"] == 2
        assert found["sw-granli-1"]["state"] == "down"
        assert found["srv-granli-1"]["state"] == "shadow"
        assert found["srv-granli-1"]["shadowed_by"] == self.switch.pk
        assert b"very-secret" not in response.content
        names = [r["name"] for r in self.get(self.r.technician, "targets", state="shadow").json()["results"]]
        assert names == ["srv-granli-1"]

    def test_alerts_and_only_the_open_ones(self) -> None:
        found = self.get(self.r.technician, "alerts").json()["results"]
        assert [(a["target_name"], a["kind"], a["shadowed_count"]) for a in found] == [
            ("sw-granli-1", "down", 1)
        ]
        Alert.objects.update(closed_at=self.at(100))
        assert self.get(self.r.technician, "alerts", open="true").json()["results"] == []

    def test_who_does_not_work_here_gets_403_and_who_works_elsewhere_nothing(self) -> None:
        for user in (self.r.own, self.r.stranger, self.r.board):
            assert self.get(user, "targets").status_code == 403
            assert self.get(user, "alerts").status_code == 403
        there = User.objects.create(username="techthere", organisation=self.r.there)
        Membership.objects.create(user=there, role=Role.TECHNICIAN, organisation=self.r.there)
        assert self.get(there, "targets").json()["results"] == []
        assert self.get(there, "alerts").json()["results"] == []
        assert Client().get("/api/v1/targets").status_code == 401

    def test_wrong_filters_are_problems(self) -> None:
        assert self.get(self.r.technician, "targets", nonsense="1").status_code == 422
        assert self.get(self.r.technician, "targets", state="nonsense").status_code == 422
        assert self.get(self.r.technician, "alerts", ordering="text").status_code == 422

    def test_the_same_statements_for_two_and_for_fifty(self) -> None:
        def cost() -> int:
            client = self.api(User.objects.get(pk=self.r.technician.pk))
            with CaptureQueriesContext(connection) as context:
                assert client.get("/api/v1/targets").status_code == 200
                assert client.get("/api/v1/alerts").status_code == 200
            return len(context)

        before = cost()
        for n in range(50):
            target = self.target(f"more-{n}")
            Alert.objects.create(
                target=target, organisation=self.r.here, problem_key=f"k{n}", kind="slow", severity="warning",
                opened_at=self.at(1),
            )  # fmt: skip
        assert cost() == before
