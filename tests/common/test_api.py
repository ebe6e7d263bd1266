"""API helpers: who calls, pages by cursor, problem documents."""

from typing import Any

from django.http import Http404, HttpRequest
from django.test import Client, override_settings
from django.urls import include, path
from ninja import NinjaAPI, Schema, Status

from cmdb.common.api import Bearer, Session, install_problems, list_parameters, listing, page_of
from cmdb.common.crud import write
from cmdb.models import ApiToken, Item
from tests.cases import RegionCase
from tests.common.declared import ItemFilter, things
from tests.common.declared import urlpatterns as pages

ORDER = {"name": "sort_name", "changed": "updated_at", "owner": "owner__display_name"}


class ItemOut(Schema):
    """An item as the test API shows it."""

    id: int
    name: str


class ItemIn(Schema):
    """What may be sent."""

    name: str | None = None
    item_class: int | None = None
    organisation: int | None = None
    notes: str | None = None
    nonsense: str | None = None


api = NinjaAPI(urls_namespace="try-api", auth=[Bearer(ApiToken.user_of), Session()], docs_url=None)
install_problems(api)


@api.get("/items", response=page_of(ItemOut), openapi_extra=list_parameters(ItemFilter, ORDER))
def items(request: HttpRequest) -> Any:
    """Items of the person."""
    rows = Item.objects.visible_to(request.user)
    return listing(request, rows, ItemFilter, order=ORDER, default="name")


@api.post("/items", response={201: ItemOut})
def create(request: HttpRequest, payload: ItemIn) -> Any:
    """A new one."""
    return Status(201, write(things, request.user, payload.dict(exclude_unset=True)))


@api.patch("/items/{key}", response=ItemOut)
def change(request: HttpRequest, key: int, payload: ItemIn) -> Any:
    """Change one."""
    return write(things, request.user, payload.dict(exclude_unset=True), key=key)


@api.get("/fault/{kind}")
def fault(request: HttpRequest, kind: str) -> Any:
    """Something that fails."""
    raise {"lost": Http404, "boom": RuntimeError}[kind]("secret words")


urlpatterns = [path("try-api/", include((api.urls[0], "try-api"), namespace="try-api")), *pages]


@override_settings(ROOT_URLCONF="tests.common.test_api")
class ApiCase(RegionCase):
    """Calls with a bearer token."""

    def call(self, account: str, method: str, address: str, data: Any = None) -> Any:
        """The response; ``account`` "" calls without a token."""
        headers = {"Authorization": f"Bearer {ApiToken.issue(getattr(self.r, account))}"} if account else {}
        client = Client(headers=headers, raise_request_exception=False)
        more = {} if data is None else {"data": data, "content_type": "application/json"}
        return getattr(client, method)(f"/try-api{address}", **more)


class TestWho(ApiCase):
    """Tokens and sessions."""

    def test_no_wrong_or_revoked_token_is_a_401_problem(self) -> None:
        for header in ("", "Bearer nope", "Bearer ", "Basic eDp5"):
            response = Client(headers={"Authorization": header} if header else None).get("/try-api/items")
            assert response.status_code == 401, header
            assert response["Content-Type"] == "application/problem+json"
            assert response["WWW-Authenticate"] == "Bearer"

    def test_the_token_is_the_person(self) -> None:
        names = [row["name"] for row in self.call("keyuser", "get", "/items").json()["results"]]
        assert "sw-granli-1" in names
        assert "Komtek" not in names

    def test_a_session_writes_with_a_csrf_token_only(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.r.technician, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/try-api/items").status_code in (200, 403)
        assert (
            client.post("/try-api/items", {"name": "x"}, content_type="application/json").status_code == 403
        )
        assert not Item.objects.filter(name="x").exists()


class TestLists(ApiCase):
    """Envelope, cursor, order, filters."""

    def test_a_walk_by_next_gives_everything_once(self) -> None:
        for ordering in ("name", "-name", "owner,-changed", "-owner"):
            names, address = [], f"/items?limit=2&ordering={ordering}"
            for _ in range(10):
                body = self.call("technician", "get", address).json()
                assert body["count"] == 5
                names += [row["name"] for row in body["results"]]
                if body["next"] is None:
                    break
                assert body["next"].startswith("http://127.0.0.1:8000/try-api/items?")
                address = body["next"].removeprefix("http://127.0.0.1:8000/try-api")
            assert len(names) == len(set(names)) == 5, ordering

    def test_filters_are_those_of_the_page(self) -> None:
        body = self.call("technician", "get", f"/items?organisation={self.r.there.pk}").json()
        assert [row["name"] for row in body["results"]] == ["Komtek"]

    def test_slips_are_told_not_answered_by_everything(self) -> None:
        for query in (
            "limit=0",
            "limit=501",
            "limit=x",
            "limit=٣",
            "ordering=password",
            "ordering=name,-name",
            "cursor=x",
            "organisation=x",
            "organization=1",
            "since=31.02.2026",
            "q=%00",
        ):
            response = self.call("technician", "get", f"/items?{query}")
            assert response.status_code == 422, query
            assert response.json()["status"] == 422
        cursor = self.call("technician", "get", "/items?limit=1").json()["next"].split("cursor=")[1]
        assert self.call("technician", "get", f"/items?ordering=-name&cursor={cursor}").status_code == 422

    def test_a_foreign_filter_value_is_wrong_not_empty(self) -> None:
        assert self.call("keyuser", "get", f"/items?organisation={self.r.there.pk}").status_code == 422

    def test_documented_parameters(self) -> None:
        names = {p["name"] for p in api.get_openapi_schema()["paths"]["/try-api/items"]["get"]["parameters"]}
        assert {"limit", "cursor", "ordering", "organisation", "q"} <= names


class TestWriting(ApiCase):
    """The forms of the pages check the API too."""

    def test_create_and_change(self) -> None:
        data = {"name": "api-1", "item_class": self.r.server.item_class_id, "organisation": self.r.here.pk}
        made = self.call("technician", "post", "/items", data)
        assert made.status_code == 201, made.content
        key = made.json()["id"]
        assert self.call("technician", "patch", f"/items/{key}", {"notes": "n"}).json()["name"] == "api-1"
        assert Item.objects.get(pk=key).notes == "n"

    def test_rights(self) -> None:
        key = self.r.switch.pk
        assert self.call("keyuser", "patch", f"/items/{key}", {"notes": "n"}).status_code == 403
        assert self.call("stranger", "patch", f"/items/{key}", {"notes": "n"}).status_code == 404
        assert self.call("keyuser", "post", "/items", {"name": "n"}).status_code == 403
        assert self.call("stranger", "get", "/items").json()["results"] == [
            {"id": self.r.system_there.pk, "name": "Komtek"}
        ]

    def test_errors_by_field(self) -> None:
        body = self.call("technician", "post", "/items", {"name": ""}).json()
        assert {"name", "item_class", "organisation"} <= set(body["errors"])
        body = self.call("technician", "post", "/items", {"nonsense": "x"}).json()
        assert set(body["errors"]) == {"nonsense"}
        assert self.call("technician", "post", "/items", {"name": 5}).json()["errors"].keys() == {"name"}
        broken = self.call("technician", "post", "/items", "{")
        assert broken.status_code in (400, 422)
        assert broken["Content-Type"] == "application/problem+json"

    def test_faults_tell_nothing_of_our_insides(self) -> None:
        lost, boom = (
            self.call("technician", "get", "/fault/lost"),
            self.call("technician", "get", "/fault/boom"),
        )
        assert (lost.status_code, boom.status_code) == (404, 500)
        assert b"secret" not in lost.content + boom.content
        assert boom.json()["instance"] == "/try-api/fault/boom"
