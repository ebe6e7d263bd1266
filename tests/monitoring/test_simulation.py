"""The simulated region behaves as a network does: who is behind a dead switch is silent, too."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.mibs.snmpv2 import SYS_NAME, SYS_UPTIME
from monitoring.simulation import ber, faults
from monitoring.simulation.cells import Running
from monitoring.simulation.configs import running_config
from monitoring.simulation.devices import (
    BY_NAME,
    DEVICES,
    MUNICIPALITIES,
    behind,
    children,
    port_towards,
    silent,
)
from monitoring.simulation.replay import Recording, cell
from monitoring.simulation.tables import table_of
from monitoring.snmp import Answer, Endpoint, Fault, get_many
from tests.monitoring.agents import RECORDINGS, free_port

FIRST = DEVICES[0]


# --- the plan of the region -------------------------------------------------------------------------------


def test_the_first_device_is_a_switch_that_others_hang_behind() -> None:
    assert FIRST.name == "fjordvik-rh-sw1"
    assert FIRST.kind == "switch"
    assert len(behind(FIRST.name)) >= 5


def test_forty_devices_of_all_kinds_in_four_municipalities() -> None:
    assert (
        len(DEVICES) == len(BY_NAME) == len({d.address for d in DEVICES}) == len({d.serial for d in DEVICES})
    )
    assert 38 <= len(DEVICES) <= 45
    assert {d.kind for d in DEVICES} == {"router", "switch", "ap", "ups", "printer", "linux", "windows"}
    assert {d.municipality for d in DEVICES} == {*MUNICIPALITIES, "region"}
    assert {d.auth.version for d in DEVICES} == {"2c", "3"}
    assert all(d.address.startswith("127.10.") for d in DEVICES)


def test_all_hang_on_the_core() -> None:
    (root,) = (d for d in DEVICES if d.parent is None)
    assert behind(root.name) == set(BY_NAME) - {root.name}
    for device in DEVICES:
        assert len(children(device.name)) < device.model.ports, "each child has a port of its own"
        if device.parent:
            assert BY_NAME[device.parent].kind in ("router", "switch")
            assert 2 <= port_towards(device) <= BY_NAME[device.parent].model.ports


def test_who_is_silent() -> None:
    assert silent([]) == frozenset()
    assert silent(["no such device"]) == frozenset()
    assert silent([FIRST.name]) == {FIRST.name, *behind(FIRST.name)}
    assert "storelv-rh-sw1" not in silent([FIRST.name])


# --- the tables -------------------------------------------------------------------------------------------


def test_values_live() -> None:
    now = [1_000_000.0]
    running = Running(FIRST, now[0] - 100, clock=lambda: now[0])
    rows = table_of(FIRST)
    uptime, octets, port = (
        (1, 3, 6, 1, 2, 1, 1, 3, 0),
        (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1),
        (1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 2),
    )

    def read(oid: tuple[int, ...]) -> int:
        found = rows.get(oid)
        assert found is not None
        return int(found.now(running))

    assert read(uptime) == 100 * 100
    counted = [read(octets)]
    for _ in range(200):
        now[0] += 5
        counted.append(read(octets))
    assert counted == sorted(counted)
    assert len(set(counted)) == len(counted), "it rises all the time"
    assert read(port) == 1
    running.dead = frozenset([children(FIRST.name)[0].name])
    assert read(port) == 2, "the port of a switched-off device is down"


@pytest.mark.parametrize("kind", sorted({d.kind for d in DEVICES}))
def test_every_cell_can_be_sent(kind: str) -> None:
    from monitoring.simulation.agent import wire_value

    device = next(d for d in DEVICES if d.kind == kind)
    for started in (0.0, 1_700_000_000.0, time.time() + 50):
        running = Running(device, started)
        rows = table_of(device)
        assert list(rows.order) == sorted(set(rows.order))
        for oid in rows.order:
            found = rows.get(oid)
            assert found is not None
            wire_value(found, running)


def test_models_share_their_tables() -> None:
    switches = [d for d in DEVICES if d.model_name == FIRST.model_name]
    assert len(switches) > 3
    assert len({id(table_of(d)._shared) for d in switches}) == 1


# --- faults -----------------------------------------------------------------------------------------------


def test_faults_are_kept_in_a_file(tmp_path: Path) -> None:
    var = tmp_path / "new"
    assert faults.read_faults(var) == frozenset()
    faults.set_fault(var, FIRST.name, True)
    faults.set_fault(var, FIRST.name, True)
    faults.set_fault(var, "region-ups1", True)
    assert faults.read_faults(var) == {FIRST.name, "region-ups1"}
    before = time.time()
    faults.set_fault(var, FIRST.name, False)
    assert faults.read_faults(str(var)) == {"region-ups1"}
    state = faults.load(var)
    assert state.restarted[FIRST.name] >= before
    faults.set_fault(var, FIRST.name, False)
    assert faults.load(var).restarted == state.restarted, "it was not down: no second restart"


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        faults.set_fault(tmp_path, "fjordvik-rh-sw9", True)
    with pytest.raises(KeyError):
        faults.change_config(tmp_path, "nobody")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"down": 3}', '{"began": "x"}', "null"])
def test_a_damaged_file_is_said_to_be_and_mended(tmp_path: Path, content: str) -> None:
    (tmp_path / faults.FILE).write_text(content)
    with pytest.raises(ValueError, match=r"damaged|Expecting|could not convert"):
        faults.load(tmp_path)
    faults.set_fault(tmp_path, FIRST.name, True)
    assert faults.read_faults(tmp_path) == {FIRST.name}


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    names = [d.name for d in DEVICES[:8]]
    code = (
        "import sys\nfrom monitoring.simulation.faults import set_fault\n"
        "for name in sys.argv[2:]: set_fault(sys.argv[1], name, True)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *part])
        for part in (names[::2], names[1::2])
    ]
    assert [writer.wait(20) for writer in writers] == [0, 0]
    assert faults.read_faults(tmp_path) == set(names)


def test_configurations_change(tmp_path: Path) -> None:
    assert [faults.change_config(tmp_path, FIRST.name) for _ in range(2)] == [1, 2]
    first, second = running_config(FIRST, 0), running_config(FIRST, 2)
    assert "name endring-2" in second
    assert "endring" not in first
    assert f"hostname {FIRST.name}" in first
    assert all(f" description {child.name}" in first for child in children(FIRST.name))


# --- recordings -------------------------------------------------------------------------------------------


def test_recordings_are_read_as_bytes(tmp_path: Path) -> None:
    path = tmp_path / "raw.snmprec"
    path.write_bytes(
        b"1.3.6.1.9|4|with\rreturn|and bars\n1.3.6.1.10|4x|0d0a\n1.3.6.1.2|65:numeric|rate=1\nbroken\n1.3.6.1.1|2|-4\n"
    )
    found = Recording(path)
    assert list(found.order) == [(1, 3, 6, 1, 1), (1, 3, 6, 1, 9), (1, 3, 6, 1, 10)]
    values = [found.get(oid) for oid in found.order]
    assert [value and value.value for value in values] == [-4, b"with\rreturn|and bars", b"\r\n"]
    assert found.get((1, 3)) is None


def test_recorded_kinds() -> None:
    assert cell(b"64", b"192.0.2.1").value == b"\xc0\x00\x02\x01"
    assert cell(b"64x", b"c0000201").value == b"\xc0\x00\x02\x01"
    assert cell(b"6", b"1.3.6.1").value == (1, 3, 6, 1)
    assert cell(b"70", b"18446744073709551615").value == 2**64 - 1
    assert Recording(RECORDINGS / "office-switch.snmprec").get((1, 3, 6, 1, 2, 1, 1, 5, 0)) == cell(
        b"4", b"kontor-sw1"
    )


# --- BER --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [0, 1, -1, 127, 128, -128, -129, 255, 256, 2**31 - 1, -(2**31), 2**63, 2**64 - 1]
)
def test_integers_are_as_pysnmp_has_them(value: int) -> None:
    from pyasn1.codec.ber import decoder, encoder
    from pyasn1.type import univ

    assert ber.integer(value) == encoder.encode(univ.Integer(value))
    assert int(decoder.decode(ber.integer(value))[0]) == value


@pytest.mark.parametrize("oid", [(1, 3), (1, 3, 6, 1, 4, 1, 99999, 128, 127, 2**32 - 1), (2, 999, 3), (0, 0)])
def test_identifiers_are_as_pysnmp_has_them(oid: tuple[int, ...]) -> None:
    from pyasn1.codec.ber import encoder
    from pyasn1.type import univ

    assert ber.tlv(ber.OID, ber.oid_body(oid)) == encoder.encode(univ.ObjectIdentifier(oid))
    assert ber.oid_arcs(ber.oid_body(oid)) == oid


@pytest.mark.parametrize("packet", [b"", b"\x30", b"\x30\x05\x02", b"\x04\x01a", b"\x30\x84\xff\xff\xff\xff"])
def test_what_is_no_request_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="truncated|not a message"):
        ber.request(packet)


# --- the whole region in its process ----------------------------------------------------------------------


class Process:
    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port(FIRST.address)
        self.ssh_port = free_port(FIRST.address, socket.SOCK_STREAM)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "monitoring.simulation", "--var", str(var),
             "--port", str(self.port), "--ssh-port", str(self.ssh_port)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()

    def ask(self, oid: str = SYS_UPTIME, timeout: float = 0.6) -> dict[str, Answer]:
        requests = [(d.name, Endpoint(d.address, d.auth, self.port, timeout, 0), [oid]) for d in DEVICES]
        return asyncio.run(get_many(requests))

    def stop(self) -> str:
        """Ends it as the supervisor does; what it wrote to stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=5)
        return errors


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    started = Process(tmp_path_factory.mktemp("var"))
    try:
        yield started
    finally:
        assert started.stop() == ""
        assert started.process.returncode == 0


def until(condition: "object", seconds: float = 3.0) -> None:
    """Wait for a callable to become true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def shell_opens(region: Process, address: str) -> bool:
    try:
        socket.create_connection((address, region.ssh_port), 0.5).close()
    except OSError:
        return False
    return True


def test_all_devices_answer(region: Process) -> None:
    assert str(region.port) in region.ready
    found = region.ask(SYS_NAME)
    assert {name: one.error for name, one in found.items()} == dict.fromkeys(BY_NAME)
    assert all(one.values[SYS_NAME].value == name.encode() for name, one in found.items())


def test_a_dead_switch_silences_what_hangs_behind_it_and_comes_back_restarted(region: Process) -> None:
    shadow = {FIRST.name, *behind(FIRST.name)}
    before = region.ask()
    assert shell_opens(region, FIRST.address)
    faults.set_fault(region.var, FIRST.name, True)
    until(lambda: not shell_opens(region, FIRST.address))
    down = region.ask()
    assert {name for name, one in down.items() if not one.ok} == shadow
    assert {one.error for one in down.values() if not one.ok} == {Fault.TIMEOUT}, "silent, not refusing"
    faults.set_fault(region.var, FIRST.name, False)
    until(lambda: shell_opens(region, FIRST.address))
    after = region.ask()
    assert all(one.ok for one in after.values())

    def ticks(found: dict[str, Answer], name: str) -> int:
        value = found[name].values[SYS_UPTIME].value
        assert isinstance(value, int)
        return value

    assert ticks(after, FIRST.name) < 10 * 100, "it started anew"
    for name in behind(FIRST.name):
        assert ticks(after, name) > ticks(before, name), "these were only out of reach"


def test_a_fault_of_a_v3_device(region: Process) -> None:
    name = "region-db-srv1"
    assert BY_NAME[name].auth.version == "3"
    faults.set_fault(region.var, name, True)
    until(lambda: {n for n, one in region.ask().items() if not one.ok} == {name})
    faults.set_fault(region.var, name, False)
    until(lambda: all(one.ok for one in region.ask().values()))


def test_a_damaged_file_changes_nothing(region: Process) -> None:
    path = region.var / faults.FILE
    good = path.read_text()
    path.write_text("{ half a fil")
    time.sleep(0.7)
    assert all(one.ok for one in region.ask().values())
    path.unlink()
    time.sleep(0.4)
    assert region.process.poll() is None
    path.write_text(good)
    assert json.loads(good)["down"] == []


def test_faults_survive_a_restart(tmp_path: Path) -> None:
    faults.set_fault(tmp_path, "lyngmo-rt1", True)
    started = Process(tmp_path)
    try:
        found = started.ask()
        assert {name for name, one in found.items() if not one.ok} == {"lyngmo-rt1", *behind("lyngmo-rt1")}
    finally:
        assert started.stop() == ""


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path, region: Process) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitoring.simulation", "--var", str(tmp_path), "--port", str(region.port)],
        capture_output=True, text=True, timeout=20, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("The simulated network cannot start: ")
    assert "Traceback" not in done.stderr
