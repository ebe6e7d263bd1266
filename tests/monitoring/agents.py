"""Things on the loopback that answer SNMP, for the tests of the asking side."""

import asyncio
import itertools
import os
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from monitoring.simulation import ber
from monitoring.simulation.agent import Agent, Network
from monitoring.simulation.cells import Table
from monitoring.snmp import Endpoint, SnmpAuth

V2C = SnmpAuth.v2c("test-community")
RECORDINGS = Path(__file__).parent.parent / "recordings"
BASE = "1.3.6.1.4.1.9999"

_numbers = itertools.count(1)


def own_address() -> str:
    """A loopback address that no other test, nor another test process, uses."""
    number = next(_numbers)
    return f"127.{100 + os.getpid() % 100}.{(os.getpid() // 100) % 256}.{number % 250 + 1}"


def free_port(address: str, kind: int = socket.SOCK_DGRAM) -> int:
    """A port that is free now on that address, and none of those that the kernel gives to clients: it stays free."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket(socket.AF_INET, kind) as sock, suppress(OSError):
            sock.bind((address, port))
            return port


def endpoint(
    address: str, port: int, auth: SnmpAuth = V2C, timeout: float = 1.0, retries: int = 0
) -> Endpoint:
    return Endpoint(address, auth, port, timeout, retries)


@asynccontextmanager
async def serving(table: Table, auth: SnmpAuth = V2C) -> AsyncIterator[tuple[Endpoint, Agent]]:
    """Our own agent answering from a table."""
    address = own_address()
    port = free_port(address)
    network = Network(port)
    agent = Agent(address, table, auth)
    network.add(agent)
    await asyncio.sleep(0)
    try:
        yield endpoint(address, port, auth), agent
    finally:
        network.close()
        await asyncio.sleep(0)


Reply = Callable[[ber.Request], bytes | Iterable[bytes] | None]


class _Hostile(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self.reply, self.asked = reply, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.asked += 1
        said = self.reply(ber.request(data))
        for packet in [said] if isinstance(said, bytes) else said or ():
            self.transport.sendto(packet, addr)


@asynccontextmanager
async def hostile(reply: Reply) -> AsyncIterator[tuple[Endpoint, _Hostile]]:
    """A responder that says whatever `reply` makes of a request."""
    address = own_address()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Hostile(reply), local_addr=(address, 0)
    )
    try:
        yield endpoint(address, transport.get_extra_info("sockname")[1], timeout=0.25), protocol
    finally:
        transport.close()


def oid(*tail: int) -> bytes:
    """An encoded OID below BASE."""
    return ber.oid_body((1, 3, 6, 1, 4, 1, 9999, *tail))


def answer(request: ber.Request, *values: bytes, error: int = 0, index: int = 0) -> bytes:
    """An honest answer: the values for the OIDs asked, in their order."""
    rows = [ber.varbind(asked, value) for asked, value in zip(request.oids, values, strict=False)]
    return ber.response(request.community, request.request_id, rows, error=error, index=index)


def ones(request: ber.Request) -> bytes:
    """1 for everything."""
    return answer(request, *[ber.integer(1)] * len(request.oids))
