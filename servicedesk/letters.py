"""Letters on a ticket as those who work on it see them: to whom, when, and whether they arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from servicedesk.models import Entry, Message, Obstacle

_TIMES = ("created_at", "sent_at", "undelivered_at")
_PLAIN = ("pk", "address", "undelivered_reason", "obstacle", "attempts")
#: The letters of an entry, read with it: a ticket's page asks no second time.
_SENT = ArraySubquery(
    Message.objects.filter(entry=OuterRef("pk"))
    .order_by("pk")
    .values(
        found=JSONObject(
            name=Coalesce("recipient__display_name", "address"), **{name: name for name in (*_PLAIN, *_TIMES)}
        )
    )
)


@dataclass(frozen=True)
class State:
    """How it stands with a letter, in words, colour and icon."""

    label: str
    color: str
    icon: str
    at: datetime


@dataclass(frozen=True)
class Letter:
    """What lists show of a letter; its text is read on a page of its own."""

    pk: int
    name: str
    address: str
    created_at: datetime
    sent_at: datetime | None = None
    undelivered_at: datetime | None = None
    undelivered_reason: str = ""
    obstacle: str = ""
    attempts: int = 0

    @property
    def state(self) -> State:
        """How it stands with it."""
        return state(self)


def with_letters(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Entries that bring what they sent; `of` reads it."""
    return entries.annotate(sent=_SENT)


def of(entries: Iterable[Any]) -> dict[int, list[Letter]]:
    """The letters of each entry, in the order in which they were written."""
    return {entry.pk: [_letter(found) for found in entry.sent] for entry in entries if entry.sent}


def _letter(found: dict[str, Any]) -> Letter:
    times = {name: datetime.fromisoformat(found[name]) if found[name] else None for name in _TIMES}
    return Letter(**(found | times))


def state(letter: Message | Letter) -> State:
    """Sent is not read: nobody tells us that. Undelivered is what a server or a bounce said."""
    if letter.undelivered_at is not None:
        return State(_("not delivered"), "danger", "breach", letter.undelivered_at)
    if letter.sent_at is not None:
        return State(_("sent"), "neutral", "check", letter.sent_at)
    if letter.attempts and letter.obstacle == Obstacle.SERVER:
        return State(_("waits for the mail server"), "warning", "pause", letter.created_at)
    if letter.attempts and letter.obstacle:
        return State(_("tried again"), "warning", "refresh", letter.created_at)
    return State(_("about to be sent"), "neutral", "send", letter.created_at)


def lost(sent: Iterable[Iterable[Letter]]) -> list[Letter]:
    """The newest letter to each address, where it did not arrive."""
    newest = {
        letter.address: letter for letter in sorted((one for found in sent for one in found), key=_number)
    }
    return [letter for letter in newest.values() if letter.undelivered_at is not None]


def _number(letter: Letter) -> int:
    return letter.pk


def send_again(letter: Message) -> bool:
    """Put a letter that did not arrive into the outbox once more; False if it is on its way."""
    again = Message.objects.filter(pk=letter.pk, undelivered_at__isnull=False)
    return bool(
        again.update(
            sent_at=None,
            given_up_at=None,
            undelivered_at=None,
            undelivered_reason="",
            attempts=0,
            error="",
            obstacle="",
            due_at=timezone.now(),
        )  # fmt: skip
    )
