"""However a request calls this site, no answer and no letter repeats it: links begin with SAMDRIFT_URL."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from allauth.utils import build_absolute_uri
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, SimpleTestCase, override_settings
from django.urls import reverse, set_script_prefix

from cmdb.common import links
from cmdb.models import ApiToken
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.project.middleware import OwnAddressMiddleware
from tests.cases import RegionCase
from tests.test_crawl import paths_without_arguments

OTHER = "other-name.example"
VARIANTS: tuple[dict[str, Any], ...] = (
    {"HTTP_HOST": "testserver:48443", "SERVER_PORT": "48443"},
    {"HTTP_HOST": OTHER},
    {"HTTP_HOST": f"{OTHER}:48443"},
    {
        "HTTP_X_FORWARDED_HOST": f"{OTHER}:48443",
        "HTTP_X_FORWARDED_PORT": "48443",
        "HTTP_FORWARDED": f"host={OTHER}",
    },
)
MARKS = (OTHER, "48443")
LEFT_OUT = re.compile(
    r"/accounts/logout/|/metrics|/readyz|/admin/."
)  # of Django's administration its first page


@override_settings(SAMDRIFT_URL="https://desk.example.no", ALLOWED_HOSTS=["testserver", OTHER])
class TestAnswers(RegionCase):
    def setUp(self) -> None:
        for number in range(3):
            self.ticket = open_ticket(Actor.of(self.r.own), title=f"Nett {number}", item=self.r.system)

    def paths(self) -> list[str]:
        reference, item = self.ticket.reference, self.r.switch.pk
        one = [
            f"/desk/tickets/{reference}/",
            f"/portal/tickets/{reference}/",
            f"/cmdb/items/{item}/",
            "/nothing/here/",
        ]
        lists = [f"/api/v1/{name}?limit=1" for name in ("tickets", "items", "organisations", "services", "targets", "reports")]  # fmt: skip
        return [path for path in paths_without_arguments() if not LEFT_OUT.match(path)] + one + lists

    def look(self, client: Client, path: str, variant: dict[str, Any]) -> str:
        answer = client.get(path, **variant)
        text = b"".join(answer).decode("utf-8", "replace")
        for mark in MARKS:
            assert mark not in text, (path, variant, text[max(0, text.find(mark) - 100) :][:200])
            assert mark not in str(answer.headers), (path, variant)
        return text

    def test_no_page_and_no_api_answer_repeats_it(self) -> None:
        admin = self.client_of("admin")
        for path in self.paths():
            self.look(admin, path, VARIANTS[2])
        for path in ("/", "/desk", "/accounts/login/", "/accounts/password/reset/", "/status/", "/admin/"):
            for variant in VARIANTS:
                self.look(Client(), path, variant)
                self.look(admin, path, variant)

    def test_the_next_page_of_a_list_is_on_our_site(self) -> None:
        headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {ApiToken.issue(self.r.admin)}"}
        for variant in VARIANTS:
            answer = Client().get("/api/v1/tickets?limit=1", **headers, **variant).json()
            assert answer["next"].startswith("https://desk.example.no/api/v1/tickets?"), answer["next"]
            assert len(Client().get(answer["next"], **headers).json()["results"]) == 1

    def test_one_is_sent_on_to_own_pages_alone(self) -> None:
        for target in (f"https://{OTHER}/x", f"//{OTHER}/x", "http://testserver:48443/x", "https:///x"):
            client = self.client_of("admin")
            answer = client.post(reverse("preferences"), {"language": "nb", "next": target}, HTTP_HOST=OTHER)
            assert answer["Location"] == "/", target
            page = Client().post(
                reverse("account_login"),
                {"login": "own", "password": "demo", "next": target},
                HTTP_HOST=OTHER,
            )
            assert page["Location"] == "/", target


class TestLinks(SimpleTestCase):
    def request(self, **variant: Any) -> HttpRequest:
        """As it is behind the middleware."""
        seen: list[HttpRequest] = []

        def view(request: HttpRequest) -> HttpResponse:
            seen.append(request)
            return HttpResponse()

        OwnAddressMiddleware(view)(RequestFactory().get("/a/b/?c=1", **variant))
        return seen[0]

    @override_settings(SAMDRIFT_URL="https://desk.example.no", ALLOWED_HOSTS=["*"])
    def test_libraries_build_theirs_from_it_too(self) -> None:
        for variant in VARIANTS:
            request = self.request(**variant)
            back = build_absolute_uri(request, "/accounts/oidc/lilleby/login/callback/")
            assert back == "https://desk.example.no/accounts/oidc/lilleby/login/callback/"
            assert request.build_absolute_uri() == "https://desk.example.no/a/b/?c=1"
            assert request.build_absolute_uri("d/?e=1") == "https://desk.example.no/a/b/d/?e=1"
            assert request.build_absolute_uri("../") == "https://desk.example.no/a/"
            assert request.build_absolute_uri("https://idp.example/x") == "https://idp.example/x"
            assert request.build_absolute_uri("//idp.example/x") == "https://idp.example/x"

    def test_below_a_path(self) -> None:
        with override_settings(SAMDRIFT_URL="https://www.example.no/desk"):
            assert links.own("/x/") == "https://www.example.no/desk/x/"
            set_script_prefix("/desk/")
            self.addCleanup(set_script_prefix, "/")
            assert links.own("/desk/x/") == "https://www.example.no/desk/x/"

    def test_nobody_asks_the_request(self) -> None:
        """Names of Django's that read the Host header stand nowhere in our code."""
        asked = {"get_host", "get_port", "build_absolute_uri", "get_current_site", "_current_scheme_host"}
        floors = (Path(settings.BASE_DIR) / floor for floor in ("cmdb", "monitoring", "sla", "servicedesk"))
        calls = [
            (path.name, getattr(node.func, "attr", getattr(node.func, "id", "")))
            for floor in floors
            for path in floor.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
        ]
        assert len(calls) > 1000
        assert [call for call in calls if call[1] in asked] == []
