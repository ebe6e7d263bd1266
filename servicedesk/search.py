"""Search in tickets: Norwegian words in title and text, beginnings of references; only what the person may see, bounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q, QuerySet

from servicedesk.models import Ticket

if TYPE_CHECKING:
    from cmdb.models import User

#: Only so many of the newest hits are ranked: sorting by relevance reads every hit.
RANKED = 500
LONGEST = 200
_REFERENCE = re.compile(r"(?i)^(INC|REQ|PRB|CHG)-?(\d{1,12})$")
_WORD = re.compile(r"[\w-]+")


def condition(text: str) -> Q:
    """A condition on Ticket for what somebody typed; the same for page, export and API. Nothing typed: everything.

    Words are looked up in Norwegian stems ("skrivere" finds "skriver"), with quotes, `or` and `-` as in web searches; the
    last word also as a beginning, in references and titles.
    """
    text = text.replace("\x00", "")[:LONGEST].strip()
    if not text:
        return Q()
    found = _REFERENCE.match(text)
    if found:
        prefix, number = found[1].upper(), found[2]
        exact = Q(reference=f"{prefix}-{int(number):05d}")
        return exact if len(number) >= 5 else exact | Q(reference__startswith=f"{prefix}-{number}")
    query = SearchQuery(text, config="norwegian", search_type="websearch")
    beginning = _prefix(text)
    return Q(search=query | beginning if beginning is not None else query)


def is_reference(text: str) -> bool:
    """Whether somebody typed a whole reference ("inc 204" is none)."""
    return _REFERENCE.match(text.strip()) is not None


def _prefix(text: str) -> SearchQuery | None:
    """All words as they stand, the last one as a beginning; None for what is quoted or excluded."""
    if '"' in text or re.search(r"(^|\s)-", text):
        return None
    words = [word.strip("-") for word in _WORD.findall(text)]
    words = [word for word in words if word]
    if not words:
        return None
    quoted = ["'" + word + "'" for word in words]
    return SearchQuery(" & ".join(quoted) + ":*", config="simple", search_type="raw")


def matching(tickets: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """A list narrowed to what matches; order and everything else of it stays."""
    return tickets.filter(condition(text))


def search(user: User, text: str, limit: int = 50) -> list[Ticket]:
    """The best hits among what `user` may see, best first; empty for an empty text. One statement."""
    text = text.replace("\x00", "")[:LONGEST].strip()
    if not text:
        return []
    hits = Ticket.objects.visible_to(user).filter(condition(text)).order_by("-opened_at", "-pk")
    rank = SearchRank(F("search"), SearchQuery(text, config="norwegian", search_type="websearch"))
    best = (
        Ticket.objects.filter(pk__in=hits.values("pk")[:RANKED])
        .annotate(rank=rank)
        .select_related("organisation", "item", "assignee")
        .order_by("-rank", "-opened_at", "-pk")
    )
    return list(best[: max(1, min(limit, RANKED))])
