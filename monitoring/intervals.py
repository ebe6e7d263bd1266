"""Up, down, degraded and unknown over time. The only writer of `Interval` and of a target's `state`.

Intervals of a target follow each other without hole or overlap (invariant 3). Who changes a state holds the
target's row lock, so two processes cannot both close the same interval.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from monitoring.models import Interval, Target, TargetState

State = tuple[datetime, str]

#: Worst first: several targets of one item, or several components that are all needed. Same order as sla.uptime's `all`.
WORST = (TargetState.DOWN, TargetState.UNKNOWN, TargetState.DEGRADED, TargetState.UP)
_RANK = {state.value: place for place, state in enumerate((*WORST, TargetState.OFF))}


class Change(NamedTuple):
    """From `at` on, the target is in `state`."""

    target_id: int
    state: str
    at: datetime


def change(target: Target, state: str, at: datetime) -> bool:
    """From `at` on, `target` is in `state`. False if it was in it already. Updates the given object too.

    Earlier than the open interval's start means: from that start (what was written about the past stays).
    """
    changed = bool(change_many([Change(target.pk, state, at)]))
    target.refresh_from_db(fields=["state", "state_since"])
    return changed


def change_many(changes: Iterable[Change]) -> set[int]:
    """`change` for many targets, a target's own changes in their order. Answers the ids of targets that changed."""
    by_target: dict[int, list[Change]] = defaultdict(list)
    for one in changes:
        by_target[one.target_id].append(one)
    if not by_target:
        return set()
    with transaction.atomic():
        # Always in the same order, so that two rounds with common targets wait and never lock each other out.
        locked = set(
            Target.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in=by_target)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        current = {i.target_id: i for i in Interval.objects.filter(target__in=locked, ended_at=None)}
        plans = [_Plan(pk, current.get(pk)) for pk in sorted(locked)]
        for plan in plans:
            for one in by_target[plan.target_id]:
                plan.take(one.state, one.at)
        return _write([plan for plan in plans if plan.changed])


class _Plan:
    """What becomes of one target's last intervals."""

    def __init__(self, target_id: int, last: Interval | None) -> None:
        self.target_id = target_id
        self.last = last
        self.closed: list[Interval] = []
        self.changed = False

    def take(self, state: str, at: datetime) -> None:
        if self.last is None:
            self.last = Interval(target_id=self.target_id, state=state, started_at=at)
        elif self.last.state == state:
            return
        elif at <= self.last.started_at:
            # No interval without length: the open one was that state from its beginning.
            self.last.state = state
        else:
            self.last.ended_at = at
            self.closed.append(self.last)
            self.last = Interval(target_id=self.target_id, state=state, started_at=at)
        self.changed = True


def _write(plans: Sequence[_Plan]) -> set[int]:
    """Old rows first: one open interval per target is a constraint."""
    old = [i for plan in plans for i in [*plan.closed, plan.last] if i and i.pk]
    new = [i for plan in plans for i in [*plan.closed, plan.last] if i and not i.pk]
    if old:
        Interval.objects.bulk_update(old, ["state", "ended_at"])
    Interval.objects.bulk_create(new)
    states = [(p.target_id, p.last.state, p.last.started_at) for p in plans if p.last]
    if states:
        ids, words, since = zip(*states, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "update monitoring_target t set state = v.state, state_since = v.since"
                " from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) as v(id, state, since) where t.id = v.id",
                [list(ids), [str(word) for word in words], list(since)],
            )
    return {plan.target_id for plan in plans}


def states(item_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, list[State]]:
    """Per item the states of [start, end): (from when, up|down|unknown|degraded|off), the worst of its targets.

    What was measured counts whatever became of the target since: switched off or archived later, it says nothing from
    then on. `off` is said where none of an item's targets was wanted any more; nothing is said of the time before the
    first interval. Items that nobody ever watched have an empty list. One statement.
    """
    wanted = list(dict.fromkeys(item_ids))
    pieces: dict[int, dict[int, list[tuple[datetime, datetime, str]]]] = {
        pk: defaultdict(list) for pk in wanted
    }
    rows = (
        Interval.objects.filter(target__item__in=wanted, started_at__lt=end)
        .filter(Q(ended_at=None) | Q(ended_at__gt=start))
        .order_by("started_at", "pk")
        .values_list("target__item_id", "target_id", "state", "started_at", "ended_at")
    )
    for item, target, state, started, ended in rows:
        pieces[item][target].append((max(started, start), min(ended or end, end), state))
    return {item: _worst(list(lines.values())) for item, lines in pieces.items()}


def _worst(lines: Sequence[Sequence[tuple[datetime, datetime, str]]]) -> list[State]:
    """Several lines of (from, until, state) as one: at each instant the worst of those that say anything."""
    if len(lines) == 1:
        return _joined([(begin, state) for begin, _end, state in lines[0]])
    marks: list[tuple[datetime, int, str]] = []
    for line in lines:
        for begin, until, state in line:
            marks += [(begin, 1, state), (until, -1, state)]
    marks.sort(key=lambda mark: mark[0])
    alive: dict[str, int] = defaultdict(int)
    found: list[State] = []
    for place, (at, step, state) in enumerate(marks):
        alive[state] += step
        if place + 1 < len(marks) and marks[place + 1][0] == at:
            continue
        now = [word for word, count in alive.items() if count]
        if now:
            found.append((at, min(now, key=_RANK.__getitem__)))
    return _joined(found)


def _joined(found: Sequence[State]) -> list[State]:
    """Without repetitions of the same state."""
    return [one for place, one in enumerate(found) if not place or found[place - 1][1] != one[1]]


def is_watched(found: Sequence[State], start: datetime, end: datetime) -> bool:
    """Whether `states` say of some time in [start, end) that the item was watched: that no answer came is said too."""
    ends = [*(at for at, _state in found[1:]), end][: len(found)]
    return any(
        state != TargetState.OFF and begin < end and until > start
        for (begin, state), until in zip(found, ends, strict=True)
    )


def never_asked(item_ids: Iterable[int]) -> dict[int, datetime]:
    """Items with an enabled target of which nothing is known yet, and since when it is there. One statement."""
    silent = ~Exists(Interval.objects.filter(target=OuterRef("pk")))
    rows = Target.objects.filter(silent, item__in=list(item_ids), is_enabled=True).order_by("-created_at")
    return {item: at for item, at in rows.values_list("item_id", "created_at") if item}
