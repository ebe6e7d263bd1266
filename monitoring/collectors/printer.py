"""Can it print, and how much toner is left?"""

from collections.abc import Iterable, Sequence
from typing import Final

from monitoring.collectors.metrics import Collector, Metric, instances_of, present
from monitoring.mibs import printer as mib
from monitoring.mibs.printer import Printer, Supply
from monitoring.mibs.values import Value, Values, number, raw_bytes

WALKS = mib.WALKS
FIRST: Final = ("1", "2", "3", "4")
"""The supplies of a colour printer: black, cyan, magenta, yellow, in whatever order."""


def oids(instances: Sequence[str] | None = None) -> tuple[str, ...]:
    supplies = FIRST if instances is None else instances
    columns = (mib.SUPPLY_LEVEL, mib.SUPPLY_CAPACITY)
    return (*mib.OIDS, *(f"{column}.{i}" for i in supplies for column in columns))


def read(values: Values) -> Printer:
    return mib.printer(values)


def read_supplies(rows: Iterable[tuple[str, Value]]) -> list[Supply]:
    """Names and levels of all supplies out of a walk of WALKS."""
    return mib.supplies(rows)


def metrics(values: Values) -> list[Metric]:
    """`printer.stopped` (1: nothing comes out), `.pages` (counter), `.supply` (% left, by supply)."""
    found = mib.printer(values)
    state_known = raw_bytes(values, mib.ERROR_STATE) is not None
    supplies = [
        (
            "printer.supply",
            i,
            mib.percent(
                number(values, f"{mib.SUPPLY_LEVEL}.{i}"), number(values, f"{mib.SUPPLY_CAPACITY}.{i}")
            ),
            "%",
        )
        for i in instances_of(values, mib.SUPPLY_LEVEL)
    ]
    return present(
        ("printer.stopped", "", float(found.is_stopped) if state_known else None, ""),
        ("printer.pages", "", found.pages, "pages"),
        *supplies,
    )


COLLECTOR = Collector("printer", oids, metrics)
