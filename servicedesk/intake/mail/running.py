"""Which stored mail is next, and what happens when acting on it fails: it steps back, the next ones go on."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cmdb.common.claims import backoff
from servicedesk import attachments
from servicedesk.intake.mail import acting
from servicedesk.models import InboundMail, Outcome, Reason

logger = logging.getLogger(__name__)

BATCH = 50
#: After so many tries (about a day) a mail is held and shown to people.
MOST_ATTEMPTS = 12
#: Longer than the work on one mail can take; a killed worker's mail is tried again after it.
_FIRST_WAIT, _LONGEST_WAIT = 60, 4 * 3600


def run(now: datetime | None = None) -> int:
    """Act on stored mails that are due, the oldest first; answers how many were handled."""
    now = now or timezone.now()
    due = InboundMail.objects.filter(handled_at=None, next_try_at__lte=now).order_by("received_at", "pk")
    return sum(take(pk, now) for pk in due.values_list("pk", flat=True)[:BATCH])


def take(pk: int, now: datetime | None = None) -> bool:
    """Act on one mail, if nobody else does; False if it was not handled."""
    now = now or timezone.now()
    if not _step_back(pk, now):
        return False
    try:
        with attachments.undone_on_failure(), transaction.atomic():
            rows = InboundMail.objects.select_for_update(skip_locked=True, of=("self",))
            row = rows.filter(pk=pk, handled_at=None).first()
            if row is not None:
                acting.handle(row, now)
            return row is not None
    except Exception as error:
        logger.exception("mail %s is not handled yet", pk)
        _failed(pk, error, now)
        return False


def _step_back(pk: int, now: datetime) -> bool:
    """Count the try and put the next one off before it begins: a mail that kills its worker must not be first again."""
    with transaction.atomic():
        rows = InboundMail.objects.select_for_update(skip_locked=True, of=("self",))
        row = rows.filter(pk=pk, handled_at=None).only("attempts").first()
        if row is None:
            return False
        wait = backoff(row.attempts + 1, _FIRST_WAIT, _LONGEST_WAIT)
        if row.attempts >= MOST_ATTEMPTS:
            _hold(pk, now)
            return False
        InboundMail.objects.filter(pk=pk).update(attempts=F("attempts") + 1, next_try_at=now + wait)
    return True


def _failed(pk: int, error: Exception, now: datetime) -> None:
    rows = InboundMail.objects.filter(pk=pk, handled_at=None)
    rows.update(error=f"{type(error).__name__}: {error}".replace("\x00", "")[:300])
    if rows.filter(attempts__gte=MOST_ATTEMPTS).exists():
        _hold(pk, now)


def _hold(pk: int, now: datetime) -> None:
    InboundMail.objects.filter(pk=pk, handled_at=None).update(
        handled_at=now, outcome=Outcome.HELD, reason=Reason.FAILED
    )
