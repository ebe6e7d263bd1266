"""Every page of the register, asked by those who work with it, by a neighbour and by a reporter."""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmdb.models import (
    Contract,
    Installation,
    Item,
    Licence,
    Membership,
    Organisation,
    Place,
    Relation,
    Role,
    Service,
    ServiceComponent,
    Software,
    Team,
    User,
)
from cmdb.pages import ALL, BY_NAME
from monitoring.models import Target
from tests.cases import RegionCase

READERS = (
    "technician",
    "lead",
    "changemanager",
    "oncall",
    "admin",
    "keyuser",
    "owner",
    "commissioner",
    "board",
)
OUTSIDERS = ("own", "colleague", "stranger", "supplier_person")


class RegisterCase(RegionCase):
    """The small region with something in every list."""

    here_rows: dict[str, Any]
    there_rows: dict[str, Any]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        r = cls.r
        product = Software.objects.create(name="Profil", publisher="Omsorgsoft")
        contract = Contract.objects.create(
            name="Drift av Profil", kind="operation", organisation=r.here, supplier=r.supplier,
            notice_on=timezone.localdate() + timedelta(days=20), ends_on=date(2040, 1, 1),
        )  # fmt: skip
        contract.items.add(r.system)
        licence = Licence.objects.create(software=product, organisation=r.here, bought=1, contract=contract)
        for item in (r.server, r.printer):
            Installation.objects.create(item=item, software=product, version="1.2")
        there = Place.objects.create(name="Vassøy", organisation=r.there)
        foreign = Licence.objects.create(software=product, organisation=r.there, bought=3)
        foreign_contract = Contract.objects.create(
            name="Nabolagets avtale", kind="licence", organisation=r.there, supplier=r.region
        )
        other = Item.objects.create(name="srv-vassoy", item_class=r.server.item_class, organisation=r.there)
        foreign_relation = Relation.objects.create(source=r.system_there, kind="runs_on", target=other)
        foreign_service = Service.objects.create(name="Nabotjeneste", slug="nabo", organisation=r.there)
        foreign_service.consumers.add(r.there)
        foreign_component = ServiceComponent.objects.create(service=foreign_service, item=other)
        foreign_team = Team.objects.create(name="Nabolaget", slug="nabolaget", organisation=r.there)
        cls.here_rows = {
            "item": r.server, "relation": Relation.objects.get(source=r.server), "place": r.site,
            "organisation": r.here, "ciclass": r.server.item_class, "service": r.payroll,
            "servicecomponent": ServiceComponent.objects.get(service=r.payroll), "software": product,
            "licence": licence, "contract": contract, "team": r.desk,
        }  # fmt: skip
        cls.there_rows = {
            "item": other, "relation": foreign_relation, "place": there, "organisation": r.there,
            "service": foreign_service, "servicecomponent": foreign_component, "licence": foreign,
            "contract": foreign_contract, "team": foreign_team,
        }  # fmt: skip


class TestReading(RegisterCase):
    """Who opens what."""

    def test_readers_open_the_start_and_every_list(self) -> None:
        for account in READERS:
            client = self.client_of(account)
            assert client.get("/cmdb/").status_code == 200, account
            for crud in ALL:
                if crud.table is None:
                    continue
                expected = 200 if crud.may(getattr(self.r, account), "read") else 403
                assert client.get(crud.url("list")).status_code == expected, (account, crud.name)

    def test_reporters_are_refused_everywhere(self) -> None:
        for account in OUTSIDERS:
            client = self.client_of(account)
            assert client.get("/cmdb/").status_code == 403, account
            for crud in ALL:
                if crud.table is None or (account == "supplier_person" and crud.name == "contract"):
                    continue
                assert client.get(crud.url("list")).status_code == 403, (account, crud.name)

    def test_anonymous_people_are_sent_to_sign_in(self) -> None:
        for address in ["/cmdb/", "/cmdb/import/", *(c.url("list") for c in ALL if c.table)]:
            response = self.client.get(address)
            assert response.status_code == 302, address
            assert "/accounts/login/" in response["Location"], address

    def test_a_supplier_sees_its_own_contracts_only(self) -> None:
        text = self.client_of("supplier_person").get(BY_NAME["contract"].url("list")).content.decode()
        assert "Drift av Profil" in text
        assert "Nabolagets avtale" not in text

    def test_pages_of_own_rows_open_and_foreign_rows_are_404(self) -> None:
        client = self.client_of("keyuser")
        for name, row in self.here_rows.items():
            assert client.get(BY_NAME[name].url("detail", row)).status_code == 200, name
        for name, row in self.there_rows.items():
            crud = BY_NAME[name]
            for verb in ("detail", "edit", "delete", "history"):
                assert client.get(crud.url(verb, row)).status_code == 404, (name, verb)
            assert client.post(crud.url("edit", row), {}).status_code == 404, name
            assert client.post(crud.url("delete", row), {}).status_code == 404, name

    def test_readers_may_not_write(self) -> None:
        client = self.client_of("board")
        for name, row in self.here_rows.items():
            crud = BY_NAME[name]
            assert client.get(crud.url("edit", row)).status_code == 403, name
            assert client.post(crud.url("delete", row)).status_code == 403, name
            assert client.get(crud.url("create")).status_code == 403, name

    def test_writers_open_every_form(self) -> None:
        client = self.client_of("admin")
        for name, row in self.here_rows.items():
            crud = BY_NAME[name]
            assert client.get(crud.url("edit", row)).status_code == 200, name
            assert client.get(crud.url("create")).status_code == 200, name
            assert client.get(crud.url("delete", row)).status_code == 200, name
            assert client.get(crud.url("history", row)).status_code in (200, 403), name

    def test_foreign_names_are_in_no_list_export_or_suggestion(self) -> None:
        client = self.client_of("keyuser")
        for name, word in (("item", "srv-vassoy"), ("contract", "Nabolagets"), ("service", "Nabotjeneste")):
            crud = BY_NAME[name]
            assert word not in client.get(crud.url("list")).content.decode()
            export = b"".join(client.get(crud.url("export") + "?format=csv").streaming_content)  # type: ignore[attr-defined]
            assert word not in export.decode()
            assert client.get(crud.url("pick") + f"?q={word}").json()["results"] == []

    def test_people_are_suggested_to_readers_but_listed_for_leads_only(self) -> None:
        client = self.client_of("owner")
        assert client.get(BY_NAME["person"].url("list")).status_code == 403
        found = client.get(BY_NAME["person"].url("pick") + "?q=Kari").json()["results"]
        assert [entry["label"] for entry in found] == ["Kari Eng"]
        assert client.get(BY_NAME["person"].url("pick") + "?q=Siri").json()["results"] == []
        assert self.client_of("own").get(BY_NAME["person"].url("pick") + "?q=a").status_code == 403

    def test_hostile_text_is_escaped_on_the_page(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(
            name="<script>x</script>", notes="<img src=x onerror=y>", attributes={"x": "<b>"}
        )
        for address in (
            "/cmdb/items/",
            f"/cmdb/items/{self.r.server.pk}/",
            f"/cmdb/items/{self.r.switch.pk}/",
        ):
            text = self.client_of("technician").get(address).content.decode()
            assert "<script>x" not in text, address
            assert "onerror=y>" not in text.replace("&gt;", ""), address


class TestStart(RegisterCase):
    """The first page: figures that open their rows."""

    def test_every_figure_is_the_number_of_rows_behind_it(self) -> None:
        client = self.client_of("technician")
        context = client.get("/cmdb/").context
        for _label, _icon, cells in context["rows"]:
            for cell in cells:
                if cell.n:
                    assert int(client.get(cell.url).context["table"].total) == cell.n, cell.url
        figures = [(n, url) for _words, n, url, _icon in context["attention"]]
        figures += [(n, url) for _label, n, url in context["holes"]]
        assert figures
        for n, url in figures:
            assert int(client.get(url).context["table"].total) == n, url

    def test_a_neighbour_counts_only_its_own(self) -> None:
        here = self.client_of("keyuser").get("/cmdb/").context["total"]
        assert here == Item.objects.filter(organisation=self.r.here).count()

    def test_an_empty_register_says_what_to_do(self) -> None:
        Relation.objects.all().delete()
        ServiceComponent.objects.all().delete()
        Installation.objects.all().delete()
        Target.objects.all().delete()
        Licence.objects.all().delete()
        Contract.objects.all().delete()
        Item.objects.all().delete()
        text = self.client_of("technician").get("/cmdb/").content.decode()
        assert "The register is empty" in text
        assert reverse("cmdb:import") in text


class TestStatements(RegisterCase):
    """A list asks the same few questions for one row and for fifty."""

    def count(self, account: str, address: str) -> int:
        client = self.client_of(account)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def test_lists(self) -> None:
        few = {crud.name: self.count("admin", crud.url("list")) for crud in ALL if crud.table}
        r = self.r
        Item.objects.bulk_create(
            Item(
                name=f"pc-{n}",
                item_class=r.printer.item_class,
                family="printer",
                organisation=r.here,
                place=r.site,
            )
            for n in range(60)
        )
        items = list(Item.objects.filter(name__startswith="pc-"))
        Relation.objects.bulk_create(Relation(source=i, kind="connects_to", target=r.switch) for i in items)
        product = self.here_rows["software"]
        Licence.objects.bulk_create(
            Licence(software=product, organisation=r.here, bought=n) for n in range(60)
        )
        User.objects.bulk_create(
            User(username=f"p{n}", display_name=f"P {n}", organisation=r.here) for n in range(60)
        )
        for name, n in few.items():
            assert n <= 8, (name, n)
            assert self.count("admin", BY_NAME[name].url("list")) <= max(n, 8), name
        many = self.count("admin", f"/cmdb/items/{r.switch.pk}/")
        Relation.objects.filter(source__in=items).delete()
        assert many <= self.count("admin", f"/cmdb/items/{r.switch.pk}/") + 1
        assert self.count("admin", "/cmdb/") <= 18


class TestPeople(RegisterCase):
    """Roles are the administrator's."""

    def test_a_lead_sees_people_but_changes_nobody(self) -> None:
        client, crud = self.client_of("lead"), BY_NAME["person"]
        assert "Kari Eng" in client.get(crud.url("list")).content.decode()
        assert client.get(crud.url("detail", self.r.own)).status_code == 200
        assert client.get(crud.url("edit", self.r.own)).status_code == 403

    def test_an_administrator_gives_and_takes_a_role(self) -> None:
        client, crud = self.client_of("admin"), BY_NAME["membership"]
        data = {"user": self.r.own.pk, "role": Role.KEYUSER, "organisation": self.r.here.pk}
        response = client.post(crud.url("create") + "?next=/cmdb/people/", data)
        assert response.status_code == 302
        made = Membership.objects.get(user=self.r.own, role=Role.KEYUSER)
        back = BY_NAME["person"].url("detail", self.r.own)
        response = client.post(crud.url("delete", made) + f"?next={back}")
        assert response["Location"] == back
        assert not Membership.objects.filter(pk=made.pk).exists()

    def test_a_municipalitys_administrator_gives_no_role_outside_it(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.ADMIN, organisation=self.r.here)
        client, crud = self.client_of("keyuser"), BY_NAME["membership"]
        for organisation in (self.r.region, self.r.there):
            data = {"user": self.r.keyuser.pk, "role": Role.ADMIN, "organisation": organisation.pk}
            assert client.post(crud.url("create"), data).status_code == 422
        assert not Membership.objects.filter(user=self.r.keyuser, organisation=self.r.region).exists()

    def test_nobody_takes_over_an_account_with_more_rights(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.ADMIN, organisation=self.r.here)
        User.objects.filter(pk=self.r.technician.pk).update(organisation=self.r.here)
        client, crud = self.client_of("keyuser"), BY_NAME["person"]
        assert client.get(crud.url("edit", self.r.own)).status_code == 200
        assert client.get(crud.url("edit", self.r.technician)).status_code == 403

    def test_a_new_person_has_no_usable_password(self) -> None:
        data = {
            "username": "ny", "display_name": "Ny Person", "organisation": self.r.here.pk, "email": "ny@example.no",
            "language": "nb", "is_active": "on",
        }  # fmt: skip
        response = self.client_of("admin").post(BY_NAME["person"].url("create"), data)
        assert response.status_code == 302, response.content.decode()
        assert not User.objects.get(username="ny").has_usable_password()


class TestMembers(RegisterCase):
    """Rows of many-to-many fields."""

    def test_a_lead_adds_and_takes_members(self) -> None:
        client, address = self.client_of("lead"), reverse("cmdb:team_members", args=[self.r.desk.pk])
        assert client.post(address, {"add": self.r.oncall.pk}).status_code == 302
        assert self.r.oncall in self.r.desk.members.all()
        client.post(address, {"remove": self.r.oncall.pk})
        assert self.r.oncall not in self.r.desk.members.all()

    def test_a_foreign_item_is_not_added_to_a_contract(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        contract = self.here_rows["contract"]
        address = reverse("cmdb:contract_items", args=[contract.pk])
        client = self.client_of("keyuser")
        client.post(address, {"add": self.there_rows["item"].pk})
        assert list(contract.items.all()) == [self.r.system]
        client.post(address, {"add": self.r.server.pk})
        assert self.r.server in contract.items.all()

    def test_readers_and_strangers_change_nothing(self) -> None:
        address = reverse("cmdb:contract_items", args=[self.here_rows["contract"].pk])
        assert self.client_of("board").post(address, {"add": self.r.server.pk}).status_code == 403
        assert self.client_of("own").post(address, {"add": self.r.server.pk}).status_code == 403


class TestTrees(RegisterCase):
    """Organisations, places and services."""

    def test_children_are_set_in_below_their_parent(self) -> None:
        text = self.client_of("technician").get(BY_NAME["organisation"].url("list")).content.decode()
        assert text.index("Elvedal IKT") < text.index("\u2003<a") < text.index("Granli kommune")
        assert "\u2003\u2003<a" in text

    def test_a_branch_does_not_hang_below_itself(self) -> None:
        child = Place.objects.create(name="Rom", kind="room", organisation=self.r.here, parent=self.r.site)
        data = {"name": "Granli", "kind": "site", "parent": child.pk, "organisation": self.r.here.pk}
        response = self.client_of("technician").post(BY_NAME["place"].url("edit", self.r.site), data)
        assert response.status_code == 422
        assert Place.objects.get(pk=self.r.site.pk).parent is None

    def test_an_administrator_of_one_municipality_makes_units_there_only(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.ADMIN, organisation=self.r.here)
        client, crud = self.client_of("keyuser"), BY_NAME["organisation"]
        data = {"name": "Ny", "slug": "ny", "kind": "unit", "language": "nb", "is_active": "on"}
        assert client.post(crud.url("create"), data | {"parent": self.r.there.pk}).status_code == 422
        assert client.post(crud.url("create"), data).status_code == 422
        response = client.post(crud.url("create"), data | {"parent": self.r.here.pk})
        assert response.status_code == 302, response.content.decode()
        assert Organisation.objects.get(slug="ny").parent == self.r.here
        assert client.get(crud.url("edit", self.r.region)).status_code == 403

    def test_consumers_that_are_not_shown_stay(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        service = Service.objects.create(name="Felles", slug="felles", organisation=self.r.here)
        service.consumers.add(self.r.here, self.r.there)
        data = {
            "name": "Felles", "slug": "felles", "organisation": self.r.here.pk, "criticality": 3, "is_active": "on",
        }  # fmt: skip
        response = self.client_of("keyuser").post(BY_NAME["service"].url("edit", service), data)
        assert response.status_code == 302, response.content.decode()
        assert list(service.consumers.all()) == [self.r.there]

    def test_a_component_is_added_and_comes_back(self) -> None:
        crud = BY_NAME["servicecomponent"]
        here = BY_NAME["service"].url("detail", self.r.mail)
        data = {"service": self.r.mail.pk, "item": self.r.server.pk, "redundancy_group": "web", "next": here}
        response = self.client_of("technician").post(crud.url("create"), data)
        assert response["Location"] == here
        made = ServiceComponent.objects.get(service=self.r.mail, item=self.r.server)
        assert (made.redundancy_group, made.needed) == ("web", 1)
