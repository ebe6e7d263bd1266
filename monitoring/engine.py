"""From events to alerts. One alert for one problem; none for what another alert explains; a silent one in planned work.

The engine keeps nothing in memory between runs: what is put off stands in `Event.due_at`, what is in a shadow in
`Target.shadowed_by`, so it may be killed anywhere and goes on. Only one runs at a time (advisory lock). All
that a run decides is one transaction.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from monitoring import events, maintenance, schedule
from monitoring.models import Alert, AlertEnd, AlertMute, Event, Severity, Target, TargetState
from monitoring.shadow import Cause, Paths

logger = logging.getLogger(__name__)

DOWN: Final = "down"
ALERTING: Final = frozenset({Severity.WARNING, Severity.EXCEPTION})
DELAYS: Final = {
    "slow": timedelta(seconds=90),
    "unaskable": timedelta(seconds=30),
    "disk_full": timedelta(seconds=60),
}
"""Problems that often pass by themselves alert only after that time."""
HOLD: Final = timedelta(seconds=2)
HOLD_MOST: Final = timedelta(seconds=20)
"""How long a failed child waits for its parent to be asked. After that it alerts: silence must not come from doubt."""
SETTLE: Final = timedelta(seconds=12)
"""After a parent came back its children have this long to answer again before they count as down by themselves."""
FLAPS: Final = 3
FLAP_WINDOW: Final = timedelta(minutes=15)
"""So many alerts of one problem in that time, and the next one is silent…"""
FLAP_STABLE: Final = timedelta(minutes=5)
"""… unless the problem then stays this long."""


def run(now: datetime | None = None, limit: int = 500) -> int:
    """Handle up to `limit` events that are due, oldest first, and look again at everything in a shadow.

    How many events were handled; 0 also where another engine is at work.
    """
    now = now or timezone.now()
    with transaction.atomic():
        if not _alone():
            return 0
        handled = _handle_due(now, limit)
        _recheck_shadows(now)
        _count_shadows()
    return handled


def sweep(now: datetime | None = None) -> int:
    """What no event tells: ends of planned work and of flapping, targets switched off, downs that lost their alert.

    How many alerts changed.
    """
    now = now or timezone.now()
    with transaction.atomic():
        if not _alone(wait=True):
            return 0
        return _unmute(now) + _close_switched_off(now) + _find_lost(now)


def _alone(wait: bool = False) -> bool:
    with connection.cursor() as cursor:
        lock = "hashtext('monitoring.engine')"
        if wait:
            cursor.execute(f"select pg_advisory_xact_lock({lock})")
            return True
        cursor.execute(f"select pg_try_advisory_xact_lock({lock})")
        return bool(cursor.fetchone()[0])


# --- events ------------------------------------------------------------------------------------------------


def _handle_due(now: datetime, limit: int) -> int:
    due = Event.objects.filter(handled_at=None, due_at__lte=now).order_by("pk")[:limit]
    keys, plain = set[str](), list[int]()
    for pk, key in due.values_list("pk", "problem_key"):
        (keys.add(key) if key else plain.append(pk))
    done = list(plain)
    groups: dict[str, list[Event]] = defaultdict(list)
    # All of a problem in its order, also what is still put off: an end must not overtake its beginning.
    waiting = (
        Event.objects.filter(handled_at=None, problem_key__in=keys).select_related("target").order_by("pk")
    )
    for event in waiting:
        groups[event.problem_key].append(event)
    work = _Work(now, groups)
    for key, group in groups.items():
        try:
            with transaction.atomic():
                done += work.take(key, group)
        except Exception:  # one problem that cannot be handled must not stop all the others
            logger.exception("events of problem %s cannot be handled", key)
            done += [event.pk for event in group]
    Event.objects.filter(pk__in=done).update(handled_at=now)
    schedule.hurry(work.ask, now)
    return len(done)


class _Work:
    """What one run knows: open alerts and the ways to the targets in question."""

    def __init__(self, now: datetime, groups: dict[str, list[Event]]) -> None:
        self.now = now
        self.alerts = {a.problem_key: a for a in Alert.objects.filter(problem_key__in=groups, closed_at=None)}
        down = {e.target_id for group in groups.values() for e in group if e.kind == DOWN and not e.clears}
        self.paths = Paths(pk for pk in down if pk is not None)
        self.ask: set[int] = set()

    def take(self, key: str, group: list[Event]) -> list[int]:
        """Handle the events of one problem; the ids of those that are done with."""
        done: list[int] = []
        for place, event in enumerate(group):
            if event.clears:
                self._clear(key, event)
            elif event.severity in ALERTING and event.target is not None:
                until = self._begin(key, event, event.target)
                if until is not None and place + 1 == len(group):
                    # Only the last one waits: what is followed by its own end needs nobody.
                    Event.objects.filter(pk=event.pk).update(due_at=until)
                    break
            done.append(event.pk)
        return done

    def _clear(self, key: str, event: Event) -> None:
        alert = self.alerts.pop(key, None)
        if alert is not None:
            close(alert, event.at)
        if event.target is not None and key == events.problem_key(event.target.pk, DOWN):
            Target.objects.filter(pk=event.target.pk).update(shadowed_by=None)
            schedule.hurry(
                Target.objects.filter(shadowed_by=event.target.pk).values_list("pk", flat=True), self.now
            )

    def _begin(self, key: str, event: Event, target: Target) -> datetime | None:
        """Alert, dedupe or shadow; or until when to wait."""
        if key in self.alerts:
            alert = self.alerts[key]
            Alert.objects.filter(pk=alert.pk).update(occurrences=F("occurrences") + 1, updated_at=self.now)
            return None
        ripe = event.at + DELAYS.get(event.kind, timedelta())
        if self.now < ripe:
            return ripe
        if event.kind == DOWN:
            verdict = self.paths.judge(target.pk)
            if verdict.cause is Cause.EXPLAINED and verdict.by is not None:
                cast_shadow(target.pk, verdict.by.pk)
                return None
            if verdict.cause is Cause.OPEN and self.now < event.at + HOLD_MOST:
                self.ask.update(verdict.ask)
                return self.now + HOLD
        self.alerts[key] = open_alert(event, target, self.now)
        return None


# --- alerts ------------------------------------------------------------------------------------------------


def open_alert(event: Event, target: Target, now: datetime) -> Alert:
    """A new alert for the problem that `event` tells of; silent in planned work and while it flaps."""
    mute = AlertMute.NONE
    if maintenance.covering_targets([target], now):
        mute = AlertMute.MAINTENANCE
    elif _flaps(event.problem_key, now):
        mute = AlertMute.FLAPPING
    return Alert.objects.create(
        target=target,
        item_id=target.item_id,
        organisation_id=target.organisation_id,
        problem_key=event.problem_key,
        kind=event.kind,
        severity=event.severity,
        text=event.text,
        mute=mute,
        opened_at=event.at,
    )


def close(alert: Alert, at: datetime) -> None:
    """The problem is over."""
    Alert.objects.filter(pk=alert.pk).update(
        closed_at=max(at, alert.opened_at), version=F("version") + 1, updated_at=timezone.now()
    )


def _flaps(problem_key: str, now: datetime) -> bool:
    recent = Alert.objects.filter(problem_key=problem_key, opened_at__gt=now - FLAP_WINDOW)
    return recent.count() >= FLAPS


def cast_shadow(target_id: int, cause_id: int) -> None:
    """`target_id` is down because `cause_id` is; what stood in its own shadow so far moves along."""
    Target.objects.filter(Q(pk=target_id) | Q(shadowed_by=target_id)).update(shadowed_by=cause_id)


# --- shadows -----------------------------------------------------------------------------------------------


def _recheck_shadows(now: datetime) -> None:
    """Targets in a shadow whose cause came back, changed or went away."""
    shadowed = list(Target.objects.exclude(shadowed_by=None).select_related("shadowed_by"))
    over = [t.pk for t in shadowed if t.state != TargetState.DOWN or not t.is_enabled]
    if over:
        Target.objects.filter(pk__in=over).update(shadowed_by=None)
    gone = set(over)
    doubtful = [t for t in shadowed if t.pk not in gone and _is_doubtful(t)]
    if not doubtful:
        return
    paths = Paths(t.pk for t in doubtful)
    for target in doubtful:
        verdict = paths.judge(target.pk)
        if verdict.cause is Cause.EXPLAINED and verdict.by is not None:
            if verdict.by.pk != target.shadowed_by_id:
                cast_shadow(target.pk, verdict.by.pk)
        elif _has_settled(target, now):
            _step_out(target, now)


def _is_doubtful(target: Target) -> bool:
    cause = target.shadowed_by
    return (
        cause is None
        or cause.state != TargetState.DOWN
        or not cause.is_enabled
        or cause.shadowed_by_id is not None
    )


def _has_settled(target: Target, now: datetime) -> bool:
    """The cause is back long enough, and the target was asked after that, still in vain."""
    cause = target.shadowed_by
    if cause is None or cause.state == TargetState.DOWN or not cause.is_enabled:
        return True
    if cause.state == TargetState.UNKNOWN:
        return now > cause.state_since + HOLD_MOST
    back = cause.state_since + SETTLE
    return now >= back and target.last_polled_at is not None and target.last_polled_at >= back


def _step_out(target: Target, now: datetime) -> None:
    """Down by itself after all: an event and an alert of its own."""
    Target.objects.filter(pk=target.pk).update(shadowed_by=None)
    _tell_down(target, now, "still down after what it is reached through came back")


def _tell_down(target: Target, now: datetime, text: str) -> Event:
    return events.post(
        target,
        DOWN,
        severity=Severity.EXCEPTION,
        source="engine",
        problem_key=events.problem_key(target.pk, DOWN),
        text=text,
        at=now,
        data={"since": target.state_since.isoformat()},
    )


def _count_shadows() -> None:
    """How many targets stand in each open alert's shadow; kept as it was once its target is back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update monitoring_alert a set shadowed_count = found.number from ("
            "  select a.id, count(s.id) as number from monitoring_alert a"
            "    join monitoring_target t on t.id = a.target_id and t.state = 'down'"
            "    left join monitoring_target s on s.shadowed_by_id = t.id"
            "   where a.closed_at is null and a.kind = 'down' group by a.id) found"
            " where found.id = a.id and a.shadowed_count <> found.number"
        )


# --- sweep -------------------------------------------------------------------------------------------------


def _unmute(now: datetime) -> int:
    """Silent alerts whose reason is over and whose problem is not: they call now, as a new version."""
    muted = list(Alert.objects.filter(closed_at=None).exclude(mute="").select_related("target"))
    planned = [a for a in muted if a.mute == AlertMute.MAINTENANCE]
    covered = maintenance.covering_targets([a.target for a in planned], now) if planned else {}
    over = [a.pk for a in planned if a.target_id not in covered]
    over += [a.pk for a in muted if a.mute == AlertMute.FLAPPING and a.opened_at <= now - FLAP_STABLE]
    return _bump(over, mute=AlertMute.NONE)


def _close_switched_off(now: datetime) -> int:
    """Nobody asks these targets any more: what was wrong with them is nobody's work. The alert says why it closed."""
    off = Alert.objects.filter(closed_at=None, target__is_enabled=False)
    archived = off.filter(target__archived_at__isnull=False).values_list("pk", flat=True)
    done = _bump(archived, closed_at=now, closed_because=AlertEnd.ARCHIVED)
    return done + _bump(off.values_list("pk", flat=True), closed_at=now, closed_because=AlertEnd.OFF)


def _bump(pks: Iterable[int], **changes: object) -> int:
    found = list(pks)
    if not found:
        return 0
    changes |= {"version": F("version") + 1, "updated_at": timezone.now()}
    return Alert.objects.filter(pk__in=found).update(**changes)


def _find_lost(now: datetime) -> int:
    """Down, in no shadow, without alert and without an event under way: can only be left by a lost parent or by hand."""
    alerted = Alert.objects.filter(closed_at=None, kind=DOWN).values("target_id")
    lost = Target.objects.filter(is_enabled=True, state=TargetState.DOWN, shadowed_by=None).exclude(
        pk__in=alerted
    )
    pending = set(
        Event.objects.filter(handled_at=None).exclude(problem_key="").values_list("problem_key", flat=True)
    )
    found = [t for t in lost if events.problem_key(t.pk, DOWN) not in pending]
    for target in found:
        _tell_down(target, now, target.last_error)
    return len(found)
