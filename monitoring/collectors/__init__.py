"""One file per question to a device. Plain values in, plain values out: no network, no Django.

The hot poll: `plan(profile)` says which OIDs one GET asks, `decode(profile, values)` what the answer means.
The slow questions (whole interface table, supplies, neighbours, parts) are walks: each file names its WALKS.
"""

from datetime import datetime
from typing import Final

from monitoring.collectors import host, interfaces, printer, ups, uptime
from monitoring.collectors.identities import identify, vendor_of
from monitoring.collectors.identity import Identity
from monitoring.collectors.metrics import Collector, Instances, Metric
from monitoring.collectors.profiles import PROFILES, Profile, profile_for, profile_named
from monitoring.mibs.values import Values

__all__ = [
    "COLLECTORS",
    "PROFILES",
    "Collector",
    "Identity",
    "Instances",
    "Metric",
    "Profile",
    "decode",
    "plan",
    "identify",
    "profile_for",
    "profile_named",
    "vendor_of",
]

COLLECTORS: Final[dict[str, Collector]] = {
    "uptime": uptime.COLLECTOR,
    "interfaces": interfaces.COLLECTOR,
    "ups": ups.COLLECTOR,
    "printer": printer.COLLECTOR,
    "host": host.COLLECTOR,
    "linux_host": host.LINUX,
}


def plan(profile: Profile | str, instances: Instances | None = None) -> tuple[str, ...]:
    """The OIDs of the hot poll, sysUpTime first, none twice. `instances` by collector name, where walks found them."""
    found = profile_named(profile) if isinstance(profile, str) else profile
    known = instances or {}
    return tuple(
        dict.fromkeys(
            oid
            for name in found.collectors
            for oid in COLLECTORS[name].oids(known.get(COLLECTORS[name].name))
        )
    )


def decode(profile: Profile | str, values: Values, now: datetime | None = None) -> list[Metric]:
    """What an answer to `plan` means. Absent and wrong-typed values give no metric.

    With `now` (aware) there is also `started_at` (s since 1970): when the device started by its own account.
    """
    found = profile_named(profile) if isinstance(profile, str) else profile
    metrics = [metric for name in found.collectors for metric in COLLECTORS[name].metrics(values)]
    if now is not None:
        metrics += [
            Metric("started_at", "", now.timestamp() - metric.value, "s")
            for metric in metrics
            if metric.key == "uptime"
        ]
    return metrics
