"""Marks that sla stamped (three quarters used, missed) reach the ticket's timeline; a missed target reaches the team lead."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from cmdb.models import Role
from servicedesk import notify, receipts
from servicedesk.actions.step import step
from servicedesk.actors import CLOCK
from servicedesk.models import Receipt, Ticket, Verb
from sla.models import Mark, MarkKind, Measure

logger = logging.getLogger(__name__)

BATCH = 500
#: How far back it looks. Longer than any stop of the workers; loaded history is older and calls nobody.
WINDOW = timedelta(days=7)
#: A mark that was stamped this long after its instant is history: it is written down, but nobody is called for it.
STALE = timedelta(days=2)


def run(now: datetime | None = None) -> int:
    """Act on marks without a receipt; answers how many were written into timelines."""
    now = now or timezone.now()
    key = Concat(Value("mark:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    marks = (
        Mark.objects.filter(noticed_at__gte=now - WINDOW)
        .filter(~Exists(Receipt.objects.filter(key=key)))
        .select_related("clock__case__ticket")
        .order_by("at", "pk")[:BATCH]
    )
    done = 0
    for mark in marks:
        try:
            with transaction.atomic():
                done += _act(mark, now)
        except Exception:
            logger.exception("mark %s is not handled yet", mark.pk)
    return done


def _act(mark: Mark, now: datetime) -> int:
    ticket: Ticket | None = getattr(mark.clock.case, "ticket", None)
    if not receipts.take(f"mark:{mark.pk}", ticket):
        return 0
    if ticket is None:
        return 0
    missed = mark.kind == MarkKind.BREACH
    with step(CLOCK, ticket, Verb.BREACH if missed else Verb.SOON) as one:
        one.record(measure=mark.clock.measure, at=mark.at.isoformat())
        if missed and now - mark.at <= STALE:
            leads = notify.holders(one.ticket, Role.LEAD, team_first=True)
            one.tell(notify.BREACH, leads, measure=Measure(mark.clock.measure).label, at=mark.at)
    return 1
