"""What the workers run for this floor: thin, each calls one function. `SCHEDULE` goes to Celery beat.

Every task may run twice or be killed: what is done and what is to do stands in the tables. Models are imported
inside, because the wiring reads SCHEDULE while settings are still being made.
"""

from __future__ import annotations

import os
from typing import Any

from celery import shared_task
from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "servicedesk: alerts to incidents": {
        "task": "servicedesk.tasks.take_alerts",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "servicedesk: missed targets": {
        "task": "servicedesk.tasks.take_breaches",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "servicedesk: letters": {
        "task": "servicedesk.tasks.send_letters",
        "schedule": 2.0,
        "options": {"expires": 2, "queue": "slow"},
    },
    "servicedesk: stored mail": {
        "task": "servicedesk.tasks.take_mail",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "servicedesk: what waited long enough": {
        "task": "servicedesk.tasks.wake",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "servicedesk: close what nobody reopened": {
        "task": "servicedesk.tasks.close_old",
        "schedule": crontab(minute=23),
        "options": {"expires": 1800, "queue": "slow"},
    },
}
if os.environ.get("SAMDRIFT_IMAP_URL"):
    SCHEDULE["servicedesk: mailbox"] = {
        "task": "servicedesk.tasks.fetch_mail",
        "schedule": 20.0,
        "options": {"expires": 20, "queue": "slow"},
    }


@shared_task(name="servicedesk.tasks.take_alerts", soft_time_limit=100, time_limit=120)
def take_alerts() -> int:
    """Alerts open, join and end incidents."""
    from servicedesk.intake import alerts

    return alerts.run()


@shared_task(name="servicedesk.tasks.take_breaches", soft_time_limit=100, time_limit=120)
def take_breaches() -> int:
    """Missed targets into timelines and to team leads."""
    from servicedesk.intake import breaches

    return breaches.run()


# Below the lease of a batch of letters (servicedesk.outbox.LEASE), so that no letter is sent by two.
@shared_task(name="servicedesk.tasks.send_letters", soft_time_limit=500, time_limit=540)
def send_letters() -> int:
    """One batch of the outbox."""
    from servicedesk import outbox

    return outbox.send_due()


@shared_task(name="servicedesk.tasks.take_mail", soft_time_limit=100, time_limit=120)
def take_mail() -> int:
    """Stored mail becomes reports, comments and notes."""
    from servicedesk.intake.mail import running

    return running.run()


# A letter of 150 MB takes its time on a slow line; no second worker fetches meanwhile.
@shared_task(name="servicedesk.tasks.fetch_mail", soft_time_limit=900, time_limit=960)
def fetch_mail() -> int:
    """Mail out of the mailbox into our store; nothing without SAMDRIFT_IMAP_URL."""
    from django.conf import settings

    from servicedesk.mail import fetch

    return fetch.fetch(settings.SAMDRIFT_IMAP_URL) if settings.SAMDRIFT_IMAP_URL else 0


@shared_task(name="servicedesk.tasks.wake", soft_time_limit=100, time_limit=120)
def wake() -> int:
    """Tickets whose agreed date has come."""
    from servicedesk import waiting

    return waiting.wake()


@shared_task(name="servicedesk.tasks.close_old", soft_time_limit=500, time_limit=540)
def close_old() -> int:
    """Resolved tickets that may not be reopened any more."""
    from servicedesk import waiting

    return waiting.close_old()
