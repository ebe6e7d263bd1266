"""Receiving what devices send by themselves: v1 and v2c traps, v2c and v3 informs, v3 traps of known engines.

Only decoding happens here. pysnmp drops unknown communities, users and engines without a word.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from monitoring.mibs.confidential import without_secrets
from monitoring.mibs.values import Value, dotted, integer, octets
from monitoring.snmp.data import SnmpAuth

RECEIVE_BUFFER: Final = 4 << 20
"""With the kernel's own the first burst of a storm is lost."""

TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"
AGENT_ADDRESS: Final = "1.3.6.1.6.3.18.1.3.0"
"""A v1 trap names its sender itself; also where a proxy sent it on."""


@dataclass(frozen=True)
class Notification:
    """`sender` is the address that it came from, `agent` the one that it names itself (v1; else "").
    `oid` says what happened; `values` all that came with it, but for secrets: no community goes further than this door."""

    sender: str
    agent: str
    oid: str
    values: dict[str, Value]


@dataclass(frozen=True)
class Peer:
    """From whom notifications are taken: a community or user, and for v3 traps the sender's engine id (hex)."""

    auth: SnmpAuth
    engine_ids: tuple[str, ...] = ()


class Listener:
    """Open inside a running loop; `receive` is called for each notification and must not block."""

    def __init__(
        self, host: str, port: int, peers: Iterable[Peer], receive: Callable[[Notification], None]
    ) -> None:
        from pysnmp.carrier.asyncio.dgram import udp
        from pysnmp.entity import config, engine
        from pysnmp.entity.rfc3413 import ntfrcv

        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.sock.bind((host, port))
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)
        self.engine: Any = engine.SnmpEngine()
        transport = udp.UdpAsyncioTransport().open_server_mode(sock=self.sock)
        config.add_transport(self.engine, udp.DOMAIN_NAME, transport)
        self._receive = receive
        self._known: set[object] = set()
        self._secrets: set[str] = set()
        for peer in peers:
            self.add(peer)
        ntfrcv.NotificationReceiver(self.engine, self._notified)
        self.engine.transport_dispatcher.job_started(1)

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    def add(self, peer: Peer) -> None:
        """Take notifications of one more; twice is once."""
        from pysnmp.entity import config

        auth = peer.auth
        self._secrets.update(filter(None, (auth.community, auth.auth_key, auth.priv_key)))
        if auth.version == "2c":
            if auth.community not in self._known:
                config.add_v1_system(self.engine, f"area{len(self._known)}", auth.community)
                self._known.add(auth.community)
            return
        # Without an engine id the user's informs are understood, with one the traps of that engine.
        for engine_id in ("", *peer.engine_ids):
            if (auth, engine_id) not in self._known:
                self._add_user(auth, engine_id)
                self._known.add((auth, engine_id))

    def _add_user(self, auth: SnmpAuth, engine_id: str) -> None:
        from pysnmp.entity import config
        from pysnmp.proto.api import v2c

        hashes = {
            "": config.USM_AUTH_NONE, "MD5": config.USM_AUTH_HMAC96_MD5, "SHA1": config.USM_AUTH_HMAC96_SHA,
            "SHA256": config.USM_AUTH_HMAC192_SHA256,
        }  # fmt: skip
        ciphers = {
            "": config.USM_PRIV_NONE,
            "DES": config.USM_PRIV_CBC56_DES,
            "AES128": config.USM_PRIV_CFB128_AES,
        }
        sender = {"securityEngineId": v2c.OctetString(hexValue=engine_id)} if engine_id else {}
        config.add_v3_user(
            self.engine,
            auth.user,
            hashes[auth.auth_protocol],
            auth.auth_key or None,
            ciphers[auth.priv_protocol],
            auth.priv_key or None,
            **sender,
        )

    def close(self) -> None:
        self.engine.close_dispatcher()

    def _notified(
        self, engine: Any, state: Any, _engine_id: Any, _context: Any, binds: Any, _extra: Any
    ) -> None:
        _domain, address = engine.message_dispatcher.get_transport_info(state)
        values = {".".join(map(str, tuple(oid))): _plain(value) for oid, value in binds}
        what, agent = values.get(TRAP_OID), values.get(AGENT_ADDRESS)
        self._receive(
            Notification(
                str(address[0]),
                str(agent.value) if agent and isinstance(agent.value, str) else "",
                str(what.value) if what and isinstance(what.value, str) else "",
                without_secrets(values, self._secrets),
            )
        )


def _plain(value: Any) -> Value:
    """A value of any SNMP version as ours; what is neither number nor text nor identifier is its bytes."""
    from pyasn1.type import univ

    if type(value).__name__ in ("IpAddress", "NetworkAddress"):
        return dotted(".".join(str(octet) for octet in value.asOctets()))
    if isinstance(value, univ.ObjectIdentifier):
        return dotted(".".join(map(str, tuple(value))))
    if isinstance(value, univ.OctetString):
        return octets(value.asOctets())
    try:
        return integer(int(value))
    except (TypeError, ValueError):
        return octets(b"")
