"""Alerts open, join and end incidents: one incident for one root cause, silent during maintenance, none for a storm's echo.

Monitoring writes alerts and counts their versions; here every (alert, version) is acted on once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cmdb.models import Organisation, OrganisationKind
from monitoring import words
from monitoring.models import Alert, Severity
from servicedesk import receipts
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.resolve import resolve
from servicedesk.actions.step import lock, step
from servicedesk.actors import MONITORING
from servicedesk.models import (
    OPEN_STATES,
    Channel,
    Kind,
    Level,
    Receipt,
    State,
    Ticket,
    TicketAlert,
    Verb,
)

logger = logging.getLogger(__name__)

BATCH = 500
#: Two workers never look for an incident on the same item at once (first key of the advisory lock).
_LOCK = 7401
_LIVING = [*OPEN_STATES, State.RESOLVED]


def run(now: datetime | None = None) -> int:
    """Act on what has no receipt yet; answers how many incidents were opened, joined or resolved.

    Each alert has a transaction of its own: a kill in between repeats what was not finished and nothing else. One that
    fails is logged and tried again in the next round; the others are not held up.
    """
    now = now or timezone.now()
    open_ones = list(_fresh(Alert.objects.filter(closed_at=None))[:BATCH])
    receipts.take_all(_key(alert) for alert in open_ones if not _calls(alert))
    done = _each(_opened, [alert for alert in open_ones if _calls(alert)], now)
    return done + _each(_closed, list(_fresh(_over())[:BATCH]), now)


def _key(alert: Alert) -> str:
    return f"alert:{alert.pk}:{alert.version}"


def _calls(alert: Alert) -> bool:
    """Whether somebody must act on it: an exception that nothing keeps silent."""
    return alert.severity == Severity.EXCEPTION and not alert.mute


def _fresh(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those whose present version has no receipt, the oldest first."""
    text = CharField()
    key = Concat(
        Value("alert:"),
        Cast(OuterRef("pk"), text),
        Value(":"),
        Cast(OuterRef("version"), text),
        output_field=text,
    )
    seen = Receipt.objects.filter(key=key)
    return (
        alerts.filter(~Exists(seen))
        .select_related("target", "item__organisation", "organisation")
        .order_by("opened_at", "pk")
    )


def _over() -> QuerySet[Alert]:
    """Closed alerts that an incident still stands for; all other closed ones concern nobody."""
    # From the tickets' side: they are few, closed alerts are many.
    standing = TicketAlert.objects.filter(ticket__state__in=_LIVING)
    return Alert.objects.filter(pk__in=standing.values("alert"), closed_at__isnull=False)


def _each(act: Callable[[Alert, datetime], int], alerts: Iterable[Alert], now: datetime) -> int:
    done = 0
    for alert in alerts:
        try:
            with transaction.atomic():
                done += act(alert, now)
        except Exception:
            logger.exception("alert %s is not handled yet", alert.pk)
    return done


# --- opened, or no longer silent ----------------------------------------------------------------------


def _opened(alert: Alert, now: datetime) -> int:
    _one_at_a_time(alert)
    before = Receipt.objects.filter(key__startswith=f"alert:{alert.pk}:").exists()
    if not receipts.take(_key(alert)):
        return 0
    if not Alert.objects.filter(pk=alert.pk, closed_at=None, version=alert.version).exists():
        return 0  # it moved on meanwhile: its next version is read in the next round
    if TicketAlert.objects.filter(alert=alert, ticket__state__in=OPEN_STATES).exists():
        return 0
    ticket = _standing(alert)
    if ticket is not None:
        _attach(alert, ticket)
    else:
        # Silent until now: it calls from now on, not from when the planned work began.
        ticket = _open(alert, now if before else min(alert.opened_at, now))
    TicketAlert.objects.get_or_create(ticket=ticket, alert=alert)
    receipts.hold(_key(alert), ticket)
    return 1


def _one_at_a_time(alert: Alert) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, alert.item_id or 0])


def _standing(alert: Alert) -> Ticket | None:
    """The oldest open incident on the same item."""
    if alert.item_id is None:
        return None
    return (
        Ticket.objects.filter(kind=Kind.INCIDENT, item=alert.item_id, state__in=OPEN_STATES)
        .order_by("opened_at", "pk")
        .first()
    )


def _attach(alert: Alert, ticket: Ticket) -> None:
    with step(MONITORING, ticket, Verb.ALERT) as one:
        if one.ticket.alert is None:
            one.set(alert=alert)
        one.record(**_facts(alert))


def _open(alert: Alert, opened_at: datetime) -> Ticket:
    home = _customer(alert)
    with translation.override(home.language):
        title = words.sentence(alert.kind, str(alert.item or alert.target))
    return open_ticket(
        MONITORING,
        title=title[:200],
        description=alert.text,
        channel=Channel.MONITORING,
        organisation=home,
        item=alert.item,
        urgency=Level.HIGH,
        opened_at=opened_at,
        alert=alert,
        data=_facts(alert),
    )


def _facts(alert: Alert) -> dict[str, Any]:
    return {"alert": alert.pk, "alert_kind": alert.kind, "alert_text": alert.text, "open": alert.is_open}


def _customer(alert: Alert) -> Organisation:
    """The municipality whose item it is; what belongs to the region itself is the region's."""
    home = alert.item.organisation if alert.item is not None else alert.organisation
    if home.kind != OrganisationKind.UNIT:
        return home
    above = home.get_ancestors().filter(kind=OrganisationKind.MUNICIPALITY).order_by("-lft").first()
    return above or home


# --- over -----------------------------------------------------------------------------------------------


def _closed(alert: Alert, now: datetime) -> int:
    _one_at_a_time(alert)
    if not receipts.take(_key(alert)):
        return 0
    done = 0
    rows = TicketAlert.objects.filter(alert=alert, ticket__state__in=_LIVING)
    for row in rows.select_related("ticket"):
        done += _end(alert, lock(row.ticket_id), now)
    return done


def _end(alert: Alert, ticket: Ticket, now: datetime) -> int:
    """Resolve what monitoring opened, when nothing of it is left; on a person's report only say what was seen."""
    at = min(alert.closed_at or now, now)
    left = TicketAlert.objects.filter(ticket=ticket, alert__closed_at=None).exclude(alert=alert).exists()
    if left or ticket.channel != Channel.MONITORING or ticket.state not in OPEN_STATES:
        with step(MONITORING, ticket, Verb.ALERT, at=at) as one:
            one.record(**_facts(alert))
        return 0
    with translation.override(ticket.organisation.language):
        text = _("It is watched no more.") if alert.closed_because else _("Monitoring sees it working again.")
    resolve(MONITORING, ticket, resolution=text, at=at)
    return 1


def open_alert_tickets() -> QuerySet[Ticket]:
    """Incidents of monitoring that are open though none of their alerts is; for the integrity check."""
    living = TicketAlert.objects.filter(ticket=OuterRef("pk"), alert__closed_at=None)
    had = TicketAlert.objects.filter(ticket=OuterRef("pk"))
    return Ticket.objects.filter(
        Exists(had), ~Exists(living), channel=Channel.MONITORING, state__in=OPEN_STATES
    )
