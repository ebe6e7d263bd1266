"""SNMPv2-MIB (RFC 3418), system group: what a device says of itself. The first question to anything."""

from dataclasses import dataclass
from typing import Final

from monitoring.mibs.values import Values, name, number, text

SYS_DESCR: Final = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID: Final = "1.3.6.1.2.1.1.2.0"
SYS_UPTIME: Final = "1.3.6.1.2.1.1.3.0"
SYS_CONTACT: Final = "1.3.6.1.2.1.1.4.0"
SYS_NAME: Final = "1.3.6.1.2.1.1.5.0"
SYS_LOCATION: Final = "1.3.6.1.2.1.1.6.0"
OIDS: Final = (SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION)

TICKS_PER_SECOND: Final = 100
WRAP_TICKS: Final = 1 << 32
"""TimeTicks is 32 bits of hundredths: sysUpTime starts at 0 again after 497 days without any restart."""


@dataclass(frozen=True, slots=True)
class System:
    """The system group; texts are "" where the device leaves them empty, None where it has none."""

    descr: str | None
    object_id: str | None
    uptime_seconds: float | None
    contact: str | None
    name: str | None
    location: str | None


def system(values: Values) -> System:
    return System(
        text(values, SYS_DESCR),
        name(values, SYS_OBJECT_ID),
        uptime_seconds(values),
        text(values, SYS_CONTACT),
        text(values, SYS_NAME),
        text(values, SYS_LOCATION),
    )


def uptime_seconds(values: Values) -> float | None:
    """Seconds since the agent (mostly: the device) started, modulo 497 days. None for an absurd value."""
    ticks = number(values, SYS_UPTIME)
    return ticks / TICKS_PER_SECOND if ticks is not None and 0 <= ticks < WRAP_TICKS else None


def restarted(before: float, after: float, elapsed: float, tolerance: float = 30.0) -> bool:
    """Whether the device started anew between two readings of its uptime, `elapsed` seconds apart (all in seconds).

    It did when the uptime lies clearly behind where counting on would have brought it, unless TimeTicks wrapped:
    then it is behind by exactly one range. `tolerance` (and one percent of `elapsed`) allows for clocks that
    differ and for answers that were long under way.
    """
    behind = before + elapsed - after
    slack = tolerance + elapsed / 100
    wrapped = abs(behind - WRAP_TICKS / TICKS_PER_SECOND) <= slack
    return behind > slack and not wrapped
