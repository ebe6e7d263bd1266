"""How busy are the processors, how full are memory and disks?"""

from collections.abc import Iterable, Sequence
from typing import Final

from monitoring.collectors.metrics import Collector, Metric, instances_of, present
from monitoring.mibs import host_resources as mib
from monitoring.mibs import ucd
from monitoring.mibs.host_resources import Storage
from monitoring.mibs.values import Value, Values, number

WALKS = mib.WALKS
FIRST: Final = ("1", "2", "3", "4")
"""Storage rows asked of a host whose table was never walked: drives on Windows, memory kinds on net-snmp."""


def oids(instances: Sequence[str] | None = None) -> tuple[str, ...]:
    stores = FIRST if instances is None else instances
    columns = (2, 4, 5, 6)
    return (
        mib.SYSTEM_UPTIME,
        mib.SYSTEM_PROCESSES,
        *(f"{mib.STORAGE_ENTRY}.{column}.{i}" for i in stores for column in columns),
    )


def linux_oids(instances: Sequence[str] | None = None) -> tuple[str, ...]:
    """net-snmp has processor and memory as scalars: no walk needed to ask for them."""
    return (*oids(() if instances is None else instances), *ucd.OIDS)


def metrics(values: Values) -> list[Metric]:
    """`host.uptime` (s), `host.processes`, `cpu.load` (%), `cpu.queue` (run queue), `memory.used` (%),
    `storage.used` (%, by hrStorage index; kinds that are no fixed disk are memory or caches and left out)."""
    ticks = number(values, mib.SYSTEM_UPTIME)
    scalars = ucd.ucd(values)
    stores = []
    memory = scalars.memory
    for index in instances_of(values, f"{mib.STORAGE_ENTRY}.2"):
        row = {column: values[oid] for column in (2, 4, 5, 6) if (oid := _cell(column, index)) in values}
        store = mib.storage(int(index), row)
        if store is not None and store.type == mib.FIXED_DISK:
            stores.append(("storage.used", index, store.percent, "%"))
        elif store is not None and store.type == mib.RAM and memory is None:
            memory = store.percent
    return present(
        ("host.uptime", "", ticks / 100 if ticks is not None and ticks >= 0 else None, "s"),
        ("host.processes", "", number(values, mib.SYSTEM_PROCESSES), ""),
        ("cpu.load", "", scalars.cpu, "%"),
        ("cpu.queue", "", scalars.load, ""),
        ("memory.used", "", memory, "%"),
        *stores,
    )


def read_stores(rows: Iterable[tuple[str, Value]]) -> list[Storage]:
    """All of hrStorageTable out of a walk of WALKS."""
    return mib.stores(rows)


def read_processor_load(rows: Iterable[tuple[str, Value]]) -> float | None:
    """Mean load of all processors in percent, out of a walk of WALKS."""
    loads = mib.processor_loads(rows).values()
    return sum(loads) / len(loads) if loads else None


def hot_instances(found: Iterable[Storage], most: int = 6) -> tuple[str, ...]:
    """The stores worth asking every time: memory and the largest disks."""
    wanted = [s for s in found if s.type in (mib.RAM, mib.FIXED_DISK) and s.size]
    wanted.sort(key=lambda s: (s.type != mib.RAM, -s.size))
    return tuple(str(s.index) for s in wanted[:most])


def _cell(column: int, index: str) -> str:
    return f"{mib.STORAGE_ENTRY}.{column}.{index}"


COLLECTOR = Collector("host", oids, metrics)
LINUX = Collector("host", linux_oids, metrics)
