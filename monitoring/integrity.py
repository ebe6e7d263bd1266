"""Invariants of this floor over the live data: what does not hold, as sentences (HOUSE.md 3 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from monitoring.egress import integrity as egress
from monitoring.engine import DOWN
from monitoring.events import problem_key
from monitoring.hostkeys import integrity as hostkeys
from monitoring.models import Alert, Event, Target, TargetState

LATE = timedelta(minutes=5)

# Each interval beside the one before it: they must touch, and only the last may be open.
_HOLES = """
select target_id, state, started_at, before_end from (
    select target_id, state, started_at, lag(ended_at) over w as before_end, lag(id) over w as before_id
      from monitoring_interval window w as (partition by target_id order by started_at, id)) i
 where before_id is not null and before_end is distinct from started_at
"""

_STATES = """
select t.id, t.state, i.state from monitoring_target t
  left join monitoring_interval i on i.target_id = t.id and i.ended_at is null
 where t.state is distinct from coalesce(i.state, 'unknown')
    or (i.id is not null and t.state_since is distinct from i.started_at)
    or (i.id is null and exists (select 1 from monitoring_interval x where x.target_id = t.id))
"""


def check(now: datetime | None = None) -> Iterator[str]:
    """One English sentence per violation; nothing when all holds."""
    now = now or timezone.now()
    yield from _intervals()
    yield from _alerts(now)
    yield from _topology()
    yield from _archived(now)
    yield from egress.check()
    yield from hostkeys.check(now)


def _intervals() -> Iterator[str]:
    """Invariant 3: no hole, no overlap, and the target says what its last interval says."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLES)
        for target, state, started, before in cursor.fetchall():
            end = "is open" if before is None else f"ends {before:%Y-%m-%d %H:%M:%S}"
            yield f"target {target}: the interval before {state} from {started:%Y-%m-%d %H:%M:%S} {end}"
        cursor.execute(_STATES)
        for target, state, last in cursor.fetchall():
            yield f"target {target} is {state}, its last interval says {last or 'nothing'}"


def _alerts(now: datetime) -> Iterator[str]:
    """Every target that is down has an alert, or stands in the shadow of one that is down, or is just being handled."""
    pending = set(Event.objects.filter(handled_at=None).values_list("problem_key", flat=True))
    alerted = Alert.objects.filter(closed_at=None, kind=DOWN).values("target_id")
    down = Target.objects.filter(is_enabled=True, state=TargetState.DOWN, state_since__lt=now - LATE)
    for target in down.filter(shadowed_by=None).exclude(pk__in=alerted):
        if problem_key(target.pk, DOWN) not in pending:
            yield f"target {target.pk} is down since {target.state_since:%Y-%m-%d %H:%M:%S} and nobody is told"
    for target in Target.objects.exclude(shadowed_by=None).filter(pk__in=alerted):
        yield f"target {target.pk} stands in a shadow and has an alert of its own"
    long_back = Q(shadowed_by__state=TargetState.UP, shadowed_by__state_since__lt=now - LATE)
    for target in down.filter(long_back, last_polled_at__gt=F("shadowed_by__state_since")):
        yield f"target {target.pk} stands in the shadow of {target.shadowed_by_id}, which is up"
    for event in Event.objects.filter(handled_at=None, due_at__lt=now - LATE)[:20]:
        yield f"event {event.pk} of {event.at:%Y-%m-%d %H:%M:%S} was never handled"


def _archived(now: datetime) -> Iterator[str]:
    """What is put away is at rest: nothing is asked of it, and nobody is called for it."""
    for target in Target.objects.filter(archived_at__lt=now - LATE).exclude(lease_token=None):
        yield f"target {target.pk} is archived and still claimed by a poller"
    living = Target.objects.filter(
        archived_at__lt=now - LATE, intervals__ended_at=None, intervals__isnull=False
    )
    for pk in living.exclude(state=TargetState.OFF).values_list("pk", flat=True):
        yield f"target {pk} is archived and its last interval is still open as measured"
    for alert in Alert.objects.filter(closed_at=None, target__archived_at__lt=now - LATE):
        yield f"alert {alert.pk} is open on target {alert.target_id}, which is archived"
    for target in Target.objects.filter(archived_at=None, item__archived_at__isnull=False):
        yield f"target {target.pk} asks item {target.item_id}, which is archived"


def _topology() -> Iterator[str]:
    """No target is reached through itself."""
    parents = dict(Target.objects.exclude(parent=None).values_list("pk", "parent_id"))
    for target in parents:
        seen, at = set[int](), parents.get(target)
        while at is not None and at not in seen and at != target:
            seen.add(at)
            at = parents.get(at)
        if at == target:
            yield f"target {target} is reached through itself"
