"""Rounds over many targets: bounded, complete, leaving nothing open; and secrets that stay secret."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from monitoring.mibs.values import integer, octets
from monitoring.simulation import ber
from monitoring.simulation.wire import Answerer, loopback_socket
from monitoring.snmp import Answer, Endpoint, Engine, Fault, SnmpAuth, available, get_many, get_one, walk_all
from tests.monitoring.agents import BASE, V2C, answer, endpoint, free_port, hostile, ones, own_address

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")

UPTIME = "1.3.6.1.2.1.1.3.0"
COUNTERS = [f"1.3.6.1.2.1.31.1.1.1.6.{n}" for n in range(1, 10)]

# Seconds: a live one answers in a millisecond, but the pure Python engine of a busy machine takes long over a hundred of them.
PATIENCE = 1.5


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("engine", available())
def test_a_round_over_many_with_dead_ones(engine: Engine) -> None:
    """Three hundred targets, one in twenty dead: every live one is answered, within the time the dead ones need."""

    async def ask() -> tuple[dict[int, Answer], float, int]:
        port = free_port("127.0.0.1")
        with loopback_socket(port) as sock:
            loop = asyncio.get_running_loop()
            loop.add_reader(sock, Answerer(sock, "test-community", lambda at: at[3] % 20 == 0).drain)
            before = descriptors()
            requests = [
                (n, endpoint(f"127.30.{n // 200}.{n % 200 + 1}", port, timeout=PATIENCE), [UPTIME, *COUNTERS])
                for n in range(300)
            ]
            begun = time.monotonic()
            found = await get_many(requests, 100, engine)
            took = time.monotonic() - begun
            loop.remove_reader(sock)
            return found, took, descriptors() - before

    found, took, left_open = asyncio.run(ask())
    assert sorted(found) == list(range(300))
    dead = {n for n in found if (n % 200 + 1) % 20 == 0}
    assert {n for n, one in found.items() if not one.ok} == dead
    assert {found[n].error for n in dead} == {Fault.TIMEOUT}
    assert all(one.values[COUNTERS[3]] == integer(10**12 + 4) for n, one in found.items() if n not in dead)
    assert took < 10 * PATIENCE  # one after the other, the fifteen dead ones would need more
    assert left_open == 0


@pytest.mark.parametrize("engine", available())
def test_never_more_at_a_time_than_allowed(engine: Engine) -> None:
    async def ask() -> int:
        async with hostile(lambda request: None) as (target, protocol):
            requests = [(n, target, [UPTIME]) for n in range(12)]
            task = asyncio.create_task(get_many(requests, 4, engine))
            await asyncio.sleep(target.timeout / 2)
            under_way = protocol.asked
            assert set(await task) == set(range(12))
            assert protocol.asked == 12
            return under_way

    assert asyncio.run(ask()) == 4


@pytest.mark.parametrize("engine", available())
def test_a_long_question_is_asked_in_parts(engine: Engine) -> None:
    async def ask() -> tuple[Answer, int]:
        async with hostile(ones) as (target, protocol):
            return await get_one(target, [f"{BASE}.{n}" for n in range(100)], engine), protocol.asked

    found, asked = asyncio.run(ask())
    assert list(found.values) == [f"{BASE}.{n}" for n in range(100)]
    assert asked == 3


@pytest.mark.parametrize("engine", available())
def test_an_answer_as_large_as_a_datagram_can_be(engine: Engine) -> None:
    async def ask() -> Answer:
        async with hostile(lambda r: answer(r, ber.tlv(ber.OCTETS, b"x" * 60_000))) as (target, _):
            return await get_one(target, [f"{BASE}.1"], engine)

    found = asyncio.run(ask())
    assert found.values == {f"{BASE}.1": octets(b"x" * 60_000)}


@pytest.mark.parametrize("engine", available())
def test_retries_are_counted(engine: Engine) -> None:
    async def ask() -> int:
        async with hostile(lambda request: None) as (target, protocol):
            silent = Endpoint(target.address, V2C, target.port, 0.1, 2)
            assert (await get_one(silent, [UPTIME], engine)).error is Fault.TIMEOUT
            return protocol.asked

    assert asyncio.run(ask()) == 3


def test_nothing_to_ask() -> None:
    assert asyncio.run(get_many([])) == {}
    found = asyncio.run(get_one(endpoint(own_address(), 9), []))
    assert (found.ok, found.values) == (True, {})


@pytest.mark.parametrize("engine", available())
def test_rounds_leave_nothing_behind(engine: Engine) -> None:
    """A worker runs a loop per task: sockets and engines are made and closed inside it."""

    async def ask() -> None:
        v3 = SnmpAuth.v3("somebody", "SHA1", "auth password")
        async with hostile(ones) as (target, _):
            nobody = endpoint(own_address(), 9, v3, timeout=0.1)
            found = await get_many([("live", target, [UPTIME]), ("v3", nobody, [UPTIME])], engine=engine)
            assert found["live"].ok
            assert not found["v3"].ok

    asyncio.run(ask())
    before = descriptors()
    for _ in range(3):
        asyncio.run(ask())
    assert descriptors() <= before


@pytest.mark.parametrize("engine", available())
def test_several_walks_end_with_the_first_that_fails(engine: Engine) -> None:
    def reply(request: ber.Request) -> bytes:
        gone = ber.oid_body((1, 3, 6, 1, 4, 2))
        arcs = ber.oid_arcs(request.oids[0])
        if arcs[:8] == (1, 3, 6, 1, 4, 1, 9999, 2):
            return b"spoilt"
        rows = [] if len(arcs) > 8 else [ber.varbind(request.oids[0] + b"\x01", ber.integer(1))]
        rows.append(ber.varbind(gone, ber.integer(1)))
        return ber.response(request.community, request.request_id, rows)

    async def ask() -> None:
        async with hostile(reply) as (target, _):
            whole = await walk_all(target, [f"{BASE}.1", f"{BASE}.3"], engine)
            assert ([row[0] for row in whole.rows], whole.complete) == ([f"{BASE}.1.1", f"{BASE}.3.1"], True)
            part = await walk_all(target, [f"{BASE}.1", f"{BASE}.2", f"{BASE}.3"], engine)
            assert ([row[0] for row in part.rows], part.complete) == ([f"{BASE}.1.1"], False)
            assert part.error is Fault.GARBAGE

    asyncio.run(ask())


def test_secrets_stay_out_of_reprs() -> None:
    auth = SnmpAuth.v3("poller", "SHA1", "auth-secret", "AES128", "priv-secret")
    shown = repr(Endpoint("192.0.2.1", auth)) + repr(SnmpAuth.v2c("community-secret"))
    assert "poller" in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    "given",
    [
        {"version": "2c"},
        {"version": "3"},
        {"version": "3", "user": "u", "priv_protocol": "AES128", "priv_key": "long enough"},
        {"version": "3", "user": "u", "auth_protocol": "SHA1", "auth_key": "short"},
        {
            "version": "3",
            "user": "u",
            "auth_protocol": "SHA1",
            "auth_key": "long enough",
            "priv_protocol": "DES",
        },
    ],
)
def test_credentials_that_cannot_work_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="SNMP v") as refusal:
        SnmpAuth(**given)  # type: ignore[arg-type]
    assert "short" not in str(refusal.value)


def test_the_libraries_are_imported_when_needed_only() -> None:
    """A web process that merely names an endpoint should not pay for pysnmp, nor should decoding need Django."""
    check = (
        "import sys, monitoring.snmp, monitoring.collectors, monitoring.simulation.devices, monitoring.ssh\n"
        "heavy = {'pysnmp', 'gufo', 'pyasn1', 'netmiko', 'paramiko', 'django', 'asyncssh'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
