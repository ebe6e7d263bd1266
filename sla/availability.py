"""Availability of services and items: what the poller saw, composed by the register, laid over what was agreed.

The figures come from sla.uptime. Here the database answers its questions: which items a service rests on and how they
stand in for each other, in which states they were, which work was announced in time (C.2.13), which outages people
declared. A service is down where the composition is down, also when its parts are merely unreachable behind a dead
switch (C.2.16). No data is neither up nor down (C.2.14).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from cmdb.impact import rests_on
from cmdb.models import Item, Organisation, OrganisationKind, Service, ServiceComponent
from monitoring import maintenance
from monitoring.models import Interval, MaintenanceWindow, TargetState
from sla.composition import Span, Trees
from sla.models import DeclaredOutage
from sla.promises import Promise, promises_of
from sla.uptime import Availability, Change, Day, Node, State, all_of, measure
from sla.worktime import ALWAYS

DECLARED = "declared"

MET, MISSED, NO_DATA, INSUFFICIENT, NO_TARGET = "met", "missed", "no_data", "insufficient", "no_target"


@dataclass(frozen=True)
class ServiceAvailability:
    """A service's month, or any window. `result` is None where nothing of it is watched or declared.

    items: ids of the items whose states were composed. planned: spans of announced work that takes the service down.
    """

    service: Service
    organisation: Organisation | None
    window: Span
    result: Availability | None
    promise: Promise | None
    items: tuple[int, ...] = ()
    planned: tuple[Span, ...] = ()

    @property
    def verdict(self) -> str:
        """met, missed, no_data, insufficient (too little measured) or no_target. Whole seconds decide, no percentage."""
        result = self.result
        if result is None or result.agreed_seconds == 0:
            return NO_DATA
        if self.promise is None:
            return NO_TARGET
        seen = result.agreed_seconds + result.unknown_seconds
        if result.agreed_seconds < Fraction(str(self.promise.minimum_coverage)) * seen:
            return INSUFFICIENT
        up = result.agreed_seconds - result.down_seconds
        if up < Fraction(str(self.promise.goal)) * result.agreed_seconds:
            return MISSED
        if self.promise.longest is not None and result.longest_outage_seconds > self.promise.longest:
            return MISSED
        return MET

    @property
    def allowed_seconds(self) -> int | None:
        """Down seconds that the target leaves in this window; None without a target or data."""
        if self.result is None or self.promise is None:
            return None
        return int(self.result.agreed_seconds * (1 - Fraction(str(self.promise.goal))))

    @property
    def columns(self) -> list[tuple[str, float]]:
        """One (kind, lost) a day for the picture: ok, part, down (breaks the window's target alone), plan or none."""
        if self.result is None:
            return []
        return [column(day, self.allowed_seconds) for day in self.result.days]

    def interval_ids(self, begin: datetime, end: datetime) -> list[int]:
        """Intervals of the composed items that were not up at some time of [begin, end)."""
        return list(intervals_behind(self.items, begin, end).values_list("pk", flat=True))


def column(day: Day, allowed: int | None) -> tuple[str, float]:
    """A day's kind and the share of its agreed time that was lost."""
    if day.down:
        alone = allowed is not None and day.down > allowed
        return ("down" if alone else "part", day.down / day.agreed)
    if day.unknown > day.agreed:
        return ("none", 0.0)
    if day.planned:
        return ("plan", day.planned / (day.planned + day.agreed + day.unknown))
    if day.degraded:
        return ("part", 0.2 * day.degraded / day.agreed)
    return ("ok", 0.0)


# --- questions ----------------------------------------------------------------------------------------------------------


def of_services(
    services: Sequence[Service],
    organisation: Organisation | None,
    start: datetime,
    end: datetime,
    promises: dict[int, Promise] | None = None,
    look: Look | None = None,
) -> list[ServiceAvailability]:
    """Several services at once; the number of statements does not grow with them.

    promises: by service id, as `promises_of` gives them (default: those in force at the window's end). look: what was
    read already for these services, to be shared between municipalities.
    """
    end = min(end, timezone.now())
    if promises is None:
        promises = promises_of(organisation, end) if organisation else {}
    if start >= end:
        return [
            ServiceAvailability(s, organisation, (start, end), None, promises.get(s.pk)) for s in services
        ]
    look = look or Look([s.pk for s in services], start, end)
    return [look.at(s, organisation, promises.get(s.pk), (start, end)) for s in services]


def availability_of_item(item: Item, start: datetime, end: datetime) -> Availability | None:
    """One item around the clock, any announced work left out; None where nobody watches it."""
    end = min(end, timezone.now())
    if start >= end:
        return None
    trees = Trees({item.pk}, start, end)
    if not trees.is_watched(item.pk, (start, end)):
        return None
    name = str(item.pk)
    states = {name: trees.measured(item.pk)}
    planned = maintenance.spans([item.pk], start, end)[item.pk]
    return measure(name, states, (start, end), ALWAYS, planned, zone=settings.TIME_ZONE)


def intervals_behind(items: Iterable[int], begin: datetime, end: datetime) -> QuerySet[Interval]:
    """Intervals of these items' targets in which they were asked and not up, overlapping [begin, end)."""
    return (
        Interval.objects.filter(target__item__in=list(items), started_at__lt=end)
        .exclude(state__in=(TargetState.UP, TargetState.OFF))
        .filter(Q(ended_at=None) | Q(ended_at__gt=begin))
        .order_by("started_at", "pk")
    )


def windows_behind(items: Iterable[int], begin: datetime, end: datetime) -> QuerySet[MaintenanceWindow]:
    """Planned work on these items or on what they rest on, overlapping [begin, end)."""
    below = rests_on(items).items
    return MaintenanceWindow.objects.filter(
        items__in=list(below), starts_at__lt=end, ends_at__gt=begin
    ).distinct()


# --- reading ------------------------------------------------------------------------------------------------------------


@dataclass
class Look:
    """All that is asked of the database for some services over one window, read once."""

    service_ids: Sequence[int]
    start: datetime
    end: datetime
    _parts: dict[int, list[ServiceComponent]] = field(init=False, default_factory=lambda: defaultdict(list))
    _declared: dict[int, list[DeclaredOutage]] = field(init=False, default_factory=lambda: defaultdict(list))
    _spans: dict[int, dict[int, list[Span]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for part in ServiceComponent.objects.filter(service__in=self.service_ids).order_by("pk"):
            self._parts[part.service_id].append(part)
        named = {part.item_id for parts in self._parts.values() for part in parts}
        self._trees = Trees(named, self.start, self.end)
        outages = DeclaredOutage.objects.current().filter(
            service__in=self.service_ids, starts_at__lt=self.end
        )
        for outage in outages.filter(Q(ends_at=None) | Q(ends_at__gt=self.start)).order_by("starts_at", "pk"):
            self._declared[outage.service_id].append(outage)

    def at(
        self,
        service: Service,
        organisation: Organisation | None,
        promise: Promise | None,
        window: Span | None = None,
    ) -> ServiceAvailability:
        """One service as one municipality had it, in a window inside this one (default: all of it)."""
        window = window or (self.start, self.end)
        node, items = self._trees.service(_of(self._parts[service.pk], organisation), window)
        states: dict[str, list[Change]] = {str(pk): self._trees.measured(pk) for pk in items}
        said = [o for o in self._declared[service.pk] if _concerns(o.organisation_id, organisation)]
        if said:
            states[DECLARED] = _declared_states(said, self.start, watched=node is not None)
            node = all_of(node, DECLARED) if node is not None else DECLARED
        if node is None:
            return ServiceAvailability(service, organisation, window, None, promise)
        planned = self._planned(node, items, promise.notice_hours if promise else 0, window)
        work = promise.work if promise else ALWAYS
        result = measure(node, states, window, work, planned, zone=settings.TIME_ZONE)
        return ServiceAvailability(
            service, organisation, window, result, promise, tuple(items), tuple(planned)
        )

    def _planned(self, node: Node, items: Sequence[int], notice: int, window: Span) -> list[Span]:
        """When announced work takes the service down: the same composition, with the parts in work as down."""
        if notice not in self._spans:
            self._spans[notice] = maintenance.spans(self._trees.watched, self.start, self.end, notice)
        spans = {
            pk: [s for s in self._spans[notice].get(pk, []) if s[0] < window[1] and s[1] > window[0]]
            for pk in items
        }
        if not any(spans.values()):
            return []
        states: dict[str, list[Change]] = {DECLARED: [(self.start, State.UP)]}
        for pk, own in spans.items():
            states[str(pk)] = [(self.start, State.UP)]
            for begin, end in own:
                states[str(pk)] += [(begin, State.DOWN), (end, State.UP)]
        timeline = measure(node, states, window).timeline
        return [(s.begin, s.end) for s in timeline if s.state is State.DOWN]


def _of(parts: Sequence[ServiceComponent], organisation: Organisation | None) -> list[ServiceComponent]:
    """The parts that serve this municipality: the shared ones and its own. For a region the shared ones, else all."""
    if organisation is None or organisation.kind == OrganisationKind.REGION:
        return [part for part in parts if part.organisation_id is None] or list(parts)
    return [part for part in parts if part.organisation_id in (None, organisation.pk)]


def _concerns(organisation_id: int | None, organisation: Organisation | None) -> bool:
    return organisation_id is None or (organisation is not None and organisation_id == organisation.pk)


def _declared_states(said: Sequence[DeclaredOutage], start: datetime, *, watched: bool) -> list[Change]:
    """Declared outages as states of a part of its own. Outside them it is up where pollers tell the rest, else unknown."""
    rest = State.UP if watched else State.UNKNOWN
    edges: list[tuple[datetime, int, bool]] = []
    for outage in said:
        edges.append((max(outage.starts_at, start), 1, outage.degraded))
        if outage.ends_at:
            edges.append((outage.ends_at, -1, outage.degraded))
    changes: list[Change] = [(start, rest)]
    count = {True: 0, False: 0}
    for at, step, degraded in sorted(edges, key=lambda edge: edge[0]):
        count[degraded] += step
        changes.append((at, State.DOWN if count[False] else State.DEGRADED if count[True] else rest))
    return changes
