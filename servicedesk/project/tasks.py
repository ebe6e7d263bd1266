"""The wiring's own tasks."""

from celery import shared_task

from cmdb import heartbeats


@shared_task(name="servicedesk.project.tasks.heartbeat")
def heartbeat(host: str = "", instance: str = "") -> None:
    """Beat (`instance` on `host`) sent it, the broker carried it, a worker took it: the whole way works."""
    heartbeats.beat("beat", host=host, instance=instance)


@shared_task(name="servicedesk.project.tasks.retain", soft_time_limit=1700, time_limit=1800)
def retain() -> dict[str, int]:
    """Delete what is older than it has to be."""
    from servicedesk.project import retention

    return retention.run()
