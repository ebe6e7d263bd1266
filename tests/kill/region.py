"""What the load needs in an empty database, and what is counted there; run inside the installation's own settings."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import django

TARGET = "kill-and-count"


def build() -> dict[str, Any]:
    """The small region of the tests; a token of who reports, and a target that nobody polls and events are posted for."""
    from datetime import timedelta

    from django.db import transaction
    from django.utils import timezone

    from cmdb.models import ApiToken
    from monitoring.models import Target
    from tests.cases import build as region

    with transaction.atomic():  # else a poller takes a target before it is put off
        made = region()
        far = timezone.now() + timedelta(days=365)
        Target.objects.update(due_at=far)
        Target.objects.create(name=TARGET, organisation=made.region, address="127.0.7.9", due_at=far)
    return {"token": ApiToken.issue(made.own, "load")}


def fault(number: int) -> None:
    """One problem that must become one alert and one incident; committed when this returns."""
    from monitoring import events
    from monitoring.models import Severity, Target

    target = Target.objects.get(name=TARGET)
    events.post(
        target, "port_down", severity=Severity.EXCEPTION, source="load",
        problem_key=f"{target.pk}:port_down:{number}", text=f"fault {number}",
    )  # fmt: skip


def pending() -> int:
    """What workers have still to do."""
    from monitoring.models import Alert, Event
    from servicedesk import outbox
    from servicedesk.models import TicketAlert

    open_alerts = Alert.objects.filter(closed_at=None).exclude(pk__in=TicketAlert.objects.values("alert"))
    return Event.objects.filter(handled_at=None).count() + outbox.waiting().count() + open_alerts.count()


def stored() -> dict[str, Any]:
    """How often each title, problem and letter is there."""
    from monitoring.models import Alert
    from servicedesk.models import Message, Ticket, TicketAlert

    reported = Ticket.objects.filter(title__startswith="load ")
    alerts = Counter(Alert.objects.filter(target__name=TARGET).values_list("text", flat=True))
    incidents = Counter(
        TicketAlert.objects.filter(alert__target__name=TARGET).values_list("alert__text", flat=True)
    )
    letters = Message.objects.filter(ticket__in=reported, kind="received")
    return {
        "tickets": Counter(reported.values_list("title", flat=True)),
        "alerts": alerts,
        "incidents": incidents,
        "letters": Counter(letters.values_list("ticket__title", flat=True)),
        "message_ids": list(letters.exclude(sent_at=None).values_list("message_id", flat=True)),
        "unsent": letters.filter(sent_at=None).count(),
    }


if __name__ == "__main__":
    django.setup()
    answers: dict[str, Any] = {"build": build, "pending": pending, "stored": stored}
    if sys.argv[1] in answers:
        print(json.dumps(answers[sys.argv[1]]()))
    else:  # faults: one number a line, answered when it is committed
        from django.db import close_old_connections

        for line in sys.stdin:
            try:
                close_old_connections()
                fault(int(line))
                print(f"ok {int(line)}", flush=True)
            except Exception as error:
                print(f"no {int(line)} {type(error).__name__}", flush=True)
