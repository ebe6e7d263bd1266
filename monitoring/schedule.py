"""Which targets are due, and who asks them: claims with a lease, so that any number of pollers share the work.

A claim is a token on the rows. Only the bearer of the token may save a result (monitoring/saving.py); a poller that
was killed loses its claim when the lease ends, and the rows are due again. Nothing else is kept anywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from monitoring import intervals
from monitoring.asking import load_credentials
from monitoring.models import Interval, Target, TargetState

BATCH = 200
"""Targets of one round: small enough that a killed worker costs little, large enough to save at once."""
LEASE = timedelta(seconds=30)
"""Longer than a round can take (poll.ROUND_SECONDS and the saving)."""
STALE_INTERVALS = 3
STALE_LEAST = timedelta(seconds=30)

# `stale_after` for the database: last asked, and three intervals or half a minute.
_STALE_AT = ExpressionWrapper(
    F("last_polled_at")
    + ExpressionWrapper(
        Greatest(F("interval") * STALE_INTERVALS, int(STALE_LEAST.total_seconds()))
        * Value(timedelta(seconds=1)),
        output_field=DurationField(),
    ),
    output_field=DateTimeField(),
)

# due_at moves to the end of the lease: should the poller die, the row is due then; and whoever wants it asked sooner
# meanwhile (`hurry`) lowers it, which the saving notices and respects.
_CLAIM = """
with free as materialized (
    select id from monitoring_target
     where is_enabled and due_at <= %(now)s and (lease_until is null or lease_until <= %(now)s)
     order by due_at limit %(limit)s
       for no key update skip locked)
update monitoring_target t set lease_token = %(token)s, lease_until = %(until)s, due_at = %(until)s
  from free where t.id = free.id
"""


@dataclass(frozen=True)
class Claim:
    """Rows that are ours until the lease ends, with their secrets loaded."""

    token: UUID
    targets: list[Target]


def claim(limit: int = BATCH, now: datetime | None = None) -> Claim:
    """Take up to `limit` due targets, the longest due first. Pollers never wait for each other."""
    now = now or timezone.now()
    token = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"token": token, "until": now + LEASE, "now": now, "limit": limit})
        if not cursor.rowcount:
            return Claim(token, [])
    targets = list(Target.objects.filter(lease_token=token).order_by("due_at", "pk"))
    credentials = load_credentials({target.credential_id for target in targets if target.credential_id})
    for target in targets:
        target.credential = credentials.get(target.credential_id or 0)
    return Claim(token, targets)


def stale_after(interval: int) -> timedelta:
    """How long nobody may have asked before the state is no longer known."""
    return max(timedelta(seconds=STALE_INTERVALS * interval), STALE_LEAST)


def hurry(target_ids: Iterable[int], at: datetime | None = None) -> int:
    """Let targets be asked at `at` (default: now) unless they are due earlier anyway."""
    wanted = Target.objects.filter(pk__in=list(target_ids), is_enabled=True)
    # Locked in the order of all who lock several targets, so that nobody waits in a circle.
    locked = wanted.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    with transaction.atomic():
        return Target.objects.filter(pk__in=list(locked)).update(
            due_at=Least(F("due_at"), at or timezone.now())
        )


def sweep_stale(now: datetime | None = None) -> int:
    """Targets that nobody asked for three intervals become unknown, those that were switched off `off`. How many did.

    A poller's silence is neither up nor down (C.2.14): knowledge ends one interval after the last answer or
    failure. That nobody wanted an answer is told apart from it. Switched on again, a target is unknown until it answers. Rows under a living lease are left to their poller; an expired claim is taken away, so that an
    answer that comes after all finds its token gone.
    """
    now = now or timezone.now()
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        stale = Q(stale_at__lt=now) & ~Q(state__in=(TargetState.UNKNOWN, TargetState.OFF))
        on = Q(state=TargetState.OFF)
        off = ~on & Exists(Interval.objects.filter(target=OuterRef("pk")))  # nothing is known: nothing ends
        known = Target.objects.filter(free).annotate(stale_at=_STALE_AT)
        candidates = known.filter(Q(off, is_enabled=False) | Q(on | stale, is_enabled=True))
        rows = list(candidates.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk"))
        changes = []
        for target in rows:
            if not target.is_enabled:
                changes.append(intervals.Change(target.pk, TargetState.OFF, target.archived_at or now))
            elif target.state == TargetState.OFF:
                changes.append(intervals.Change(target.pk, TargetState.UNKNOWN, now))
            elif target.last_polled_at:
                since = target.last_polled_at + timedelta(seconds=target.interval)
                changes.append(intervals.Change(target.pk, TargetState.UNKNOWN, since))
        changed = intervals.change_many(changes)
        Target.objects.filter(pk__in=changed).update(
            failures=0, first_failed_at=None, lease_token=None, lease_until=None
        )
    return len(changed)
