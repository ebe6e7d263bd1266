"""Sends what verbs wrote into the outbox: claim with a lease, send, mark. At least once, any number of workers (invariant 5)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.utils import timezone

from cmdb.common import claims
from servicedesk.mail import tokens
from servicedesk.models import Message

logger = logging.getLogger(__name__)

BATCH = 20
#: Longer than a batch can take, with every letter running into the mail server's time limit.
LEASE = timedelta(seconds=BATCH * 30)
MOST_ATTEMPTS = 10
#: Automatic senders must not answer these (RFC 3834), nor Exchange with its own notices.
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def send_due(now: datetime | None = None) -> int:
    """Send one batch of what is due; answers how many letters went out.

    A killed worker's letters fall due again when its lease ends. A second copy after a crash between sending and
    marking bears the same Message-ID, so mail programs show it once.
    """
    letters = claims.claim(waiting().select_related("ticket"), BATCH, LEASE, now)
    if not letters:
        return 0
    sent = 0
    connection = get_connection()
    try:
        for letter in letters:
            sent += _send(letter, connection)
    finally:
        connection.close()
    return sent


def waiting() -> QuerySet[Message]:
    """Letters that are neither sent nor given up."""
    return Message.objects.filter(sent_at=None, given_up_at=None)


def _send(letter: Message, connection: BaseEmailBackend) -> int:
    try:
        email(letter, connection).send()
    except (
        Exception
    ) as error:  # whatever the mail server or the address brings: the letter is kept and tried again
        _put_back(letter, error)
        logger.warning("letter %s was not sent: %s", letter.pk, type(error).__name__)
        return 0
    return int(claims.finish(letter, sent_at=timezone.now(), error=""))


def email(letter: Message, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """The letter as a mail, with the headers that thread it and keep automatic senders quiet."""
    headers = AUTOMATIC | {"Message-ID": letter.message_id}
    if letter.ticket is not None:
        root = tokens.thread_id(letter.ticket.reference)
        headers |= {"In-Reply-To": root, "References": root}
    return EmailMessage(
        subject=letter.subject,
        body=letter.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.address],
        reply_to=[settings.DEFAULT_FROM_EMAIL],
        headers=headers,
        connection=connection,
    )


def _put_back(letter: Message, error: Exception) -> None:
    """Wait 1, 2, 4 … minutes, at most an hour; after MOST_ATTEMPTS it is given up, where the administrator sees it."""
    said = f"{type(error).__name__}: {error}".replace("\x00", "")[:300]
    if letter.attempts >= MOST_ATTEMPTS:
        claims.finish(letter, given_up_at=timezone.now(), error=said)
    else:
        claims.release(letter, timedelta(minutes=min(2 ** (letter.attempts - 1), 60)), error=said)
