"""A round's outcomes into the tables, all in one transaction and a handful of statements however many targets.

Only rows that still bear the claim's token are written: what a late or killed poller brings after its lease is
dropped whole, so nothing is counted twice (tests/monitoring/test_kill.py).
"""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from monitoring import events, intervals, readings, schedule
from monitoring.intervals import Change
from monitoring.judge import Verdict, judge
from monitoring.outcome import Outcome, Result
from monitoring.schedule import Claim

PARENTS_AFTER = timedelta(seconds=0.5)

_LOCK = (
    "select id from monitoring_target where id = any(%s) and lease_token = %s order by id for no key update"
)

_SAVE = """
update monitoring_target t set
    lease_token = null, lease_until = null,
    -- somebody wanted it asked sooner while we were asking (schedule.hurry): keep that
    due_at = case when t.due_at < %(leased)s then least(v.due_at, greatest(t.due_at, %(now)s)) else v.due_at end,
    last_polled_at = v.at, last_ok_at = coalesce(v.ok_at, t.last_ok_at), last_error = v.error,
    rtt_ms = v.rtt, uptime_seconds = coalesce(v.uptime, t.uptime_seconds), failures = v.failures,
    first_failed_at = v.first_failed_at, problems = v.problems::jsonb, profile = v.profile
  from unnest(%(id)s::bigint[], %(due_at)s::timestamptz[], %(at)s::timestamptz[], %(ok_at)s::timestamptz[], %(error)s::text[],
              %(rtt)s::float8[], %(uptime)s::bigint[], %(failures)s::int[], %(first_failed_at)s::timestamptz[],
              %(problems)s::text[], %(profile)s::text[])
    as v(id, due_at, at, ok_at, error, rtt, uptime, failures, first_failed_at, problems, profile)
 where t.id = v.id
"""


def save(claim: Claim, outcomes: Iterable[Outcome]) -> int:
    """Save what `claim`'s round brought; how many targets were still ours. Targets without outcome stay claimed."""
    found = {outcome.target_id: outcome for outcome in outcomes}
    now = timezone.now()
    with transaction.atomic():
        mine = _lock(claim, found)
        verdicts = [judge(t, found[t.pk], now) for t in claim.targets if t.pk in mine]
        if not verdicts:
            return 0
        _save_targets(verdicts, now)
        changes: list[Change] = [change for verdict in verdicts for change in verdict.changes]
        intervals.change_many(changes)
        events.post_many([event for verdict in verdicts for event in verdict.events])
        answered = [v.outcome for v in verdicts if v.outcome.result is Result.ANSWERED]
        readings.save(answered)
    # After the round is safe: parents of what just failed are asked at once, so that a shadow is soon told from a fault.
    parents = {v.target.parent_id for v in verdicts if v.first_failure and v.target.parent_id}
    if parents:
        schedule.hurry(parents, now + PARENTS_AFTER)
    return len(verdicts)


def _lock(claim: Claim, found: dict[int, Outcome]) -> set[int]:
    """Ids that still bear our token, locked."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(found), claim.token])
        return {pk for (pk,) in cursor.fetchall()}


def _save_targets(verdicts: Sequence[Verdict], now: datetime) -> None:
    columns: dict[str, list[Any]] = {
        "id": [v.target.pk for v in verdicts],
        "due_at": [v.due_at for v in verdicts],
        "at": [v.outcome.at for v in verdicts],
        "ok_at": [v.outcome.at if v.outcome.result is Result.ANSWERED else None for v in verdicts],
        "error": [_error(v.outcome.error) for v in verdicts],
        "rtt": [v.outcome.rtt_ms for v in verdicts],
        "uptime": [_seconds(v.outcome.uptime_seconds) for v in verdicts],
        "failures": [v.failures for v in verdicts],
        "first_failed_at": [v.first_failed_at for v in verdicts],
        "problems": [json.dumps(v.problems) for v in verdicts],
        "profile": [v.outcome.profile or v.target.profile for v in verdicts],
    }
    leased = min(target.due_at for target in (v.target for v in verdicts))
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, {**columns, "now": now, "leased": leased})


def _error(text: str) -> str:
    return text.replace("\x00", " ")[:200]


def _seconds(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else int(value)
