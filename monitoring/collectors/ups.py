"""Is the power on, and how long does the battery last?"""

from collections.abc import Sequence

from monitoring.collectors.metrics import Collector, Metric, present
from monitoring.mibs import ups as mib
from monitoring.mibs.ups import Ups
from monitoring.mibs.values import Values, number


def oids(_: Sequence[str] | None = None) -> tuple[str, ...]:
    return mib.OIDS


def read(values: Values) -> Ups:
    return mib.ups(values)


def metrics(values: Values) -> list[Metric]:
    """`ups.on_battery` (1 or 0), `.battery_charge` and `.load` (%), `.minutes_left` (min), `.temperature` (°C),
    `.input_voltage` (V), `.alarms` (count)."""
    found = mib.ups(values)
    source_known = number(values, mib.OUTPUT_SOURCE) is not None
    return present(
        ("ups.on_battery", "", float(found.on_battery) if source_known else None, ""),
        ("ups.battery_charge", "", found.charge, "%"),
        ("ups.minutes_left", "", found.minutes_left, "min"),
        ("ups.load", "", found.load, "%"),
        ("ups.temperature", "", found.temperature, "°C"),
        ("ups.input_voltage", "", found.input_voltage, "V"),
        ("ups.alarms", "", found.alarms, ""),
    )


COLLECTOR = Collector("ups", oids, metrics)
