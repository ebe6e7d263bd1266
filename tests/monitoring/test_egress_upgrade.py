"""The first start after an upgrade: what was asked goes on being asked, and no credential goes further than before."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.test import override_settings

from cmdb.models import Organisation
from monitoring import integrity
from monitoring.egress import RefusedError
from monitoring.egress.rules import Road, Rules
from monitoring.models import Credential, CredentialKind, Network, Target
from tests.monitoring.cases import T0, MonitoringCase

MIGRATION = import_module("monitoring.migrations.0008_networks_taken_over")


@override_settings(SAMDRIFT_EGRESS_SIMULATED=[])
class TestTakenOver(MonitoringCase):
    def setUp(self) -> None:
        super().setUp()
        Target.objects.update(is_enabled=False)
        self.v2c = self.credential("read", CredentialKind.SNMP_V2C, {"community": "c"})
        self.ssh = self.credential("login", CredentialKind.SSH, {"username": "u", "password": "p"})

    def credential(self, name: str, kind: str, secret: dict[str, str]) -> Credential:
        return Credential.objects.create(name=name, kind=kind, organisation=self.r.region, secret=secret)

    def device(self, address: str, owner: Organisation | None = None, **more: object) -> Target:
        values: dict[str, object] = {
            "organisation": owner or self.r.here, "address": address, "credential": self.v2c, "last_polled_at": T0,
        }  # fmt: skip
        return self.target(f"t {address}", None, **(values | more))

    def take_over(self) -> dict[str, Organisation]:
        MIGRATION.take_over(apps, None)
        return {network.prefix: network.organisation for network in Network.objects.all()}

    def goes(self, target: Target, address: str = "") -> bool:
        name = address or target.address
        road = Road.of(target)._replace(name=name)
        try:
            Rules.load().way(road, {name: (name,)})
        except RefusedError:
            return False
        return True

    def test_what_was_asked_is_asked_and_each_credential_stays_where_it_is_used(self) -> None:
        switch = self.device("10.1.1.4", ssh_credential=self.ssh)
        rows = [
            switch,
            self.device("10.1.1.9"),
            self.device("10.1.2.255"),  # in a network wider than we can know: no broadcast address
            self.device("10.2.1.4", self.r.there),
            self.device("10.9.1.4", self.r.there),
            self.device("10.9.1.5", self.r.here),
            self.device("fd00:1:2:3::9"),
            self.device("8.8.8.8", check_kind="icmp", credential=None),
        ]
        assert self.take_over() == {
            "10.1.1.0/24": self.r.here, "10.1.2.255/32": self.r.here, "10.2.1.0/24": self.r.there,
            "10.9.1.0/24": self.r.region, "fd00:1:2:3::/64": self.r.here, "8.8.8.8/32": self.r.here,
        }  # fmt: skip
        self.v2c.refresh_from_db()
        self.ssh.refresh_from_db()
        assert self.ssh.networks == ["10.1.1.0/24"]
        assert self.v2c.networks == [
            "10.1.1.0/24", "10.1.2.255/32", "10.2.1.0/24", "10.9.1.0/24", "fd00:1:2:3::/64",
        ]  # fmt: skip
        for target in Target.objects.filter(pk__in=[row.pk for row in rows]).select_related("credential"):
            assert self.goes(target), target.address
        switch = Target.objects.get(pk=switch.pk)
        assert Rules.load().way(Road.ssh(switch), {"10.1.1.4": ("10.1.1.4",)})
        assert not self.goes(switch, "10.2.1.4")
        assert list(integrity.check()) == []

    def test_pages_on_the_internet_are_checked_on_and_nothing_else_there(self) -> None:
        page = self.device("www.example.no", check_kind="https", port=443, credential=None)
        self.take_over()
        web = Network.objects.filter(use="web")
        assert {(one.prefix, one.organisation) for one in web} == {
            ("0.0.0.0/0", self.r.here), ("::/0", self.r.here),
        }  # fmt: skip
        assert self.goes(page, "93.184.216.34")
        assert self.goes(page, "2606:2800:220:1::1")
        for address in ("10.1.1.1", "127.0.0.1", "::1"):
            assert not self.goes(page, address)
        page.port = 8443
        assert not self.goes(page, "93.184.216.34")

    def test_what_no_device_has_is_not_taken_over_but_told(self) -> None:
        for address in ("127.0.0.1", "0.0.0.0", "169.254.169.254", "::1", "::ffff:10.1.1.1", "2130706433"):
            self.device(address)
        assert self.take_over() == {}
        self.v2c.refresh_from_db()
        assert self.v2c.networks == []
        assert len([line for line in integrity.check() if "refused by the rules of egress" in line]) == 6

    def test_an_empty_installation_has_nothing_to_take_over(self) -> None:
        Target.objects.all().delete()
        assert self.take_over() == {}
