"""Instants of the document."""

from __future__ import annotations

from datetime import datetime


def instant(text: str) -> datetime:
    """An instant as the document writes it, aware and in UTC."""
    return datetime.fromisoformat(text)
