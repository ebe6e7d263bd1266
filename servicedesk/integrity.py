"""Invariants of this floor over the live data: what does not hold, as sentences (HOUSE.md 2, 4, 5, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from cmdb.models import Role
from monitoring.models import Alert, Severity
from servicedesk import approvals, mirror, outbox, reach
from servicedesk.intake import alerts
from servicedesk.models import (
    DONE_STATES,
    ENDED_STATES,
    OPEN_STATES,
    Channel,
    HandOver,
    InboundMail,
    Kind,
    Mailbox,
    PendReason,
    State,
    Ticket,
    TicketAlert,
)
from servicedesk.workflow import FIRST_STATE, MOVES
from sla.models import Case, Clock, Measure

#: Workers act every few seconds; what is left lying longer is a fault.
LATE = timedelta(minutes=5)
MAIL_LATE = timedelta(hours=1)
MAILBOX_LATE = timedelta(minutes=10)

# Entries in the order in which they were written never go back in time; the first of each ticket opens it.
_BACKWARDS = """
select t.reference, e.id from (
  select id, ticket_id, at, lag(at) over (partition by ticket_id order by id) as before from servicedesk_entry
) e join servicedesk_ticket t on t.id = e.ticket_id where e.at < e.before order by e.id
"""
_UNOPENED = """
select t.reference from servicedesk_ticket t left join lateral (
  select verb from servicedesk_entry e where e.ticket_id = t.id order by e.id limit 1
) first on true where first.verb is distinct from 'open' order by t.id
"""
_AHEAD = """
select t.kind, max(split_part(t.reference, '-', 2)::bigint), coalesce(max(c.last), 0) from servicedesk_ticket t
  left join servicedesk_referencecounter c on c.kind = t.kind
 where t.reference ~ '^(INC|REQ|PRB|CHG)-[0-9]+$'
 group by t.kind having max(split_part(t.reference, '-', 2)::bigint) > coalesce(max(c.last), 0)
"""


def check(now: datetime | None = None) -> Iterator[str]:
    """One English sentence per violation; nothing when all holds."""
    now = now or timezone.now()
    yield from _timeline()
    yield from _states()
    yield from _cases()
    yield from _pauses()
    yield from _mirrors()
    yield from _hand_overs()
    yield from _answers()
    yield from _alerts(now)
    yield from _letters(now)


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _timeline() -> Iterator[str]:
    for reference, entry in _rows(_BACKWARDS):
        yield f"{reference}: entry {entry} happened before the one written before it"
    for (reference,) in _rows(_UNOPENED):
        yield f"{reference}: its timeline does not begin with its opening"
    for kind, most, last in _rows(_AHEAD):
        yield f"references of kind {kind} reach {most}, their counter is at {last}"


def _hand_overs() -> Iterator[str]:
    """A supplier holds exactly the tickets that name it and are not over; who holds none reads none for long."""
    held = HandOver.objects.filter(ticket=OuterRef("pk"), ended_at=None)
    tickets = Ticket.objects.annotate(holder=Subquery(held.values("supplier")[:1]))
    holds = Q(supplier__isnull=False) & ~Q(state__in=ENDED_STATES)
    lost = tickets.filter(holds).exclude(holder=F("supplier")) | tickets.filter(holds, holder=None)
    for reference in lost.values_list("reference", flat=True):
        yield f"{reference}: names a supplier that holds no hand-over"
    for reference in tickets.filter(~holds, holder__isnull=False).values_list("reference", flat=True):
        yield f"{reference}: a supplier holds it though it is over or names none"


def _answers() -> Iterator[str]:
    """A change that waits, waits for every municipality that it reaches."""
    changes = Ticket.objects.filter(kind=Kind.CHANGE, state=State.APPROVAL).select_related("change")
    for ticket in changes:
        if not approvals.asks_committee(ticket.change):
            continue
        rows = ticket.approvals.filter(role=Role.COMMISSIONER).values_list("organisation_id", flat=True)
        missing = reach.keys(ticket) - set(rows)
        if missing and None not in rows:  # the committee as a whole, from before
            yield f"{ticket.reference}: {len(missing)} municipalities that it reaches were not asked"


def _states() -> Iterator[str]:
    """Every ticket is in a state that its kind knows."""
    for kind in Kind:
        known = {FIRST_STATE[kind]}
        for move in MOVES[kind].values():
            if len(move.to) < len(State):  # verbs that go in every state say nothing about the kind's own
                known |= {*move.to, *move.to.values()}
        lost = Ticket.objects.filter(kind=kind).exclude(state__in=known).values_list("reference", "state")
        yield from (f"{reference}: a {kind} cannot be {state}" for reference, state in lost)


def _cases() -> Iterator[str]:
    """What reports read agrees with the ticket."""
    bare = Ticket.objects.filter(case=None).values_list("reference", flat=True)
    yield from (f"{reference} has no case" for reference in bare)
    alone = Case.objects.filter(ticket=None).values_list("reference", flat=True)
    yield from (f"case {reference} is counted and belongs to no ticket" for reference in alone[:50])
    differs = (
        ~Q(case__reference=F("reference"))
        | ~Q(case__priority=F("priority"))
        | ~Q(case__organisation=F("organisation"))
        | ~Q(case__kind=F("kind"))
    )
    for reference in Ticket.objects.filter(differs, case__isnull=False).values_list("reference", flat=True):
        yield f"{reference} and its case differ in reference, kind, priority or organisation"
    resolved = Ticket.objects.filter(state=State.RESOLVED).exclude(case__resolved_at=F("resolved_at"))
    for reference in resolved.values_list("reference", flat=True):
        yield f"{reference}: ticket and case were resolved at different instants"
    ended = Q(case__closed_at__isnull=False) | Q(case__resolved_at__isnull=False)
    for reference in (
        Ticket.objects.filter(ended, state__in=OPEN_STATES)
        .exclude(state=State.REVIEW)
        .values_list("reference", flat=True)
    ):
        yield f"{reference} is open, its case has ended"


def _pauses() -> Iterator[str]:
    """A resolution clock stands still while the reporter or a date is waited for, and only while something is."""
    waits = Q(
        case__ticket__state=State.PENDING,
        case__ticket__pend_reason__in=[PendReason.CUSTOMER, PendReason.DATE],
    )
    live = Clock.objects.filter(
        measure=Measure.RESOLUTION, stopped_at=None, case__ticket__isnull=False
    ).select_related("case")
    for clock in live.filter(waits, is_paused=False):
        yield f"{clock.case.reference} waits, its resolution clock {clock.pk} runs"
    for clock in live.filter(is_paused=True).exclude(case__ticket__state=State.PENDING):
        yield f"{clock.case.reference} does not wait, its resolution clock {clock.pk} stands still"


def _mirrors() -> Iterator[str]:
    """The clock columns of open tickets are those of the nearest clock; a miss that is just being noticed is none."""
    for ticket in (
        Ticket.objects.filter(state__in=OPEN_STATES).select_related("case").iterator(chunk_size=500)
    ):
        wanted = mirror.columns(ticket)
        noticed = {wanted["clock_state"], ticket.clock_state} == {"running", "missed"}
        for name in ("due_at", "clock_measure", "clock_state"):
            if getattr(ticket, name) != wanted[name] and not noticed:
                yield f"{ticket.reference}: {name} is {getattr(ticket, name)}, its clocks say {wanted[name]}"


def _alerts(now: datetime) -> Iterator[str]:
    late = Alert.objects.filter(
        closed_at=None, mute="", severity=Severity.EXCEPTION, updated_at__lt=now - LATE
    ).exclude(pk__in=TicketAlert.objects.values("alert"))
    for alert in late.select_related("target"):
        yield f"alert {alert.pk} ({alert.target}) calls since {alert.opened_at:%Y-%m-%d %H:%M:%S} and has no incident"
    for ticket in alerts.open_alert_tickets().filter(touched_at__lt=now - LATE):
        yield f"{ticket.reference} is open though none of its alerts is"
    twins = (
        Ticket.objects.filter(
            kind=Kind.INCIDENT, channel=Channel.MONITORING, item__isnull=False, state__in=OPEN_STATES
        )
        .values("item", "item__name")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    for row in twins:
        yield f"{row['item__name']} has {row['n']} open incidents from monitoring"


def _letters(now: datetime) -> Iterator[str]:
    """No mail lies about: neither ours nor what came in."""
    for letter in outbox.waiting().filter(due_at__lt=now - MAIL_LATE):
        yield f"letter {letter.pk} is due since {letter.due_at:%Y-%m-%d %H:%M:%S} and not sent"
    for box in Mailbox.objects.filter(failing_since__lt=now - MAILBOX_LATE):
        yield f"no mail is taken from {box.key} since {box.failing_since:%Y-%m-%d %H:%M:%S} ({box.last_error})"
    for mail in InboundMail.objects.filter(handled_at=None, received_at__lt=now - MAIL_LATE):
        yield f"mail {mail.pk} came at {mail.received_at:%Y-%m-%d %H:%M:%S} and is not handled"
    done = Ticket.objects.filter(state__in=[State.CLOSED, State.CANCELLED], closed_at=None)
    for reference in done.filter(state__in=DONE_STATES).values_list("reference", flat=True):
        yield f"{reference} is over and does not say since when"
