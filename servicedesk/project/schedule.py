"""What the clock starts: Celery beat's schedule, the only place that says how often something runs.

One line per task, named by what it does. Floors own the tasks (`monitoring.tasks.sweep`), the wiring says when:

    "monitoring: ask what is due": {
        "task": "monitoring.tasks.sweep",   # full name, so that nothing of the floors is imported here
        "schedule": 1.0,                    # seconds, timedelta or crontab (in Europe/Oslo)
        "options": {"expires": 5, "queue": "poll"},  # an answer nobody waits for any more is thrown away
    },

Every task must bear being run twice (a killed worker, two beats), and should expire before its next turn,
so that a stopped worker does not find a heap of old turns.
"""

from typing import Any

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "project: heartbeat": {
        "task": "servicedesk.project.tasks.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}
