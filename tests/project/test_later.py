"""The API and the administration are loaded by who first asks for them, and then behave as if they had been there always."""

import re

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse

from cmdb.models import User
from servicedesk.project.later import Later


def test_names_and_paths_lead_into_a_part_that_was_not_loaded() -> None:
    part = Later("later/", "django.contrib.auth.urls", "later")
    assert "urlconf_module" not in vars(part)
    assert part.resolve("later/login/").url_name == "login"
    with pytest.raises(Resolver404):
        part.resolve("later/nowhere/")
    with pytest.raises(Resolver404):
        part.resolve("elsewhere/login/")
    assert resolve("/api/v1/docs").namespaces == ["api"]
    assert reverse("api:openapi-json") == "/api/v1/openapi.json"
    assert reverse("admin:cmdb_user_changelist") == "/admin/cmdb/user/"
    with pytest.raises(NoReverseMatch):
        reverse("api:there-is-no-such-name")


def test_what_lies_beside_the_api_is_told_apart(client: Client) -> None:
    assert client.get("/api/v1/nothing").status_code == 404
    assert client.get("/api/v1/nothing").headers["Content-Type"] == "application/problem+json"


def test_the_description_takes_its_scripts_from_here(client: Client) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert any("swagger-ui-bundle" in address for address in addresses)
    assert all(address.startswith("/static/ninja/") for address in addresses), addresses
    for address in addresses:
        assert client.get(address).status_code == 200, address


@pytest.mark.django_db
def test_the_administration_lists_what_the_floors_registered(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    for model in ("cmdb/user", "monitoring/target", "sla/agreement", "servicedesk/ticket"):
        assert f"/admin/{model}/" in page, model


def test_the_check_of_the_system_judges_the_administration_too() -> None:
    from django.contrib import admin

    assert run_checks(tags=["admin"]) == []
    assert User in admin.site._registry
    assert get_resolver().url_patterns
