"""Sends what verbs wrote into the outbox: claim with a lease, send, mark. At least once, any number of workers (invariant 5).

A mail server that takes nothing is tried again and told (its part `smtp` in cmdb.heartbeats); a letter that is refused for good
is marked as undelivered at once (servicedesk.mail.refusals).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.utils import timezone

from cmdb import heartbeats
from cmdb.common import claims
from servicedesk.mail import refusals, tokens
from servicedesk.mail.refusals import Refusal
from servicedesk.models import InboundMail, Message, Obstacle, Outcome

logger = logging.getLogger(__name__)

BATCH = 20
#: Longer than a batch can take, with every letter running into the mail server's time limit.
LEASE = timedelta(seconds=BATCH * 30)
#: About four days, as RFC 5321 (section 4.5.4.1) asks.
MOST_ATTEMPTS = 100
#: Automatic senders must not answer these (RFC 3834), nor Exchange with its own notices.
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
#: Of the addressee's own mails that a letter refers to.
MOST_REFERENCES = 10
#: How the mail server's state is called among the signs of life.
PART = "smtp"


def send_due(now: datetime | None = None) -> int:
    """Send one batch of what is due; answers how many letters went out.

    A killed worker's letters fall due again when its lease ends. A second copy after a crash between sending and
    marking bears the same Message-ID, so mail programs show it once.
    """
    letters = claims.claim(
        waiting().select_related("ticket", "answers").defer("answers__raw"), BATCH, LEASE, now
    )
    sent = _send_all(letters) if letters else 0
    _tell()
    return sent


def _send_all(letters: list[Message]) -> int:
    """Send them over one connection. What the server itself refuses, it refuses to all: the others wait untried."""
    sent = 0
    connection = get_connection()
    try:
        for number, letter in enumerate(letters):
            error = _send(letter, connection)
            if error is None:
                sent += int(claims.finish(letter, sent_at=timezone.now(), error="", obstacle=""))
                continue
            logger.warning("letter %s was not sent: %s", letter.pk, type(error).__name__)
            refusal = refusals.judge(error)
            _put_back(letter, error, refusal)
            if refusal.of_server:
                _wait_with(letters[number + 1 :])
                break
    finally:
        with suppress(Exception):
            connection.close()
    return sent


def _send(letter: Message, connection: BaseEmailBackend) -> Exception | None:
    """Whatever the mail server or the address brings: the letter is kept."""
    try:
        connection.open()
    except Exception as error:  # before any letter was shown to the server
        return refusals.ServerError(error)
    try:
        email(letter, connection).send()
    except Exception as error:
        return error
    return None


def _put_back(letter: Message, error: Exception, refusal: Refusal) -> None:
    """Refused for good: undelivered. Else it waits 1, 2, 4 … minutes, at most an hour, and is given up after MOST_ATTEMPTS."""
    said = refusals.words(error)
    now = timezone.now()
    if refusal.final or letter.attempts >= MOST_ATTEMPTS:
        claims.finish(
            letter,
            given_up_at=now,
            undelivered_at=now,
            undelivered_reason=refusal.said[:250],
            error=said,
            obstacle="",
        )
    else:
        wait = claims.backoff(letter.attempts)
        obstacle = Obstacle.SERVER if refusal.of_server else Obstacle.RECIPIENT
        claims.release(letter, wait, error=said, obstacle=obstacle)


def _wait_with(letters: list[Message]) -> None:
    """They were not tried, so nothing is counted."""
    for letter in letters:
        wait = timedelta(minutes=1)
        claims.release(letter, wait, attempts=letter.attempts - 1, obstacle=Obstacle.SERVER)


def _tell() -> None:
    """Whether the mail server takes letters: it does as long as none waits for it."""
    stuck = waiting().filter(obstacle=Obstacle.SERVER).order_by("-attempts", "pk")
    error = stuck.values_list("error", flat=True).first()
    heartbeats.beat(PART, ok=error is None, detail=(error or "").partition(":")[0])


def waiting() -> QuerySet[Message]:
    """Letters that are neither sent nor given up."""
    return Message.objects.filter(sent_at=None, given_up_at=None)


def _own_mails(letter: Message) -> list[str]:
    """Identifiers of what the addressee wrote to the ticket: so the own mail program puts the letter beside it."""
    rows = InboundMail.objects.filter(ticket=letter.ticket_id, sender=letter.address.lower())
    found = rows.exclude(outcome=Outcome.HELD).order_by("-received_at", "-pk")
    names = found.values_list("message_id", flat=True)[:MOST_REFERENCES]
    return [name for name in names if tokens.IDENTIFIER.fullmatch(name)][::-1]


def email(letter: Message, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """The letter as a mail, with the headers that thread it and keep automatic senders quiet."""
    headers = AUTOMATIC | {"Message-ID": letter.message_id}
    if letter.ticket is not None:
        known = [tokens.thread_id(letter.ticket.reference), *_own_mails(letter)]
        headers |= {"In-Reply-To": known[-1], "References": " ".join(known)}
    elif letter.answers is not None and tokens.IDENTIFIER.fullmatch(letter.answers.message_id):
        headers |= {"In-Reply-To": letter.answers.message_id, "References": letter.answers.message_id}
    return EmailMessage(
        subject=letter.subject,
        body=letter.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.address],
        reply_to=[settings.DEFAULT_FROM_EMAIL],
        headers=headers,
        connection=connection,
    )
