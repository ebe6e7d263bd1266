"""What every answer carries: the policy for browsers, the right language, and history's context."""

import pghistory.models
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from servicedesk.project import settings as product
from servicedesk.project.middleware import ContentSecurityMiddleware, HistoryMiddleware
from tests import cases

LOGIN = "/accounts/login/"


@pytest.mark.django_db
@pytest.mark.parametrize("path", [LOGIN, "/admin/login/", "/nothing/here"])
def test_every_page_forbids_foreign_scripts_and_frames(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_a_view_may_be_stricter(rf: RequestFactory) -> None:
    own = HttpResponse(headers={"Content-Security-Policy": "sandbox"})
    answer = ContentSecurityMiddleware(lambda _request: own)(rf.get("/"))
    assert answer.headers["Content-Security-Policy"] == "sandbox"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "nb"),
        ("nn-NO,nn;q=0.9,en;q=0.5", "nn"),
        ("en-GB", "en"),
        ("no,en;q=0.8", "nb"),  # browsers that know one Norwegian
        ("no-NO,nn;q=0.5", "nb"),
        ("de,fr", "nb"),
    ],
)
def test_a_visitor_gets_the_browsers_language(
    client: Client, settings: Settings, accepted: str, language: str
) -> None:
    settings.LANGUAGE_CODE = product.LANGUAGE_CODE  # the suite's own is English
    answer = client.get(LOGIN, headers={"accept-language": accepted})
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.django_db
def test_a_users_own_language_wins(client: Client) -> None:
    user = cases.build().own
    user.language = "nn"
    user.save()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/accounts/email/", headers={"accept-language": "en"})
    assert answer.headers["Content-Language"] == "nn"


@pytest.mark.django_db
def test_changes_of_a_request_carry_actor_path_and_one_id(rf: RequestFactory) -> None:
    region = cases.build()
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        for item in (region.server, region.switch):
            item.name = f"{item.name} changed"
            item.save()
        return HttpResponse()

    request = rf.post("/cmdb/items/1/edit/")
    request.user = region.technician
    HistoryMiddleware(view)(request)
    seen = list(pghistory.models.Context.objects.order_by("-created_at")[:1])
    assert seen[0].metadata["user"] == region.technician.pk
    assert seen[0].metadata["url"] == "/cmdb/items/1/edit/"
    assert len(seen[0].metadata["request"]) == 32
