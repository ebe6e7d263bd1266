"""What a kind of device is asked in every round."""

import re
from dataclasses import dataclass
from typing import Final

from monitoring.collectors.identities import identify

_WINDOWS: Final = re.compile(r"\bwindows\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Profile:
    """`name` is stored with a target; `collectors` are the names of those that its hot poll uses."""

    name: str
    collectors: tuple[str, ...]


PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile("router", ("uptime", "interfaces")),
        Profile("switch", ("uptime", "interfaces")),
        Profile("firewall", ("uptime", "interfaces")),
        Profile("ap", ("uptime", "interfaces")),
        Profile("ups", ("uptime", "ups")),
        Profile("printer", ("uptime", "printer")),
        Profile("linux", ("uptime", "linux_host")),
        Profile("windows", ("uptime", "host")),
        Profile("generic", ("uptime",)),
    )
}

_OF_KIND: Final = {
    "router": "router", "switch": "switch", "firewall": "firewall", "access-point": "ap", "wireless-controller": "switch",
    "load-balancer": "firewall", "ups": "ups", "printer": "printer",
}  # fmt: skip
"""Which questions fit a kind of device (`monitoring.collectors.identities`); all others are asked for their uptime."""


def profile_for(sys_object_id: str | None, descr: str | None) -> Profile:
    """The profile of a device by its own words; `generic` (uptime only) where nothing is known."""
    kind = identify(sys_object_id, descr).kind
    if kind in ("server", "hypervisor", "storage"):
        if _WINDOWS.search(descr or "") or (sys_object_id or "").startswith("1.3.6.1.4.1.311."):
            return PROFILES["windows"]
        return PROFILES["linux" if kind == "server" else "generic"]
    return PROFILES[_OF_KIND.get(kind, "generic")]


def profile_named(name: str) -> Profile:
    """The profile stored under a name; `generic` for an empty or unknown one."""
    return PROFILES.get(name, PROFILES["generic"])
