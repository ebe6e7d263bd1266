"""The figures behind /metrics and /readyz, read from the tables: any process gives the same answer."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from cmdb import heartbeats
from monitoring.models import Alert, Event, Target
from servicedesk.models import Message, Ticket
from servicedesk.project.watch.machine import waiting_messages
from servicedesk.project.watch.stuck import poller_lateness
from sla.models import Clock

#: name, what it counts, the rows, the field whose values are told apart ("" for one number).
COUNTED: tuple[tuple[str, str, QuerySet[Any], str], ...] = (
    ("samdrift_targets", "Targets that are asked, by state", Target.objects.filter(is_enabled=True), "state"),
    ("samdrift_alerts_open", "Open alerts, by severity", Alert.objects.filter(closed_at=None), "severity"),
    (
        "samdrift_events_unhandled",
        "Events that the alert engine has not read",
        Event.objects.filter(handled_at=None),
        "",
    ),
    (
        "samdrift_tickets_open",
        "Tickets that are not closed, by kind",
        Ticket.objects.filter(closed_at=None),
        "kind",
    ),
    (
        "samdrift_clocks_open",
        "Clocks that have not stopped, by state",
        Clock.objects.filter(stopped_at=None),
        "state",
    ),
    (
        "samdrift_messages_unsent",
        "Messages in the outbox that are due and not given up",
        Message.objects.filter(sent_at=None, given_up_at=None),
        "",
    ),
)


class Figures:
    """Asks at each scrape; holds nothing in between."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All gauges."""
        for name, help_text, rows, field in COUNTED:
            yield _counted(name, help_text, rows, field)
        yield GaugeMetricFamily(
            "samdrift_poller_late_seconds", "Lateness of the most overdue target", poller_lateness()
        )
        yield _heartbeats()
        if settings.CELERY_BROKER_URL.startswith("filesystem:"):
            waiting = waiting_messages(settings.QUEUE_FOLDER / "messages")
            yield GaugeMetricFamily(
                "samdrift_queue_messages", "Tasks that wait in the file system broker", waiting
            )
        with connection.cursor() as cursor:
            cursor.execute("select pg_database_size(current_database())")
            yield GaugeMetricFamily("samdrift_database_bytes", "Size of the database", cursor.fetchone()[0])


def _heartbeats() -> GaugeMetricFamily:
    """The newest sign of each part, by part and machine."""
    family = GaugeMetricFamily(
        "samdrift_heartbeat_age_seconds",
        "Since a part of the system gave a sign of life",
        labels=["part", "host"],
    )
    newest: dict[tuple[str, str], float] = {}
    for sign in heartbeats.signs():
        newest.setdefault((sign.part, sign.host), sign.age)
    for key, age in sorted(newest.items()):
        family.add_metric(list(key), age)
    return family


def registry() -> CollectorRegistry:
    """A registry of these figures alone, for one scrape."""
    fresh = CollectorRegistry(auto_describe=False)
    fresh.register(Figures())
    return fresh


def _counted(name: str, help_text: str, rows: QuerySet[Any], field: str) -> GaugeMetricFamily:
    if not field:
        return GaugeMetricFamily(name, help_text, rows.count())
    family = GaugeMetricFamily(name, help_text, labels=[field])
    for row in rows.order_by().values(field).annotate(number=Count("pk")):
        family.add_metric([str(row[field])], row["number"])
    return family
