"""Changed host keys over the live data: which wait for somebody, and which of them nobody was told of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.events import problem_key
from monitoring.hostkeys.known import KIND
from monitoring.models import Alert, Event, HostKey

LATE = timedelta(minutes=5)


def check(now: datetime) -> Iterator[str]:
    """One sentence per changed key."""
    alerted = set(Alert.objects.filter(closed_at=None, kind=KIND).values_list("problem_key", flat=True))
    alerted |= set(Event.objects.filter(handled_at=None, kind=KIND).values_list("problem_key", flat=True))
    rows = HostKey.objects.exclude(offered_key="").filter(target__is_enabled=True, offered_at__lt=now - LATE)
    for row in rows.order_by("pk"):
        told = "" if problem_key(row.target_id or 0, KIND) in alerted else ", and nobody is told"
        yield (
            f"target {row.target_id} shows another SSH host key since {row.offered_at:%Y-%m-%d %H:%M:%S}"
            f" and waits for a decision{told}"
        )
