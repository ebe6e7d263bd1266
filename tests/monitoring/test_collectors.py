"""What is asked of each kind of device, and what its answer means."""

from datetime import UTC, datetime

import pytest

from monitoring.collectors import (
    PROFILES,
    Metric,
    decode,
    host,
    identity,
    interfaces,
    neighbours,
    plan,
    printer,
    profile_for,
    profile_named,
    ups,
    vendor_of,
)
from monitoring.mibs import host_resources, ifmib, snmpv2
from monitoring.mibs.values import MISSING, Value, dotted, integer, octets
from monitoring.simulation.cells import Running
from monitoring.simulation.devices import DEVICES, SimDevice
from monitoring.simulation.replay import Recording
from monitoring.simulation.tables import table_of
from tests.monitoring.agents import RECORDINGS
from tests.monitoring.test_mibs import plain

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
BY_KIND = {device.kind: device for device in reversed(DEVICES)}


def says(device: SimDevice) -> dict[str, Value]:
    """All that a simulated device would answer, without a network."""
    running = Running(device, NOW.timestamp() - 5000, clock=NOW.timestamp)
    found = {}
    rows = table_of(device)
    for oid in rows.order:
        cell = rows.get(oid)
        assert cell is not None
        value = cell.now(running)
        found[".".join(map(str, oid))] = (
            integer(value) if isinstance(value, int)
            else octets(value) if isinstance(value, bytes)
            else dotted(".".join(map(str, value)))
        )  # fmt: skip
    return found


def ask(device: SimDevice, oids: tuple[str, ...]) -> dict[str, Value]:
    known = says(device)
    return {oid: known.get(oid, MISSING) for oid in oids}


@pytest.mark.parametrize("name", PROFILES)
def test_a_plan_starts_with_uptime_and_asks_nothing_twice(name: str) -> None:
    oids = plan(name)
    assert oids[0] == snmpv2.SYS_UPTIME
    assert len(set(oids)) == len(oids) <= 20


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("value", [MISSING, octets(b"\xff\x00"), octets(b""), dotted("1.3")])
def test_wrong_and_absent_values_give_no_figures(name: str, value: Value) -> None:
    found = decode(name, dict.fromkeys(plan(name), value), NOW)
    assert {metric.key for metric in found} <= {"printer.stopped"}, "the one that is made of octets"


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("value", [-1, -(2**31), 2**31 - 1])
def test_absurd_numbers_give_no_absurd_shares(name: str, value: int) -> None:
    for metric in decode(name, dict.fromkeys(plan(name), integer(value)), NOW):
        assert metric.unit != "%" or 0 <= metric.value <= 200, metric
        assert metric.unit != "s" or metric.value >= 0, metric


def test_an_unknown_profile_asks_for_the_uptime() -> None:
    assert plan("") == plan("no such profile") == (snmpv2.SYS_UPTIME,)
    assert profile_named("").name == "generic"


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_every_simulated_kind_is_recognised_and_measured(kind: str) -> None:
    device = BY_KIND[kind]
    values = ask(device, identity.OIDS)
    found = identity.read(values, says(device).items())
    assert (found.profile.name, found.name, found.vendor) == (kind, device.name, device.vendor if kind not in (
        "linux", "windows") else found.vendor)  # fmt: skip
    metrics = {(m.key, m.instance): m.value for m in decode(kind, ask(device, plan(kind)), NOW)}
    assert metrics["uptime", ""] == 5000
    assert metrics["started_at", ""] == NOW.timestamp() - 5000
    assert len(metrics) >= 6


def test_identity_of_a_switch() -> None:
    device = BY_KIND["switch"]
    found = identity.read(ask(device, identity.OIDS), says(device).items())
    assert (found.model, found.serial, found.vendor) == (device.model_name, device.serial, "Cisco")
    assert found.location == device.place
    nameless = identity.read({})
    assert (nameless.name, nameless.model, nameless.profile.name) == ("", "", "generic")


def test_identity_without_entity_mib() -> None:
    device = BY_KIND["printer"]
    found = identity.read(ask(device, identity.OIDS))
    assert (found.serial, found.vendor) == (device.serial, "HP")
    device = BY_KIND["ups"]
    found = identity.read(ask(device, identity.OIDS))
    assert (found.vendor, found.model) == ("Eaton", device.model_name)


def test_metrics_of_a_switch() -> None:
    found = decode("switch", ask(DEVICES[0], plan("switch")))
    assert [m for m in found if m.key == "if.up"] == [Metric("if.up", str(n), 1.0, "") for n in range(1, 5)]
    assert {m.instance for m in found if m.key == "if.in_octets"} == {"1", "2"}
    assert not [m for m in found if m.key == "started_at"], "without a clock nothing is dated"


def test_hot_ports_are_learnt_from_a_walk() -> None:
    rows = list(plain(Recording(RECORDINGS / "office-switch.snmprec")))
    ports = interfaces.hot_instances(interfaces.read(rows))
    assert ports == ("10101", "10102"), "the fastest first; the VLAN interface is no port"
    asked = plan("switch", {"interfaces": ports})
    assert f"{ifmib.OPER_STATUS}.10101" in asked
    assert f"{ifmib.OPER_STATUS}.1" not in asked
    states = {
        m.instance: m.value
        for m in decode("switch", {o: v for o, v in rows if o in asked})
        if m.key == "if.up"
    }
    assert states == {"10101": 1.0, "10102": 0.0}


def test_metrics_of_servers() -> None:
    linux = {m.key: m for m in decode("linux", ask(BY_KIND["linux"], plan("linux")))}
    assert 0 <= linux["cpu.load"].value <= 100
    assert 0 < linux["memory.used"].value < 100
    windows = decode("windows", ask(BY_KIND["windows"], plan("windows")))
    assert [m.instance for m in windows if m.key == "storage.used"] == ["1", "2"]
    assert [round(m.value) for m in windows if m.key == "memory.used"] in ([n] for n in range(40, 65))


def test_stores_of_a_server_are_learnt_from_a_walk() -> None:
    device = BY_KIND["linux"]
    stores = host.read_stores(says(device).items())
    assert {s.name for s in stores} == {"Physical memory", "Virtual memory", "/", "/var"}
    hot = host.hot_instances(stores)
    assert hot == ("1", "37", "36")
    found = decode("linux", ask(device, plan("linux", {"host": hot})))
    assert {m.instance for m in found if m.key == "storage.used"} == {"36", "37"}
    load = host.read_processor_load(says(device).items())
    assert load is not None
    assert 0 <= load <= 100
    assert host.read_processor_load([]) is None


def test_a_ups_on_battery_is_seen() -> None:
    values = ask(BY_KIND["ups"], plan("ups")) | {"1.3.6.1.2.1.33.1.4.1.0": integer(5)}
    assert ups.read(values).on_battery
    assert Metric("ups.on_battery", "", 1.0, "") in decode("ups", values)


def test_printer_supplies_have_names_from_the_walk() -> None:
    supplies = printer.read_supplies(says(BY_KIND["printer"]).items())
    assert [s.name.split()[0] for s in supplies] == ["Black", "Cyan", "Magenta", "Yellow"]
    hot = [
        m for m in decode("printer", ask(BY_KIND["printer"], plan("printer"))) if m.key == "printer.supply"
    ]
    assert [m.value for m in hot] == [s.percent for s in supplies]


def test_neighbours_of_every_device_agree_with_the_topology() -> None:
    """A's neighbour B on port p has A as its neighbour on the port that A names."""
    links = set()
    for device in DEVICES:
        found = neighbours.read(says(device).items())
        links |= {(device.name, device.model.port_name.format(n.local_port), n.name, n.port) for n in found}
    assert links
    assert {(b, q, a, p) for a, p, b, q in links} == links
    parents = {(d.name, d.parent) for d in DEVICES if d.kind in ("switch", "router", "ap") and d.parent}
    assert parents <= {(a, b) for a, _, b, _ in links}


@pytest.mark.parametrize(
    ("object_id", "descr", "kind"),
    [
        ("1.3.6.1.4.1.8072.3.2.10", "Linux db1 6.1.0-28-amd64 #1 SMP x86_64", "linux"),
        ("1.3.6.1.4.1.311.1.1.3.1.2", "Hardware: Intel64 - Software: Windows Version 10.0", "windows"),
        ("1.3.6.1.4.1.9.1.716", "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M)", "switch"),
        ("1.3.6.1.4.1.9.1.2068", "Cisco IOS Software [Amsterdam], ISR Software", "router"),
        ("1.3.6.1.4.1.9.1.1034", "Cisco IOS Software, AIR-CAP3602 Software", "ap"),
        ("1.3.6.1.4.1.2636.1.1.1.2.29", "Juniper Networks, Inc. mx960 internet router", "router"),
        ("1.3.6.1.4.1.2636.1.1.1.2.63", "Juniper Networks, Inc. ex3300-48p Ethernet Switch", "switch"),
        ("1.3.6.1.4.1.318.1.3.27", "APC Web/SNMP Management Card", "ups"),
        ("1.3.6.1.4.1.11.2.3.9.1", "HP ETHERNET MULTI-ENVIRONMENT", "printer"),
        ("1.3.6.1.4.1.11.2.3.7.11.19", "ProCurve J4899A Switch 2650", "switch"),
        ("1.3.6.1.4.1.12356.101.1.1", "", "firewall"),
        ("1.3.6.1.4.1.14988.1", "RouterOS RB4011iGS+", "router"),
        ("1.3.6.1.4.1.31", "", "generic"),  # not Microsoft's 311
        ("1.3.6.1.4.1.99999.1", "nobody knows", "generic"),
        ("", "", "generic"),
        (None, None, "generic"),
    ],
)
def test_profiles(object_id: str | None, descr: str | None, kind: str) -> None:
    assert profile_for(object_id, descr).name == kind


@pytest.mark.parametrize(
    ("object_id", "vendor"),
    [("1.3.6.1.4.1.9.1.1", "Cisco"), ("1.3.6.1.4.1.99.1", ""), ("1.3.6.1.2.1", ""), ("", ""), (None, ""),
     ("1.3.6.1.4.1.", "")],
)  # fmt: skip
def test_vendors(object_id: str | None, vendor: str) -> None:
    assert vendor_of(object_id) == vendor


def test_storage_rows_without_a_type_are_left_out() -> None:
    values = {f"{host_resources.STORAGE_ENTRY}.{column}.1": integer(10) for column in (2, 4, 5, 6)}
    assert not [m for m in decode("windows", values) if m.key in ("storage.used", "memory.used")]
