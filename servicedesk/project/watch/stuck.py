"""What lies in the tables longer than it may, though its worker gives signs of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone

from cmdb.common import claims
from monitoring.models import Event, Target
from servicedesk import outbox
from servicedesk.models import InboundMail
from servicedesk.models.mail import Mailbox


def poller_lateness() -> float:
    """Seconds since the most overdue target should have been asked; 0 when nothing is overdue."""
    return _overdue(Target.objects.filter(is_enabled=True), "due_at")


def event_lateness() -> float:
    """Seconds since the longest waiting event should have been handled."""
    return _overdue(Event.objects.filter(handled_at=None), "due_at")


def letter_lateness() -> float:
    """Seconds since the longest waiting letter should have been sent, or tried again."""
    return _overdue(outbox.waiting().filter(claims.free(timezone.now())), "due_at")


def mail_lateness() -> float:
    """Seconds since the longest waiting mail should have become a ticket, or been tried again."""
    return _overdue(InboundMail.objects.filter(handled_at=None), "next_try_at")


def mailbox_lateness() -> float:
    """Seconds for which a mailbox gives nothing out."""
    return _overdue(Mailbox.objects.exclude(failing_since=None), "failing_since")


def _overdue(rows: QuerySet[Any], name: str) -> float:
    oldest = rows.aggregate(oldest=Min(name))["oldest"]
    return max(timedelta(), timezone.now() - oldest).total_seconds() if oldest else 0.0


#: By the part whose work it is.
LATENESS: dict[str, Callable[[], float]] = {
    "poller": poller_lateness,
    "alerting": event_lateness,
    "letters": letter_lateness,
    "mail": mail_lateness,
    "mailbox": mailbox_lateness,
}
