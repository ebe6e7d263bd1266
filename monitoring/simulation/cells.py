"""What a table of OIDs is made of, and how values move: fixed ones, and functions of the running device."""

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from monitoring.simulation.devices import UPLINK, SimDevice, children
from monitoring.simulation.models import Oid


@dataclass(slots=True)
class Running:
    """A device at work. `started` and the clock in seconds since 1970; `dead` names what is switched off anywhere."""

    device: SimDevice
    started: float
    dead: frozenset[str] = frozenset()
    clock: Callable[[], float] = field(default=time.time)

    @property
    def uptime(self) -> float:
        return max(0.0, self.clock() - self.started)

    def plugged(self, port: int) -> SimDevice | None:
        """What hangs behind a port."""
        found = children(self.device.name)
        at = port - UPLINK - 1
        return found[at] if 0 <= at < len(found) else None

    def share(self, salt: int) -> float:
        """A number in 0–1 of this device's own, the same in every run."""
        return ((self.device.seed ^ salt * 0x9E3779B1) * 0x85EBCA6B % (1 << 32)) / (1 << 32)


class Cell(NamedTuple):
    """`tag` is the BER tag; the value an int, bytes or OID, or a function of the running device that gives one."""

    tag: int
    value: Any

    def now(self, running: Running | None) -> Any:
        return self.value(running) if callable(self.value) else self.value


class Table(Protocol):
    """What an agent answers from."""

    @property
    def order(self) -> Sequence[Oid]:
        """All OIDs, rising."""

    def get(self, oid: Oid) -> Cell | None: ...


class Rows:
    """A table in memory: rows shared with others, and rows of one's own over them."""

    def __init__(self, shared: Mapping[Oid, Cell], own: Mapping[Oid, Cell] | None = None) -> None:
        self._shared, self._own = shared, own or {}
        self.order: list[Oid] = sorted({**shared, **self._own})

    def get(self, oid: Oid) -> Cell | None:
        return self._own.get(oid) or self._shared.get(oid)


def next_after(table: Table, oid: Oid) -> Oid | None:
    at = bisect_right(table.order, oid)
    return table.order[at] if at < len(table.order) else None


def port_status(running: Running, port: int) -> int:
    """1 up, 2 down: the way up is up; a port with a device is down while that is switched off; others by chance."""
    below = running.plugged(port)
    if port == UPLINK:
        return 1
    if below is not None:
        return 2 if below.name in running.dead else 1
    return 1 if running.share(port) < 0.6 else 2


def counted(running: Running, per_second: float, salt: int) -> int:
    """A counter that rises at a wavering rate and never falls (the wave's slope stays below the rate)."""
    seconds = running.uptime
    own = per_second * (0.5 + running.share(salt))
    return int(own * (seconds + 60 * math.sin(seconds / 120)))


def wavering(running: Running, low: float, high: float, salt: int, period: float = 1800) -> int:
    """A gauge that swings slowly between two bounds."""
    phase = running.share(salt) * math.tau
    return round(low + (high - low) * (0.5 + 0.5 * math.sin(running.clock() / period * math.tau + phase)))
