"""HOST-RESOURCES-MIB (RFC 2790): processors and storage of servers, and of much else that runs an operating system."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitoring.mibs.values import Value, cell_name, cell_number, cell_text, table

SYSTEM_UPTIME: Final = "1.3.6.1.2.1.25.1.1.0"
"""hrSystemUptime: since the *host* started; sysUpTime is since its agent started."""
SYSTEM_USERS: Final = "1.3.6.1.2.1.25.1.5.0"
SYSTEM_PROCESSES: Final = "1.3.6.1.2.1.25.1.6.0"
MEMORY_SIZE: Final = "1.3.6.1.2.1.25.2.2.0"
STORAGE_ENTRY: Final = "1.3.6.1.2.1.25.2.3.1"
PROCESSOR_ENTRY: Final = "1.3.6.1.2.1.25.3.3.1"
PROCESSOR_LOAD: Final = f"{PROCESSOR_ENTRY}.2"
WALKS: Final = (STORAGE_ENTRY, PROCESSOR_ENTRY)

_TYPE: Final = "1.3.6.1.2.1.25.2.1."
RAM, VIRTUAL_MEMORY, FIXED_DISK = f"{_TYPE}2", f"{_TYPE}3", f"{_TYPE}4"


@dataclass(frozen=True, slots=True)
class Storage:
    """One row of hrStorageTable; `size` and `used` in bytes."""

    index: int
    type: str
    name: str
    size: int
    used: int

    @property
    def percent(self) -> float | None:
        """Used share; None for a store without size (an empty drive)."""
        return min(100.0, 100.0 * self.used / self.size) if self.size else None


def storage(index: int, row: dict[int, Value]) -> Storage | None:
    """None where a column is missing or absurd. A negative count is a 32-bit overflow of agents with stores above 8 TiB."""
    unit, size, used = (cell_number(row, column) for column in (4, 5, 6))
    if unit is None or size is None or used is None or unit <= 0:
        return None
    size, used = size % (1 << 32), used % (1 << 32)
    return Storage(index, cell_name(row, 2) or "", cell_text(row, 3) or str(index), size * unit, used * unit)


def stores(rows: Iterable[tuple[str, Value]]) -> list[Storage]:
    """From the rows of WALKS."""
    found = (
        storage(int(index), row) for index, row in table(rows, STORAGE_ENTRY).items() if index.isdecimal()
    )
    return [one for one in found if one is not None]


def processor_loads(rows: Iterable[tuple[str, Value]]) -> dict[int, int]:
    """Index → load of the last minute in percent, one per processor."""
    loads = {}
    for index, row in table(rows, PROCESSOR_ENTRY).items():
        load = cell_number(row, 2)
        if index.isdecimal() and load is not None and 0 <= load <= 100:
            loads[int(index)] = load
    return loads
