"""The Celery app. Workers take the queues `poll` and `default`; the schedule is in schedule.py."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import beat_init, setup_logging, worker_ready
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

# The demo runs as root on machines where that is the only account; the messages are JSON, so nothing in a queue is executed.
warnings.simplefilter("ignore", SecurityWarning)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")

TRANSPORT_ALIASES["filesystem"] = "servicedesk.project.filebroker:Transport"

app = Celery("samdrift")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [
    Queue(name, Exchange(name, type="direct"), routing_key=name) for name in ("default", "poll")
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


@beat_init.connect
def _first_heartbeat(**_kwargs: Any) -> None:
    """At once, so that /readyz need not wait for the first turn: beat, broker and worker do the same for it."""
    app.send_task("servicedesk.project.tasks.heartbeat", expires=60)
