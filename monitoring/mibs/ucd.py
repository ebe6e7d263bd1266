"""UCD-SNMP-MIB: net-snmp's own scalars. Unlike HOST-RESOURCES they need no table index, so one GET has them all."""

from dataclasses import dataclass
from typing import Final

from monitoring.mibs.values import Values, number

_UCD: Final = "1.3.6.1.4.1.2021"
MEMORY_TOTAL: Final = f"{_UCD}.4.5.0"
MEMORY_AVAILABLE: Final = f"{_UCD}.4.6.0"
MEMORY_BUFFER: Final = f"{_UCD}.4.14.0"
MEMORY_CACHED: Final = f"{_UCD}.4.15.0"
LOAD_1: Final = f"{_UCD}.10.1.5.1"
CPU_IDLE: Final = f"{_UCD}.11.11.0"
OIDS: Final = (MEMORY_TOTAL, MEMORY_AVAILABLE, MEMORY_BUFFER, MEMORY_CACHED, LOAD_1, CPU_IDLE)


@dataclass(frozen=True, slots=True)
class Ucd:
    """`load` is the run queue over one minute; `cpu` and `memory` the used share in percent, caches not counted."""

    load: float | None
    cpu: int | None
    memory: float | None


def ucd(values: Values) -> Ucd:
    load, idle = number(values, LOAD_1), number(values, CPU_IDLE)
    total, free = number(values, MEMORY_TOTAL), number(values, MEMORY_AVAILABLE)
    memory = None
    if total and total > 0 and free is not None:
        free += (number(values, MEMORY_BUFFER) or 0) + (number(values, MEMORY_CACHED) or 0)
        memory = max(0.0, min(100.0, 100.0 * (total - free) / total))
    return Ucd(
        load / 100 if load is not None and load >= 0 else None,
        100 - idle if idle is not None and 0 <= idle <= 100 else None,
        memory,
    )
