"""Variable bindings that hold a secret, and texts in which a known secret stands: neither is stored, shown or logged.

A v1 trap carries its community in the message; a proxy, and our own listener, carry it on as snmpTrapCommunity (RFC 3584,
section 3.1). Other objects hold one too, some of them in their index.
"""

from collections.abc import Collection
from typing import Final

from monitoring.mibs.values import Kind, Value, Values, octets

REMOVED: Final = "<removed>"

SUBTREES: Final = (
    "1.3.6.1.6.3.18.1.4",  # SNMP-COMMUNITY-MIB snmpTrapCommunity
    "1.3.6.1.6.3.18.1.1",  # snmpCommunityTable
    "1.3.6.1.6.3.15.1.2.2.1",  # SNMP-USER-BASED-SM-MIB usmUserTable: key changes
    "1.3.6.1.6.3.12.1.3.1.4",  # SNMP-TARGET-MIB snmpTargetParamsSecurityName: a community with v1 and v2c
    "1.3.6.1.6.3.16.1.2.1",  # vacmSecurityToGroupTable: the same name in its index
    "1.3.6.1.2.1.16.9.1.1.4",  # RMON-MIB eventCommunity
    "1.3.6.1.2.1.16.19.12.1.3",  # RMON2 trapDestCommunity
    "1.3.6.1.2.1.10.23.2.1.1.1.6",  # PPP-SEC-MIB pppSecuritySecretsSecret
    "1.3.6.1.4.1.9.2.1.61",  # OLD-CISCO-SYS-MIB: community of the host that boots
    "1.3.6.1.4.1.9.9.96.1.1.1.1.8",  # CISCO-CONFIG-COPY-MIB ccCopyUserPassword
    "1.3.6.1.4.1.318.2.1.2.1.3",  # APC: community of a trap receiver
)
_DOTTED: Final = tuple(f"{oid}." for oid in SUBTREES)
_SHORTEST: Final = 4
"""A known secret of fewer letters ("ro") would blot out ordinary words."""


def is_confidential(oid: str) -> bool:
    """Whether what stands at this object identifier, or the identifier itself, is a secret."""
    return f"{oid.strip('.')}.".startswith(_DOTTED)


def without_secrets(values: Values, known: Collection[str] = ()) -> dict[str, Value]:
    """The bindings without those that hold a secret; in all others each `known` one is replaced by `<removed>`."""
    return {oid: _clean(value, known) for oid, value in values.items() if not is_confidential(oid)}


def _clean(value: Value, known: Collection[str]) -> Value:
    raw = value.value
    if value.kind is not Kind.BYTES or not isinstance(raw, bytes):
        return value
    if raw.decode(errors="replace") in known:
        return octets(REMOVED.encode())
    for secret in known:
        if len(secret) >= _SHORTEST and secret.encode() in raw:
            raw = raw.replace(secret.encode(), REMOVED.encode())
    return value if raw == value.value else octets(raw)
