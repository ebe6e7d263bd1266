"""Receipts for what lower floors wrote: taken in the transaction that acts on it, so that twice is once (invariant 8)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from servicedesk.models import Receipt, Ticket


def take(key: str, ticket: Ticket | None = None) -> bool:
    """Write the receipt; False if it is there already. Waits for another transaction that is just taking it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into servicedesk_receipt (key, ticket_id, at) values (%s, %s, now())"
            " on conflict (key) do nothing returning id",
            [key, ticket.pk if ticket is not None else None],
        )
        return cursor.fetchone() is not None


def take_all(keys: Iterable[str]) -> None:
    """Receipts for what needs no act, in one statement."""
    Receipt.objects.bulk_create((Receipt(key=key) for key in keys), ignore_conflicts=True)


def hold(key: str, ticket: Ticket) -> None:
    """Say which ticket a receipt led to."""
    Receipt.objects.filter(key=key).update(ticket=ticket)
