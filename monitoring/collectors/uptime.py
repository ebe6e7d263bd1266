"""Does it answer, and since when does it run?"""

from collections.abc import Sequence

from monitoring.collectors.metrics import Collector, Metric, present
from monitoring.mibs import snmpv2
from monitoring.mibs.values import Values

restarted = snmpv2.restarted


def oids(_: Sequence[str] | None = None) -> tuple[str, ...]:
    return (snmpv2.SYS_UPTIME,)


def metrics(values: Values) -> list[Metric]:
    """`uptime` (s): wraps to 0 after 497 days; tell that from a restart with `restarted`."""
    return present(("uptime", "", snmpv2.uptime_seconds(values), "s"))


COLLECTOR = Collector("uptime", oids, metrics)
