"""What has history is archived: out of lists and choices, named as before, and back again."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from cmdb.common.archive import NotArchivedError
from cmdb.common.crud.declare import of_model
from cmdb.common.scope import chosen_from
from cmdb.models import (
    ApiToken,
    Item,
    Lifecycle,
    Organisation,
    Place,
    Relation,
    ServiceComponent,
    User,
)
from monitoring.models import Target
from servicedesk.models import Ticket
from sla.models import (
    Agreement,
)
from tests.archived import ARCHIVED, ArchiveCase


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
