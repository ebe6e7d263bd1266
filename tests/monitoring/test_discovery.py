"""Searching networks and walking what was found, over real SNMP on the loopback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cmdb.models import Item
from monitoring import discovery, learning, poll, topology
from monitoring.mibs.lldp import Neighbour as Seen
from monitoring.models import Credential, CredentialKind, Neighbour, Target
from monitoring.simulation.devices import BY_NAME, DEVICES
from tests.monitoring.cases import MonitoringCase
from tests.monitoring.test_poll import simulated_region

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")


class TestAddresses(MonitoringCase):
    def test_networks_and_what_is_none(self) -> None:
        assert discovery.addresses("127.0.0.0/30") == ["127.0.0.1", "127.0.0.2"]
        assert discovery.addresses("127.0.0.9") == ["127.0.0.9"]
        for wrong, words in (
            ("10.0.0.0/8", "4096"), ("nonsense", "not a network"), ("224.0.0.0/24", "not a network of devices"), ("", "not a network"),
            ("::/64", "4096"),
        ):  # fmt: skip
            with pytest.raises(discovery.DiscoveryError) as raised:
                discovery.addresses(wrong)
            assert words in str(raised.value), wrong

    def test_without_credentials_it_says_so(self) -> None:
        with pytest.raises(discovery.DiscoveryError, match="no SNMP credential"):
            discovery.discover("127.0.0.1")


@pytest.mark.slow
class TestSimulatedRegion(MonitoringCase):
    def test_found_matched_made_and_walked(self) -> None:
        v2c = Credential.objects.create(
            name="v2c",
            kind=CredentialKind.SNMP_V2C,
            organisation=self.r.region,
            secret={"community": "samdrift-demo"},
        )
        Credential.objects.create(
            name="wrong",
            kind=CredentialKind.SNMP_V2C,
            organisation=self.r.region,
            secret={"community": "wrong"},
        )
        area = [d for d in DEVICES if d.address.startswith("127.10.1.")]
        switch = area[0]
        item = Item.objects.get(pk=self.r.switch.pk)
        Item.objects.filter(pk=item.pk).update(address=switch.address)
        with simulated_region() as (_var, port):
            found = discovery.discover("127.10.1.0/26", ports=[port])
            answering = {d.address: d for d in area if d.auth.version == "2c"}
            assert {one.address for one in found} == set(answering)
            by_address = {one.address: one for one in found}
            assert all(one.credential == v2c for one in found)
            assert all(one.identity.profile.name == answering[one.address].kind for one in found)
            assert by_address[switch.address].item == item
            made = discovery.make_targets(found, self.r.there)
            assert len(made) == len(found)
            owners = {t.address: t.organisation for t in made}
            assert owners.pop(switch.address) == self.r.here  # the item's owner
            assert set(owners.values()) == {self.r.there}
            again = discovery.discover("127.10.1.0/26", ports=[port])
            assert all(one.target is not None for one in again)
            assert discovery.make_targets(again) == []
            self.walk(made, switch.name)

    def walk(self, made: list[Target], switch: str) -> None:
        """What hangs where, and what is worth asking each time."""
        Target.objects.exclude(pk__in=[t.pk for t in made]).update(is_enabled=False)
        poll.run_due(5)
        while learning.run(limit=20):
            pass
        target = Target.objects.get(name=switch)
        assert target.learnt_at is not None
        assert 1 <= len(target.instances["interfaces"]) <= 8
        names = set(Neighbour.objects.filter(target=target).values_list("remote_name", flat=True))
        assert BY_NAME[switch].parent in names
        assert len(names) >= 2
        suggested = {s.target.name: s.parent.name for s in topology.suggest()}
        for name, parent in suggested.items():
            assert BY_NAME[name].parent == parent, (name, parent)
        assert len(suggested) >= 3
        Target.objects.filter(pk=target.pk).update(due_at=timezone.now())
        outcome = poll.ask([target])
        assert {m.instance for m in outcome[0].metrics if m.key == "if.up"} == set(
            target.instances["interfaces"]
        )


class TestLearning(MonitoringCase):
    def test_a_walk_that_broke_off_keeps_what_was_known(self) -> None:
        now = timezone.now()
        Neighbour.objects.create(
            target=self.switch, local_port=1, remote_name="rt", seen_at=now - timedelta(days=1)
        )
        Target.objects.filter(pk=self.switch.pk).update(instances={"interfaces": ["1", "2"]})
        self.switch.refresh_from_db()
        learning.save([learning.Learnt(self.switch, complete=False)], now)
        self.switch.refresh_from_db()
        assert self.switch.instances == {"interfaces": ["1", "2"]}
        assert Neighbour.objects.filter(target=self.switch).exists()
        assert self.switch.learnt_at is not None
        assert self.switch.learnt_at < now - timedelta(hours=20)  # tried again in an hour

    def test_a_complete_walk_replaces_the_neighbours(self) -> None:
        now = timezone.now()
        Neighbour.objects.create(
            target=self.switch, local_port=1, remote_name="gone", seen_at=now - timedelta(days=1)
        )
        seen = Seen(2, "ge-2", "aa:bb", "p", "new", "")
        for _twice in range(2):
            learning.save([learning.Learnt(self.switch, neighbours=[seen])], now)
        assert list(Neighbour.objects.filter(target=self.switch).values_list("remote_name", flat=True)) == [
            "new"
        ]
