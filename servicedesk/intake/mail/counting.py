"""How many held mails wait for a person, by reason: for the list beside the desk's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Count

from servicedesk.models import InboundMail, Outcome

if TYPE_CHECKING:
    from cmdb.models import User

KEPT_SECONDS = 10


def waiting(user: User) -> dict[str, int]:
    """Reason → count, in one statement; kept for some seconds as the other counts are."""
    kept: dict[str, int] | None = cache.get(_key(user))
    if kept is None:
        rows = InboundMail.objects.visible_to(user).filter(outcome=Outcome.HELD, decided_at=None)
        kept = dict(rows.order_by().values_list("reason").annotate(n=Count("pk")))
        cache.set(_key(user), kept, KEPT_SECONDS)
    return kept


def forget(user: User) -> None:
    """Count anew at the next page."""
    cache.delete(_key(user))


def _key(user: User) -> str:
    return f"mail-counts:{user.pk}"
