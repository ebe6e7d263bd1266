"""Values as devices send them, brought to plain Python, and the careful reading of them.

Both SNMP engines of monitoring/snmp.py hand out exactly these, so whatever is decoded in this folder neither
knows nor cares which library was on the wire. A device may answer any OID with any type: every reader here
answers None for "absent or not of that type" and never raises.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a value is. The wire's integer kinds (Integer32, Counter32/64, Gauge32, TimeTicks) are one: the OID says which."""

    INTEGER = "integer"
    BYTES = "bytes"
    DOTTED = "dotted"
    """An object identifier or an IPv4 address, as text with dots; the OID says which."""
    MISSING = "missing"
    """noSuchObject, noSuchInstance, endOfMibView, or Null."""


class Value(NamedTuple):
    """One value: int for INTEGER, bytes for BYTES, str for DOTTED, None for MISSING."""

    kind: Kind
    value: int | bytes | str | None


MISSING = Value(Kind.MISSING, None)

Values = Mapping[str, Value]
"""OID as dotted text without a leading dot → value."""


def integer(raw: int) -> Value:
    return Value(Kind.INTEGER, raw)


def octets(raw: bytes) -> Value:
    return Value(Kind.BYTES, raw)


def dotted(raw: str) -> Value:
    return Value(Kind.DOTTED, raw)


def number(values: Values, oid: str) -> int | None:
    """The integer at `oid`."""
    raw = values.get(oid, MISSING).value
    return raw if isinstance(raw, int) else None


def raw_bytes(values: Values, oid: str) -> bytes | None:
    """The octet string at `oid`, untouched."""
    raw = values.get(oid, MISSING).value
    return raw if isinstance(raw, bytes) else None


def text(values: Values, oid: str) -> str | None:
    """The octet string at `oid` as printable text; an empty one is ""."""
    raw = raw_bytes(values, oid)
    return None if raw is None else printable(raw)


def name(values: Values, oid: str) -> str | None:
    """The object identifier (or IPv4 address) at `oid`, dotted."""
    raw = values.get(oid, MISSING).value
    return raw if isinstance(raw, str) else None


def printable(raw: bytes) -> str:
    """UTF-8 where it is, Latin-1 where not; control bytes become blanks (PostgreSQL refuses NUL in text)."""
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in decoded).strip()


def mac(raw: bytes | None) -> str | None:
    """Six octets as `00:1b:…`; None for anything else, and for all zeroes."""
    if raw is None or len(raw) != 6 or not any(raw):
        return None
    return raw.hex(":")


def table(rows: Iterable[tuple[str, Value]], entry: str) -> dict[str, dict[int, Value]]:
    """Rows of a walk of the conceptual table whose *entry* OID is given → index (dotted text) → column → value.

    Rows outside the entry are passed over. The order of first appearance is kept.
    """
    prefix = entry + "."
    found: dict[str, dict[int, Value]] = {}
    for oid, value in rows:
        if not oid.startswith(prefix):
            continue
        column, _, index = oid[len(prefix) :].partition(".")
        if index:
            found.setdefault(index, {})[int(column)] = value
    return found


def cell_number(row: Mapping[int, Value], column: int) -> int | None:
    raw = row.get(column, MISSING).value
    return raw if isinstance(raw, int) else None


def cell_bytes(row: Mapping[int, Value], column: int) -> bytes | None:
    raw = row.get(column, MISSING).value
    return raw if isinstance(raw, bytes) else None


def cell_text(row: Mapping[int, Value], column: int) -> str | None:
    raw = cell_bytes(row, column)
    return None if raw is None else printable(raw)


def cell_name(row: Mapping[int, Value], column: int) -> str | None:
    raw = row.get(column, MISSING).value
    return raw if isinstance(raw, str) else None
