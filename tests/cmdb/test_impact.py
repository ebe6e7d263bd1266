"""What a fault reaches: depth, redundancy, cycles, services for all and for one, and a fixed number of statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmdb.impact import impact_of, rests_on
from cmdb.models import CIClass, Item, Organisation, Relation, Service, ServiceComponent

pytestmark = pytest.mark.django_db


class Region:
    """A small register: region with two municipalities, and short ways to add to it."""

    def __init__(self) -> None:
        self.region = Organisation.objects.create(name="Regionen IKT", slug="regionen", kind="region")
        self.north = self._municipality("Nordvik")
        self.south = self._municipality("Sørvik")
        self.hardware = CIClass.objects.create(name="Switch", slug="switch", family="network")

    def _municipality(self, name: str) -> Organisation:
        return Organisation.objects.create(
            name=name, slug=name[:4].lower(), kind="municipality", parent=self.region
        )

    def item(self, name: str, organisation: Organisation | None = None) -> Item:
        return Item.objects.create(
            name=name, item_class=self.hardware, organisation=organisation or self.region
        )

    def rests(
        self, source: Item, target: Item, group: str = "", needed: int = 1, kind: str = "depends_on"
    ) -> None:
        Relation.objects.create(
            source=source, target=target, kind=kind, redundancy_group=group, needed=needed
        )

    def service(self, name: str, *consumers: Organisation) -> Service:
        service = Service.objects.create(name=name, slug=name.lower(), organisation=self.region)
        service.consumers.set(consumers)
        return service


@pytest.fixture
def r() -> Region:
    return Region()


def test_a_chain_is_followed_with_depth_and_other_relations_are_not(r: Region) -> None:
    switch, server, system, backup = (r.item(n) for n in ("switch", "server", "system", "backup"))
    r.rests(server, switch, kind="connects_to")
    r.rests(system, server, kind="runs_on")
    r.rests(backup, server, kind="backed_up_by")
    assert impact_of([switch.pk]).items == {switch.pk: 0, server.pk: 1, system.pk: 2}


def test_a_pair_survives_one_and_falls_with_both(r: Region) -> None:
    a, b, cluster = r.item("a"), r.item("b"), r.item("cluster")
    r.rests(cluster, a, "pair")
    r.rests(cluster, b, "pair")
    assert cluster.pk not in impact_of([a.pk]).items
    assert cluster.pk in impact_of([a.pk, b.pk]).items


def test_two_of_three_falls_with_the_second(r: Region) -> None:
    nodes = [r.item(f"n{i}") for i in range(3)]
    cluster = r.item("cluster")
    for node in nodes:
        r.rests(cluster, node, "quorum", needed=2)
    assert cluster.pk not in impact_of([nodes[0].pk]).items
    assert cluster.pk in impact_of([nodes[0].pk, nodes[1].pk]).items


def test_a_redundant_pair_behind_one_switch_falls_with_the_switch(r: Region) -> None:
    switch, a, b, cluster = (r.item(n) for n in ("switch", "a", "b", "cluster"))
    r.rests(a, switch)
    r.rests(b, switch)
    r.rests(cluster, a, "pair")
    r.rests(cluster, b, "pair")
    assert impact_of([switch.pk]).items[cluster.pk] == 2


def test_a_ring_of_dependencies_ends(r: Region) -> None:
    a, b = r.item("a"), r.item("b")
    r.rests(a, b)
    r.rests(b, a, kind="connects_to")
    assert impact_of([a.pk]).items == {a.pk: 0, b.pk: 1}
    assert rests_on([a.pk]).items == {a.pk: 0, b.pk: 1}


def test_a_service_for_all_names_every_municipality_that_uses_it(r: Region) -> None:
    database = r.item("database")
    service = r.service("Profil", r.north, r.south)
    ServiceComponent.objects.create(service=service, item=database)
    found = impact_of([database.pk])
    assert found.services == [service]
    assert found.organisations == [r.north, r.south]


def test_a_component_for_one_municipality_leaves_the_other_out(r: Region) -> None:
    line = r.item("line")
    service = r.service("Nett", r.north, r.south)
    ServiceComponent.objects.create(service=service, item=line, organisation=r.south)
    found = impact_of([line.pk])
    assert found.services == [service]
    assert found.organisations == [r.south]


def test_redundant_components_carry_a_service(r: Region) -> None:
    a, b = r.item("a"), r.item("b")
    service = r.service("Web", r.north)
    for item in (a, b):
        ServiceComponent.objects.create(service=service, item=item, redundancy_group="web")
    assert impact_of([a.pk]).services == []
    assert impact_of([a.pk, b.pk]).services == [service]


def test_an_item_in_a_unit_counts_for_its_municipality(r: Region) -> None:
    school = Organisation.objects.create(name="Skolen", slug="skolen", kind="unit", parent=r.north)
    assert impact_of([r.item("printer", school).pk]).organisations == [r.north]


def test_nothing_asked_is_nothing_found(r: Region) -> None:
    assert impact_of([]).items == {}
    assert rests_on([]).items == {}


def test_statements_do_not_grow_with_the_register(r: Region) -> None:
    switch = r.item("switch")
    ServiceComponent.objects.create(service=r.service("Nett", r.north), item=switch)
    with CaptureQueriesContext(connection) as alone:
        impact_of([switch.pk])
    for number in range(30):
        server = r.item(f"s{number}", r.north)
        r.rests(server, switch, kind="connects_to")
    with CaptureQueriesContext(connection) as many:
        assert len(impact_of([switch.pk]).items) == 31
    assert len(many) == len(alone) <= 5
