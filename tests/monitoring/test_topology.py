"""Parents: who is above, who is below, and what register and neighbours suggest."""

from django.utils import timezone

from cmdb.models import Relation
from monitoring import topology
from monitoring.models import Neighbour, Target
from tests.monitoring.cases import MonitoringCase


class TestChains(MonitoringCase):
    def test_ancestors_nearest_first_and_descendants(self) -> None:
        ap = self.target("ap", parent=self.server)
        assert topology.ancestors([ap.pk, self.switch.pk]) == {
            ap.pk: [self.server.pk, self.switch.pk],
            self.switch.pk: [],
        }
        assert set(topology.descendants([self.switch.pk])[self.switch.pk]) == {self.server.pk, ap.pk}

    def test_a_circle_made_by_hand_ends(self) -> None:
        Target.objects.filter(pk=self.switch.pk).update(parent=self.server)
        assert topology.ancestors([self.switch.pk]) == {self.switch.pk: [self.server.pk]}
        assert topology.descendants([self.switch.pk])[self.switch.pk] == [self.server.pk]

    def test_would_circle(self) -> None:
        assert topology.would_circle(self.switch, self.server)
        assert topology.would_circle(self.switch, self.switch)
        assert not topology.would_circle(self.server, self.switch)
        assert not topology.would_circle(Target(name="new"), self.server)


class TestSuggestions(MonitoringCase):
    def names(self) -> dict[str, tuple[str, str]]:
        return {s.target.name: (s.parent.name, s.reason) for s in topology.suggest()}

    def test_the_registers_only_way_up(self) -> None:
        Target.objects.update(parent=None)
        assert self.names() == {"srv-granli-1": ("sw-granli-1", "register")}

    def test_two_ways_up_are_no_parent(self) -> None:
        Target.objects.update(parent=None)
        self.target("prn", item=self.r.printer)
        Relation.objects.create(source=self.r.server, kind="connects_to", target=self.r.printer)
        assert "srv-granli-1" not in self.names()

    def test_neighbours_from_the_router_outward(self) -> None:
        Target.objects.all().delete()
        rows = {n: self.target(n, profile=p) for n, p in (("rt", "router"), ("sw", "switch"), ("ap", "ap"))}
        now = timezone.now()
        for port, (one, other) in enumerate((("rt", "sw"), ("sw", "rt"), ("sw", "ap.example.no"))):
            Neighbour.objects.create(target=rows[one], local_port=port, remote_name=other, seen_at=now)
        assert self.names() == {"sw": ("rt", "lldp"), "ap": ("sw", "lldp")}
        assert topology.apply(topology.suggest()) == 2
        assert self.names() == {}
        assert topology.ancestors([rows["ap"].pk])[rows["ap"].pk] == [rows["sw"].pk, rows["rt"].pk]

    def test_a_ring_is_redundant_and_two_of_one_name_are_nobody(self) -> None:
        Target.objects.all().delete()
        rows = {
            n: self.target(n, profile=p)
            for n, p in (("rt", "router"), ("a", "switch"), ("b", "switch"), ("c", "switch"))
        }
        now = timezone.now()
        links = (("rt", "a"), ("rt", "b"), ("a", "c"), ("b", "c"))
        for port, (one, other) in enumerate(links):
            Neighbour.objects.create(target=rows[one], local_port=port, remote_name=other, seen_at=now)
        assert set(self.names()) == {"a", "b"}  # c goes down with neither
        self.target("A")
        # Nobody knows any more which one "a" is, so what is said of it counts for nothing: c's only known way is b.
        assert self.names() == {"b": ("rt", "lldp"), "c": ("b", "lldp")}

    def test_nothing_is_set_twice_or_into_a_circle(self) -> None:
        Target.objects.update(parent=None)
        found = topology.suggest()
        assert topology.apply(found) == 1
        assert topology.apply(found) == 0
        Target.objects.filter(pk=self.server.pk).update(parent=None)
        Target.objects.filter(pk=self.switch.pk).update(parent=self.server)
        assert topology.apply(found) == 0
