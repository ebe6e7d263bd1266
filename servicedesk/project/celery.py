"""The Celery app. Workers take the queues `poll`, `default` and `slow`; the schedule is in schedule.py.

`slow` is for what waits for other people's servers or takes long: alerts and clocks never queue behind it.
"""

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import (
    beat_init,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_shutdown,
    worker_ready,
)
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

from cmdb.common import trace

# The demo runs as root on machines where that is the only account; the messages are JSON, so nothing in a queue is executed.
warnings.simplefilter("ignore", SecurityWarning)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")

TRANSPORT_ALIASES["filesystem"] = "servicedesk.project.filebroker:Transport"

app = Celery("samdrift")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [
    Queue(name, Exchange(name, type="direct"), routing_key=name) for name in ("default", "poll", "slow")
]
app.autodiscover_tasks(["cmdb", "monitoring", "sla", "servicedesk", "servicedesk.project"])


@app.on_configure.connect
def _read_schedule(sender: Celery, **_kwargs: Any) -> None:
    """Late: the floors' tasks register with this app, which must be there first."""
    from servicedesk.project.schedule import BEAT_SCHEDULE

    sender.conf.beat_schedule = BEAT_SCHEDULE


@setup_logging.connect
def _keep_django_logging(**_kwargs: Any) -> None:
    """Celery leaves logging alone when somebody listens here: Django's settings have set it up already."""


@worker_ready.connect
def _freeze(**_kwargs: Any) -> None:
    """What is imported stays: taken out of the collector's sight, forked children share it longer."""
    import gc

    gc.collect()
    gc.freeze()


@worker_ready.connect
def _watch(sender: Any, **_kwargs: Any) -> None:
    """Against a worker that has gone deaf."""
    from servicedesk.project import watchdog

    watchdog.start(sender)


@beat_init.connect
def _first_heartbeat(**_kwargs: Any) -> None:
    """At once, so that /readyz need not wait for the first turn: beat, broker and worker do the same for it."""
    import atexit

    from cmdb import heartbeats

    atexit.register(heartbeats.end, "beat")
    sign = app.conf.beat_schedule["project: heartbeat"]
    app.send_task(sign["task"], kwargs=sign["kwargs"], expires=60)


@task_prerun.connect
def _begin_trace(task_id: str, **_kwargs: Any) -> None:
    """Log lines and entries of timelines bear the task's id."""
    trace.begin(task_id)


@task_postrun.connect
def _give_sign(task: Any, state: str, retval: Any, **_kwargs: Any) -> None:
    """A task that somebody would miss says how it went. In the child that ran it: no connection outlives a fork."""
    from cmdb import heartbeats
    from servicedesk.project.watch.parts import BY_TASK

    if part := BY_TASK.get(task.name):
        ok = state == "SUCCESS"
        heartbeats.beat(part, ok=ok, detail="" if ok else type(retval).__name__)
    trace.end()


@worker_process_shutdown.connect
def _end_signs(**_kwargs: Any) -> None:
    """A worker that is stopped in an orderly way is not missed."""
    from cmdb import heartbeats

    heartbeats.end()
