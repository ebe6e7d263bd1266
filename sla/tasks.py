"""What the worker runs for this floor: thin, each calls one function. `SCHEDULE` goes to Celery beat."""

from __future__ import annotations

from typing import Any

from celery import shared_task

SCHEDULE: dict[str, dict[str, Any]] = {
    "sla: stamp what is due": {
        "task": "sla.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "sla: forget old charts": {
        "task": "sla.tasks.forget_charts",
        "schedule": 86400.0,
        "options": {"expires": 3600, "queue": "slow"},
    },
}


@shared_task(name="sla.tasks.sweep", soft_time_limit=60, time_limit=90)
def sweep() -> int:
    """Stamp thresholds and breaches at their exact instants."""
    from sla import sweep as sweeping

    return sweeping.run()


@shared_task(name="sla.tasks.forget_charts", soft_time_limit=60, time_limit=90)
def forget_charts() -> int:
    """Remove pictures that were drawn long ago."""
    from sla.reports import charts

    return charts.forget()
