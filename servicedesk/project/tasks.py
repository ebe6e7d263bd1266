"""The wiring's own task."""

from celery import shared_task

from servicedesk.project import heartbeat as sign


@shared_task(name="servicedesk.project.tasks.heartbeat")
def heartbeat() -> None:
    """Beat sent it, the broker carried it, a worker took it: /readyz reads how long that is ago."""
    sign.leave()
