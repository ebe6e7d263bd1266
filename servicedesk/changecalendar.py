"""The calendar of changes: which windows fall on which day, and which of them must not meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from cmdb.impact import rests_on
from servicedesk.models import ItemRole, State, Ticket, TicketItem

PLANNED = (State.DRAFT, State.APPROVAL, State.SCHEDULED, State.IMPLEMENTING)
AT_MOST = 300


@dataclass
class Slot:
    """One change in its window."""

    ticket: Ticket
    start: datetime
    end: datetime
    items: dict[int, str] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)

    @property
    def state(self) -> State:
        return State(self.ticket.state)


@dataclass(frozen=True)
class Clash:
    """Another change in an overlapping window on the same item (`below` empty) or on one that this rests on."""

    reference: str
    item: str
    below: str = ""


@dataclass(frozen=True)
class Day:
    """A day with what happens on it."""

    day: datetime
    slots: list[Slot]
    is_today: bool
    is_weekend: bool


def slots(changes: Any, start: datetime, end: datetime) -> list[Slot]:
    """Windows that touch [start, end), soonest first, with their items and clashes. Four statements, whatever the number.

    :param changes: tickets that the person sees.
    """
    rows = (
        changes.filter(state__in=PLANNED, change__planned_start__lt=end, change__planned_end__gt=start)
        .select_related("change", "assignee")
        .order_by("change__planned_start", "pk")
    )
    found = [Slot(row, row.change.planned_start, row.change.planned_end) for row in rows[:AT_MOST]]
    by_pk = {slot.ticket.pk: slot for slot in found}
    about = TicketItem.objects.filter(ticket__in=by_pk, role=ItemRole.CHANGED).values_list(
        "ticket_id", "item_id", "item__name"
    )
    for ticket, item, name in about:
        by_pk[ticket].items[item] = name
    find_clashes(found)
    return found


def find_clashes(found: list[Slot]) -> None:
    """Write into each slot what it clashes with: the same item, or one resting on the other, at the same time."""
    names = {pk: name for slot in found for pk, name in slot.items.items()}
    below = ground(names)
    for number, one in enumerate(found):
        for other in found[number + 1 :]:
            if other.start >= one.end:
                break
            for mine, theirs in _meet(one, other, below):
                _note(one, other, mine, theirs, names)


def ground(items: Iterable[int]) -> dict[int, set[int]]:
    """What each item rests on, directly or not, among everything that they rest on together."""
    edges: dict[int, set[int]] = defaultdict(set)
    for source, target, _kind in rests_on(items).paths:
        edges[source].add(target)
    found: dict[int, set[int]] = {}
    for item in items:
        reached: set[int] = set()
        queue = list(edges[item])
        while queue:
            target = queue.pop()
            if target not in reached:
                reached.add(target)
                queue.extend(edges[target])
        found[item] = reached - {item}
    return found


def _meet(one: Slot, other: Slot, below: dict[int, set[int]]) -> Iterable[tuple[int, int]]:
    for mine in one.items:
        for theirs in other.items:
            if mine == theirs or theirs in below[mine] or mine in below[theirs]:
                yield mine, theirs


def _note(one: Slot, other: Slot, mine: int, theirs: int, names: dict[int, str]) -> None:
    for slot, against, item, ground_item in ((one, other, mine, theirs), (other, one, theirs, mine)):
        beside = "" if item == ground_item else names[ground_item]
        slot.clashes.append(Clash(against.ticket.reference, names[item], beside))


def days(found: list[Slot], start: datetime, count: int) -> list[Day]:
    """Every day from `start`, with the windows that touch it; windows over midnight stand on each of their days."""
    today = timezone.localdate()
    first = timezone.localtime(start).date()
    by_day: dict[date, list[Slot]] = defaultdict(list)
    for slot in found:
        day = max(timezone.localtime(slot.start).date(), first)
        last = timezone.localtime(slot.end - timedelta(microseconds=1)).date()
        while day <= last and (day - first).days < count:
            by_day[day].append(slot)
            day += timedelta(days=1)
    zone = timezone.get_current_timezone()
    made = []
    for number in range(count):
        day = first + timedelta(days=number)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
        made.append(Day(noon, by_day[day], day == today, day.weekday() >= 5))
    return made
