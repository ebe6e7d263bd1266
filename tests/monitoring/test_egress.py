"""Where nothing is sent, whoever asks and however it is written. Listeners count what reaches them: nothing may."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from unittest import mock

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmdb.models import Membership, Role, User
from monitoring import backups, discovery, integrity, learning, poll, trying
from monitoring.egress import RefusedError, addresses, resolve
from monitoring.egress.addresses import Never
from monitoring.egress.rules import Named, Road, Rules
from monitoring.models import CheckKind, Credential, CredentialKind, Network, Target
from monitoring.outcome import Result
from monitoring.probes import probe_https, probe_icmp, probe_tcp
from tests.monitoring.cases import MonitoringCase

ROOT = Path(__file__).parents[2]


@contextmanager
def listening(address: str = "127.0.0.1") -> Iterator[tuple[int, list[bytes]]]:
    """A port on which TCP and UDP are heard; what came."""
    got: list[bytes] = []
    tcp = socket.create_server((address, 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, port))
    tcp.settimeout(0.05)
    udp.settimeout(0.05)
    over = threading.Event()

    def hear() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                tcp.accept()[0].close()
                got.append(b"connected")
            with suppress(TimeoutError):
                got.append(udp.recv(4096))

    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    try:
        yield port, got
    finally:
        over.set()
        thread.join(2)
        tcp.close()
        udp.close()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("127.0.0.1", Never.LOOPBACK), ("127.255.0.9", Never.LOOPBACK), ("::1", Never.LOOPBACK),
        ("0.0.0.0", Never.UNSPECIFIED), ("0.1.2.3", Never.UNSPECIFIED), ("::", Never.UNSPECIFIED),
        ("169.254.169.254", Never.METADATA), ("100.100.100.200", Never.METADATA), ("168.63.129.16", Never.METADATA),
        ("fd00:ec2::254", Never.METADATA), ("169.254.7.7", Never.LINK_LOCAL), ("fe80::1", Never.LINK_LOCAL),
        ("224.0.0.251", Never.MULTICAST), ("ff02::1", Never.MULTICAST), ("255.255.255.255", Never.BROADCAST),
        ("240.0.0.1", Never.RESERVED), ("fec0::1", Never.RESERVED), ("::ffff:127.0.0.1", Never.EMBEDDED),
        ("::ffff:10.1.1.1", Never.EMBEDDED), ("::7f00:1", Never.EMBEDDED), ("64:ff9b::7f00:1", Never.EMBEDDED),
        ("64:ff9b:1::a00:1", Never.EMBEDDED), ("2002:7f00:1::", Never.EMBEDDED), ("2001:0:7f00:1::1", Never.EMBEDDED),
        ("2001:db8::5efe:7f00:1", Never.EMBEDDED), ("10.1.2.3", None), ("192.168.1.1", None), ("100.64.0.9", None),
        ("203.0.113.7", None), ("fd12:3456::1", None), ("2001:db8::1", None),
    ],
)  # fmt: skip
def test_what_no_device_has(text: str, kind: Never | None) -> None:
    found = addresses.literal(text)
    assert found is not None
    assert addresses.never(found) == kind


@pytest.mark.parametrize(
    "text",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.01", "127.0.0.1.", "1.2.3.4.5", "fe80::1%eth0",
     "fd00::1%1", "１２７.0.0.1", "[::1]", "127.0.0.1:80", "x/../y", "a b", "", "host.0x7f", "a" * 64, "-x.example"],
)  # fmt: skip
def test_what_is_neither_an_address_nor_a_name(text: str) -> None:
    assert addresses.literal(text) is None
    assert not addresses.is_host_name(text)
    assert asyncio.run(resolve([text])) == {}


def test_names_are_names() -> None:
    for text in ("sw1", "sw-1.granli.no", "sw1.example.", "10-1-2-3.example", "xn--rdhus-lra.example"):
        assert addresses.is_host_name(text), text


def rules(*named: tuple[str, int, bool]) -> Rules:
    """Region 1 over municipalities 2 (with unit 4) and 3; supplier 9 beside them."""
    places = {1: (1, 1, 8), 2: (1, 2, 5), 4: (1, 3, 4), 3: (1, 6, 7), 9: (2, 1, 2)}
    return Rules([Named(ip_network(text), owner, web) for text, owner, web in named], places)


def allowed(found: Rules, address: str, owner: int, web: bool = False) -> bool:
    try:
        found.check(address, Road(address, owner, None, web))
    except RefusedError:
        return False
    return True


def test_the_narrowest_network_says_whose_an_address_is() -> None:
    found = rules(("10.0.0.0/8", 1, False), ("10.2.0.0/16", 2, False), ("10.3.0.0/16", 3, False))
    assert [allowed(found, "10.2.0.9", owner) for owner in (1, 2, 4, 3, 9)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [allowed(found, "10.9.0.9", owner) for owner in (1, 2, 3, 9)] == [True, True, True, False]
    assert not allowed(found, "11.0.0.1", 1)
    assert not allowed(found, "10.2.255.255", 2)  # asks the whole network at once
    assert not allowed(rules(), "10.2.0.9", 2)


@override_settings(SAMDRIFT_EGRESS_SIMULATED=[])
def test_public_pages_are_a_road_of_their_own() -> None:
    found = rules(("0.0.0.0/0", 1, True), ("185.1.2.0/24", 3, False))
    assert allowed(found, "93.184.216.34", 2, web=True)
    assert not allowed(found, "93.184.216.34", 2)
    for address in ("10.1.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "185.1.2.3"):
        assert not allowed(found, address, 2, web=True), address


def test_simulated_devices_need_no_network_and_what_listens_beside_them_does() -> None:
    """What a demo simulates speaks SNMP and SSH: nothing else of this machine is opened by that."""
    found = rules(("127.10.3.0/24", 3, False))
    with override_settings(SAMDRIFT_EGRESS_SIMULATED=["127.10.0.0/16"]):
        assert allowed(found, "127.10.2.1", 2)
        assert not allowed(found, "127.10.3.1", 2)  # another municipality's
        assert allowed(found, "127.10.3.1", 3)
        for address in ("127.0.0.1", "127.0.1.1", "127.11.0.1", "0.0.0.0", "::1"):
            assert not allowed(found, address, 2), address
        for kind in (CheckKind.TCP, CheckKind.HTTPS):
            with pytest.raises(RefusedError, match="in no network"):
                found.check("127.10.2.1", Road.check("127.10.2.1", 2, kind, 443, None))
            found.check("127.10.3.1", Road.check("127.10.3.1", 3, kind, 443, None))
        for name in ("localhost", "LOCALHOST.", "a.localhost", "localhost.localdomain", "ip6-loopback"):
            with pytest.raises(RefusedError, match="no device has"):
                found.way(Road(name, 2), {name: ("127.10.2.1",)})
    assert not rules().covers(ip_network("127.10.2.0/24"), 2)


@override_settings(SAMDRIFT_EGRESS_SIMULATED=[])
def test_the_last_look_where_a_socket_is_opened() -> None:
    with listening() as (port, got):
        for address in ("127.0.0.1", "localhost", "0.0.0.0", "2130706433", "::ffff:127.0.0.1"):
            for found in (
                asyncio.run(probe_tcp(address, port)),
                asyncio.run(probe_https(address, port)),
                asyncio.run(probe_icmp(address)),
            ):
                assert (found.ok, found.error) == (False, "egress"), address
        assert got == []


def test_sockets_are_opened_in_known_rooms_only() -> None:
    words = (
        "create_connection(",
        "open_connection(",
        "create_datagram_endpoint(",
        "urlopen(",
        "getaddrinfo(",
    )
    rooms = {
        "monitoring/egress/resolving.py", "monitoring/probes/tcp.py", "monitoring/probes/https.py", "monitoring/ssh.py",
    }  # fmt: skip
    found = {
        path.relative_to(ROOT).as_posix()
        for floor in ("cmdb", "monitoring", "sla", "servicedesk")
        for path in (ROOT / floor).rglob("*.py")
        if any(word in path.read_text() for word in words)
    }
    own = {path for path in found if path.startswith(("servicedesk/project/", "monitoring/simulation/"))}
    assert found - own == rooms


class EgressCase(MonitoringCase):
    """A v2c and an SSH credential of the municipality; a technician and a lead of it alone."""

    def setUp(self) -> None:
        super().setUp()
        Network.objects.create(name="Simulated", organisation=self.r.region, prefix="127.0.0.0/8")
        self.v2c = self.credential("read", CredentialKind.SNMP_V2C, {"community": "very-secret"})
        self.ssh = self.credential("login", CredentialKind.SSH, {"username": "u", "password": "pw-secret"})

    def credential(self, name: str, kind: str, secret: dict[str, str]) -> Credential:
        return Credential.objects.create(
            name=name, kind=kind, organisation=self.r.here, secret=secret, networks=["127.0.8.0/24"]
        )

    def member(self, name: str, role: str) -> None:
        user = User.objects.create(username=name, organisation=self.r.here, language="en")
        Membership.objects.create(user=user, role=role, organisation=self.r.here)
        setattr(self.r, name, user)

    def data(self, **more: object) -> dict[str, object]:
        return {
            "name": "sw-new", "organisation": self.r.here.pk, "check_kind": "snmp", "address": "127.0.8.9", "port": 161,
            "credential": self.v2c.pk, "interval": 60, "confirm_polls": 2, "is_enabled": "on", "ssh_port": 22,
        } | more  # fmt: skip

    def give(self, **values: object) -> Target:
        Target.objects.filter(pk=self.switch.pk).update(**values)
        return Target.objects.get(pk=self.switch.pk)


class TestRoads(EgressCase):
    """A row that points where it may not: whichever worker takes it, nothing leaves."""

    def test_nothing_is_sent_outside_and_the_state_is_unknown_with_the_reason(self) -> None:
        with override_settings(SAMDRIFT_EGRESS_SIMULATED=[]), listening() as (port, got):
            target = self.give(
                address="127.0.0.1", port=port, credential=self.v2c, ssh_credential=self.ssh, ssh_port=port,
                confirm_polls=1, state="up", profile="switch",
            )  # fmt: skip
            Target.objects.exclude(pk=target.pk).update(is_enabled=False)
            assert not trying.try_now(target).is_ok
            poll.run_due(3)
            learning.learn([target])
            assert backups.back_up(target).result == "failed"
            for kind in ("tcp", "https", "icmp"):
                Target.objects.filter(pk=target.pk).update(check_kind=kind)
                [outcome] = poll.ask([Target.objects.get(pk=target.pk)])
                assert outcome.result is Result.UNASKABLE
                assert outcome.error.startswith("refused by the rules of egress")
            assert got == []
        target.refresh_from_db()
        assert target.state == "unknown"
        assert "refused by the rules of egress" in target.last_error

    def test_a_credential_stays_in_its_networks(self) -> None:
        with listening("127.0.9.9") as (port, got):
            target = self.give(
                address="127.0.9.9", port=port, credential=self.v2c, ssh_credential=self.ssh, ssh_port=port
            )
            assert "outside the networks of its credential" in trying.try_now(target).outcome.error
            assert "outside the networks" in backups.back_up(target).error
            Credential.objects.update(networks=["10.0.0.0/8"])
            target = self.give(address="127.0.8.1")
            assert "outside the networks of its credential" in trying.try_now(target).outcome.error
            Credential.objects.update(networks=["127.0.0.0/8"], organisation=self.r.there)
            assert (
                "belongs to another organisation"
                in trying.try_now(self.give(address="127.0.9.9")).outcome.error
            )
            assert got == []

    def test_a_name_is_resolved_once_and_what_it_led_to_is_checked(self) -> None:
        answers = [[("127.0.0.1",)], [("127.0.8.77",)]]

        async def getaddrinfo(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(0, 0, 0, "", address) for address in answers.pop(0)]

        loop = mock.Mock(getaddrinfo=getaddrinfo)
        with override_settings(SAMDRIFT_EGRESS_SIMULATED=["127.0.8.0/24"]), listening() as (port, got):
            target = self.give(address="sw.example", port=port, check_kind="tcp")
            with mock.patch("monitoring.egress.resolving.asyncio.get_running_loop", return_value=loop):
                [first] = poll.ask([target])
                found = asyncio.run(resolve(["sw.example"]))
            assert first.result is Result.UNASKABLE
            assert found == {"sw.example": ("127.0.8.77",)}
            assert answers == []
            assert Rules.load().way(Road.of(target), found) == "127.0.8.77"
            assert got == []

    def test_a_search_sends_a_credential_to_its_networks_only(self) -> None:
        with pytest.raises(discovery.DiscoveryError, match="Networks"):
            discovery.discover("127.0.9.0/30", [self.v2c])
        with pytest.raises(discovery.DiscoveryError, match="Networks"):
            discovery.discover("127.0.8.1", [self.v2c], organisation=self.r.there)

    def test_a_rounds_rules_are_two_statements_for_any_number_of_targets(self) -> None:
        rows = [self.give(credential=self.v2c, port=9) for _ in range(50)]
        with CaptureQueriesContext(connection) as context:
            known = Rules.load()
            for row in rows:
                row.credential = self.v2c
                known.way(Road.of(row), {row.address: (row.address,)})
        assert len(context) == 2


class TestWhoMaySend(EgressCase):
    def test_a_technician_neither_chooses_a_credential_nor_where_it_goes(self) -> None:
        client = self.client_of("technician")
        target = self.give(credential=self.v2c)
        edit, create = (
            reverse("monitoring:target_edit", args=[target.pk]),
            reverse("monitoring:target_create"),
        )
        same = self.data(name="sw-granli-1", address="127.0.8.1")
        with listening("127.0.8.200") as (port, got):
            for changed in (
                {"address": "127.0.8.200"}, {"port": port}, {"credential": ""}, {"ssh_credential": self.ssh.pk},
                {"check_kind": "tcp"}, {"organisation": self.r.unit.pk}, {"ssh_port": 2222},
                {"address": "127.0.8.200", "port": port},
                {"check_kind": "https", "port": 443}, {"address": "sw.example"}, {"address": "::1"},
            ):  # fmt: skip
                for test in ({}, {"_test": "1"}):
                    answer = client.post(edit, same | changed | test)
                    assert answer.status_code == 422, (changed, test)
            for test in ({}, {"_test": "1"}):
                for more in ({}, {"credential": "", "check_kind": "tcp", "ssh_credential": self.ssh.pk}):
                    wanted = self.data(address="127.0.8.200", port=port, **test) | more
                    assert client.post(create, wanted).status_code == 422
            assert client.get(reverse("monitoring:discover")).status_code == 403
            assert got == []
        assert (
            client.post(edit, same | {"interval": 120}).status_code == 302
        )  # all else is a technician's work
        target.refresh_from_db()
        assert (target.address, target.port, target.credential, target.interval) == (
            "127.0.8.1",
            161,
            self.v2c,
            120,
        )
        for state in ("", "on"):  # off and on again changes nothing of where it goes
            assert client.post(edit, same | {"is_enabled": state}).status_code == 302
            target.refresh_from_db()
            assert target.is_enabled == bool(state)
        waiting = self.data(credential="", is_enabled="")
        assert client.post(create, waiting).status_code == 302

    def test_who_keeps_it_may(self) -> None:
        client, create = self.client_of("lead"), reverse("monitoring:target_create")
        assert client.post(create, self.data()).status_code == 302
        answer = client.post(create, self.data(name="x", address="127.0.9.5"))
        assert answer.status_code == 422
        assert "is not sent to 127.0.9.5" in answer.content.decode()

    def test_a_keeper_of_one_municipality_keeps_no_other_credential(self) -> None:
        self.member("lead_here", Role.LEAD)
        Credential.objects.filter(pk=self.v2c.pk).update(organisation=self.r.region)
        target = self.give(credential=self.v2c)
        edit = reverse("monitoring:target_edit", args=[target.pk])
        answer = self.client_of("lead_here").post(edit, self.data(name="x", address="127.0.8.55"))
        assert answer.status_code == 422

    def test_addresses_that_a_form_refuses_in_a_sentence(self) -> None:
        client, create = self.client_of("technician"), reverse("monitoring:target_create")
        with override_settings(SAMDRIFT_EGRESS_SIMULATED=[]), listening() as (port, got):
            for address, words in (
                ("127.0.0.1", "no device has such an address"), ("localhost", "no device has such an address"),
                ("0.0.0.0", "no device has"), ("2130706433", "neither an IP address"), ("0x7f.1", "neither an IP"),
                ("169.254.169.254", "no device has"), ("::ffff:127.0.0.1", "no device has"), ("fe80::1%eth0", "neither"),
                ("10.77.1.1", "in no network of Granli kommune"),
            ):  # fmt: skip
                for kind in ("tcp", "https", "icmp"):
                    for test in ({}, {"_test": "1"}):
                        data = self.data(check_kind=kind, credential="", address=address, port=port, **test)
                        answer = client.post(create, data)
                        assert answer.status_code == 422, (address, kind)
                        assert words in answer.content.decode(), (address, kind)
            assert got == []

    def test_the_demo_opens_its_simulated_devices_and_nothing_else_of_the_machine(self) -> None:
        Network.objects.all().delete()
        Network.objects.create(name="Theirs", organisation=self.r.there, prefix="127.10.3.0/24")
        client, create = self.client_of("technician"), reverse("monitoring:target_create")
        with override_settings(SAMDRIFT_EGRESS_SIMULATED=["127.10.0.0/16"]), listening() as (port, got):
            for address in (
                "127.0.0.1", "127.0.1.1", "localhost", "LOCALHOST.", "2130706433", "0.0.0.0", "169.254.169.254", "::1",
                "127.10.3.1", "127.10.2.9",
            ):  # fmt: skip
                for kind in ("tcp", "https"):
                    for test in ({}, {"_test": "1"}):
                        data = self.data(check_kind=kind, credential="", address=address, port=port, **test)
                        assert client.post(create, data).status_code == 422, (address, kind)
                row = Target(organisation=self.r.here, address=address, port=port, check_kind="tcp", pk=1)
                [outcome] = poll.ask([row])
                assert outcome.result is Result.UNASKABLE, address
            foreign = self.data(credential="", is_enabled="", address="127.10.3.1")
            assert client.post(create, foreign).status_code == 422
            own = self.data(credential="", is_enabled="", address="127.10.2.1")
            assert client.post(create, own).status_code == 302
            assert got == []

    def test_another_municipalitys_device_is_refused_without_saying_whose_it_is(self) -> None:
        Network.objects.create(name="Theirs", organisation=self.r.there, prefix="127.0.7.0/24")
        data = self.data(check_kind="tcp", credential="", address="127.0.7.1", port=22)
        page = self.client_of("technician").post(reverse("monitoring:target_create"), data)
        assert page.status_code == 422
        assert "in no network of Granli kommune" in page.content.decode()
        assert "Theirs" not in page.content.decode()


class TestPages(EgressCase):
    def form(self, **more: object) -> dict[str, object]:
        return {
            "name": "Net",
            "organisation": self.r.here.pk,
            "prefix": "10.20.0.0/16",
            "use": "devices",
        } | more

    def test_networks_are_named_at_the_region_and_nowhere_else(self) -> None:
        self.member("admin_here", Role.ADMIN)
        create = reverse("monitoring:network_create")
        assert self.client_of("technician").post(create, self.form()).status_code == 403
        assert self.client_of("admin_here").post(create, self.form()).status_code == 403
        assert self.client_of("own").get(reverse("monitoring:network_list")).status_code == 403
        lead = self.client_of("lead")
        assert lead.post(create, self.form()).status_code == 302
        network = Network.objects.get(prefix="10.20.0.0/16")
        assert lead.get(reverse("monitoring:network_detail", args=[network.pk])).status_code == 200
        assert b"10.20.0.0/16" in lead.get(reverse("monitoring:network_list")).content
        edit = reverse("monitoring:network_edit", args=[network.pk])
        assert self.client_of("admin_here").post(edit, self.form(name="x")).status_code == 403

    def test_what_cannot_be_named(self) -> None:
        lead, create = self.client_of("lead"), reverse("monitoring:network_create")
        Network.objects.create(name="Theirs", organisation=self.r.there, prefix="10.30.0.0/16")
        with override_settings(SAMDRIFT_EGRESS_SIMULATED=[]):
            for prefix in (
                "127.0.0.0/8", "0.0.0.0/0", "10.20.0.1/16", "x", "169.254.0.0/16", "::/0", "::1", "fe80::/64", "2002::/16",
                "10.30.5.0/24", "10.0.0.0/8", "8.0.0.0/5", "fe80::%1/64",
            ):  # fmt: skip
                assert lead.post(create, self.form(prefix=prefix)).status_code == 422, prefix

    def test_a_credential_names_networks_of_its_organisation(self) -> None:
        lead, create = self.client_of("lead"), reverse("monitoring:credential_create")
        data = {"name": "c", "kind": "snmp_v2c", "organisation": self.r.here.pk, "community": "hidden-one"}
        for networks in ("10.99.0.0/24", "127.0.8.1/24", "everywhere", "0.0.0.0/0"):
            answer = lead.post(create, data | {"networks": networks})
            assert answer.status_code == 422, networks
            assert "hidden-one" not in answer.content.decode()
        assert lead.post(create, data | {"networks": "127.0.8.0/24\n127.0.9.7"}).status_code == 302
        made = Credential.objects.get(name="c")
        assert made.networks == ["127.0.8.0/24", "127.0.9.7/32"]
        assert lead.post(create, data | {"name": "none"}).status_code == 302  # and is sent nowhere
        assert Credential.objects.get(name="none").networks == []
        edit = reverse("monitoring:credential_edit", args=[made.pk])
        assert "127.0.8.0/24\n127.0.9.7/32" in lead.get(edit).content.decode().replace("\r", "")
        assert self.client_of("technician").post(edit, data).status_code == 403

    def test_check_integrity_names_what_is_not_asked(self) -> None:
        Credential.objects.filter(pk=self.ssh.pk).update(networks=["10.99.0.0/24"])
        self.give(address="10.99.1.1")
        assert not [line for line in integrity.check() if line.startswith("target")]  # nobody has asked yet
        poll.run_due(2)
        name = self.target("named", address="sw.example", last_polled_at=timezone.now())
        Target.objects.filter(pk=name.pk).update(
            last_error="refused by the rules of egress: in no network (sw.example)"
        )
        found = "\n".join(integrity.check())
        assert f"credential {self.ssh.pk} names 10.99.0.0/24" in found
        assert f"target {self.switch.pk}: refused by the rules of egress: in no network" in found
        assert f"target {name.pk}: refused by the rules of egress: in no network (sw.example)" in found
