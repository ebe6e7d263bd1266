"""LLDP-MIB (IEEE 802.1AB): which neighbour hangs on which port. The source of the topology."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitoring.mibs.values import (
    Value,
    Values,
    cell_bytes,
    cell_number,
    cell_text,
    mac,
    printable,
    table,
    text,
)

LOCAL_CHASSIS: Final = "1.0.8802.1.1.2.1.3.2.0"
LOCAL_NAME: Final = "1.0.8802.1.1.2.1.3.3.0"
LOCAL_PORT_ENTRY: Final = "1.0.8802.1.1.2.1.3.7.1"
REMOTE_ENTRY: Final = "1.0.8802.1.1.2.1.4.1.1"
OIDS: Final = (LOCAL_CHASSIS, LOCAL_NAME)
WALKS: Final = (LOCAL_PORT_ENTRY, REMOTE_ENTRY)

CHASSIS_MAC, PORT_MAC = 4, 3
"""Subtypes whose identifier is a MAC address; the others are text (or close to it)."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One neighbour. `local_port` is our port's number, `local_name` its name; `chassis` a MAC address or text."""

    local_port: int
    local_name: str
    chassis: str
    port: str
    name: str
    descr: str


def identifier(raw: bytes | None, is_mac: bool) -> str:
    if raw is None:
        return ""
    return (mac(raw) if is_mac else None) or printable(raw)


def neighbours(rows: Iterable[tuple[str, Value]]) -> list[Neighbour]:
    """From the rows of WALKS. The index is time mark, local port, number; the time mark changes and means nothing here."""
    rows = list(rows)
    ports = {
        index: cell_text(row, 4) or identifier(cell_bytes(row, 3), cell_number(row, 2) == PORT_MAC)
        for index, row in table(rows, LOCAL_PORT_ENTRY).items()
    }
    found = []
    for index, row in table(rows, REMOTE_ENTRY).items():
        arcs = index.split(".")
        if len(arcs) != 3:
            continue
        found.append(
            Neighbour(
                int(arcs[1]),
                ports.get(arcs[1], ""),
                identifier(cell_bytes(row, 5), cell_number(row, 4) == CHASSIS_MAC),
                identifier(cell_bytes(row, 7), cell_number(row, 6) == PORT_MAC),
                cell_text(row, 9) or "",
                cell_text(row, 10) or "",
            )
        )
    return sorted(found, key=lambda one: (one.local_port, one.name))


def local_name(values: Values) -> str:
    return text(values, LOCAL_NAME) or ""
