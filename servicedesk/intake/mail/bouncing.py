"""Our own letters that come back: found by the signed identifier in what was returned, and shown as undelivered."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from servicedesk.actions.note import note
from servicedesk.actors import MAIL
from servicedesk.intake.mail import keeping
from servicedesk.intake.mail.people import ticket_of
from servicedesk.mail import delivery, tokens
from servicedesk.mail.delivery import Failure
from servicedesk.mail.reading import Incoming
from servicedesk.models import Entry, InboundMail, Message, Ticket


class Returned(NamedTuple):
    """What a bounce belongs to; `letter` None: the identifier is genuine, the letter is not there any more."""

    ticket: Ticket | None
    letter: Message | None
    entry: Entry | None = None


def take(mail: Incoming, row: InboundMail, now: datetime) -> Returned | None:
    """Mark the letter that did not arrive and note it on its ticket; None: no letter of ours comes back here.

    Only our own identifier counts: a made-up bounce names none. A letter that is merely late is not marked.
    """
    report = delivery.read(mail.head)
    # Of several the nearest one is written first; tokens come with the last one first.
    for token in reversed(tokens.read(report.returned)):
        ticket = ticket_of(token)
        letter = _letter(token)
        if ticket is None and letter is None:
            continue
        failed = report.final
        if failed is None:
            row.error = _("The letter may be late; nothing says that it will not arrive.")
            return Returned(ticket, letter)
        return Returned(ticket, letter, _failed(mail, row, ticket, letter, failed, now))
    return None


def _letter(token: tokens.Token) -> Message | None:
    return Message.objects.filter(
        message_id=tokens.message_id(token.reference, token.entry, token.user)
    ).first()


def _failed(
    mail: Incoming,
    row: InboundMail,
    ticket: Ticket | None,
    letter: Message | None,
    failed: Failure,
    now: datetime,
) -> Entry | None:
    """The note about it; none where the letter is known as undelivered already, or belongs to no ticket."""
    why = " ".join(word for word in (failed.status, failed.said) if word)
    if letter is not None and not mark(letter, why, now):
        return None
    if ticket is None:
        return None
    to = letter.address if letter is not None else failed.recipient
    text = _("A letter to %(address)s did not arrive.") % {"address": to or "?"}
    note(MAIL, ticket, body=f"{text}\n\n{why or mail.text[:1000]}".strip(), **keeping.facts(mail, row))
    return Entry.objects.filter(ticket=ticket).latest("pk")


def mark(letter: Message, why: str, now: datetime) -> bool:
    """Say on the letter that it did not arrive; False if that was known."""
    fresh = Message.objects.filter(pk=letter.pk, undelivered_at=None)
    return bool(fresh.update(undelivered_at=now, undelivered_reason=why[:250]))
