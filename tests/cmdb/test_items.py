"""Items: the fields of their class, who changes what, relations, the page with its map."""

import re
from typing import Any

from django.urls import reverse
from django.utils import translation

from cmdb import attributes, lanes
from cmdb.models import (
    CIClass,
    Item,
    Lifecycle,
    Membership,
    Relation,
    RelationKind,
    Role,
    Service,
    ServiceComponent,
)
from cmdb.pages import ITEM
from tests.cases import RegionCase

ATTRIBUTES: list[dict[str, Any]] = [
    {"name": "cores", "label": "Cores", "type": "integer", "required": True},
    {"name": "os_end", "label": "End of support", "type": "date"},
    {"name": "virtual", "label": "Virtual", "type": "boolean"},
    {"name": "tier", "label": "Tier", "type": "choice", "choices": ["gold", "silver"]},
    {"name": "load", "label": "Load", "type": "number"},
]


class ItemCase(RegionCase):
    """Servers have attributes, Linux servers inherit them."""

    def setUp(self) -> None:
        self.enterContext(translation.override("en"))

    linux: CIClass

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        server = cls.r.server.item_class
        server.attributes = ATTRIBUTES
        server.save()
        cls.linux = CIClass.objects.create(
            name="Linux server", slug="linux", family="server", parent=server,
            attributes=[{"name": "distribution", "label": "Distribution", "type": "text"}],
        )  # fmt: skip

    def data(self, **changes: Any) -> dict[str, Any]:
        """What a browser sends for a new server."""
        base = {
            "name": "srv-2", "item_class": self.linux.pk, "organisation": self.r.here.pk, "lifecycle": "in_use",
            "criticality": "3", "a_cores": "8", "a_virtual": "true", "a_tier": "gold", "a_load": "0,5",
            "a_os_end": "2030-05-01", "a_distribution": "Debian",
        }  # fmt: skip
        return base | changes

    def make(self, account: str = "technician", **changes: Any) -> Any:
        return self.client_of(account).post("/cmdb/items/new/", self.data(**changes))


class TestAttributes(ItemCase):
    """What the class adds is typed, asked and checked."""

    def test_the_form_asks_for_the_attributes_of_the_class_and_those_above(self) -> None:
        client = self.client_of("technician")
        text = client.get(f"/cmdb/items/new/?item_class={self.linux.pk}").content.decode()
        assert 'name="a_cores"' in text
        assert 'name="a_distribution"' in text
        assert "Choose a class" in client.get("/cmdb/items/new/").content.decode()

    def test_values_are_stored_with_their_type(self) -> None:
        response = self.make(a_load="0.5")
        assert response.status_code == 302, re.findall(
            r"ds-validation-message.*?<", response.content.decode()
        )
        assert Item.objects.get(name="srv-2").attributes == {
            "cores": 8, "virtual": True, "tier": "gold", "load": 0.5, "os_end": "2030-05-01", "distribution": "Debian",
        }  # fmt: skip

    def test_wrong_and_missing_values_are_refused_and_kept(self) -> None:
        for name, bad in (
            ("a_cores", ""), ("a_cores", "many"), ("a_tier", "lead"), ("a_os_end", "soon"), ("a_load", "1e999"),
        ):  # fmt: skip
            response = self.make(**{name: bad})
            assert response.status_code == 422, (name, bad)
            if bad not in ("", "lead"):
                assert bad in response.content.decode(), (name, bad)
        assert not Item.objects.filter(name="srv-2").exists()

    def test_another_class_drops_what_it_does_not_know(self) -> None:
        self.make(a_load="")
        item = Item.objects.get(name="srv-2")
        data = self.data(item_class=self.r.printer.item_class_id)
        response = self.client_of("technician").post(f"/cmdb/items/{item.pk}/edit/", data)
        assert response.status_code == 302, response.context["form"].errors
        item.refresh_from_db()
        assert item.attributes == {}
        assert item.family == "printer"

    def test_fields_of_a_class_that_is_chosen_keep_what_is_typed_and_stored(self) -> None:
        self.make(a_load="")
        item = Item.objects.get(name="srv-2")
        client = self.client_of("technician")
        address = f"/cmdb/items/attributes/?item={item.pk}&item_class={self.linux.pk}&a_distribution=Alpine"
        text = client.get(address).content.decode()
        assert 'value="8"' in text
        assert 'value="Alpine"' in text
        assert (
            "a_cores"
            not in client.get(
                f"/cmdb/items/attributes/?item_class={self.r.printer.item_class_id}"
            ).content.decode()
        )
        assert client.get("/cmdb/items/attributes/?item=x&item_class=x").status_code == 200
        assert self.client_of("owner").get(address).status_code == 403
        assert self.client_of("own").get(address).status_code == 403

    def test_a_class_keeps_what_items_hold(self) -> None:
        self.make(a_load="")
        client, server = self.client_of("admin"), self.r.server.item_class
        data = {
            "name": "Servers",
            "slug": "server",
            "family": "server",
            "layer": "1",
            "attributes": "cores; Cores; text",
        }
        response = client.post(f"/cmdb/classes/{server.pk}/edit/", data)
        assert response.status_code == 422
        assert "stand against it" in response.content.decode()
        data["attributes"] = (
            "cores; Cores; integer; required\nos_end; End; date\nvirtual; V; boolean\ntier; T; choice; ; gold, tin\nload; L; number\nrack; Rack; text"
        )
        response = client.post(f"/cmdb/classes/{server.pk}/edit/", data)
        assert response.status_code == 302, response.content.decode()
        server.refresh_from_db()
        assert server.attributes[-1] == {"name": "rack", "label": "Rack", "type": "text"}
        assert server.attributes[3]["choices"] == ["gold", "tin"]

    def test_a_class_with_nonsense_is_refused(self) -> None:
        client = self.client_of("admin")
        for bad in (
            "Cores; x; integer",
            "cores; x; integers",
            "a; x; choice",
            "a; x; text\na; y; text",
            "cores",
        ):
            data = {"name": "N", "slug": "n", "family": "server", "layer": "1", "attributes": bad}
            assert client.post("/cmdb/classes/new/", data).status_code == 422, bad
        child = {
            "name": "N", "slug": "n", "family": "server", "layer": "1", "parent": self.r.server.item_class_id,
            "attributes": "cores; again; text",
        }  # fmt: skip
        assert client.post("/cmdb/classes/new/", child).status_code == 422

    def test_a_new_family_reaches_the_items(self) -> None:
        server = self.r.server.item_class
        server.family = "other"
        server.save()
        self.r.server.refresh_from_db()
        assert self.r.server.family == "other"

    def test_parse_refuses_what_is_not_of_the_type(self) -> None:
        entry = {e["name"]: e for e in ATTRIBUTES}
        assert attributes.parse(entry["virtual"], "ja") is True
        assert attributes.parse(entry["cores"], "1 200") == 1200
        assert attributes.parse(entry["load"], "1,5") == 1.5
        assert attributes.parse(entry["tier"], "GOLD") == "gold"
        assert attributes.problems(ATTRIBUTES, {"cores": "8"})
        assert attributes.problems(ATTRIBUTES, {"unknown": 1})
        assert attributes.problems(ATTRIBUTES, ["x"])
        assert not attributes.problems(ATTRIBUTES, {"cores": 8, "os_end": "2030-01-01"})


class TestRights(ItemCase):
    """Writers everything in their organisations, caretakers a part of their own systems."""

    def test_an_owner_changes_a_part_of_the_own_system(self) -> None:
        client, system = self.client_of("owner"), self.r.system
        text = client.get(f"/cmdb/items/{system.pk}/edit/").content.decode()
        assert 'name="notes"' in text
        assert 'name="serial"' not in text
        data = {
            "manager": self.r.keyuser.pk,
            "criticality": "1",
            "notes": "Ny plan",
            "name": "Hijacked",
            "owner": "",
        }
        response = client.post(f"/cmdb/items/{system.pk}/edit/", data)
        assert response.status_code == 302, response.content.decode()
        system.refresh_from_db()
        assert (system.manager, system.criticality, system.notes) == (self.r.keyuser, 1, "Ny plan")
        assert (system.name, system.owner) == ("Profil", self.r.owner)

    def test_an_owner_changes_no_other_item(self) -> None:
        client = self.client_of("owner")
        assert client.get(f"/cmdb/items/{self.r.server.pk}/edit/").status_code == 403
        assert client.post(f"/cmdb/items/{self.r.server.pk}/edit/", {"notes": "x"}).status_code == 403
        assert client.get("/cmdb/items/new/").status_code == 403
        assert client.get(f"/cmdb/items/{self.r.system.pk}/delete/").status_code == 403

    def test_owning_without_the_role_is_not_enough(self) -> None:
        Item.objects.filter(pk=self.r.system.pk).update(owner=self.r.board)
        assert self.client_of("board").get(f"/cmdb/items/{self.r.system.pk}/edit/").status_code == 403

    def test_a_hidden_foreign_choice_is_refused(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        for field, value in (
            ("owner", self.r.stranger.pk),
            ("organisation", self.r.there.pk),
            ("replaced_by", self.r.system_there.pk),
        ):
            response = self.make("keyuser", a_load="", **{field: value})
            assert response.status_code == 422, field
        assert self.make("keyuser", a_load="").status_code == 302

    def test_two_people_who_edit_are_told(self) -> None:
        client, address = self.client_of("technician"), f"/cmdb/items/{self.r.printer.pk}/edit/"
        text = client.get(address).content.decode()
        found = re.search(r'name="_version" value="([^"]+)"', text)
        assert found is not None
        Item.objects.filter(pk=self.r.printer.pk).update(notes="somebody else was here")
        data = {
            "name": "prn", "item_class": self.r.printer.item_class_id, "organisation": self.r.here.pk,
            "lifecycle": "in_use", "criticality": "3", "_version": found[1], "notes": "mine",
        }  # fmt: skip
        response = client.post(address, data)
        assert response.status_code == 422
        assert "Somebody else changed this" in response.content.decode()

    def test_two_people_who_edit_attributes_are_told(self) -> None:
        self.make(a_load="")
        item = Item.objects.get(name="srv-2")
        client, address = self.client_of("technician"), f"/cmdb/items/{item.pk}/edit/"
        found = re.search(r'name="_version" value="([^"]+)"', client.get(address).content.decode())
        assert found is not None
        item.attributes = item.attributes | {"cores": 64}
        item.save()
        response = client.post(address, self.data(a_load="", _version=found[1]))
        assert response.status_code == 422
        item.refresh_from_db()
        assert item.attributes["cores"] == 64

    def test_writers_see_the_history(self) -> None:
        item = self.r.printer
        item.notes = "moved"
        item.save()
        text = self.client_of("technician").get(f"/cmdb/items/{item.pk}/history/").content.decode()
        assert "moved" in text
        assert self.client_of("board").get(f"/cmdb/items/{item.pk}/history/").status_code == 403


class TestLifecycle(ItemCase):
    """Steps that would leave a hole are refused with a sentence."""

    def test_what_others_rest_on_is_not_retired(self) -> None:
        client, server = self.client_of("technician"), self.r.server
        data = self.data(
            name=server.name, item_class=server.item_class_id, lifecycle="retired", a_load="", a_os_end=""
        )
        response = client.post(f"/cmdb/items/{server.pk}/edit/", data)
        assert response.status_code == 422
        text = response.content.decode()
        assert "1 item still rests on this one" in text
        assert "1 service still rests on this item" in text
        Relation.objects.filter(target=server).delete()
        ServiceComponent.objects.filter(item=server).delete()
        assert client.post(f"/cmdb/items/{server.pk}/edit/", data).status_code == 302
        server.refresh_from_db()
        assert server.lifecycle == Lifecycle.RETIRED

    def test_a_system_that_goes_needs_a_date(self) -> None:
        data = {
            "name": "Nytt system", "item_class": self.r.system.item_class_id, "organisation": self.r.here.pk,
            "lifecycle": "phasing_out", "criticality": "3",
        }  # fmt: skip
        client = self.client_of("technician")
        assert client.post("/cmdb/items/new/", data).status_code == 422
        assert client.post("/cmdb/items/new/", data | {"end_of_life": "2030-01-01"}).status_code == 302


class TestRelations(ItemCase):
    """Added and taken away from the item's page."""

    def test_a_relation_is_added_from_the_page_and_comes_back(self) -> None:
        client, here = self.client_of("technician"), ITEM.url("detail", self.r.printer)
        page = client.get(here).content.decode()
        add = reverse("cmdb:relation_create") + f"?source={self.r.printer.pk}&amp;next={here}"
        assert add in page
        form = client.get(add.replace("&amp;", "&")).content.decode()
        assert f'<option value="{self.r.printer.pk}" selected>' in form
        data = {"source": self.r.printer.pk, "kind": "depends_on", "target": self.r.server.pk, "next": here}
        assert client.post("/cmdb/relations/new/", data)["Location"] == here
        made = Relation.objects.get(source=self.r.printer, target=self.r.server)
        assert made.needed == 1
        gone = client.post(f"/cmdb/relations/{made.pk}/delete/?next={here}")
        assert gone["Location"] == here
        assert not Relation.objects.filter(pk=made.pk).exists()

    def test_both_ends_are_narrowed(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        client = self.client_of("keyuser")
        data = {"source": self.r.printer.pk, "kind": "depends_on", "target": self.r.system_there.pk}
        assert client.post("/cmdb/relations/new/", data).status_code == 422
        data = {"source": self.r.system_there.pk, "kind": "depends_on", "target": self.r.printer.pk}
        assert client.post("/cmdb/relations/new/", data).status_code == 422
        assert client.get(f"/cmdb/relations/new/?target={self.r.system_there.pk}").status_code == 200
        assert (
            "Komtek"
            not in client.get(f"/cmdb/relations/new/?target={self.r.system_there.pk}").content.decode()
        )

    def test_the_same_twice_and_with_itself_are_refused(self) -> None:
        client = self.client_of("technician")
        data = {"source": self.r.server.pk, "kind": "connects_to", "target": self.r.switch.pk}
        assert "related like this already" in client.post("/cmdb/relations/new/", data).content.decode()
        data["target"] = self.r.server.pk
        assert "related to itself" in client.post("/cmdb/relations/new/", data).content.decode()

    def test_an_address_elsewhere_is_no_way_back(self) -> None:
        data = {"source": self.r.printer.pk, "kind": "depends_on", "target": self.r.server.pk}
        data |= {"next": "https://evil.example/"}
        response = self.client_of("technician").post("/cmdb/relations/new/", data)
        assert response["Location"].startswith("/cmdb/relations/")


class TestMap(ItemCase):
    """What falls with an item, as drawing and as table."""

    def test_lanes_from_services_to_what_it_rests_on(self) -> None:
        view = lanes.build(self.r.server, self.r.technician)
        assert [lane.label for lane in view.lanes] == ["Services", "Systems", "This item", "Rests on"]
        assert {s.name for s in view.services} == {"E-mail", "Payroll"}
        assert (view.systems, view.falling) == (1, 1)
        assert {o.name for o in view.organisations} == {"Granli kommune", "Vassøy kommune"}
        assert [row.label for row in view.rows] == ["E-mail", "Payroll", "Profil", "sw-granli-1"]
        # system to server, server to switch, mail to system, payroll to server
        assert len(view.paths) == 4

    def test_behind_a_switch_lies_what_connects_through_it(self) -> None:
        view = lanes.build(self.r.switch, self.r.technician)
        assert [lane.label for lane in view.lanes] == ["Services", "Systems", "Behind it", "This item"]
        assert [b.label for b in view.lanes[2].boxes] == ["prn-granli-1", "srv-granli-1"]

    def test_a_neighbour_sees_its_own_part(self) -> None:
        Relation.objects.create(source=self.r.system_there, kind=RelationKind.RUNS_ON, target=self.r.server)
        hidden = Service.objects.create(name="Skjult", slug="skjult", organisation=self.r.there)
        ServiceComponent.objects.create(service=hidden, item=self.r.system_there)
        text = self.client_of("keyuser").get(ITEM.url("detail", self.r.server)).content.decode()
        assert "Profil" in text
        for word in ("Komtek", "Skjult", "Vassøy"):
            assert word not in text, word
        seen = self.client_of("technician").get(ITEM.url("detail", self.r.server)).content.decode()
        assert "Komtek" in seen
        assert "Vassøy" in seen

    def test_no_box_lies_on_another_and_all_are_inside(self) -> None:
        items = [
            Item(
                name=f"pc-{n}",
                item_class=self.r.printer.item_class,
                family="printer",
                organisation=self.r.here,
            )
            for n in range(40)
        ]
        Item.objects.bulk_create(items)
        Relation.objects.bulk_create(
            Relation(source=i, kind="connects_to", target=self.r.switch) for i in items
        )
        view = lanes.build(self.r.switch, self.r.technician)
        boxes = [box for lane in view.lanes for box in lane.boxes]
        assert sum(lane.more for lane in view.lanes) == 42 - lanes.PER_ROW * lanes.ROWS
        for number, a in enumerate(boxes):
            assert a.x >= lanes.LABEL
            assert a.x + lanes.BOX <= lanes.WIDTH
            assert a.y >= 0
            assert a.y + lanes.HEIGHT <= view.height
            for b in boxes[number + 1 :]:
                assert a.x + lanes.BOX <= b.x or b.x + lanes.BOX <= a.x or abs(a.y - b.y) >= lanes.HEIGHT
        assert len(view.rows) > 42

    def test_the_large_map_says_the_same(self) -> None:
        response = self.client_of("keyuser").get(f"/cmdb/items/{self.r.server.pk}/map/")
        assert response.status_code == 200
        graph = response.context["graph"]
        ids = {node["id"] for node in graph["nodes"]}
        assert all(edge["from"] in ids and edge["to"] in ids for edge in graph["edges"])
        assert self.client_of("stranger").get(f"/cmdb/items/{self.r.server.pk}/map/").status_code == 403

    def test_an_item_alone_says_what_to_do(self) -> None:
        Relation.objects.all().delete()
        text = self.client_of("technician").get(ITEM.url("detail", self.r.printer)).content.decode()
        assert "Add a relation below" in text


class TestList(ItemCase):
    """Tabs, filters, export."""

    def test_tabs_keep_the_other_filters(self) -> None:
        client = self.client_of("technician")
        context = client.get(f"/cmdb/items/?organisation={self.r.here.pk}&family=server").context
        current = [tab["label"] for tab in context["tabs"] if tab["current"]]
        assert [str(label) for label in current] == ["Servers"]
        assert all(f"organisation={self.r.here.pk}" in tab["url"] for tab in context["tabs"])

    def test_a_region_holds_all_that_is_under_it(self) -> None:
        client = self.client_of("technician")
        everything = client.get(f"/cmdb/items/?organisation={self.r.region.pk}").context["table"].total
        assert int(everything) == Item.objects.count()
        some = client.get(f"/cmdb/items/?item_class={self.r.server.item_class_id}").context["table"].total
        assert int(some) == 1

    def test_search_finds_serial_and_address(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(serial="XZ-9", address="10.1.2.3")
        client = self.client_of("technician")
        for word in ("XZ-9", "10.1.2", "granli srv"):
            context = client.get("/cmdb/items/", {"q": word}).context
            assert "srv-granli-1" in str(context["table"].body), word
            assert int(context["table"].total) == 1, word

    def test_the_export_carries_what_an_import_reads(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(serial="XZ-9")
        response = self.client_of("technician").get("/cmdb/items/export/?format=csv&family=server")
        text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert "XZ-9" in text
        assert text.splitlines()[0].startswith("Name;Organisation;")
