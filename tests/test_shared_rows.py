"""What belongs to no single organisation is the region's: every such row, every municipal role, every way that writes.

Nothing here names a model. A new declaration whose rows may be shared is tried as soon as it is part of the site.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from cmdb.common.crud import Crud, write
from cmdb.common.crud.declare import installed
from cmdb.common.crud.saving import make_form
from cmdb.intake.reading import FileRefusedError
from cmdb.intake.spreadsheets import import_items
from cmdb.models import Membership, Organisation, Role, Software, User
from monitoring.models import Network
from sla.models import Calendar
from tests.cases import RegionCase

Row = dict[str, Any]


def may_be_shared(crud: Crud) -> bool:
    """Whether the declaration can have rows without an owner."""
    if crud.owner is None:
        return True
    try:
        return bool(crud.model._meta.get_field(crud.owner.removesuffix("_id")).null)
    except FieldDoesNotExist:
        return False


def make_row(model: type[models.Model]) -> models.Model:
    """A row with nothing but what the database asks for, and therefore without an owner."""
    values: Row = {}
    for field in model._meta.concrete_fields:
        if field.null or field.has_default() or field.primary_key or getattr(field, "generated", False):
            continue
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            continue
        if field.is_relation:
            related: Any = field.related_model
            values[field.name] = related._default_manager.first()
        elif field.choices:
            values[field.name] = field.flatchoices[0][0]
        elif isinstance(field, models.CharField):
            values[field.name] = "" if field.blank else f"shared-{model._meta.model_name}"
        elif isinstance(field, models.DateTimeField):
            values[field.name] = timezone.now()
        elif isinstance(field, models.JSONField):
            values[field.name] = {}
        elif isinstance(field, models.IntegerField):
            values[field.name] = 1
    return model._default_manager.create(**values)


def shared_rows() -> Iterator[tuple[Crud, models.Model]]:
    """One shared row for each declaration that can have one."""
    for crud in installed():
        if crud.form is None:
            continue
        rows = [row for row in crud.model._default_manager.all() if crud.is_shared(row)]
        if (
            not rows and may_be_shared(crud) and crud.model is not User
        ):  # nobody sees a person of no organisation
            rows = [make_row(crud.model)]
        if rows:
            yield crud, rows[0]


def routes(crud: Crud) -> list[str]:
    """Names of all addresses that lead to a page of the declaration and take one row, whoever declared them."""
    found: list[str] = []

    def walk(patterns: Any, space: str) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                walk(one.url_patterns, one.namespace or space)
            elif isinstance(one, URLPattern) and one.name:
                kept = getattr(one.callback, "view_initkwargs", {}).get("crud")
                if kept is crud and "key" in one.pattern.regex.groupindex:
                    found.append(f"{space}:{one.name}")

    walk(get_resolver().url_patterns, "")
    return found


def typed(crud: Crud, row: models.Model, user: Any) -> dict[str, str]:
    """What a browser would send to save the row under another name."""
    form = make_form(crud, user, "write", instance=row)
    data: dict[str, str] = {}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = bound.field.prepare_value(value) if value not in (None, False) else ""
    name = next(n for n in ("name", "title") if n in form.fields)
    return data | {name: "Rewritten"}


def stored(row: models.Model) -> Row | None:
    """The row as it lies in the database."""
    return type(row)._default_manager.filter(pk=row.pk).values().first()


class TestSharedRows(RegionCase):
    """Municipal people read them and change nothing."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        # Its text has a form of its own, which no rule about fields could guess.
        Network.objects.create(name="Shared", organisation=cls.r.region, prefix="10.0.0.0/8")

    def person(self, role: str, where: Organisation) -> tuple[User, Client]:
        """Somebody with one role, and every right that Django itself could give."""
        user = User.objects.create(
            username=f"{role}-{where.slug}",
            organisation=where,
            is_staff=True,
            email=f"{role}@{where.slug}.example.no",
        )
        user.user_permissions.set(Permission.objects.all())
        Membership.objects.create(user=user, role=role, organisation=where)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return user, client

    def test_there_is_something_to_try(self) -> None:
        names = {crud.name for crud, _row in shared_rows()}
        assert names >= {"calendar", "ciclass", "organisation", "software"}

    def test_no_municipal_role_writes_by_any_page(self) -> None:
        rows = [(crud, row, typed(crud, row, self.r.admin)) for crud, row in shared_rows()]
        for role in Role.values:
            user, client = self.person(role, self.r.here)
            for crud, row, data in rows:
                before = stored(row)
                for name in routes(crud):
                    with self.subTest(role=role, route=name):
                        response = client.post(reverse(name, args=[getattr(row, crud.lookup)]), data)
                        assert response.status_code in (403, 404, 405), response.status_code
                        assert stored(row) == before
                with self.subTest(role=role, way="api", model=crud.name):
                    plain = {name: value for name, value in data.items() if not name.startswith("_")}
                    with pytest.raises((PermissionDenied, Http404)):
                        write(crud, user, plain, key=getattr(row, crud.lookup))
                    assert stored(row) == before

    def test_they_read_without_buttons(self) -> None:
        for role in Role.values:
            user, client = self.person(role, self.r.here)
            for crud, row in shared_rows():
                page = client.get(crud.url("detail", row))
                assert (page.status_code == 200) == (
                    crud.may(user, "read") and crud.rows(user).filter(pk=row.pk).exists()
                )
                text = page.content.decode()
                for name in set(routes(crud)) - {
                    f"{crud.namespace}:{crud.name}_{v}" for v in ("detail", "map")
                }:
                    assert f'"{reverse(name, args=[getattr(row, crud.lookup)])}"' not in text, (role, name)

    def test_nobody_makes_a_new_one(self) -> None:
        for crud, row in shared_rows():
            data = {k: v for k, v in typed(crud, row, self.r.admin).items() if not k.startswith("_")}
            data |= {"slug": "brand-new"} if "slug" in data else {}
            for role in (Role.ADMIN, Role.LEAD, Role.TECHNICIAN):
                for where in (self.r.here, self.r.unit):
                    account = f"{role}-{where.slug}"
                    if not User.objects.filter(username=account).exists():
                        self.person(role, where)
                    client = Client()
                    client.force_login(
                        User.objects.get(username=account),
                        backend="django.contrib.auth.backends.ModelBackend",
                    )
                    before = crud.model._default_manager.count()
                    assert client.post(crud.url("create"), data).status_code in (403, 422), (role, crud.name)
                    assert crud.model._default_manager.count() == before

    def test_the_region_writes(self) -> None:
        """The same request by the region's administrator is good: what refuses the others is who they are."""
        client = self.client_of("admin")
        for crud, row in shared_rows():
            response = client.post(crud.url("edit", row), typed(crud, row, self.r.admin))
            assert response.status_code == 302, (crud.name, response.content.decode())
            assert "Rewritten" in (stored(row) or {}).values()

    def test_a_superuser_writes_whatever_the_role(self) -> None:
        user, _client = self.person(Role.ADMIN, self.r.here)
        calendar = Calendar.objects.get(slug="core")
        assert not user.access.over_region(Role.ADMIN)
        user.is_superuser = True
        user.save()
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        url = reverse("board:calendar_edit", args=[calendar.pk])
        assert client.post(url, {"name": "Other", "slug": "core", "organisation": ""}).status_code == 302

    def test_the_administration_is_the_regions(self) -> None:
        assert self.client_of("admin").get("/admin/").status_code == 200  # which is what registers its models
        for role in Role.values:
            _user, client = self.person(role, self.r.here)
            for model in admin.site._registry:
                row = model._default_manager.first()
                opts = model._meta
                base = f"admin:{opts.app_label}_{opts.model_name}"
                urls = [reverse(f"{base}_changelist"), reverse(f"{base}_add")]
                if row is not None:
                    urls += [reverse(f"{base}_{verb}", args=[row.pk]) for verb in ("change", "delete")]
                for url in urls:
                    assert client.post(url, {"name": "Rewritten", "post": "yes"}).status_code == 403, (
                        role,
                        url,
                    )
        assert self.client_of("technician").get("/admin/").status_code in (302, 403)

    def test_a_spreadsheet_changes_nothing_shared(self) -> None:
        user, _client = self.person(Role.ADMIN, self.r.here)
        make_row(Software)
        before = [(row, stored(row)) for _crud, row in shared_rows()]
        sheet = (
            "name;class;organisation;supplier;software;website;slug\n"
            "srv-ny;server;granli;fagsystem;shared-software;https://evil.example/;evil\n"
        )
        for text in (
            sheet,
            "name;class;organisation;supplier;software\nsrv-ny;server;granli;fagsystem;Nytt produkt\n",
        ):
            with suppress(FileRefusedError):  # a column that means nothing here refuses the file
                import_items(io.BytesIO(text.encode()), "a.csv", user=user)
        assert all(stored(row) == values for row, values in before)
        assert not Software.objects.filter(name="Nytt produkt").exists()


class TestRegions(RegionCase):
    """Whoever holds a role over a region keeps what is shared, so nobody makes a region of what is theirs."""

    def setUp(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.ADMIN, organisation=self.r.here)
        self.client = self.client_of("keyuser")

    def form(self, **changes: str) -> dict[str, str]:
        here = self.r.here
        data = {
            "name": here.name, "slug": here.slug, "kind": here.kind, "parent": str(self.r.region.pk), "number": "",
            "language": "nb", "inhabitants": "", "email": "", "phone": "", "is_active": "on",
        }  # fmt: skip
        return data | changes

    def test_an_own_municipality_becomes_no_region_and_no_supplier(self) -> None:
        url = reverse("cmdb:organisation_edit", args=[self.r.here.pk])
        for kind, parent in (("region", ""), ("region", str(self.r.region.pk)), ("supplier", "")):
            response = self.client.post(url, self.form(kind=kind, parent=parent))
            assert response.status_code == 422, (kind, parent)
            self.r.here.refresh_from_db()
            assert (self.r.here.kind, self.r.here.parent_id) == ("municipality", self.r.region.pk)
        assert self.client.post(url, self.form(phone="22 22 22 22")).status_code == 302

    def test_a_region_below_a_municipality_counts_as_none(self) -> None:
        Organisation.objects.create(name="Egen", slug="egen", kind="region", parent=self.r.here)
        assert not self.fresh("keyuser").access.over_region(Role.ADMIN)
        assert self.fresh("admin").access.over_region(Role.ADMIN)
        assert not self.fresh("technician").access.over_region(Role.ADMIN)

    def test_an_own_calendar_stays_ones_own(self) -> None:
        own = Calendar.objects.create(name="Own", slug="own", organisation=self.r.here)
        url = reverse("board:calendar_edit", args=[own.pk])
        data = {"name": "Own", "slug": "own", "organisation": ""}
        assert self.client.post(url, data).status_code == 422
        assert self.client.post(url, data | {"organisation": str(self.r.here.pk)}).status_code == 302
