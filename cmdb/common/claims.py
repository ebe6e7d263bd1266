"""Claim due rows: conditional UPDATE with a lease, so that any number of workers share one queue.

A model takes the abstract ``Claimable`` (or has fields of these names). ``claim`` marks rows as taken for
the length of the lease; ``finish`` marks them done only if the lease is still ours; a killed worker's
rows fall due again when the lease ends. That is **at least once**: an effect outside the database needs
its own key against doubling. The lease must exceed the longest batch, so keep batches small.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

M = TypeVar("M", bound=models.Model)


class Claimable(models.Model):
    """Work to do: due from ``due_at``, taken until ``lease_until`` by ``lease_token``, done at ``done_at``."""

    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True

    @staticmethod
    def due_index(name: str) -> models.Index:
        """The partial index that the claiming loop reads: put it into the model's Meta.indexes."""
        return models.Index(fields=["due_at"], condition=Q(done_at=None), name=name)


def free(now: datetime) -> Q:
    """Condition: due, not done, and not taken by a living lease."""
    return Q(done_at=None, due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))


def claim(queryset: QuerySet[M], n: int, lease: timedelta) -> list[M]:
    """Take up to ``n`` due rows, the longest due first. Two statements; callers never wait for each other."""
    now = timezone.now()
    token = uuid.uuid4()
    condition = free(now)
    some = (
        queryset.filter(condition).order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))
    )
    taken = queryset.model._base_manager.filter(pk__in=some.values("pk")[:n]).filter(condition)
    if not taken.update(lease_until=now + lease, lease_token=token, attempts=F("attempts") + 1):
        return []
    return list(queryset.model._base_manager.filter(lease_token=token).order_by("due_at", "pk"))


def _mine(row: Any) -> QuerySet[Any]:
    return type(row)._base_manager.filter(pk=row.pk, lease_token=row.lease_token, done_at=None)


def finish(row: Any, **fields: Any) -> bool:
    """Mark ``row`` done; False if the lease was lost meanwhile (somebody else has it, or did it)."""
    return _mine(row).update(done_at=timezone.now(), lease_until=None, last_error="", **fields) == 1


def release(row: Any, error: str = "", retry_in: timedelta | None = None) -> bool:
    """Give ``row`` back; it falls due again after ``retry_in`` (default: 2^attempts × 30 s, at most an hour)."""
    wait = retry_in if retry_in is not None else timedelta(seconds=min(30 * 2 ** (row.attempts - 1), 3600))
    due = timezone.now() + wait
    changes = {"lease_until": None, "lease_token": None, "due_at": due, "last_error": error[:2000]}
    return _mine(row).update(**changes) == 1


def extend(row: Any, lease: timedelta) -> bool:
    """Keep ``row`` for another ``lease`` from now; False if it was lost."""
    return _mine(row).update(lease_until=timezone.now() + lease) == 1
