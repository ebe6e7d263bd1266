"""Does a host echo? By an unprivileged ping socket: no root and no raw packets, but the kernel must allow it."""

import asyncio
import os
import socket
import struct
import time
from typing import Final

from monitoring.egress import RefusedError, connectable
from monitoring.probes.result import Result, error_of

ECHO_V4, REPLY_V4, ECHO_V6, REPLY_V6 = 8, 0, 128, 129
PAYLOAD: Final = 32

FORBIDDEN: Final = (
    "this machine forbids ping sockets to this account: put its group into net.ipv4.ping_group_range (sysctl)"
)


async def probe_icmp(address: str, timeout: float = 1.0, tries: int = 2) -> Result:
    """Echo requests, `tries` at most, `timeout` seconds each."""
    try:
        address = connectable(address)
    except RefusedError as error:
        return Result(False, *error_of(error))
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM, socket.getprotobyname("ipv6-icmp" if v6 else "icmp"))
    except PermissionError:
        return Result(False, "forbidden", FORBIDDEN)
    except OSError as error:
        return Result(False, *error_of(error))
    with sock:
        sock.setblocking(False)
        result = Result(False, "timeout", "no answer in time")
        for number in range(1, tries + 1):
            result = await _echo(sock, (address, 0), v6, number, timeout)
            if result.error != "timeout":
                break
        return result


async def _echo(
    sock: socket.socket, address: tuple[object, ...], v6: bool, number: int, timeout: float
) -> Result:
    """The kernel fills in identifier and checksum, and hands us only answers to this socket."""
    loop = asyncio.get_running_loop()
    payload = os.urandom(PAYLOAD)
    packet = struct.pack("!BBHHH", ECHO_V6 if v6 else ECHO_V4, 0, 0, 0, number) + payload
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            sock.connect(address)
            await loop.sock_sendall(sock, packet)
            while True:
                answer = await loop.sock_recv(sock, 2048)
                if len(answer) < 8:
                    continue
                kind, _, _, _, echoed = struct.unpack_from("!BBHHH", answer)
                if kind == (REPLY_V6 if v6 else REPLY_V4) and echoed == number and answer[8:] == payload:
                    return Result(True, rtt_ms=(time.perf_counter() - begun) * 1000)
    except OSError as error:
        return Result(False, *error_of(error))
