"""The wiring's own task: a sign of life that beat, broker and worker leave together."""

import time

from celery import shared_task
from django.conf import settings

HEARTBEAT = "heartbeat"


@shared_task(name="servicedesk.project.tasks.heartbeat")
def heartbeat() -> None:
    """Touch var/heartbeat. Beat sent it, the broker carried it, a worker took it: /readyz reads the age."""
    path = settings.VAR / HEARTBEAT
    path.touch()


def heartbeat_age() -> float | None:
    """Seconds since the last heartbeat that a worker handled on this machine; None before the first."""
    try:
        return max(0.0, time.time() - (settings.VAR / HEARTBEAT).stat().st_mtime)
    except FileNotFoundError:
        return None
