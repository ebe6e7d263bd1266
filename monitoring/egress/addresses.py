"""Which addresses are never asked, however they are written: arithmetic without Django, tables or network."""

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Net = ipaddress.IPv4Network | ipaddress.IPv6Network


class Never(StrEnum):
    """Why no device may have this address."""

    LOOPBACK = "loopback"
    UNSPECIFIED = "unspecified"
    LINK_LOCAL = "link_local"
    METADATA = "metadata"
    """Where a cloud tells its machines their secrets."""
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    RESERVED = "reserved"
    EMBEDDED = "embedded"
    """An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, Teredo, ISATAP): a way round all the others."""


_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
    )
)  # fmt: skip
_V4: Final = [
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", Never.UNSPECIFIED),
        ("127.0.0.0/8", Never.LOOPBACK),
        ("169.254.0.0/16", Never.LINK_LOCAL),
        ("224.0.0.0/4", Never.MULTICAST),
        ("255.255.255.255/32", Never.BROADCAST),
        ("240.0.0.0/4", Never.RESERVED),
        ("192.0.0.0/24", Never.RESERVED),
        ("192.88.99.0/24", Never.RESERVED),
    )
]
_V6: Final = [
    (ipaddress.IPv6Network(network), kind)
    for network, kind in (
        ("::/128", Never.UNSPECIFIED),
        ("::1/128", Never.LOOPBACK),
        ("fe80::/10", Never.LINK_LOCAL),
        ("ff00::/8", Never.MULTICAST),
        ("::/96", Never.EMBEDDED),
        ("::ffff:0:0/96", Never.EMBEDDED),
        ("::ffff:0:0:0/96", Never.EMBEDDED),
        ("64:ff9b::/32", Never.EMBEDDED),
        ("2001::/32", Never.EMBEDDED),
        ("2002::/16", Never.EMBEDDED),
    )
]
_V6_DEVICES: Final = [ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("fc00::/7")]
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_OWN_NAME: Final = re.compile(
    r"(.+\.)?localhost|(ip6-)?(localhost|loopback)|localhost[46]?(\.localdomain[46]?)?"
)
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def literal(text: str) -> Address | None:
    """An address in its one proper form. Scopes (fe80::1%eth0), octal, hexadecimal and short forms are none."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_host_name(text: str) -> bool:
    """Whether it is a name that a resolver may be asked for. One whose last label is a number (2130706433, 0x7f.1,
    127.1) is an address in disguise: resolvers of the C library take it for one."""
    if len(text) > 253 or not text.isascii() or not _NAME.fullmatch(text):
        return False
    return not _NUMBER.fullmatch(text.rstrip(".").rpartition(".")[2])


def is_own_name(text: str) -> bool:
    """Whether a name means this machine itself, whatever a resolver answers (RFC 6761, and the usual hosts files)."""
    return bool(_OWN_NAME.fullmatch(text.lower().rstrip(".")))


@lru_cache(8192)
def never(address: Address) -> Never | None:
    """Why `address` is never asked; None for one that a device may have."""
    if address in _METADATA:
        return Never.METADATA
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _V4 if address in network), None)
    if found := next((kind for network, kind in _V6 if address in network), None):
        return found
    if not any(address in network for network in _V6_DEVICES):
        return Never.RESERVED
    return Never.EMBEDDED if int(address) >> 32 & 0xFFFFFFFF in _ISATAP else None


def network(text: str) -> Net | None:
    """A network as 10.20.0.0/24, or a single address; None for anything else, host bits included."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError:
        return None


def reaches_never(wide: Net) -> bool:
    """Whether some address of a network is never asked, apart from single ones (metadata services) within it."""
    if isinstance(wide, ipaddress.IPv4Network):
        return any(wide.overlaps(part) for part, _kind in _V4)
    if any(wide.overlaps(part) for part, _kind in _V6):
        return True
    return not any(wide.subnet_of(part) for part in _V6_DEVICES)


def within(inner: Net, outer: Net) -> bool:
    """Whether all of `inner` lies in `outer`."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def holds(networks: Sequence[Net], address: Address) -> bool:
    """Whether one of them holds the address."""
    return any(address in one for one in networks)


def is_broadcast(address: Address, network: Net) -> bool:
    """Whether it asks all of a network at once."""
    if not isinstance(network, ipaddress.IPv4Network) or network.prefixlen > 30:
        return False
    return address == network.broadcast_address
