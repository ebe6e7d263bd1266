"""Claim due rows: conditional UPDATE with a lease, so that any number of workers share one queue.

For models with ``due_at``, ``lease_until`` and ``lease_token`` (and ``attempts``, if they count). What is
still to be done is the caller's queryset: ``claim(Message.objects.filter(sent_at=None), 20, minutes)``.
``finish`` and ``release`` change a row only while the lease is ours; a killed worker's rows fall due again
when the lease ends. That is **at least once**: an effect outside the database needs its own key against
doubling. The lease must exceed the longest batch, so keep batches small.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

M = TypeVar("M", bound=models.Model)


def free(now: datetime) -> Q:
    """Condition: due, and not taken by a living lease."""
    return Q(due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))


def claim(queryset: QuerySet[M], n: int, lease: timedelta, now: datetime | None = None) -> list[M]:
    """Take up to ``n`` due rows of ``queryset``, the longest due first; ``row.lease_token`` is the claim.

    Two statements in one transaction, whatever ``n``. Callers never wait for each other.
    """
    now = now or timezone.now()
    mark: dict[str, Any] = {"lease_until": now + lease, "lease_token": uuid.uuid4()}
    counts = any(field.name == "attempts" for field in queryset.model._meta.fields)
    with transaction.atomic():
        # Read first, then mark by key: inside the UPDATE as "in (select … limit n for update skip locked)" the
        # planner may run the select once per row, and more than n rows are taken.
        due = (
            queryset.filter(free(now))
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
        )
        rows = list(due[:n])
        if rows:
            more: dict[str, Any] = {"attempts": F("attempts") + 1} if counts else {}
            keys = [row.pk for row in rows]
            queryset.model._base_manager.filter(pk__in=keys).update(**mark, **more)
    for row in rows:
        for name, value in mark.items():
            setattr(row, name, value)
        if counts:
            row.attempts += 1  # type: ignore[attr-defined]
    return rows


def _mine(row: Any) -> QuerySet[Any]:
    if row.lease_token is None:
        raise ValueError("This row was not claimed")
    return type(row)._base_manager.filter(pk=row.pk, lease_token=row.lease_token)


def finish(row: Any, **changes: Any) -> bool:
    """Write ``changes`` (``sent_at=now``) and end the claim; False if the lease was lost to somebody else."""
    return _mine(row).update(lease_until=None, lease_token=None, **changes) == 1


def release(row: Any, retry_in: timedelta, **changes: Any) -> bool:
    """Give ``row`` back, due again after ``retry_in``; False if the lease was lost."""
    due = timezone.now() + retry_in
    return _mine(row).update(lease_until=None, lease_token=None, due_at=due, **changes) == 1


def backoff(attempts: int, first: float = 60, most: float = 3600) -> timedelta:
    """Waiting time after the ``attempts``-th failure: doubling from ``first`` to ``most`` seconds."""
    return timedelta(seconds=min(first * 2 ** max(attempts - 1, 0), most))
