"""Whom to ask over SNMP, and what came back: plain data, no library, no Django. monitoring/snmp.py does the asking."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from monitoring.mibs.values import Value


class Fault(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    """The host is there, but nothing listens on that port."""
    UNREACHABLE = "unreachable"
    AUTH = "auth"
    """SNMPv3 only: unknown user, wrong key, too weak a level. A wrong v2c community is silence, so TIMEOUT."""
    GARBAGE = "garbage"
    """Something that is no SNMP answer to what was asked."""
    AGENT = "agent"
    """The device answered with an error status (genErr, …)."""
    REQUEST = "request"
    """We cannot ask that: bad address, bad OID, unusable key."""
    LOOP = "loop"
    """A walk whose OIDs do not increase."""
    LIMIT = "limit"
    """A walk longer than was allowed."""


@dataclass(frozen=True, slots=True)
class SnmpAuth:
    """How to ask: v2c with a community, or v3 with a user. Secrets stay out of `repr`.

    Raises ValueError (with a sentence) for a combination that no device can accept.
    """

    version: Literal["2c", "3"] = "2c"
    community: str = field(default="", repr=False)
    user: str = ""
    auth_protocol: Literal["", "MD5", "SHA1", "SHA256"] = ""
    auth_key: str = field(default="", repr=False)
    priv_protocol: Literal["", "DES", "AES128"] = ""
    priv_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.version == "2c":
            if not self.community:
                raise ValueError("SNMP v2c needs a community")
            return
        if not self.user:
            raise ValueError("SNMP v3 needs a user name")
        if self.priv_protocol and not self.auth_protocol:
            raise ValueError("SNMP v3 privacy needs authentication")
        for protocol, key in ((self.auth_protocol, self.auth_key), (self.priv_protocol, self.priv_key)):
            if protocol and len(key) < 8:
                raise ValueError(f"SNMP v3 needs a {protocol} key of at least 8 characters")

    @classmethod
    def v2c(cls, community: str) -> "SnmpAuth":
        return cls("2c", community)

    @classmethod
    def v3(
        cls,
        user: str,
        auth_protocol: Literal["", "MD5", "SHA1", "SHA256"] = "",
        auth_key: str = "",
        priv_protocol: Literal["", "DES", "AES128"] = "",
        priv_key: str = "",
    ) -> "SnmpAuth":
        return cls("3", "", user, auth_protocol, auth_key, priv_protocol, priv_key)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. `address` is an IPv4 or IPv6 literal; `timeout` seconds per try; `retries` further tries."""

    address: str
    auth: SnmpAuth
    port: int = 161
    timeout: float = 1.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What one target said. `values` has every OID that was asked if `ok`, and is empty otherwise.

    `rtt_ms` is the time of the last try from sending to decoded answer, None without one.
    """

    ok: bool
    values: dict[str, Value] = field(default_factory=dict)
    error: Fault | None = None
    detail: str = ""
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A subtree in its order. Only where `complete` may a caller conclude that something is gone."""

    rows: list[tuple[str, Value]]
    complete: bool
    error: Fault | None = None
    detail: str = ""
