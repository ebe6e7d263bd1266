"""Archived rows in the API, at the desk, at the poller and in the integrity check."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from cmdb.integrity import check as register_check
from cmdb.models import (
    ApiToken,
    Item,
    Lifecycle,
    Organisation,
    Service,
)
from monitoring import engine, intervals, schedule
from monitoring.integrity import check as monitoring_check
from monitoring.models import Alert, Interval, Target
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from servicedesk.integrity import check as desk_check
from sla.integrity import check as board_check
from sla.models import (
    AgreementTarget,
    Case,
    Report,
    ServiceTarget,
)
from sla.reports.document import digest
from tests.archived import ArchiveCase


class TestApi(ArchiveCase):
    """The same questions and answers."""

    def call(self, method: str, path: str, data: Any = None, account: str = "technician") -> Any:
        token = ApiToken.issue(getattr(self.r, account))
        body = () if data is None else (json.dumps(data), "application/json")
        return getattr(self.client, method)(
            f"/api/v1{path}", *body, headers={"Authorization": f"Bearer {token}"}
        )

    def test_items(self) -> None:
        answer = self.call("delete", f"/items/{self.r.server.pk}")
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        assert "2 relations" in answer.json()["reasons"]
        assert "Archive it instead" in answer.json()["detail"]
        assert self.call("post", f"/items/{self.r.server.pk}/archive", {}).status_code == 409
        answer = self.call("post", f"/items/{self.r.printer.pk}/archive", {"because": "broken"})
        assert answer.status_code == 200
        assert (answer.json()["lifecycle"], bool(answer.json()["archived_at"])) == ("retired", True)
        names = [row["name"] for row in self.call("get", "/items").json()["results"]]
        assert "prn-granli-1" not in names
        only = self.call("get", "/items?archived=only").json()["results"]
        assert [row["name"] for row in only] == ["prn-granli-1"]
        assert self.call("post", f"/items/{self.r.printer.pk}/restore").json()["archived_at"] is None
        made = Item.objects.create(name="x", item_class=self.r.server.item_class, organisation=self.r.here)
        assert self.call("delete", f"/items/{made.pk}").status_code == 204
        assert self.call("delete", f"/items/{self.r.printer.pk}", account="keyuser").status_code == 403
        assert self.call("delete", "/items/999999").status_code == 404

    def test_targets(self) -> None:
        key = self.r.switch_target.pk
        answer = self.call("delete", f"/targets/{key}")
        assert answer.status_code == 409
        assert answer.json()["reasons"] == ["1 alert", "2 state intervals"]
        answer = self.call("post", f"/targets/{key}/archive", {"because": "replaced"})
        assert (answer.status_code, answer.json()["enabled"]) == (200, False)
        assert key not in [row["id"] for row in self.call("get", "/targets").json()["results"]]
        assert self.call("post", f"/targets/{key}/restore").json()["enabled"]
        assert self.call("post", f"/targets/{key}/archive", {}, account="changemanager").status_code == 403


class TestElsewhere(ArchiveCase):
    """What was put away gets nothing new."""

    def test_tickets_go_to_a_team_that_is_there(self) -> None:
        Item.objects.update(team=None)
        Service.objects.update(team=None)
        self.r.desk.archive("x")
        ticket = open_ticket(MONITORING, title="New", organisation=self.r.here)
        assert ticket.team == self.r.operations
        token = ApiToken.issue(self.r.technician)
        answer = self.client.post(
            "/api/v1/tickets", json.dumps({"title": "x", "organisation": "granli", "service": "payroll", "team": "desk"}),
            "application/json", headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.status_code == 422
        assert "team" in answer.json()["errors"]

    def test_an_agreements_promises_are_not_deleted_beside_their_pages(self) -> None:
        client = self.client_of("admin")
        url = reverse("admin:sla_agreement_change", args=[self.r.agreement.pk])
        page = client.get(url)
        data = dict(page.context["adminform"].form.initial) | {
            "organisation": self.r.here.pk, "valid_until": "", "calendar": self.r.calendar.pk,
        }  # fmt: skip
        data = {k: "" if v is None else v for k, v in data.items()}
        for formset in page.context["inline_admin_formsets"]:
            for form in (formset.formset.management_form, *formset.formset.forms):
                for bound in form:
                    value = bound.value()
                    data[bound.html_name] = "" if value is None else getattr(value, "pk", value)
                if form is not formset.formset.management_form:
                    data[form.add_prefix("DELETE")] = "on"
        before = AgreementTarget.objects.count(), ServiceTarget.objects.count()
        assert client.post(url, data).status_code in (200, 302)
        assert (AgreementTarget.objects.count(), ServiceTarget.objects.count()) == before

    def test_an_archived_target_is_counted_nowhere_among_those_of_today(self) -> None:
        self.r.switch_target.archive("x")
        page = self.client_of("technician").get("/monitoring/")
        assert sum(sum(row.counts.values()) for row in page.context["rows"]) == 1


class TestTarget(ArchiveCase):
    """An archived target is at rest."""

    def test_it_is_not_asked_and_its_alert_closes_with_the_reason(self) -> None:
        target = self.r.switch_target
        token = schedule.claim(now=timezone.now() + timedelta(hours=1)).token
        target.archive(self.r.admin)
        target.refresh_from_db()
        assert not Target.objects.filter(pk=target.pk, lease_token=token).exists()
        assert target.pk not in [t.pk for t in schedule.claim(now=timezone.now() + timedelta(days=1)).targets]
        later = timezone.now() + timedelta(minutes=10)
        assert any("open on target" in line for line in monitoring_check(later))
        schedule.sweep_stale()
        engine.sweep()
        alert = Alert.objects.get(target=target)
        assert (alert.is_open, alert.closed_because) == (False, "archived")
        assert Interval.objects.get(target=target, ended_at=None).state == "off"
        assert not [line for line in monitoring_check(later) if f"target {target.pk} " in line]
        page = self.client_of("technician").get(reverse("monitoring:alert_detail", args=[alert.pk]))
        assert "Its target was archived" in page.content.decode()
        for name in ("poll", "back_up"):
            url = reverse(f"monitoring:target_{name}", args=[target.pk])
            assert self.client_of("technician").post(url).status_code == 403

    def test_what_it_measured_stays_with_its_item(self) -> None:
        url = reverse("monitoring:target_edit", args=[self.r.switch_target.pk])
        client = self.client_of("lead")
        page = client.get(url)
        data = {
            bound.html_name: bound.value()
            for bound in page.context["form"]
            if bound.value() not in (None, False)
        }
        answer = client.post(url, data | {"item": self.r.printer.pk})
        assert answer.status_code == 422
        assert "counts for the item it has" in answer.content.decode()
        assert client.post(url, data).status_code == 302

    def test_long_ago(self) -> None:
        """An open interval of a time when nobody wanted it asked is not watched time."""
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        found: list[intervals.State] = [(begin, "up"), (begin + timedelta(days=1), "off")]
        assert intervals.is_watched(found, begin, begin + timedelta(hours=1))
        assert not intervals.is_watched(found, begin + timedelta(days=2), begin + timedelta(days=3))
        assert not intervals.is_watched([], begin, begin + timedelta(days=3))


class TestIntegrity(ArchiveCase):
    """What went round the rules is found."""

    def test_what_is_in_use_rests_on_nothing_archived(self) -> None:
        now = timezone.now()
        assert list(register_check()) == []
        Item.objects.filter(pk=self.r.server.pk).update(archived_at=now, lifecycle=Lifecycle.RETIRED)
        Organisation.objects.filter(pk=self.r.there.pk).update(archived_at=now, is_active=False)
        assert register_check() == [
            f"item {self.r.system.pk} rests on item {self.r.server.pk}, which is archived",
            f"service {self.r.payroll.pk} rests on item {self.r.server.pk}, which is archived",
            f"item {self.r.system_there.pk} (Komtek) belongs to an organisation that is archived",
        ]
        assert f"target {self.r.server_target.pk} asks item {self.r.server.pk}, which is archived" in set(
            monitoring_check(now)
        )

    def test_a_frozen_month_whose_rows_are_gone(self) -> None:
        line = {"items": [self.r.server.pk, 10**9], "outage_list": [{"intervals": [10**9]}]}
        data = {"availability": [line], "rows": {}}
        report = Report.objects.create(
            month=date(2026, 1, 1), organisation=self.r.here, data=data, sha256=digest(data), frozen_by="x"
        )
        found = [line for line in board_check() if line.startswith(f"report {report.pk}")]
        assert [line.rpartition(": ")[2] for line in found] == [
            "1 intervals that it was counted from are gone",
            "1 items that it was counted from are gone",
        ]

    def test_a_case_of_no_ticket(self) -> None:
        case = Case.objects.create(
            reference="INC-9", title="x", kind="incident", channel="portal", organisation=self.r.here, priority=3,
            opened_at=timezone.now(),
        )  # fmt: skip
        assert f"case {case.reference} is counted and belongs to no ticket" in set(desk_check())
