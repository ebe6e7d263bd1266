"""One mail taken in at once, and what became of it in plain values (docs/operations.md, receive_mail)."""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from typing import Any

from servicedesk.intake.mail import running
from servicedesk.mail import reading, storing
from servicedesk.models import Attachment, InboundMail, Outcome, Reason, Verb

#: Workers leave it to us for so long.
_LEAVE = timedelta(minutes=5)


def receive(raw: bytes) -> dict[str, Any]:
    """Store and act. What fails is stored all the same, and tried again by the workers."""
    row, made = storing.store(raw, leave=_LEAVE)
    if row.handled_at is None:
        running.take(row.pk)
        row = InboundMail.objects.select_related("ticket__reporter", "entry").get(pk=row.pk)
    told = {"outcome": row.outcome or Outcome.HELD, "reason": row.reason}
    if not row.outcome:
        told["reason"] = Reason.FAILED
    if not made:
        told = {"outcome": Outcome.DUPLICATE, "reason": ""}
    shown = _on_ticket(row) if row.ticket is not None else _held(raw, row)
    return {name: str(value) for name, value in told.items()} | shown


def _on_ticket(row: InboundMail) -> dict[str, Any]:
    ticket, entry = row.ticket, row.entry
    if ticket is None:
        return {}
    opened = entry is None or entry.verb == Verb.OPEN
    text = ticket.description if opened or entry is None else entry.body
    files = Attachment.objects.filter(ticket=ticket, entry=entry).order_by("pk") if entry is not None else []
    return {
        "ticket": ticket.reference,
        "title": ticket.title,
        "text": text,
        "reporter": ticket.reporter.email if ticket.reporter is not None else None,
        "files": [{"name": file.name, "bytes": file.size, "type": file.content_type} for file in files],
    }


def _held(raw: bytes, row: InboundMail) -> dict[str, Any]:
    """What people see of it: on no ticket yet."""
    shown: dict[str, Any] = {"ticket": None, "title": row.subject, "text": "", "reporter": None, "files": []}
    try:
        mail = reading.read(raw)
    except reading.UnreadableError:
        return shown
    files = [
        {"name": one.name, "bytes": len(one.data), "type": mimetypes.guess_type(one.name)[0] or "application/octet-stream"}
        for one in mail.files
    ]  # fmt: skip
    return shown | {"text": mail.text, "files": files}
