"""What time alone does to tickets: an agreed date comes, the days for reopening pass."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from servicedesk.actions.close import close
from servicedesk.actions.reopen import DEFAULT_DAYS
from servicedesk.actions.resume import resume
from servicedesk.actors import CLOCK
from servicedesk.models import Kind, State, Ticket
from servicedesk.workflow import MoveRefused

logger = logging.getLogger(__name__)

BATCH = 500


def wake(now: datetime | None = None) -> int:
    """Take up tickets that were on hold until a date; their clocks run on from that instant. Answers how many."""
    now = now or timezone.now()
    due = Ticket.objects.filter(state=State.PENDING, pend_until__lte=now).order_by("pend_until")[:BATCH]
    return _each(due, lambda ticket: resume(CLOCK, ticket, at=ticket.pend_until))


def close_old(now: datetime | None = None) -> int:
    """Close what was resolved longer ago than it may be reopened (the agreement's days). Answers how many."""
    now = now or timezone.now()
    days = Coalesce(F("case__agreement__reopen_days"), Value(DEFAULT_DAYS))
    until = ExpressionWrapper(F("resolved_at") + days * timedelta(days=1), output_field=DateTimeField())
    over = (
        Ticket.objects.filter(state=State.RESOLVED)
        .exclude(kind=Kind.CHANGE)
        .annotate(reopen_until=until)
        .filter(reopen_until__lt=now)
        .order_by("resolved_at")[:BATCH]
    )
    return _each(over, lambda ticket: close(CLOCK, ticket))


def _each(tickets: Iterable[Ticket], act: Callable[[Ticket], Ticket]) -> int:
    done = 0
    for ticket in tickets:
        try:
            act(ticket)
            done += 1
        except (MoveRefused, PermissionDenied):
            continue  # somebody was quicker
        except Exception:
            logger.exception("%s could not be moved", ticket.reference)
    return done
