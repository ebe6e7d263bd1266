"""The register in the API."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from ninja import NinjaAPI

from cmdb.api import router
from cmdb.common.api import Bearer, Session, install_problems
from cmdb.models import ApiToken, Item, Membership, Relation, Role
from tests.cases import RegionCase

api = NinjaAPI(
    urls_namespace="try-register", auth=[Bearer(ApiToken.user_of), Session()], docs_url=None, openapi_url=None
)
install_problems(api)
api.add_router("", router.copy() if hasattr(router, "copy") else router)

urlpatterns = [
    path("try/", api.urls),
    path("cmdb/", include("cmdb.urls")),
    path("accounts/", include("allauth.urls")),
]


@override_settings(ROOT_URLCONF="tests.cmdb.test_api")
class ApiCase(RegionCase):
    """Calls with a bearer token."""

    def call(self, account: str, method: str, address: str, data: Any = None) -> Any:
        """The response; without an account no token is sent."""
        headers = {"Authorization": f"Bearer {ApiToken.issue(getattr(self.r, account))}"} if account else {}
        client = Client(headers=headers, raise_request_exception=False)
        more = {} if data is None else {"data": data, "content_type": "application/json"}
        return getattr(client, method)(f"/try{address}", **more)

    def names(self, account: str, address: str) -> list[str]:
        response = self.call(account, "get", address)
        assert response.status_code == 200, response.content
        return [row["name"] for row in response.json()["results"]]


class TestItems(ApiCase):
    """Items."""

    def test_lists_are_narrowed_and_filtered(self) -> None:
        assert "Komtek" in self.names("technician", "/items")
        assert "Komtek" not in self.names("keyuser", "/items")
        assert self.names("keyuser", "/items?family=server") == ["srv-granli-1"]
        assert self.call("own", "get", "/items").status_code == 403
        assert self.call("", "get", "/items").status_code == 401
        assert self.call("keyuser", "get", "/items?colour=red").status_code == 422
        assert self.call("keyuser", "get", f"/items?organisation={self.r.there.pk}").status_code == 422

    def test_one_item_and_a_foreign_one(self) -> None:
        item = self.call("keyuser", "get", f"/items/{self.r.system.pk}").json()
        assert (item["organisation"], item["owner"], item["item_class"]) == ("granli", "owner", "system")
        assert self.call("keyuser", "get", f"/items/{self.r.system_there.pk}").status_code == 404
        assert self.call("own", "get", f"/items/{self.r.system.pk}").status_code == 403

    def test_create_by_short_names(self) -> None:
        data = {"name": "srv-api", "item_class": "server", "organisation": "granli", "owner": "own"}
        response = self.call("technician", "post", "/items", data)
        assert response.status_code == 201, response.content
        made = Item.objects.get(pk=response.json()["id"])
        assert (made.family, made.owner, made.lifecycle) == ("server", self.r.own, "in_use")

    def test_wrong_input_is_a_problem_by_field(self) -> None:
        base = {"name": "x", "item_class": "server", "organisation": "granli"}
        for change, field in (
            ({"organisation": "mars"}, "organisation"),
            ({"name": ""}, "name"),
            ({"criticality": 9}, "criticality"),
            ({"address": "999.1.1.1"}, "address"),
            ({"attributes": {"hue": 1}}, "attributes.hue"),
            ({"owner": self.r.technician.pk * 1000}, "owner"),
        ):
            response = self.call("technician", "post", "/items", base | change)
            assert response.status_code == 422, change
            assert field in response.json()["errors"], (change, response.json())
            assert response["Content-Type"] == "application/problem+json"
        assert self.call("technician", "post", "/items", base | {"hue": 1}).status_code == 422
        assert self.call("technician", "post", "/items", {"name": "x"}).status_code == 422
        assert self.call("board", "post", "/items", base).status_code == 403

    def test_a_change_leaves_the_rest(self) -> None:
        server = self.r.server.item_class
        server.attributes = [
            {"name": "cores", "label": "C", "type": "integer"}, {"name": "virtual", "label": "V", "type": "boolean"},
        ]  # fmt: skip
        server.save()
        address = f"/items/{self.r.server.pk}"
        data = {"serial": "S1", "attributes": {"cores": 4, "virtual": False}}
        assert self.call("technician", "patch", address, data).json()["attributes"] == data["attributes"]
        response = self.call("technician", "patch", address, {"attributes": {"cores": None}})
        assert response.json()["attributes"] == {"virtual": False}
        assert response.json()["serial"] == "S1"
        assert response.json()["place"] == "Granli"

    def test_rights_are_those_of_the_pages(self) -> None:
        system = f"/items/{self.r.system.pk}"
        assert self.call("owner", "patch", system, {"notes": "n"}).status_code == 200
        refused = self.call("owner", "patch", system, {"name": "n"})
        assert refused.status_code == 422
        assert "name" in refused.json()["errors"]
        assert self.call("owner", "patch", f"/items/{self.r.server.pk}", {"notes": "n"}).status_code == 403
        assert self.call("keyuser", "patch", f"/items/{self.r.system_there.pk}", {}).status_code == 404
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        move = self.call("keyuser", "patch", f"/items/{self.r.server.pk}", {"organisation": "vassoy"})
        assert move.status_code == 422

    def test_a_list_asks_six_times_at_most(self) -> None:
        Item.objects.bulk_create(
            Item(
                name=f"pc-{n}",
                item_class=self.r.printer.item_class,
                family="printer",
                organisation=self.r.here,
            )
            for n in range(120)
        )
        token = ApiToken.issue(self.r.technician)
        client = Client(headers={"Authorization": f"Bearer {token}"})
        for address in ("/items?limit=1", "/items?limit=100", "/services", "/organisations", "/relations"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/try{address}").status_code == 200
            assert len(queries) <= 6, address

    def test_pages_follow_the_cursor(self) -> None:
        seen: list[str] = []
        address = "/try/items?limit=2"
        client = Client(headers={"Authorization": f"Bearer {ApiToken.issue(self.r.technician)}"})
        while address:
            answer = client.get(address).json()
            seen += [row["name"] for row in answer["results"]]
            address = (answer["next"] or "").removeprefix(settings.SAMDRIFT_URL)
        assert sorted(seen) == sorted(Item.objects.values_list("name", flat=True))


class TestImpact(ApiCase):
    """What falls, and what it rests on."""

    def impact(self, account: str, item: Item, direction: str = "up") -> Any:
        return self.call(account, "get", f"/items/{item.pk}/impact?direction={direction}").json()

    def test_up_is_what_falls(self) -> None:
        found = self.impact("technician", self.r.switch)
        assert [(row["name"], row["depth"]) for row in found["items"]] == [
            ("sw-granli-1", 0), ("srv-granli-1", 1), ("prn-granli-1", 1), ("Profil", 2),
        ]  # fmt: skip
        assert {row["slug"] for row in found["services"]} == {"mail", "payroll"}
        assert {row["slug"] for row in found["organisations"]} == {"granli", "vassoy"}

    def test_down_is_what_it_rests_on(self) -> None:
        found = self.impact("technician", self.r.system, "down")
        assert [row["name"] for row in found["items"]] == ["Profil", "srv-granli-1", "sw-granli-1"]
        assert found["services"] == []
        assert {path["kind"] for path in found["paths"]} == {"runs_on", "connects_to"}

    def test_foreign_rows_are_left_out(self) -> None:
        Relation.objects.create(source=self.r.system_there, kind="runs_on", target=self.r.server)
        found = self.impact("keyuser", self.r.server)
        assert "Komtek" not in str(found)
        assert "vassoy" not in str(found)
        assert "Komtek" in str(self.impact("technician", self.r.server))
        assert self.call("keyuser", "get", f"/items/{self.r.system_there.pk}/impact").status_code == 404
        assert (
            self.call("keyuser", "get", f"/items/{self.r.server.pk}/impact?direction=left").status_code == 422
        )


class TestOthers(ApiCase):
    """Relations, services, organisations."""

    def test_relations(self) -> None:
        data = {"source": self.r.printer.pk, "kind": "depends_on", "target": "srv-granli-1"}
        response = self.call("technician", "post", "/relations", data)
        assert response.status_code == 201, response.content
        listed = self.call("keyuser", "get", f"/relations?item={self.r.printer.pk}").json()["results"]
        assert {row["target_name"] for row in listed} == {"srv-granli-1", "sw-granli-1"}
        assert self.call("technician", "post", "/relations", data).status_code == 422
        assert self.call("technician", "post", "/relations", data | {"kind": "loves"}).status_code == 422
        assert self.call("keyuser", "post", "/relations", data).status_code == 403

    def test_services_of_the_own_municipality(self) -> None:
        assert self.names("own", "/services") == ["E-mail", "Payroll"]
        assert self.names("stranger", "/services") == ["E-mail"]
        row = self.call("stranger", "get", "/services").json()["results"][0]
        assert row["consumers"] == ["vassoy"]

    def test_organisations(self) -> None:
        assert "Vassøy kommune" not in self.names("own", "/organisations")
        assert "Vassøy kommune" in self.names("technician", "/organisations")
