"""What the workers run for this floor: thin, each calls one function. `SCHEDULE` goes to Celery beat.

Every task may run twice or be killed: what is done and what is to do stands in the tables. Models are imported
inside, because the wiring reads SCHEDULE while settings are still being made.
"""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "monitoring: ask what is due": {
        "task": "monitoring.tasks.poll_due",
        "schedule": 1.0,
        "options": {"expires": 2, "queue": "poll"},
    },
    "monitoring: events to alerts": {
        "task": "monitoring.tasks.engine",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "monitoring: what no event tells": {
        "task": "monitoring.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "monitoring: what hangs on new devices": {
        "task": "monitoring.tasks.learn",
        "schedule": 30.0,
        "options": {"expires": 30, "queue": "poll"},
    },
    "monitoring: daily figures": {
        "task": "monitoring.tasks.roll_days",
        "schedule": crontab(minute=7),
        "options": {"expires": 1800, "queue": "slow"},
    },
    "monitoring: running configurations": {
        "task": "monitoring.tasks.back_up",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 3600, "queue": "slow"},
    },
    "monitoring: running configurations that are waited for": {
        "task": "monitoring.tasks.back_up_wanted",
        "schedule": 5.0,
        "options": {"expires": 5, "queue": "slow"},
    },
}


@shared_task(name="monitoring.tasks.poll_due", soft_time_limit=50, time_limit=60)
def poll_due() -> int:
    """Ask what is due, for a few seconds at most."""
    from monitoring import poll

    return poll.run_due().saved


@shared_task(name="monitoring.tasks.engine", soft_time_limit=50, time_limit=60)
def engine() -> int:
    """Events to alerts."""
    from monitoring import engine as alerting

    return alerting.run()


@shared_task(name="monitoring.tasks.sweep", soft_time_limit=50, time_limit=60)
def sweep() -> int:
    """Ends of planned work, targets that nobody asks, host keys that nobody need decide about."""
    from monitoring import engine as alerting
    from monitoring import schedule
    from monitoring.hostkeys import known

    return schedule.sweep_stale() + alerting.sweep() + known.settle()


@shared_task(name="monitoring.tasks.learn", soft_time_limit=100, time_limit=120)
def learn() -> int:
    """Walk devices that were never walked, or not for a day: ports, disks, neighbours."""
    from monitoring import learning

    return learning.run()


@shared_task(name="monitoring.tasks.roll_days", soft_time_limit=300, time_limit=330)
def roll_days() -> None:
    """Days out of hours."""
    from monitoring import readings

    readings.roll_days()


@shared_task(name="monitoring.tasks.back_up", soft_time_limit=3300, time_limit=3500)
def back_up() -> int:
    """Fetch the running configurations of all targets that have an SSH login."""
    from monitoring import backups

    return backups.run()


@shared_task(name="monitoring.tasks.back_up_wanted", soft_time_limit=100, time_limit=110)
def back_up_wanted() -> int:
    """Fetch the running configurations that people asked for on a target's page."""
    from monitoring import backups

    return backups.run_wanted()
