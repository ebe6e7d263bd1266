"""What the clock starts: the floors' own schedules together. The Celery app reads it, so that web processes need not.

Each floor's tasks.py has a SCHEDULE of lines like

    "monitoring: ask what is due": {
        "task": "monitoring.tasks.poll_due",        # full name
        "schedule": 1.0,                            # seconds or crontab (in Europe/Oslo)
        "options": {"expires": 2, "queue": "poll"}, # an answer nobody waits for any more is thrown away
    },

Every task must bear being run twice (a killed worker, two beats), and expires before or at its next turn, so that a
stopped worker does not find a heap of old turns.
"""

import os
import socket
from typing import Any

from celery.schedules import crontab

from monitoring.tasks import SCHEDULE as MONITORING
from servicedesk.tasks import SCHEDULE as SERVICEDESK
from sla.tasks import SCHEDULE as SLA

PROJECT: dict[str, dict[str, Any]] = {
    "project: heartbeat": {
        "task": "servicedesk.project.tasks.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 10},
        # Read in beat's own process: whose heartbeat it is. The row would otherwise be the worker's.
        "kwargs": {"host": socket.gethostname(), "instance": str(os.getpid())},
    },
    "project: what is older than it has to be": {
        "task": "servicedesk.project.tasks.retain",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600, "queue": "slow"},
    },
}
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {**PROJECT, **MONITORING, **SLA, **SERVICEDESK}
