"""The sign of life that beat, broker and worker leave together: a file, and how old it is."""

import time

from django.conf import settings

NAME = "heartbeat"


def leave() -> None:
    """Touch var/heartbeat."""
    (settings.VAR / NAME).touch()


def age() -> float | None:
    """Seconds since the last heartbeat that a worker handled on this machine; None before the first."""
    try:
        return max(0.0, time.time() - (settings.VAR / NAME).stat().st_mtime)
    except FileNotFoundError:
        return None
