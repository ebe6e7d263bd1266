"""IF-MIB (RFC 2863): interfaces, their state and their traffic.

The 64-bit counters of ifXTable where the device has them, else the 32-bit ones of ifTable (which wrap within
34 s at 1 Gbit/s: a rate from them is a guess).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from monitoring.mibs.values import Value, cell_bytes, cell_number, cell_text, mac, table

IF_NUMBER: Final = "1.3.6.1.2.1.2.1.0"
IF_ENTRY: Final = "1.3.6.1.2.1.2.2.1"
IF_X_ENTRY: Final = "1.3.6.1.2.1.31.1.1.1"
OPER_STATUS: Final = f"{IF_ENTRY}.8"
ADMIN_STATUS: Final = f"{IF_ENTRY}.7"
HC_IN_OCTETS: Final = f"{IF_X_ENTRY}.6"
HC_OUT_OCTETS: Final = f"{IF_X_ENTRY}.10"
WALKS: Final = (IF_ENTRY, IF_X_ENTRY)

ETHERNET: Final = 6
"""ifType ethernetCsmacd: what all wired ports answer, at whatever speed."""


class Status(IntEnum):
    """ifOperStatus; ifAdminStatus uses the first three."""

    UP = 1
    DOWN = 2
    TESTING = 3
    UNKNOWN = 4
    DORMANT = 5
    NOT_PRESENT = 6
    LOWER_LAYER_DOWN = 7


@dataclass(frozen=True, slots=True)
class Interface:
    """One row. `speed` in bit/s; octets since the counters began, `bits` says how wide they are (64 or 32)."""

    index: int
    name: str
    alias: str
    type: int | None
    mac: str | None
    speed: int | None
    admin: Status
    oper: Status
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None
    out_errors: int | None
    bits: int

    @property
    def is_faulty(self) -> bool:
        """Switched on by its administrator, yet not up."""
        return self.admin is Status.UP and self.oper in (Status.DOWN, Status.LOWER_LAYER_DOWN)


def status(raw: int | None) -> Status:
    """Numbers outside the MIB (some devices invent them) are UNKNOWN."""
    return Status(raw) if raw is not None and 1 <= raw <= 7 else Status.UNKNOWN


def interfaces(rows: Iterable[tuple[str, Value]]) -> list[Interface]:
    """From the rows of both `WALKS` (or of ifTable alone), by index."""
    rows = list(rows)
    extra = table(rows, IF_X_ENTRY)
    found = []
    for index, row in table(rows, IF_ENTRY).items():
        if not index.isdecimal():
            continue
        more = extra.get(index, {})
        wide = cell_number(more, 6) is not None and cell_number(more, 10) is not None
        megabits = cell_number(more, 15)
        found.append(
            Interface(
                index=int(index),
                name=cell_text(more, 1) or cell_text(row, 2) or index,
                alias=cell_text(more, 18) or "",
                type=cell_number(row, 3),
                mac=mac(cell_bytes(row, 6)),
                speed=megabits * 1_000_000 if megabits else cell_number(row, 5),
                admin=status(cell_number(row, 7)),
                oper=status(cell_number(row, 8)),
                in_octets=cell_number(more, 6) if wide else cell_number(row, 10),
                out_octets=cell_number(more, 10) if wide else cell_number(row, 16),
                in_errors=cell_number(row, 14),
                out_errors=cell_number(row, 20),
                bits=64 if wide else 32,
            )
        )
    return sorted(found, key=lambda interface: interface.index)


def rate(before: float, after: float, seconds: float, bits: int = 64) -> float | None:
    """Per second between two counter readings; None over no time, or when a 64-bit counter fell (a restart)."""
    if seconds <= 0:
        return None
    grown = after - before
    if grown < 0:
        if bits == 64:
            return None
        grown += 1 << bits
    return grown / seconds
