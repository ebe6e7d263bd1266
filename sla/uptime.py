"""Availability of a composed service: which seconds were agreed, down, unknown or degraded, and what were the outages.

Pure Python, no Django. One sweep over the components' changes gives the service's own states; those are laid over
calendar ∩ window, cut at local midnights and maintenance, so totals, outages and days are sums over the same pieces and
agree with each other to the second. Percentages are never averaged.

Rules (CONTRACTS `sla_availability`): a component is unknown before its first state; at_least k of n is up if k are up,
else degraded if k are up or degraded, else down if fewer than k are not down, else unknown; agreed excludes
maintenance and unknown; degraded counts as up and is shown. Instants are floored to whole seconds on the way in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sla.worktime import ALWAYS, WorkCalendar, working_intervals, zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """What a component or a service can be."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AtLeast:
    """A service that is up if k of its parts are. A part is a component's name or another AtLeast."""

    k: int
    of: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.k <= len(self.of):
            raise ValueError(f"at_least {self.k} of {len(self.of)} parts can never be decided")


Node = str | AtLeast
Change = tuple[datetime, str]
"""From this instant on the component is in this state (a value of State)."""


def all_of(*parts: Node) -> AtLeast:
    """Every part is needed."""
    return AtLeast(len(parts), parts)


def components(service: Node) -> list[str]:
    """Names in the tree, each once, in order."""
    if isinstance(service, str):
        return [service]
    return list(dict.fromkeys(name for part in service.of for name in components(part)))


class Outage(NamedTuple):
    """One unbroken down state: begin and end inside the window (UTC) and the seconds of it inside agreed time."""

    begin: datetime
    end: datetime
    seconds: int


class Stretch(NamedTuple):
    """The service was in one state from begin to end (UTC)."""

    begin: datetime
    end: datetime
    state: State


@dataclass(slots=True)
class Day:
    """Seconds of one local date. agreed includes down and degraded; unknown and planned (maintenance) are beside it."""

    date: date
    agreed: int = 0
    down: int = 0
    unknown: int = 0
    degraded: int = 0
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Availability:
    """Figures of one service over one window; every figure but the ratios is in whole seconds."""

    agreed_seconds: int
    down_seconds: int
    unknown_seconds: int
    degraded_seconds: int
    planned_seconds: int
    outage_list: tuple[Outage, ...] = field(repr=False)
    days: tuple[Day, ...] = field(repr=False)
    timeline: tuple[Stretch, ...] = field(repr=False)

    @property
    def outages(self) -> int:
        """Number of outages."""
        return len(self.outage_list)

    @property
    def longest_outage_seconds(self) -> int:
        """Agreed down seconds of the longest one; 0 without any."""
        return max((outage.seconds for outage in self.outage_list), default=0)

    @property
    def availability(self) -> float | None:
        """(agreed - down) / agreed as a ratio; None without agreed time. See `ratio` for the rounding."""
        return ratio(self.agreed_seconds - self.down_seconds, self.agreed_seconds)

    @property
    def coverage(self) -> float | None:
        """agreed / (agreed + unknown) as a ratio; None where the window holds nothing to cover."""
        return ratio(self.agreed_seconds, self.agreed_seconds + self.unknown_seconds)

    @property
    def mttr_seconds(self) -> float | None:
        """Mean agreed down seconds of an outage; None without outages."""
        return self.down_seconds / self.outages if self.outages else None

    @property
    def mtbf_seconds(self) -> float | None:
        """Mean agreed up seconds per outage; None without outages."""
        return (self.agreed_seconds - self.down_seconds) / self.outages if self.outages else None


def ratio(part: int, whole: int) -> float | None:
    """part / whole with six decimals, from whole seconds; None for a whole of 0.

    Rounded to the nearest, except that 1.0 and 0.0 are kept for exactly all and exactly nothing: one second down in a
    month reads 0.999999, never 1.0.
    """
    if whole == 0:
        return None
    if part in (0, whole):
        return part / whole
    return min(0.999999, max(0.000001, float(round(Fraction(part, whole), 6))))


def measure(
    service: Node,
    states: Mapping[str, Sequence[Change]],
    window: tuple[datetime, datetime],
    calendar: WorkCalendar = ALWAYS,
    maintenance: Iterable[tuple[datetime, datetime]] = (),
    zone: str | None = None,
) -> Availability:
    """Availability of a service in [window[0], window[1]).

    states: ordered changes by component; a component without any is unknown, one that the service does not name is not
    looked at. maintenance: spans that are planned, may overlap. zone: IANA zone whose dates `days` uses; the
    calendar's if None. ValueError for an empty window, a reversed span, changes out of order or an unknown state.
    """
    low, high = _seconds(window[0]), _seconds(window[1])
    if low >= high:
        raise ValueError("the window must end after it begins")
    sweep = _sweep(service, states, low, high)
    planned = _joined(maintenance)
    midnights = _midnights(low, high, zone or calendar.zone)
    days = [Day(midnight_date) for _, midnight_date in midnights]
    pieces = _pieces(calendar, low, high, planned, [at for at, _ in midnights])
    outages = _lay(sweep, pieces, days)
    return Availability(
        agreed_seconds=sum(day.agreed for day in days),
        down_seconds=sum(day.down for day in days),
        unknown_seconds=sum(day.unknown for day in days),
        degraded_seconds=sum(day.degraded for day in days),
        planned_seconds=sum(day.planned for day in days),
        outage_list=outages,
        days=tuple(days),
        timeline=tuple(Stretch(_instant(begin), _instant(end), state) for begin, end, state in sweep),
    )


# --- the sweep --------------------------------------------------------------------------------------------------------

_Stretch = tuple[int, int, State]
_Piece = tuple[int, int, int, bool]  # begin, end, number of the day, planned


class _Gate:
    """One AtLeast while the sweep runs: counts of its parts' states, told upward only when its own state changes."""

    __slots__ = ("counts", "k", "parent", "state")

    def __init__(self, k: int, size: int, parent: _Gate | None) -> None:
        self.k = k
        self.parent = parent
        self.counts = {State.UP: 0, State.DEGRADED: 0, State.DOWN: 0, State.UNKNOWN: size}
        self.state = State.UNKNOWN

    def change(self, old: State, new: State) -> None:
        self.counts[old] -= 1
        self.counts[new] += 1
        before, self.state = self.state, self._decide()
        if self.parent and before is not self.state:
            self.parent.change(before, self.state)

    def _decide(self) -> State:
        counts, k = self.counts, self.k
        if counts[State.UP] >= k:
            return State.UP
        if counts[State.UP] + counts[State.DEGRADED] >= k:
            return State.DEGRADED
        if counts[State.UP] + counts[State.DEGRADED] + counts[State.UNKNOWN] < k:
            return State.DOWN
        return State.UNKNOWN


def _plant(node: Node, parent: _Gate, leaves: dict[str, list[_Gate]]) -> None:
    if isinstance(node, str):
        leaves.setdefault(node, []).append(parent)
        return
    gate = _Gate(node.k, len(node.of), parent)
    for part in node.of:
        _plant(part, gate, leaves)


def _sweep(service: Node, states: Mapping[str, Sequence[Change]], low: int, high: int) -> list[_Stretch]:
    """The service's states over [low, high), neighbours differing. Changes at one second count together."""
    root = _Gate(1, 1, None)
    leaves: dict[str, list[_Gate]] = {}
    _plant(service, root, leaves)
    current = dict.fromkeys(leaves, State.UNKNOWN)
    stretches: list[_Stretch] = []
    begin, held = low, root.state
    for moment, together in groupby(_ordered(leaves, states, low, high), key=itemgetter(0)):
        for _, name, state in together:
            old, current[name] = current[name], state
            if old is not state:
                for gate in leaves[name]:
                    gate.change(old, state)
        if root.state is not held:
            if moment > begin:
                stretches.append((begin, moment, held))
            begin, held = moment, root.state
    stretches.append((begin, high, held))
    return stretches


def _ordered(
    names: Iterable[str], states: Mapping[str, Sequence[Change]], low: int, high: int
) -> list[tuple[int, str, State]]:
    """Changes of these components before high, in order of time; earlier than low counts as at low."""
    found: list[tuple[int, str, State]] = []
    for name in names:
        last: int | None = None
        for number, (instant, value) in enumerate(states.get(name, ())):
            moment = _seconds(instant)
            if last is not None and moment < last:
                raise ValueError(f"states of {name}: change {number} is earlier than the one before it")
            last = moment
            if moment < high:
                found.append((max(moment, low), name, State(value)))
    found.sort(key=itemgetter(0))  # stable: a component's own order stays
    return found


# --- laying states over agreed time -----------------------------------------------------------------------------------


def _lay(sweep: list[_Stretch], pieces: Iterable[_Piece], days: list[Day]) -> tuple[Outage, ...]:
    """Adds each piece's seconds to its day by the state they fall in, and returns the outages."""
    down = [0] * len(sweep)
    at = 0
    for begin, end, number, planned in pieces:
        day = days[number]
        if planned:
            day.planned += end - begin
            continue
        while sweep[at][1] <= begin:
            at += 1
        look = at
        while look < len(sweep) and sweep[look][0] < end:
            seconds = min(end, sweep[look][1]) - max(begin, sweep[look][0])
            _add(day, sweep[look][2], seconds)
            if sweep[look][2] is State.DOWN:
                down[look] += seconds
            look += 1
    return tuple(
        Outage(_instant(begin), _instant(end), seconds)
        for (begin, end, _), seconds in zip(sweep, down, strict=True)
        if seconds
    )


def _add(day: Day, state: State, seconds: int) -> None:
    if state is State.UNKNOWN:
        day.unknown += seconds
        return
    day.agreed += seconds
    if state is State.DOWN:
        day.down += seconds
    elif state is State.DEGRADED:
        day.degraded += seconds


def _pieces(
    calendar: WorkCalendar, low: int, high: int, planned: list[tuple[int, int]], midnights: list[int]
) -> Iterator[_Piece]:
    """calendar ∩ [low, high), cut wherever a local date or a maintenance begins or ends."""
    cuts = sorted({*midnights, *(edge for span in planned for edge in span)})
    begins = [begin for begin, _ in planned]
    for opening, closing in working_intervals(calendar, _instant(low), _instant(high)):
        begin, last = _seconds(opening), _seconds(closing)
        at = bisect_right(cuts, begin)
        while begin < last:
            end = min(last, cuts[at]) if at < len(cuts) else last
            span = bisect_right(begins, begin) - 1
            yield begin, end, bisect_right(midnights, begin) - 1, span >= 0 and begin < planned[span][1]
            begin, at = end, at + 1


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted((_seconds(begin), _seconds(end)) for begin, end in spans):
        if begin > end:
            raise ValueError("maintenance must end after it begins")
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif begin < end:
            joined.append((begin, end))
    return joined


def _midnights(low: int, high: int, zone: str) -> list[tuple[int, date]]:
    """Begin of each local date that the window touches; the first one's is the window's own begin or before it."""
    info = zone_of(zone)
    day = _instant(low).astimezone(info).date()
    found = [(low, day)]
    while True:
        day += timedelta(days=1)
        begin = _seconds(datetime(day.year, day.month, day.day, tzinfo=info))
        if begin >= high:
            return found
        if begin > found[-1][0]:
            found.append((begin, day))


def _seconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC")
    gap = instant - _EPOCH
    return gap.days * 86400 + gap.seconds


def _instant(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
