"""Keeps mail as it came, before anybody looks into it (invariant 4): a kill, a broken letter, a second copy lose nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from servicedesk.mail import reading
from servicedesk.mail.fingerprint import fingerprint
from servicedesk.models import InboundMail, Mailbox, Outcome, Reason

_LARGE = 1_000_000


def store(
    raw: bytes,
    *,
    mailbox: Mailbox | None = None,
    uid: int | None = None,
    received_at: datetime | None = None,
    leave: timedelta = timedelta(),
) -> tuple[InboundMail, bool]:
    """(the row, whether it is new). With a mailbox its watermark moves in the same transaction.

    :param leave: for so long the workers leave it to the caller, who acts on it.
    """
    now = timezone.now()
    large = len(raw) > _LARGE
    values: dict[str, Any] = {
        "raw": b"" if large else raw, "size": len(raw), "received_at": received_at or now, "mailbox": mailbox,
        "uid": uid, "uid_validity": mailbox.uid_validity if mailbox is not None else None, "next_try_at": now + leave,
    }  # fmt: skip
    with transaction.atomic():
        row, made = InboundMail.objects.get_or_create(key=fingerprint(raw), defaults=values)
        if made and large:
            _write(row.pk, raw)
        if mailbox is not None and uid is not None:
            pass_by(mailbox, uid)
    return row, made


def set_aside(head: bytes, mailbox: Mailbox, uid: int, reason: Reason, size: int, why: str) -> None:
    """A letter that stays in the mailbox is a row that people see; the watermark goes past it."""
    named = f"{mailbox.key} {mailbox.uid_validity} {uid}".encode()
    brief = reading.summary(head)
    with transaction.atomic():
        InboundMail.objects.get_or_create(
            key=hashlib.sha256(named).hexdigest(),
            defaults={
                "raw": head, "size": size, "mailbox": mailbox, "uid": uid, "uid_validity": mailbox.uid_validity,
                "message_id": brief.message_id, "sender": brief.sender, "sender_name": brief.sender_name,
                "subject": brief.subject, "outcome": Outcome.HELD, "reason": reason, "error": why,
                "handled_at": timezone.now(),
            },
        )  # fmt: skip
        pass_by(mailbox, uid)


def _write(pk: int, raw: bytes) -> None:
    """As they are: written into the statement's text, a hundred million bytes would become several copies of twice as many."""
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("update servicedesk_inboundmail set raw = %b where id = %b", [raw, pk])


def load(pk: int) -> bytes:
    """The bytes of a mail, without a copy as text."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("select raw from servicedesk_inboundmail where id = %b", [pk], binary=True)
        found = cursor.fetchone()
    return bytes(found[0]) if found else b""


def pass_by(mailbox: Mailbox, uid: int) -> None:
    """What has this identifier is stored; the watermark never goes back."""
    rows = Mailbox.objects.filter(pk=mailbox.pk, uid_validity=mailbox.uid_validity, last_uid__lt=uid)
    rows.update(last_uid=uid, failing_uid=0, failing_attempts=0)
    mailbox.last_uid = max(mailbox.last_uid, uid)
