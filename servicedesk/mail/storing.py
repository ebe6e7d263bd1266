"""Keeps mail as it came, before anybody looks into it (invariant 4): a kill, a broken letter, a second copy lose nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from servicedesk.mail.fingerprint import fingerprint
from servicedesk.models import InboundMail, Mailbox


def store(
    raw: bytes,
    *,
    mailbox: Mailbox | None = None,
    uid: int | None = None,
    received_at: datetime | None = None,
) -> tuple[InboundMail, bool]:
    """(the row, whether it is new). With a mailbox its watermark moves in the same transaction."""
    values: dict[str, Any] = {
        "raw": raw, "size": len(raw), "received_at": received_at or timezone.now(), "mailbox": mailbox, "uid": uid,
        "uid_validity": mailbox.uid_validity if mailbox is not None else None,
    }  # fmt: skip
    with transaction.atomic():
        row, made = InboundMail.objects.get_or_create(key=fingerprint(raw), defaults=values)
        if mailbox is not None and uid is not None:
            pass_by(mailbox, uid)
    return row, made


def pass_by(mailbox: Mailbox, uid: int) -> None:
    """What has this identifier is stored; the watermark never goes back."""
    rows = Mailbox.objects.filter(pk=mailbox.pk, uid_validity=mailbox.uid_validity, last_uid__lt=uid)
    rows.update(last_uid=uid, failing_uid=0, failing_attempts=0)
    mailbox.last_uid = max(mailbox.last_uid, uid)
