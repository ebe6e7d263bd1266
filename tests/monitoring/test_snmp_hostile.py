"""A target may send anything: it becomes an error of that target, and of no other."""

import asyncio
import random
import socket
import time

import pytest

from monitoring.mibs.values import MISSING, integer
from monitoring.simulation import ber
from monitoring.snmp import Answer, Endpoint, Engine, Fault, available, get_many, get_one, walk
from tests.monitoring.agents import BASE, V2C, Reply, answer, endpoint, hostile, oid, ones, own_address

OIDS = [f"{BASE}.1", f"{BASE}.2"]

pytestmark = pytest.mark.parametrize("engine", available())


def asked(reply: Reply, engine: Engine, retries: int = 0) -> Answer:
    """What get_one makes of it."""

    async def ask() -> Answer:
        async with hostile(reply) as (target, _):
            return await get_one(
                Endpoint(target.address, V2C, target.port, target.timeout, retries), OIDS, engine
            )

    return asyncio.run(ask())


def test_an_honest_answer_is_read(engine: Engine) -> None:
    found = asked(ones, engine)
    assert found.ok
    assert found.values == {OIDS[0]: integer(1), OIDS[1]: integer(1)}
    assert found.rtt_ms is not None
    assert 0 < found.rtt_ms < 250


@pytest.mark.parametrize(
    "packet",
    [b"hello", b"\x30\x82\xff\xff\x02", b"\x00", b"\xff" * 1400, ber.tlv(ber.SEQUENCE, b"\x02\x01\x01" * 40)],
    ids=["text", "lying length", "one byte", "ones", "integers only"],
)
def test_garbage(engine: Engine, packet: bytes) -> None:
    assert asked(lambda request: packet, engine).error is Fault.GARBAGE


def test_a_truncated_answer_is_garbage(engine: Engine) -> None:
    for cut in (1, 3, 20):
        assert asked(lambda request, cut=cut: ones(request)[:-cut], engine).error is Fault.GARBAGE  # type: ignore[misc]


def test_an_answer_that_is_a_request_is_garbage(engine: Engine) -> None:
    def echo(request: ber.Request) -> bytes:
        rows = [ber.varbind(one, ber.tlv(ber.NULL, b"")) for one in request.oids]
        return ber.response(request.community, request.request_id, rows, pdu=ber.GET)

    assert asked(echo, engine).error is Fault.GARBAGE


def test_an_answer_of_another_version_is_garbage(engine: Engine) -> None:
    def old(request: ber.Request) -> bytes:
        rows = [ber.varbind(one, ber.integer(1)) for one in request.oids]
        return ber.response(request.community, request.request_id, rows, version=0)

    assert asked(old, engine).error is Fault.GARBAGE


def test_values_of_a_wrong_length_are_garbage(engine: Engine) -> None:
    bad = ber.tlv(ber.IP_ADDRESS, b"ab")
    assert asked(lambda request: answer(request, bad, bad), engine).error is Fault.GARBAGE


def test_an_answer_to_other_oids_is_garbage(engine: Engine) -> None:
    def other(request: ber.Request) -> bytes:
        return ber.response(request.community, request.request_id, [ber.varbind(oid(77), ber.integer(9))])

    assert asked(other, engine).error is Fault.GARBAGE


def test_an_oid_left_out_of_the_answer_is_missing(engine: Engine) -> None:
    found = asked(lambda request: answer(request, ber.integer(5)), engine)
    assert found.ok
    assert found.values == {OIDS[0]: integer(5), OIDS[1]: MISSING}


def test_exceptions_in_the_answer_are_missing_values(engine: Engine) -> None:
    for tag in (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB, ber.NULL):
        gone = ber.tlv(tag, b"")
        found = asked(lambda request, gone=gone: answer(request, ber.integer(5), gone), engine)  # type: ignore[misc]
        assert found.ok
        assert found.values[OIDS[1]] == MISSING
        nothing = asked(lambda request, gone=gone: answer(request, gone, gone), engine)  # type: ignore[misc]
        assert nothing.ok, "a device that has none of it still answers"
        assert set(nothing.values.values()) == {MISSING}


def test_silence_is_a_timeout(engine: Engine) -> None:
    assert asked(lambda request: None, engine).error is Fault.TIMEOUT


def test_another_request_id_is_not_taken(engine: Engine) -> None:
    def other(request: ber.Request) -> bytes:
        return ones(request._replace(request_id=b"\x01\x02\x03\x04"))

    assert asked(other, engine).error is Fault.TIMEOUT
    assert asked(lambda request: [other(request), ones(request)], engine).ok, "the right one is waited for"


def test_another_community_is_not_taken(engine: Engine) -> None:
    assert asked(lambda request: ones(request._replace(community=b"else")), engine).error is Fault.TIMEOUT


def test_an_answer_from_another_address_is_not_taken(engine: Engine) -> None:
    async def ask() -> Answer:
        loop = asyncio.get_running_loop()
        elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        elsewhere.bind((own_address(), 0))

        class Asked(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
                elsewhere.sendto(ones(ber.request(data)), addr)

        address = own_address()
        transport, _ = await loop.create_datagram_endpoint(Asked, local_addr=(address, 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            return await get_one(endpoint(address, port, timeout=0.25), OIDS, engine)
        finally:
            transport.close()
            elsewhere.close()

    assert asyncio.run(ask()).error is Fault.TIMEOUT


def test_stray_datagrams_do_not_prolong_the_wait(engine: Engine) -> None:
    async def ask() -> tuple[Answer, float]:
        def flood(request: ber.Request) -> list[bytes]:
            return [ones(request._replace(request_id=bytes((1, 2, 3, n)))) for n in range(200)]

        async with hostile(flood) as (target, protocol):

            async def more() -> None:
                while True:
                    await asyncio.sleep(0.05)
                    if protocol.asked:
                        request = ber.Request(1, b"test-community", 0, b"\1\1\1\1", 0, 0, [oid(1)])
                        protocol.transport.sendto(ones(request), peer[0])

            peer: list[tuple[str | int, ...]] = []
            received = protocol.datagram_received

            def noting(data: bytes, addr: tuple[str | int, ...]) -> None:
                peer.append(addr)
                received(data, addr)

            protocol.datagram_received = noting  # type: ignore[method-assign]
            task = asyncio.create_task(more())
            begun = time.monotonic()
            found = await get_one(target, OIDS, engine)
            task.cancel()
            return found, time.monotonic() - begun

    found, took = asyncio.run(ask())
    assert found.error is Fault.TIMEOUT
    assert took < 0.8


@pytest.mark.parametrize(
    ("status", "name"), [(5, "genErr"), (13, "resourceUnavailable"), (99, "error status 99")]
)
def test_an_error_status_is_the_agents_fault(engine: Engine, status: int, name: str) -> None:
    null = ber.tlv(ber.NULL, b"")
    found = asked(lambda request: answer(request, null, null, error=status, index=1), engine)
    assert (found.error, found.detail) == (Fault.AGENT, name)


def test_a_request_that_is_too_big_is_halved(engine: Engine) -> None:
    def small(request: ber.Request) -> bytes:
        if len(request.oids) > 3:
            return answer(request, *[ber.tlv(ber.NULL, b"")] * len(request.oids), error=1)
        return ones(request)

    async def ask() -> Answer:
        async with hostile(small) as (target, _):
            return await get_one(target, [f"{BASE}.{n}" for n in range(10)], engine)

    found = asyncio.run(ask())
    assert found.ok
    assert {value.value for value in found.values.values()} == {1}
    assert len(found.values) == 10


def test_a_retry_overcomes_one_lost_or_spoilt_answer(engine: Engine) -> None:
    for first in (None, b"spoilt"):
        said = iter([first])
        assert asked(lambda request, said=said: next(said, ones(request)), engine, retries=1).ok  # type: ignore[misc]


def test_a_closed_port_is_refused_at_once(engine: Engine) -> None:
    begun = time.monotonic()
    found = asyncio.run(get_one(endpoint(own_address(), 9, timeout=2), OIDS, engine))
    assert found.error is Fault.REFUSED
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("address", ["no-such-host", "", "300.1.1.1", "127.0.0.1; rm"])
def test_a_bad_address_is_our_own_fault(engine: Engine, address: str) -> None:
    assert asyncio.run(get_one(endpoint(address, 161), OIDS, engine)).error is Fault.REQUEST


@pytest.mark.parametrize("bad", ["", "x", "1", "1.3.6.1.99999999999", "1..3", ".1.3.6", "1.3.-6"])
def test_a_bad_oid_is_our_own_fault(engine: Engine, bad: str) -> None:
    assert asyncio.run(get_one(endpoint(own_address(), 161), [bad], engine)).error is Fault.REQUEST


def test_one_bad_target_harms_no_other(engine: Engine) -> None:
    async def ask() -> dict[str, Answer]:
        async with (
            hostile(ones) as (good, _),
            hostile(lambda request: b"\xff\xff") as (garbage, _),
            hostile(lambda request: None) as (dead, _),
        ):
            nowhere = endpoint("not an address", 1)
            rows = [("good", good), ("garbage", garbage), ("dead", dead), ("nowhere", nowhere)]
            return await get_many([(name, target, OIDS) for name, target in rows], engine=engine)

    found = asyncio.run(ask())
    assert {name: one.error for name, one in found.items()} == {
        "good": None, "garbage": Fault.GARBAGE, "dead": Fault.TIMEOUT, "nowhere": Fault.REQUEST,
    }  # fmt: skip


# --- walks ------------------------------------------------------------------------------------------------


def bulk(*rows: tuple[bytes, bytes], error: int = 0) -> Reply:
    """The same rows whatever was asked."""
    return lambda request: ber.response(
        request.community, request.request_id, [ber.varbind(*row) for row in rows], error=error
    )


ONE, NULL = ber.integer(1), ber.tlv(ber.NULL, b"")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (bulk((oid(1), ONE), (oid(1), ONE)), Fault.LOOP),
        (bulk((oid(5), ONE), (oid(1), ONE)), Fault.LOOP),
        (bulk((oid(5), ONE), (oid(6), ONE)), Fault.LOOP),
        (bulk(), Fault.GARBAGE),
        (bulk((oid(), NULL), error=5), Fault.AGENT),
        (lambda request: b"\x30\x03abc", Fault.GARBAGE),
        (lambda request: None, Fault.TIMEOUT),
    ],
    ids=["same oid", "falling oid", "the same page again", "no rows", "error status", "garbage", "silence"],
)
def test_a_broken_walk_is_incomplete(engine: Engine, reply: Reply, fault: Fault) -> None:
    async def ask() -> None:
        async with hostile(reply) as (target, protocol):
            found = await walk(target, BASE, engine)
            assert (found.complete, found.error) == (False, fault)
            assert protocol.asked <= 4

    asyncio.run(ask())


def test_an_error_in_the_middle_is_no_end(engine: Engine) -> None:
    """The walk got some rows and then an error status: what was not seen is not gone."""

    def failing(request: ber.Request) -> bytes:
        if request.oids[0] == oid():
            return ber.response(request.community, request.request_id, [ber.varbind(oid(1), ONE)])
        return ber.response(
            request.community, request.request_id, [ber.varbind(request.oids[0], NULL)], error=5, index=1
        )

    async def ask() -> None:
        async with hostile(failing) as (target, _):
            found = await walk(target, BASE, engine)
            assert [row[0] for row in found.rows] == [f"{BASE}.1"]
            assert (found.complete, found.error) == (False, Fault.AGENT)

    asyncio.run(ask())


def endless(request: ber.Request) -> bytes:
    """A table without end: its OIDs increase for ever."""
    last = ber.oid_arcs(request.oids[0])[7:]
    start = last[0] + 1 if last else 1
    rows = [ber.varbind(oid(start + n), ONE) for n in range(20)]
    return ber.response(request.community, request.request_id, rows)


def test_an_endless_table_ends_at_the_limit(engine: Engine) -> None:
    async def ask() -> None:
        async with hostile(endless) as (target, _):
            found = await walk(target, BASE, engine, limit=150)
            assert (len(found.rows), found.complete, found.error) == (150, False, Fault.LIMIT)
            by_time = await walk(target, BASE, engine, seconds=0.2)
            assert (by_time.complete, by_time.error) == (False, Fault.LIMIT)

    asyncio.run(ask())


BEYOND = (ber.oid_body((1, 3, 6, 1, 4, 1, 10000, 1)), ONE)
THE_END = (oid(1), ber.tlv(ber.END_OF_MIB, b""))


@pytest.mark.parametrize("after", [BEYOND, THE_END], ids=["another subtree", "end of the MIB"])
def test_a_walk_ends_where_the_subtree_ends(engine: Engine, after: tuple[bytes, bytes]) -> None:
    """Rows after the last of the subtree are not the subtree's."""

    def reply(request: ber.Request) -> bytes:
        rows = [(oid(1), ONE), after] if request.oids[0] == oid() else [after]
        return ber.response(request.community, request.request_id, [ber.varbind(*row) for row in rows])

    async def ask() -> None:
        async with hostile(reply) as (target, _):
            found = await walk(target, BASE, engine)
            assert (found.rows, found.complete) == ([(f"{BASE}.1", integer(1))], True)

    asyncio.run(ask())


def test_mutated_answers_never_raise(engine: Engine) -> None:
    """Four hundred answers with a few bytes changed, cut out or doubled (the same ones in every run)."""
    chance = random.Random(4711)

    def mutated(request: ber.Request) -> bytes:
        text = ber.tlv(ber.OCTETS, b"some text")
        packet = bytearray(answer(request, text, ber.integer(2**31, ber.COUNTER32)))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(packet))
            match chance.randrange(3):
                case 0:
                    packet[at] = chance.randrange(256)
                case 1:
                    del packet[at : at + chance.randint(1, 5)]
                case _:
                    packet[at:at] = packet[at : at + 3]
        return bytes(packet)

    async def ask() -> dict[int, Answer]:
        async with hostile(mutated) as (target, _):
            return await get_many([(n, target, OIDS) for n in range(400)], 100, engine)

    found = asyncio.run(ask())
    assert len(found) == 400
    faults = {one.error for one in found.values()}
    assert {Fault.GARBAGE, Fault.TIMEOUT} <= faults
    for one in found.values():
        assert one.ok == (one.error is None)
        assert set(one.values) == (set(OIDS) if one.ok else set())
