"""Agents that answer SNMP like devices, on pysnmp's command responder.

Each device has its own address and socket. All v2c devices share one SNMP engine (making an engine takes a
tenth of a second) and are told apart by the transport that a question came in by; a v3 device has an engine of
its own, since its engine id is part of its identity.
"""

import socket
import time
from typing import Any, Final

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import v2c
from pysnmp.smi import instrum

from monitoring.simulation import ber
from monitoring.simulation.cells import Cell, Running, Table, next_after
from monitoring.simulation.models import Oid
from monitoring.snmp.data import SnmpAuth

_UNSIGNED32: Final = {
    ber.COUNTER32: rfc1902.Counter32,
    ber.GAUGE32: rfc1902.Gauge32,
    ber.TIMETICKS: rfc1902.TimeTicks,
}
_HASHES: Final = {
    "": config.USM_AUTH_NONE,
    "MD5": config.USM_AUTH_HMAC96_MD5,
    "SHA1": config.USM_AUTH_HMAC96_SHA,
    "SHA256": config.USM_AUTH_HMAC192_SHA256,
}
_CIPHERS: Final = {
    "": config.USM_PRIV_NONE,
    "DES": config.USM_PRIV_CBC56_DES,
    "AES128": config.USM_PRIV_CFB128_AES,
}
SECURITY_NAME: Final = "poller"
RECEIVE_BUFFER: Final = 1 << 20


class Agent:
    """One device: a table, and whether it is silent. A dead device is silent: it does not refuse."""

    def __init__(self, address: str, table: Table, auth: SnmpAuth, running: Running | None = None) -> None:
        self.address, self.table, self.auth, self.running = address, table, auth, running
        self.is_silent = False

    def read(self, oid: Oid) -> Any:
        """The value at `oid` as pysnmp's own."""
        cell = self.table.get(oid)
        return rfc1905.noSuchInstance if cell is None else wire_value(cell, self.running)

    def read_next(self, oid: Oid) -> tuple[Any, Any]:
        found = next_after(self.table, oid)
        if found is None:
            return rfc1902.ObjectName(oid), rfc1905.endOfMibView
        return rfc1902.ObjectName(found), self.read(found)


def wire_value(cell: Cell, running: Running | None) -> Any:
    """Recordings hold numbers out of their type's range: they are folded into it, as the device's own register was."""
    value = cell.now(running)
    if cell.tag in _UNSIGNED32:
        return _UNSIGNED32[cell.tag](value % (1 << 32))
    if cell.tag == ber.INTEGER:
        return rfc1902.Integer32((value + (1 << 31)) % (1 << 32) - (1 << 31))
    if cell.tag == ber.COUNTER64:
        return rfc1902.Counter64(value % (1 << 64))
    if cell.tag == ber.OID:
        return rfc1902.ObjectIdentifier(value)
    if cell.tag == ber.IP_ADDRESS:
        return rfc1902.IpAddress(value)
    if cell.tag == ber.OPAQUE:
        return rfc1902.Opaque(value)
    if cell.tag == ber.NULL:
        return v2c.Null("")
    return rfc1902.OctetString(value)


class Network:
    """Agents at work: make and close it inside the running loop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._engines: list[Any] = []
        self._shared: dict[SnmpAuth, tuple[Any, _Controller]] = {}

    def add(self, agent: Agent) -> None:
        """Start answering on the agent's address. Raises OSError where the port is taken."""
        if agent.auth.version == "3":
            made, controller = self._engine(agent.auth)
        else:
            if agent.auth not in self._shared:
                self._shared[agent.auth] = self._engine(agent.auth)
            made, controller = self._shared[agent.auth]
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            sock.bind((agent.address, self.port))
        except OSError:
            sock.close()
            raise
        sock.setblocking(False)
        transport = _Transport(agent)
        domain = (*udp.DOMAIN_NAME, len(controller.agents))
        controller.agents[domain] = agent
        config.add_transport(made, domain, transport.open_server_mode(sock=sock))

    def close(self) -> None:
        for made in self._engines:
            made.close_dispatcher()
        self._engines.clear()
        self._shared.clear()

    def _engine(self, auth: SnmpAuth) -> "tuple[Any, _Controller]":
        made, controller = engine.SnmpEngine(), _Controller()
        _identify(made, len(self._engines))
        if auth.version == "3":
            config.add_v3_user(
                made, auth.user,
                _HASHES[auth.auth_protocol], auth.auth_key.encode() or None,
                _CIPHERS[auth.priv_protocol], auth.priv_key.encode() or None,
            )  # fmt: skip
            level = (
                "authPriv" if auth.priv_protocol else "authNoPriv" if auth.auth_protocol else "noAuthNoPriv"
            )
            config.add_vacm_user(made, 3, auth.user, level, (1,), ())
        else:
            config.add_v1_system(made, SECURITY_NAME, auth.community.encode())
            config.add_vacm_user(made, 2, SECURITY_NAME, "noAuthNoPriv", (1,), ())
        answers = context.SnmpContext(made)
        answers.unregister_context_name(b"")
        answers.register_context_name(b"", controller)  # the empty context: what every poller asks
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
        ):
            responder(made, answers)
        self._engines.append(made)
        return made, controller


def _identify(made: Any, number: int) -> None:
    """An engine id of its own, and a boot count that rises from run to run, kept nowhere."""
    builder = made.get_mib_builder()
    identifier, boots = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
    own = b"\x80\x00\x1f\x88\x04sim" + number.to_bytes(2, "big")
    identifier.syntax = identifier.syntax.clone(own)
    made.snmpEngineID = identifier.syntax
    boots.syntax = boots.syntax.clone(int(time.time() - 1_700_000_000) // 10)


class _Transport(udp.UdpAsyncioTransport):
    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self.agent = agent

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 - pysnmp's name
        if not self.agent.is_silent:
            super().datagram_received(datagram, transportAddress)


class _Controller(instrum.AbstractMibInstrumController):
    """Finds the agent by the transport that the question came in by, and reads its table."""

    def __init__(self) -> None:
        self.agents: dict[Oid, Agent] = {}

    def _agent(self, given: dict[str, Any]) -> Agent:
        request = given["snmpEngine"].observer.get_execution_context("rfc3412.receiveMessage:request")
        return self.agents[tuple(request["transportDomain"])]

    def read_variables(self, *binds: Any, **given: Any) -> list[Any]:
        agent = self._agent(given)
        return [(oid, agent.read(tuple(oid))) for oid, _ in binds]

    def read_next_variables(self, *binds: Any, **given: Any) -> list[Any]:
        agent = self._agent(given)
        return [agent.read_next(tuple(oid)) for oid, _ in binds]
