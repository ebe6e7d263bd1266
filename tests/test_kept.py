"""History is never deleted: what has tickets, intervals, events or figures stays, whoever asks and by whatever way.

Nothing here names the models one by one: a new model that is kept is tried as soon as it exists.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from django.utils import timezone

from cmdb.common.archive import HeldError, held
from cmdb.common.crud.declare import of_model
from cmdb.models import (
    CIClass,
    Item,
    Licence,
    Organisation,
    Place,
    Relation,
    Service,
    ServiceComponent,
    Team,
    User,
)
from monitoring.models import Credential, Target
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from sla.models import (
    Agreement,
    Calendar,
    DeclaredOutage,
)
from tests.archived import ARCHIVED, KEPT, SENTENCE_ONLY, ArchiveCase


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
        assert client.get(reverse("admin:index")).status_code == 200  # which is what registers them
        assert Organisation in admin.site._registry
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

    def test_what_a_deletion_changes_is_said(self) -> None:
        part = ServiceComponent.objects.filter(service=self.r.payroll).get()
        crud = of_model(ServiceComponent)
        assert crud is not None
        page = self.client_of("admin").get(crud.url("delete", part)).content.decode()
        assert "months that are not frozen is counted without it" in page

    def test_whoever_signed_in_is_kept(self) -> None:
        person = User.objects.create(username="new", organisation=self.r.here)
        person.memberships.create(role="reporter", organisation=self.r.here)
        assert held(person) == []
        person.last_login = timezone.now()
        assert held(person) == ["The person has signed in."]
