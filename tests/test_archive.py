"""History is never deleted: what has tickets, intervals, events or figures is archived, whoever asks and by whatever way.

Nothing here names the models one by one: a new model that is archived is tried as soon as it exists.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from django.utils import timezone

from cmdb.common.archive import Archivable, HeldError, Kept, NotArchivedError, held
from cmdb.common.crud.declare import of_model
from cmdb.common.scope import chosen_from
from cmdb.integrity import check as register_check
from cmdb.models import (
    ApiToken,
    CIClass,
    Contract,
    Installation,
    Item,
    Licence,
    Lifecycle,
    Organisation,
    Place,
    Relation,
    Service,
    ServiceComponent,
    Software,
    Team,
    User,
)
from monitoring import engine, intervals, schedule
from monitoring.integrity import check as monitoring_check
from monitoring.models import Alert, Credential, CredentialKind, Interval, MaintenanceWindow, Target
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from servicedesk.integrity import check as desk_check
from servicedesk.models import Ticket
from sla.integrity import check as board_check
from sla.models import (
    Agreement,
    AgreementTarget,
    Calendar,
    Case,
    DeclaredOutage,
    Improvement,
    Report,
    ServiceTarget,
)
from sla.reports.document import digest
from tests.cases import RegionCase
from tests.test_shared_rows import make_row

KEPT = [model for model in apps.get_models() if issubclass(model, Kept)]
ARCHIVED = [model for model in KEPT if issubclass(model, Archivable)]
SENTENCE_ONLY = {
    DeclaredOutage,
    Improvement,
    AgreementTarget,
    ServiceTarget,
}  # no foreign key need hold these


class ArchiveCase(RegionCase):
    """The small region after some days of use."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        r, now = cls.r, timezone.now()
        r.secret = Credential.objects.create(  # type: ignore[attr-defined]
            name="v2", kind=CredentialKind.SNMP_V2C, organisation=r.here, secret={"community": "x"}
        )
        Target.objects.update(credential=r.secret, last_polled_at=now)  # type: ignore[attr-defined]
        intervals.change(r.switch_target, "up", now - timedelta(days=40))
        intervals.change(r.switch_target, "down", now - timedelta(days=2))
        Alert.objects.create(
            target=r.switch_target, item=r.switch, organisation=r.here, problem_key=f"{r.switch_target.pk}:down",
            kind="down", severity="exception", opened_at=now - timedelta(days=2),
        )  # fmt: skip
        open_ticket(
            MONITORING,
            title="No mail",
            organisation=r.here,
            item=r.system,
            service=r.mail,
            team=r.desk,
            reporter=r.own,
        )
        product = Software.objects.create(name="Profil")
        Installation.objects.create(item=r.server, software=product)
        contract = Contract.objects.create(
            name="Operation", kind="operation", organisation=r.here, supplier=r.supplier
        )
        Licence.objects.create(software=product, organisation=r.here, contract=contract, bought=3)
        window = MaintenanceWindow.objects.create(
            organisation=r.here,
            title="Work",
            source_key="CHG-1",
            starts_at=now,
            ends_at=now + timedelta(hours=1),
        )
        window.items.add(r.printer)
        ServiceTarget.objects.create(agreement=r.agreement, service=r.mail, availability=0.99)
        DeclaredOutage.objects.create(
            service=r.mail, starts_at=now - timedelta(days=1), reason="x", declared_by="y"
        )
        Improvement.objects.create(title="Spare switch", organisation=r.here, state="decided")

    def held_row(self, model: type[models.Model]) -> Any:
        """A row with history."""
        found = next((row for row in model._default_manager.all() if held(row)), None)
        if found is None and model is Licence:
            pytest.skip("a licence is named by nothing")
        assert found is not None, f"make a {model.__name__} with history in setUpTestData"
        return found

    def fresh_row(self, model: type[models.Model]) -> Any:
        """A row of a minute ago, with nothing but what the database asks for."""
        if model is Agreement:
            values = {
                "organisation": self.r.region,
                "calendar": self.r.calendar,
                "valid_from": date(2090, 1, 1),
            }
            return Agreement.objects.create(name="Next", version=Agreement.objects.count() + 1, **values)
        if model is AgreementTarget:
            return AgreementTarget.objects.create(
                agreement=self.fresh_row(Agreement), kind="incident", measure="response", seconds=60
            )
        if model is ServiceTarget:
            return ServiceTarget.objects.create(
                agreement=self.fresh_row(Agreement), service=self.r.payroll, availability=0.9
            )
        if model is Target:
            return Target.objects.create(name="new", organisation=self.r.here, address="192.0.2.9")
        return make_row(model)


class TestNothingWithHistoryGoes(ArchiveCase):
    """Every way that deletes."""

    def test_all_the_models_that_matter_are_kept(self) -> None:
        wanted = {
            Target,
            Item,
            Organisation,
            Service,
            User,
            Team,
            Agreement,
            Calendar,
            Credential,
            CIClass,
            Place,
        }
        assert wanted <= set(ARCHIVED)

    def test_by_the_orm_one_and_many(self) -> None:
        for model in KEPT:
            if model is Licence:
                continue
            with self.subTest(model=model.__name__):
                row = self.held_row(model)
                with pytest.raises(HeldError):
                    row.delete()
                with pytest.raises(HeldError):
                    model._default_manager.filter(pk=row.pk).delete()
                assert model._default_manager.filter(pk=row.pk).exists()

    def test_by_sql(self) -> None:
        """The last guard is the database's own."""
        for model in [model for model in ARCHIVED if model not in SENTENCE_ONLY | {Licence}]:
            with self.subTest(model=model.__name__):
                row = self.held_row(model)
                table, column = model._meta.db_table, model._meta.pk.column
                sql = f"set constraints all immediate; delete from {table} where {column} = %s"
                with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(sql, [row.pk])

    def test_history_itself(self) -> None:
        open_ticket(MONITORING, title="Again", organisation=self.r.here)
        for label in ("monitoring.Interval", "sla.Case", "sla.ClockEntry", "servicedesk.Entry"):
            rows = apps.get_model(label)._base_manager.all()
            assert rows.exists(), label
            with (
                pytest.raises(models.ProtectedError if label == "sla.Case" else Exception),
                transaction.atomic(),
            ):
                rows.delete()
            with (
                pytest.raises(Exception, match="(?i)cannot delete|violates"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"delete from {rows.model._meta.db_table}")
            assert rows.exists(), label

    def test_by_its_page_with_the_reason_and_the_way_out(self) -> None:
        client = self.client_of("admin")
        for model in KEPT:
            crud = of_model(model)
            if crud is None or not crud.roles["delete"] or model is Licence:
                continue
            with self.subTest(model=model.__name__):
                row = next((r for r in crud.rows(self.r.admin) if held(r)), None)
                if row is None:
                    continue
                url = crud.url("delete", row)
                page = client.get(url)
                assert page.status_code == 200
                assert page.context["blocked"] == held(row)
                answer = client.post(url)
                assert answer.status_code == 409
                text = answer.content.decode()
                assert all(reason in text for reason in answer.context["blocked"])
                assert (crud.url("archive", row) in text) == crud.archives if crud.archives else True
                assert model._default_manager.filter(pk=row.pk).exists()

    def test_by_the_administration_one_and_many(self) -> None:
        client = self.client_of("admin")
        for model in KEPT:
            if model not in admin.site._registry or model is Licence:
                continue
            row = self.held_row(model)
            base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            with self.subTest(model=model.__name__):
                client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"})
                many = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
                client.post(reverse(f"{base}_changelist"), many)
                assert model._default_manager.filter(pk=row.pk).exists()

    def test_what_never_had_history_goes(self) -> None:
        client = self.client_of("admin")
        for model in [model for model in KEPT if model is not DeclaredOutage]:
            with self.subTest(model=model.__name__):
                row = self.fresh_row(model)
                assert held(row) == []
                crud = of_model(model)
                if crud is not None and crud.rows(self.fresh("admin")).filter(pk=row.pk).exists():
                    page = client.get(crud.url("delete", row))
                    assert page.context["blocked"] == []
                    assert client.post(crud.url("delete", row)).status_code == 302
                else:
                    row.delete()
                assert not model._default_manager.filter(pk=row.pk).exists()

    def test_a_link_of_anothers_list_holds_and_an_own_one_goes_along(self) -> None:
        Relation.objects.filter(source=self.r.printer).delete()
        assert held(self.r.printer) == ["1 maintenance window"]
        team = Team.objects.create(name="New", slug="new", organisation=self.r.here)
        team.members.add(self.r.own)
        team.delete()

    def test_whoever_signed_in_is_kept(self) -> None:
        person = User.objects.create(username="new", organisation=self.r.here)
        person.memberships.create(role="reporter", organisation=self.r.here)
        assert held(person) == []
        person.last_login = timezone.now()
        assert held(person) == ["The person has signed in."]


class TestArchive(ArchiveCase):
    """Out of lists and choices, named as before, and back again."""

    def free(self, row: Any) -> Any:
        """The row, with nothing in use that needs it."""
        if isinstance(row, Item):
            Relation.objects.filter(target=row).delete()
            ServiceComponent.objects.filter(item=row).delete()
            for target in row.targets.all():
                target.archive("x")
        return row

    def test_every_archived_row_leaves_lists_and_choices_and_comes_back(self) -> None:
        client = self.client_of("admin")
        for model in ARCHIVED:
            crud = of_model(model)
            assert crud is not None
            row = self.free(self.fresh_row(model) if model is not Agreement else self.ended())
            if not crud.rows(self.fresh("admin")).filter(pk=row.pk).exists():
                continue  # a person of no organisation is nobody's
            with self.subTest(model=model.__name__):
                self.round(client, crud, row)

    def ended(self) -> Agreement:
        return Agreement.objects.create(
            organisation=self.r.region, name="Old", calendar=self.r.calendar, valid_from=date(2019, 1, 1),
            valid_until=date(2020, 1, 1),
        )  # fmt: skip

    def round(self, client: Any, crud: Any, row: Any) -> None:
        model = type(row)
        listed, picked = crud.url("list"), chosen_from(model._default_manager.all())
        assert client.get(crud.url("archive", row)).status_code == 200
        answer = client.post(crud.url("archive", row), {"archived_because": "made twice"})
        assert answer.status_code == 302, answer.content.decode()
        row.refresh_from_db()
        assert (row.archived_by, row.archived_because) == ("Unni Sol", "made twice")
        assert not picked.filter(pk=row.pk).exists()
        link = crud.url("detail", row)
        assert link not in client.get(listed).content.decode()
        assert link in client.get(f"{listed}?archived=only").content.decode()
        page = client.get(link).content.decode()
        assert "made twice" in page
        assert crud.url("restore", row) in page
        assert crud.url("edit", row) not in page
        assert client.get(crud.url("edit", row)).status_code == 403
        assert client.post(crud.url("edit", row), {}).status_code == 403
        assert client.get(crud.url("restore", row)).status_code == 200
        assert client.post(crud.url("restore", row)).status_code == 302
        row.refresh_from_db()
        assert row.archived_at is None
        assert picked.filter(pk=row.pk).exists()

    def test_only_those_who_may_delete_may_archive(self) -> None:
        crud = of_model(Item)
        assert crud is not None
        for verb in ("archive", "restore"):
            url = crud.url(verb, self.r.printer)
            assert self.client_of("keyuser").post(url).status_code == 403
            assert self.client_of("stranger").post(url).status_code in (403, 404)
            assert self.client.post(url).status_code == 302
        self.r.printer.refresh_from_db()
        assert self.r.printer.archived_at is None

    def test_what_is_in_use_is_needed(self) -> None:
        client = self.client_of("admin")
        for row, words in (
            (self.r.server, ["1 item still rests on this one", "1 service still rests", "1 target"]),
            (self.r.here, ["items", "people", "1 organisation", "1 agreement"]),
            (self.r.calendar, ["2 agreements"]),
            (self.r.agreement, ["say first until when"]),
            (self.r.operations, ["items"]),
            (self.r.server.item_class, ["1 item"]),
        ):
            crud = of_model(type(row))
            assert crud is not None
            answer = client.post(crud.url("archive", row))
            assert answer.status_code == 409
            text = " ".join(answer.context["blocked"])
            assert all(word in text for word in words), (row, text)
            row.refresh_from_db()
            assert row.archived_at is None

    def test_an_item_is_retired_by_the_rule_of_retirement(self) -> None:
        self.r.printer.archive(self.r.admin)
        self.r.printer.refresh_from_db()
        assert self.r.printer.lifecycle == Lifecycle.RETIRED
        with pytest.raises(IntegrityError), transaction.atomic():
            Item.objects.filter(pk=self.r.printer.pk).update(lifecycle=Lifecycle.IN_USE)
        self.r.printer.restore()
        assert Item.objects.get(pk=self.r.printer.pk).lifecycle == Lifecycle.IN_STORE

    def test_a_person_can_not_sign_in_and_old_tickets_name_them(self) -> None:
        token = ApiToken.issue(self.r.own)
        ticket = Ticket.objects.get(reporter=self.r.own)
        client = self.client_of("own")
        assert client.get("/portal/").status_code == 200
        self.r.own.archive(self.r.admin, "left")
        assert client.get("/portal/").status_code == 302
        assert ApiToken.user_of(token) is None
        page = (
            self.client_of("technician").get(reverse("desk:ticket", args=[ticket.reference])).content.decode()
        )
        assert "Kari Eng" in page

    def test_nobody_archives_themselves(self) -> None:
        crud = of_model(User)
        assert crud is not None
        assert self.client_of("admin").post(crud.url("archive", self.r.admin)).status_code == 403

    def test_taking_back_needs_what_the_row_belongs_to(self) -> None:
        unit = Organisation.objects.create(name="Ny skole", slug="ny-skole", kind="unit", parent=self.r.here)
        place = Place.objects.create(name="Attic", organisation=unit)
        place.archive("x")
        unit.archive("x")
        with pytest.raises(NotArchivedError, match="Ny skole is archived"):
            place.restore()
        unit.restore()
        place.restore()

    def test_taking_back_gives_way_to_what_took_its_place(self) -> None:
        target = self.fresh_row(Target)
        target.archive("x")
        other = self.fresh_row(Target)  # the same address: an archived one does not stand in the way
        with pytest.raises(NotArchivedError, match="already"):
            target.restore()
        other.archive("x")
        assert target.restore().is_enabled

    def test_a_spreadsheet_and_the_api_leave_an_archived_item_alone(self) -> None:
        self.r.printer.archive("x")
        token = ApiToken.issue(self.r.technician)
        answer = self.client.patch(
            f"/api/v1/items/{self.r.printer.pk}", json.dumps({"notes": "x"}), "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.status_code == 409
        import io

        from cmdb.intake.spreadsheets import import_items

        plan = import_items(io.BytesIO(b"name;organisation;notes\nprn-granli-1;granli;x\n"), "a.csv")
        assert [(row.verb, row.reason) for row in plan.rows] == [
            ("refused", "It is archived. Take it back first.")
        ]


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
