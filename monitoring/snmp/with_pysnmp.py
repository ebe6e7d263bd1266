"""pysnmp: walks, SNMPv3 where gufo is not, and the second opinion on whatever gufo cannot tell."""

import asyncio
import ipaddress
import random
import socket
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self

from monitoring.mibs.values import MISSING, Value, dotted, integer, octets
from monitoring.snmp.data import Endpoint, Fault, SnmpAuth
from monitoring.snmp.problems import AskError, Oid, os_problem, text_of


class Pysnmp:
    """pysnmp's message classes on our own sockets for v2c; its whole engine for v3.

    One SnmpEngine per *credential* and round: within one engine a second user of the same name replaces the
    first, also for requests under way.
    """

    def __init__(self) -> None:
        self._engines: dict[SnmpAuth, Any] = {}

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()

    async def ask(
        self, endpoint: Endpoint, oids: Sequence[Oid], repetitions: int = 0
    ) -> list[tuple[Oid, Value]]:
        """One GET, or with `repetitions` one GETBULK; one try."""
        if endpoint.auth.version == "3":
            return await self._ask_v3(endpoint, oids, repetitions)
        head, tail = _message(endpoint.auth.community, tuple(oids), repetitions)
        number = random.getrandbits(30) | 1 << 30  # always four bytes on the wire
        packet = head + number.to_bytes(4, "big") + tail
        try:
            async with _Socket(endpoint) as sock:
                await sock.send(packet)
                while True:
                    rows = _rows(await sock.receive(), endpoint.auth.community, number)
                    if rows is not None:
                        return rows
        except TimeoutError:
            raise AskError(Fault.TIMEOUT) from None
        except OSError as error:
            raise os_problem(error) from None

    async def _ask_v3(
        self, endpoint: Endpoint, oids: Sequence[Oid], repetitions: int
    ) -> list[tuple[Oid, Value]]:
        from pysnmp.hlapi.v3arch import asyncio as hlapi
        from pysnmp.proto.api import v2c

        family = _family(endpoint.address)
        kind = hlapi.UdpTransportTarget if family == socket.AF_INET else hlapi.Udp6TransportTarget
        names = [(v2c.ObjectIdentifier(oid), v2c.null) for oid in oids]
        # Up to three exchanges: engine id, clock, question. pysnmp's own limit is for each of them.
        async with asyncio.timeout(endpoint.timeout * 4 + 1):
            target = await kind.create((endpoint.address, endpoint.port), timeout=endpoint.timeout, retries=0)
            if endpoint.auth not in self._engines:
                self._engines[endpoint.auth] = hlapi.SnmpEngine()
            about = (self._engines[endpoint.auth], _pysnmp_user(endpoint.auth), target, hlapi.ContextData())
            try:
                if repetitions:
                    said = await hlapi.bulk_cmd(*about, 0, repetitions, *names, lookupMib=False)
                else:
                    said = await hlapi.get_cmd(*about, *names, lookupMib=False)
            except Exception as error:
                raise AskError(Fault.GARBAGE, repr(error)) from None
        indication, status, _, binds = said
        if indication:
            raise _pysnmp_problem(indication)
        if int(status):
            raise _status_problem(int(status))
        return [(tuple(oid), _pysnmp_value(value)) for oid, value in binds]


class _Socket:
    """A connected UDP socket with a deadline over its whole life."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.sock = socket.socket(_family(endpoint.address), socket.SOCK_DGRAM)
        self.sock.setblocking(False)

    async def __aenter__(self) -> Self:
        try:
            self.sock.connect((self.endpoint.address, self.endpoint.port))
        except BaseException:
            self.sock.close()
            raise
        self.loop = asyncio.get_running_loop()
        self.deadline = self.loop.time() + self.endpoint.timeout
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sock.close()

    async def send(self, packet: bytes) -> None:
        await self.loop.sock_sendall(self.sock, packet)

    async def receive(self) -> bytes:
        try:
            async with asyncio.timeout_at(self.deadline):
                return await self.loop.sock_recv(self.sock, 65536)
        except TimeoutError:
            # On a busy core the answer may lie there already, while we were decoding others.
            with suppress(BlockingIOError):
                return self.sock.recv(65536)
            raise


def _family(address: str) -> socket.AddressFamily:
    try:
        return socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
    except ValueError:
        raise AskError(Fault.REQUEST, f"{address!r} is no IP address") from None


@lru_cache(512)
def _message(community: str, oids: tuple[Oid, ...], repetitions: int) -> tuple[bytes, bytes]:
    """A request as bytes, before and after its number: encoding it anew for every target costs as much as the asking."""
    from pyasn1.codec.ber import encoder
    from pysnmp.proto.api import v2c

    pdu = v2c.GetBulkRequestPDU() if repetitions else v2c.GetRequestPDU()
    api: Any = v2c.apiBulkPDU if repetitions else v2c.apiPDU
    api.set_defaults(pdu)
    mark = 0x7F6E5D4C
    api.set_request_id(pdu, mark)
    if repetitions:
        api.set_max_repetitions(pdu, repetitions)
    api.set_varbinds(pdu, [(oid, v2c.null) for oid in oids])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community.encode())
    v2c.apiMessage.set_pdu(message, pdu)
    packet: bytes = encoder.encode(message)
    after_community = packet.index(community.encode()) + len(community.encode())
    at = packet.index(mark.to_bytes(4, "big"), after_community)
    return packet[:at], packet[at + 4 :]


def _rows(packet: bytes, community: str, number: int) -> list[tuple[Oid, Value]] | None:
    """The rows of an answer to request `number`; None for an answer to something else: keep waiting."""
    from pyasn1.codec.ber import decoder
    from pysnmp.proto.api import v2c

    try:
        message, rest = decoder.decode(packet, asn1Spec=v2c.Message())
        if rest or int(message[0]) != 1:
            raise ValueError("not a v2c message")
        pdu = v2c.apiMessage.get_pdu(message)
        if pdu.tagSet != v2c.ResponsePDU.tagSet:
            raise ValueError("not a response")
        if bytes(message[1]) != community.encode() or int(pdu[0]) != number:
            return None
        if status := int(pdu[1]):
            raise _status_problem(status)
        return [(tuple(oid), _pysnmp_value(value)) for oid, value in v2c.apiPDU.get_varbinds(pdu)]
    except AskError:
        raise
    except Exception as error:
        raise AskError(Fault.GARBAGE, type(error).__name__) from None


def _pysnmp_value(value: Any) -> Value:
    from pyasn1.type import univ
    from pysnmp.proto.rfc1902 import IpAddress

    if isinstance(value, univ.Null):  # noSuchObject and its like; to pyasn1 also an octet string, so first
        return MISSING
    if isinstance(value, univ.Integer):
        return integer(int(value))
    if isinstance(value, IpAddress):
        return dotted(text_of(tuple(bytes(value))))
    if isinstance(value, univ.OctetString):
        return octets(bytes(value))
    if isinstance(value, univ.ObjectIdentifier):
        return dotted(text_of(tuple(value)))
    return MISSING


def _status_problem(status: int) -> AskError:
    from pysnmp.proto.rfc1905 import errorStatus

    names = {number: name for name, number in errorStatus.namedValues.items()}
    return AskError(Fault.AGENT, names.get(status, f"error status {status}"), status)


def _pysnmp_problem(indication: Any) -> AskError:
    from pysnmp.proto import errind

    if isinstance(indication, errind.RequestTimedOut):
        return AskError(Fault.TIMEOUT)
    known = (
        errind.UnknownUserName, errind.UnknownSecurityName, errind.WrongDigest, errind.AuthenticationError,
        errind.AuthenticationFailure, errind.DecryptionError, errind.UnsupportedSecurityLevel,
        errind.NotInTimeWindow, errind.NoSuchContext,
    )  # fmt: skip
    fault = Fault.AUTH if isinstance(indication, known) else Fault.GARBAGE
    return AskError(fault, str(indication))


def _pysnmp_user(auth: SnmpAuth) -> Any:
    from pysnmp.hlapi.v3arch import asyncio as hlapi

    hashes = {
        "": hlapi.USM_AUTH_NONE,
        "MD5": hlapi.USM_AUTH_HMAC96_MD5,
        "SHA1": hlapi.USM_AUTH_HMAC96_SHA,
        "SHA256": hlapi.USM_AUTH_HMAC192_SHA256,
    }
    ciphers = {"": hlapi.USM_PRIV_NONE, "DES": hlapi.USM_PRIV_CBC56_DES, "AES128": hlapi.USM_PRIV_CFB128_AES}
    # As bytes: pysnmp would encode text as Latin-1, the devices' own tools say UTF-8.
    return hlapi.UsmUserData(
        auth.user,
        auth.auth_key.encode() or None,
        auth.priv_key.encode() or None,
        authProtocol=hashes[auth.auth_protocol],
        privProtocol=ciphers[auth.priv_protocol],
    )
