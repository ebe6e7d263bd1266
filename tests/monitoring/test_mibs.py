"""Decoding, from a hand-made recording and from what devices should not send but do."""

from collections.abc import Iterator

import pytest

from monitoring.mibs import entity, host_resources, ifmib, lldp, printer, snmpv2, ucd, ups
from monitoring.mibs.values import (
    MISSING,
    Value,
    dotted,
    integer,
    mac,
    number,
    octets,
    printable,
    table,
    text,
)
from monitoring.simulation import ber
from monitoring.simulation.agent import wire_value
from monitoring.simulation.replay import Recording
from tests.monitoring.agents import RECORDINGS

DAY = 86_400.0
WRAP = (1 << 32) / 100


def plain(recording: Recording) -> Iterator[tuple[str, Value]]:
    """A recording as a walk gives it."""
    for oid in recording.order:
        cell = recording.get(oid)
        assert cell is not None
        dots = ".".join(map(str, oid))
        if cell.tag in (ber.OID, ber.IP_ADDRESS):
            yield dots, dotted(".".join(map(str, cell.value)))
        elif isinstance(cell.value, int):
            yield dots, integer(int(wire_value(cell, None)))
        else:
            yield dots, octets(cell.value)


@pytest.fixture(scope="module")
def office() -> dict[str, Value]:
    return dict(plain(Recording(RECORDINGS / "office-switch.snmprec")))


def test_system(office: dict[str, Value]) -> None:
    found = snmpv2.system(office)
    assert found.name == "kontor-sw1"
    assert found.object_id == "1.3.6.1.4.1.9.1.716"
    assert found.location == "Rådhus, 5. etg."
    assert found.uptime_seconds == 42949000.0


def test_system_of_a_device_that_says_nothing() -> None:
    assert snmpv2.system({}) == snmpv2.System(None, None, None, None, None, None)


def test_system_with_wrong_types() -> None:
    wrong = {oid: octets(b"42") for oid in (snmpv2.SYS_UPTIME, snmpv2.SYS_OBJECT_ID)}
    found = snmpv2.system(wrong | {snmpv2.SYS_NAME: integer(4)})
    assert (found.uptime_seconds, found.object_id, found.name) == (None, None, None)


@pytest.mark.parametrize(
    ("before", "after", "elapsed", "restarted"),
    [
        (1000, 1060, 60, False),
        (1000, 1059, 60, False),
        (1000, 12, 60, True),
        (10, 100, 3600, True),  # rose, but far less than the time that passed
        (WRAP - 30, 30, 60, False),  # 497 days are over
        (WRAP - 30, 5, 60, False),  # the same, answers under way for different times
        (WRAP - 30 * DAY, 30, 60, True),  # nowhere near the wrap
        (WRAP - 30, 3, 3600, True),  # it wrapped in between, and then started anew
        (0, 0, 10, False),
        (5 * DAY, 5 * DAY + 5, 60, True),  # stood still for a minute less five seconds: it was paused
    ],
)
def test_restart_is_told_from_the_end_of_the_range(
    before: float, after: float, elapsed: float, restarted: bool
) -> None:
    assert snmpv2.restarted(before, after, elapsed) is restarted


def test_interfaces(office: dict[str, Value]) -> None:
    first, second, vlan = ifmib.interfaces(office.items())
    assert (first.index, first.name, first.alias) == (10101, "Gi0/1", "til kjelleren")
    assert (first.in_octets, first.out_octets, first.bits) == (98765432109876, 2**64 - 1, 64)
    assert first.speed == 10_000_000_000
    assert first.in_errors == 3
    assert first.mac == "02:00:5e:10:75:01"
    assert (second.name, second.speed, second.bits) == ("Gi0/2", 100_000_000, 32)
    assert second.is_faulty
    assert not first.is_faulty
    assert (vlan.name, vlan.oper, vlan.admin) == ("Vlan1", ifmib.Status.UNKNOWN, ifmib.Status.DOWN)
    assert not vlan.is_faulty


def test_interfaces_of_half_a_table() -> None:
    rows = [(f"{ifmib.IF_ENTRY}.8.4", integer(1)), (f"{ifmib.IF_ENTRY}.1.x", integer(1))]
    (only,) = ifmib.interfaces(rows)
    assert (only.index, only.name, only.oper, only.admin, only.speed) == (
        4, "4", ifmib.Status.UP, ifmib.Status.UNKNOWN, None,
    )  # fmt: skip
    assert ifmib.interfaces([]) == []


@pytest.mark.parametrize(
    ("before", "after", "seconds", "bits", "rate"),
    [
        (1000, 4000, 30, 64, 100.0),
        (1000, 1000, 30, 64, 0.0),
        (2**32 - 1000, 2000, 30, 32, 100.0),
        (5000, 10, 30, 64, None),
        (1, 2, 0, 64, None),
        (1, 2, -5, 64, None),
    ],
)
def test_rates(before: float, after: float, seconds: float, bits: int, rate: float | None) -> None:
    assert ifmib.rate(before, after, seconds, bits) == rate


def test_chassis(office: dict[str, Value]) -> None:
    found = entity.parts(office.items())
    assert [part.kind for part in found] == [entity.STACK, entity.CHASSIS]
    box = entity.chassis(found)
    assert box is not None
    assert (box.model, box.serial, box.manufacturer, box.software) == (
        "WS-C2960-24TT-L", "SIM0000TEST", "Cisco", "12.2(55)SE7",
    )  # fmt: skip
    assert entity.chassis([]) is None


def test_neighbours(office: dict[str, Value]) -> None:
    switch, phone = lldp.neighbours(office.items())
    assert (switch.local_port, switch.local_name, switch.name) == (1, "GigabitEthernet0/1", "kjeller-sw1")
    assert (switch.chassis, switch.port) == ("02:00:5e:10:01:01", "Gi1/0/24")
    assert (phone.local_port, phone.local_name, phone.name) == (2, "", "")
    assert (phone.chassis, phone.port) == ("phone-4711", "02:00:5e:10:02:02")
    assert lldp.local_name(office) == "kontor-sw1"


def test_a_ups_on_battery() -> None:
    found = ups.ups(
        {
            ups.BATTERY_STATUS: integer(3),
            ups.OUTPUT_SOURCE: integer(5),
            ups.MINUTES_REMAINING: integer(11),
            ups.CHARGE_REMAINING: integer(101),
            ups.OUTPUT_LOAD: octets(b"40"),
        }
    )
    assert (found.battery, found.source, found.on_battery) == (
        ups.BatteryStatus.LOW, ups.Source.BATTERY, True,
    )  # fmt: skip
    assert (found.minutes_left, found.charge, found.load) == (11, None, None)


def test_a_ups_that_invents_states() -> None:
    found = ups.ups({ups.BATTERY_STATUS: integer(42), ups.OUTPUT_SOURCE: integer(-1)})
    assert (found.battery, found.source, found.on_battery) == (
        ups.BatteryStatus.UNKNOWN, ups.Source.OTHER, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "names", "stopped"),
    [
        (b"", set(), False),
        (b"\x00\x00", set(), False),
        (b"\x20", {"low_toner"}, False),
        (b"\x44\x00", {"no_paper", "jammed"}, True),
        (b"\x00\x08", {"output_full"}, False),
        (b"\x80\x80\xff\xff", {"low_paper", "input_tray_missing"}, False),
    ],
)
def test_printer_errors(raw: bytes, names: set[str], stopped: bool) -> None:
    found = printer.printer({printer.ERROR_STATE: octets(raw), printer.PRINTER_STATUS: integer(3)})
    assert found.errors == names
    assert found.is_stopped is stopped
    assert found.status is printer.PrinterStatus.IDLE


@pytest.mark.parametrize(
    ("level", "capacity", "percent"),
    [(50, 200, 25.0), (250, 200, 100.0), (-3, 200, None), (-2, -2, None), (5, 0, None), (None, 100, None)],
)
def test_supplies_that_do_not_say_how_much(
    level: int | None, capacity: int | None, percent: float | None
) -> None:
    assert printer.percent(level, capacity) == percent


def test_supplies() -> None:
    entry = printer.SUPPLY_ENTRY
    rows = [
        (f"{entry}.6.1.1", octets(b"Black")),
        (f"{entry}.6.1.2", octets(b"Waste")),
        (f"{entry}.8.1.1", integer(3000)),
        (f"{entry}.9.1.1", integer(750)),
        (f"{entry}.9.1.2", integer(-3)),
    ]
    assert printer.supplies(rows) == [
        printer.Supply("1.1", "Black", 25.0),
        printer.Supply("1.2", "Waste", None),
    ]


def test_stores() -> None:
    entry = host_resources.STORAGE_ENTRY
    rows = [
        (f"{entry}.2.1", dotted(host_resources.FIXED_DISK)), (f"{entry}.3.1", octets(b"/srv")),
        (f"{entry}.4.1", integer(4096)), (f"{entry}.5.1", integer(-2147483648)), (f"{entry}.6.1", integer(2**29)),
        (f"{entry}.4.2", integer(0)), (f"{entry}.5.2", integer(1)), (f"{entry}.6.2", integer(1)),
        (f"{entry}.4.3", integer(512)), (f"{entry}.5.3", integer(0)), (f"{entry}.6.3", integer(0)),
    ]  # fmt: skip
    disk, empty = host_resources.stores(rows)
    assert (disk.size, disk.used, disk.name) == (2**31 * 4096, 2**29 * 4096, "/srv"), (
        "8 TiB, not less than nothing"
    )
    assert disk.percent == 25.0
    assert empty.percent is None


def test_processor_loads() -> None:
    load = host_resources.PROCESSOR_LOAD
    rows = [(f"{load}.5", integer(10)), (f"{load}.6", integer(400)), (f"{load}.7", MISSING)]
    assert host_resources.processor_loads(rows) == {5: 10}


def test_ucd() -> None:
    found = ucd.ucd(
        {
            ucd.MEMORY_TOTAL: integer(1000), ucd.MEMORY_AVAILABLE: integer(100), ucd.MEMORY_CACHED: integer(400),
            ucd.LOAD_1: integer(250), ucd.CPU_IDLE: integer(93),
        }
    )  # fmt: skip
    assert (found.load, found.cpu, found.memory) == (2.5, 7, 50.0)
    assert ucd.ucd({ucd.MEMORY_TOTAL: integer(0), ucd.CPU_IDLE: integer(300)}) == ucd.Ucd(None, None, None)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        ("blåbær".encode(), "blåbær"),
        ("blåbær".encode("latin-1"), "blåbær"),
        (b"zero\x00end\x00", "zero end"),
        (b"\x1b[31mred\r\n", "[31mred"),
        (b"", ""),
    ],
)
def test_texts_become_printable(raw: bytes, shown: str) -> None:
    assert printable(raw) == shown


def test_readers_answer_none_for_other_types() -> None:
    values = {"1.1": integer(4), "1.2": octets(b"four"), "1.3": dotted("1.2"), "1.4": MISSING}
    assert [number(values, oid) for oid in (*values, "1.5")] == [4, None, None, None, None]
    assert [text(values, oid) for oid in (*values, "1.5")] == [None, "four", None, None, None]


def test_addresses() -> None:
    assert mac(bytes.fromhex("001b2c3d4e5f")) == "00:1b:2c:3d:4e:5f"
    assert [mac(raw) for raw in (None, b"", bytes(6), b"12345")] == [None] * 4


def test_tables_leave_out_what_is_elsewhere() -> None:
    rows = [
        ("1.2.3.1.7", integer(1)),
        ("1.2.33.1.7", integer(2)),
        ("1.2.3.2.7.1", integer(3)),
        ("1.2.3.9", MISSING),
    ]
    assert table(rows, "1.2.3") == {"7": {1: integer(1)}, "7.1": {2: integer(3)}}
