"""The same letter by another way: its key tells most of them, its parts those that a server re-encoded."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from servicedesk.mail import subjects
from servicedesk.mail.reading import Incoming
from servicedesk.models import InboundMail

_WORD = re.compile(r"\w+")
_MOST = 500_000


def earlier(mail: Incoming, row: InboundMail) -> InboundMail | None:
    """The row of the same letter that came before; None for the first, whose `content_key` is set."""
    key = content_key(mail)
    if not key:
        return None
    before = InboundMail.objects.filter(content_key=key).exclude(pk=row.pk).first()
    if before is None:
        row.content_key = key
    return before


def content_key(mail: Incoming) -> str:
    """Of identifier, sender, date, words and files. A letter without an identifier is known by its bytes only."""
    if not mail.message_id:
        return ""
    digest = hashlib.sha256()
    words = " ".join(_WORD.findall(mail.text[:_MOST])) + mail.text[_MOST:]
    subject = subjects.untagged(mail.subject)
    for part in (mail.message_id, mail.sender, _moment(mail), subject, words):
        digest.update(part.encode("utf-8", "replace") + b"\n")
    for file in mail.files:
        digest.update(hashlib.sha256(file.data).digest())
    return digest.hexdigest()


def _moment(mail: Incoming) -> str:
    """When it was written, however a server on the way writes that."""
    said = " ".join(str(mail.head.get("date", "")).split())[:200]
    try:
        found = parsedate_to_datetime(said)
        return found.astimezone(UTC).isoformat() if found.tzinfo is not None else found.isoformat()
    except (ValueError, TypeError, OverflowError, IndexError):
        return said
