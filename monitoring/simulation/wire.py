"""The fast answerer for benchmarks: thousands of SNMP v2c targets on one socket.

It answers GET for whatever address in 127.0.0.0/8 it was asked at, from that address, out of one table of
prepared rows. Some addresses are dead: silent, as a real dead device is. It is not a device (see agent.py) and
speaks no v3; its one merit is that it is never what a benchmark measures.
"""

import asyncio
import os
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from monitoring.simulation import ber

IP_PKTINFO: Final = 8
SO_BINDTODEVICE: Final = 25
DRAIN: Final = 64
"""Datagrams taken per wake-up, so that a flood does not starve the loop."""

GET_ROWS: Final[Mapping[str, bytes]] = {
    "1.3.6.1.2.1.1.3.0": ber.integer(123456, ber.TIMETICKS),
    **{f"1.3.6.1.2.1.31.1.1.1.6.{i}": ber.integer(10**12 + i, ber.COUNTER64) for i in range(1, 49)},
    **{f"1.3.6.1.2.1.31.1.1.1.10.{i}": ber.integer(10**11 + i, ber.COUNTER64) for i in range(1, 49)},
    **{f"1.3.6.1.2.1.2.2.1.8.{i}": ber.integer(1) for i in range(1, 49)},
}
"""What every simulated target knows: uptime, and 48 ports with status and two 64-bit counters."""


def loopback_socket(port: int) -> socket.socket:
    """A UDP socket on every loopback address and no other device, telling which address each datagram was sent to."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo")
    sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    sock.bind(("0.0.0.0", port))  # noqa: S104 - bound to the loopback device in the line above
    sock.setblocking(False)
    return sock


class Answerer:
    """Answers on `sock` while its loop runs. `dead` decides by address (four bytes) who stays silent."""

    def __init__(self, sock: socket.socket, community: str, dead: Callable[[bytes], bool]) -> None:
        self.sock, self.community, self.dead = sock, community.encode(), dead
        self.table = {ber.oid_body(tuple(map(int, oid.split(".")))): value for oid, value in GET_ROWS.items()}
        self.rows = {oid: ber.varbind(oid, value) for oid, value in self.table.items()}

    def drain(self) -> None:
        """Reader callback: take what has come, answer it."""
        for _ in range(DRAIN):
            try:
                packet, control, _, peer = self.sock.recvmsg(4096, 64)
            except BlockingIOError:
                return
            asked_at = control[0][2][8:12]
            if self.dead(asked_at):
                continue
            with suppress(ValueError, IndexError):
                answer = self.answer(packet)
                if answer:
                    info = struct.pack("=I4s4s", 0, asked_at, bytes(4))
                    self.sock.sendmsg([answer], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, peer)

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to one request; None to a wrong community, as real agents do."""
        asked = ber.request(packet)
        if asked.version != ber.VERSION_2C or asked.community != self.community or asked.pdu != ber.GET:
            return None
        rows = [
            self.rows.get(oid) or ber.varbind(oid, ber.tlv(ber.NO_SUCH_INSTANCE, b"")) for oid in asked.oids
        ]
        return ber.response(asked.community, asked.request_id, rows)


def serve(port: int, community: str, dead: Callable[[bytes], bool], cpu: int | None = None) -> None:
    """Answer until SIGTERM; meant as the target of a child process. `cpu` pins it to a core."""
    if cpu is not None and cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {cpu})

    async def run() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        with loopback_socket(port) as sock:
            loop.add_reader(sock, Answerer(sock, community, dead).drain)
            await stop.wait()

    asyncio.run(run())
