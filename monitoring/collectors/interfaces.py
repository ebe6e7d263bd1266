"""Which ports are up, and how much goes through them?"""

from collections.abc import Iterable, Sequence
from typing import Final

from monitoring.collectors.metrics import Collector, Metric, instances_of, present
from monitoring.mibs import ifmib
from monitoring.mibs.ifmib import Interface, Status, rate
from monitoring.mibs.values import Value, Values, number

__all__ = ["COLLECTOR", "WALKS", "Interface", "hot_instances", "metrics", "oids", "rate", "read"]

WALKS = ifmib.WALKS
FIRST: Final = ("1", "2", "3", "4")
"""Asked of a device whose table was never walked; on most, port 1 is the way up."""
COUNTED: Final = 2
"""So many of the asked ports have their octets counted too; the status of all is asked."""


def oids(instances: Sequence[str] | None = None) -> tuple[str, ...]:
    ports = FIRST if instances is None else instances
    counters = [f"{c}.{i}" for i in ports[:COUNTED] for c in (ifmib.HC_IN_OCTETS, ifmib.HC_OUT_OCTETS)]
    return (*(f"{ifmib.OPER_STATUS}.{i}" for i in ports), *counters)


def metrics(values: Values) -> list[Metric]:
    """`if.up` (1 or 0), `if.in_octets` and `if.out_octets` (counters; a rate needs two, see `rate`), by ifIndex."""
    found: list[Metric] = []
    for port in instances_of(values, ifmib.OPER_STATUS):
        raw = number(values, f"{ifmib.OPER_STATUS}.{port}")
        if raw is not None:
            found.append(Metric("if.up", port, float(ifmib.status(raw) is Status.UP), ""))
    for port in instances_of(values, ifmib.HC_IN_OCTETS):
        found += present(
            ("if.in_octets", port, number(values, f"{ifmib.HC_IN_OCTETS}.{port}"), "octets"),
            ("if.out_octets", port, number(values, f"{ifmib.HC_OUT_OCTETS}.{port}"), "octets"),
        )
    return found


def read(rows: Iterable[tuple[str, Value]]) -> list[Interface]:
    """The whole table out of a walk of WALKS."""
    return ifmib.interfaces(rows)


def hot_instances(found: Iterable[Interface], most: int = 8) -> tuple[str, ...]:
    """The ports worth asking every time: switched on, wired, the fastest first."""
    wired = [i for i in found if i.admin is Status.UP and i.type == ifmib.ETHERNET]
    wired.sort(key=lambda i: (-(i.speed or 0), i.index))
    return tuple(str(i.index) for i in wired[:most])


COLLECTOR = Collector("interfaces", oids, metrics)
