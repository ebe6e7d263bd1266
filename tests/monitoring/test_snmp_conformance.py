"""Both engines say the same, and what they say is what the device holds: recorded devices, and a real snmpd."""

import asyncio
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitoring.mibs.values import MISSING, Value, dotted, integer, octets
from monitoring.simulation import ber
from monitoring.simulation.agent import wire_value
from monitoring.simulation.cells import Cell
from monitoring.simulation.replay import Recording
from monitoring.snmp import (
    Answer,
    Endpoint,
    Engine,
    Fault,
    SnmpAuth,
    Walk,
    available,
    get_many,
    get_one,
    walk,
)
from tests.monitoring import snmpd
from tests.monitoring.agents import RECORDINGS, serving

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")

IF_TABLE = "1.3.6.1.2.1.2.2"
SYSTEM = "1.3.6.1.2.1.1"


def recorded_folder() -> Path | None:
    """Where the recordings of the development package snmpsim-data lie, without importing it."""
    spec = importlib.util.find_spec("snmpsim_data")
    return (
        Path(spec.submodule_search_locations[0], "data") if spec and spec.submodule_search_locations else None
    )


DATA = recorded_folder()
NAMES = [
    "UPS/apc-8932.snmprec",
    "UPS/eaton-9px-partial.snmprec.bz2",
    "network/switch/metel-poe-box.snmprec.bz2",
    "network/wifi/ubiquiti-m5.snmprec.bz2",
    "network/router/cisco-unmarked-0.snmprec.bz2",
    "os/linux/unknown-006.snmprec.bz2",
    "os/windows/XP.snmprec.bz2",
]
OFFICE = RECORDINGS / "office-switch.snmprec"


@pytest.fixture(scope="module", params=["office-switch", *NAMES])
def recording(request: pytest.FixtureRequest) -> Recording:
    if request.param == "office-switch":
        return Recording(OFFICE)
    if DATA is None:
        pytest.skip("snmpsim-data is not installed (requirements/dev.txt)")
    return Recording(DATA / request.param)


def expected(cell: Cell | None) -> Value:
    """What a cell must come out as, by a way that neither engine shares."""
    if cell is None or cell.tag == ber.NULL:
        return MISSING
    if cell.tag == ber.OID:
        return dotted(".".join(map(str, cell.value)))
    if cell.tag == ber.IP_ADDRESS:
        return dotted(".".join(str(byte) for byte in cell.value))
    if isinstance(cell.value, int):
        return integer(int(wire_value(cell, None)))
    return octets(cell.value)


@pytest.mark.parametrize("engine", available())
def test_get_gives_what_was_recorded(recording: Recording, engine: Engine) -> None:
    """Some sixty rows spread over the recording, a table index that does not exist, and an unknown branch."""
    step = max(1, len(recording.order) // 60)
    wanted = [*recording.order[::step], (1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 999_999), (1, 3, 9, 9, 9)]

    async def ask() -> Answer:
        async with serving(recording) as (target, _):
            return await get_one(target, [".".join(map(str, oid)) for oid in wanted], engine)

    found = asyncio.run(ask())
    assert found.error is None, found.detail
    assert found.values == {".".join(map(str, oid)): expected(recording.get(oid)) for oid in wanted}


@pytest.mark.parametrize("engine", available())
@pytest.mark.parametrize("root", [SYSTEM, IF_TABLE, "1.3.6.1.4.1"])
def test_a_walk_gives_the_whole_subtree(recording: Recording, engine: Engine, root: str) -> None:
    top = tuple(map(int, root.split(".")))
    below = [oid for oid in recording.order if oid[: len(top)] == top]
    while len(below) > 800:  # too long for a test: the part around the middle
        top = below[len(below) // 2][: len(top) + 1]
        below = [oid for oid in below if oid[: len(top)] == top]

    async def ask() -> Walk:
        async with serving(recording) as (target, _):
            return await walk(target, ".".join(map(str, top)), engine)

    found = asyncio.run(ask())
    assert (found.complete, found.error, found.detail) == (True, None, "")
    if engine == "gufo":  # it leaves nulls out
        below = [oid for oid in below if expected(recording.get(oid)) != MISSING]
    assert found.rows == [(".".join(map(str, oid)), expected(recording.get(oid))) for oid in below]


@pytest.mark.parametrize("engine", available())
@pytest.mark.parametrize(
    "auth",
    [
        SnmpAuth.v3("anybody"),
        SnmpAuth.v3("auditor", "MD5", "eight chars"),
        SnmpAuth.v3("older", "MD5", "auth password", "DES", "priv password"),
        SnmpAuth.v3("usual", "SHA1", "auth password", "AES128", "priv password"),
        SnmpAuth.v3("newer", "SHA256", "auth password", "AES128", "priv pæssword"),
    ],
    ids=["noAuthNoPriv", "MD5", "MD5-DES", "SHA1-AES128", "SHA256-AES128"],
)
def test_every_level_of_v3(engine: Engine, auth: SnmpAuth) -> None:
    async def ask() -> tuple[Answer, Walk]:
        recording = Recording(OFFICE)
        async with serving(recording, auth) as (target, _):
            return await get_one(target, [f"{SYSTEM}.5.0", f"{SYSTEM}.99.0"], engine), await walk(
                target, SYSTEM, engine
            )

    answer, walked = asyncio.run(ask())
    assert answer.error is None, answer.detail
    assert answer.values == {f"{SYSTEM}.5.0": octets(b"kontor-sw1"), f"{SYSTEM}.99.0": MISSING}
    assert (len(walked.rows), walked.complete) == (6, True)


# --- snmpd ------------------------------------------------------------------------------------------------

needs_snmpd = pytest.mark.skipif(
    snmpd.BINARY is None, reason="no snmpd on this machine (apt-get install snmpd)"
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with snmpd.running_snmpd(tmp_path_factory.mktemp("snmpd")) as target:
        yield target


def endpoints(real: Endpoint) -> list[tuple[str, Endpoint]]:
    return [("v2c", real), *((name, replace(real, auth=auth)) for name, auth in snmpd.USERS.items())]


@needs_snmpd
@pytest.mark.parametrize("engine", available())
def test_snmpd_answers_every_credential_alike(real: Endpoint, engine: Engine) -> None:
    wanted = [f"{SYSTEM}.{n}.0" for n in (1, 2, 4, 5, 6, 99)]
    found = asyncio.run(get_many([(name, target, wanted) for name, target in endpoints(real)], engine=engine))
    assert {name: one.error for name, one in found.items()} == dict.fromkeys(["v2c", *snmpd.USERS])
    for one in found.values():
        assert one.values == {
            f"{SYSTEM}.1.0": octets(b"A real snmpd"),
            f"{SYSTEM}.2.0": dotted("1.3.6.1.4.1.8072.3.2.10"),
            f"{SYSTEM}.4.0": octets("æøå@example.test".encode()),
            f"{SYSTEM}.5.0": octets(b"real.example.test"),
            f"{SYSTEM}.6.0": octets(b"kjelleren"),
            f"{SYSTEM}.99.0": MISSING,
        }


@needs_snmpd
def test_both_engines_walk_snmpd_alike(real: Endpoint) -> None:
    """The tables that do not change from second to second; sysORTable has times and OIDs."""
    for name, target in endpoints(real):
        for root in (f"{SYSTEM}.9", "1.3.6.1.2.1.2.2.1.2"):
            walks = [asyncio.run(walk(target, root, engine)) for engine in available()]
            assert all(one.complete for one in walks), (name, root, walks)
            assert walks[0].rows, (name, root)
            assert all(one.rows == walks[0].rows for one in walks)


@needs_snmpd
@pytest.mark.parametrize("engine", available())
@pytest.mark.parametrize(
    ("auth", "fault"),
    [
        (SnmpAuth.v2c("wrong"), Fault.TIMEOUT),
        (SnmpAuth.v3("nobody", "SHA1", "auth-password-1", "AES128", "priv-password-1"), Fault.AUTH),
        (SnmpAuth.v3("shaaes", "SHA1", "wrong-password", "AES128", "priv-password-1"), Fault.AUTH),
        (SnmpAuth.v3("shaaes", "SHA256", "auth-password-1", "AES128", "priv-password-1"), Fault.AUTH),
    ],
    ids=["community", "user", "key", "protocol"],
)
def test_a_wrong_secret_is_named_where_the_protocol_tells(
    real: Endpoint, engine: Engine, auth: SnmpAuth, fault: Fault
) -> None:
    target = replace(real, auth=auth, timeout=0.5, retries=0)
    assert asyncio.run(get_one(target, [f"{SYSTEM}.1.0"], engine)).error is fault


@needs_snmpd
@pytest.mark.parametrize("engine", available())
def test_users_of_one_name_do_not_disturb_each_other(real: Endpoint, engine: Engine) -> None:
    """Two devices may have a user of the same name with different keys; here one of the two keys is wrong."""
    good = snmpd.USERS["sha-aes"]
    bad = replace(good, auth_key="another-password")
    requests = [
        (n, replace(real, auth=bad if n % 2 else good, retries=0), [f"{SYSTEM}.5.0"]) for n in range(20)
    ]
    found = asyncio.run(get_many(requests, engine=engine))
    assert [one.ok for _, one in sorted(found.items())] == [n % 2 == 0 for n in range(20)]
