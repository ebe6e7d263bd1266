"""The list beside the desk's pages: mine, the teams' queues, what presses, held mail, saved views; each with its count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from servicedesk import lists
from servicedesk.filters import end_of_day
from servicedesk.intake.mail import counting
from servicedesk.models import OPEN_STATES, Reason, Ticket

if TYPE_CHECKING:
    from cmdb.models import User

TEAMS_SHOWN = 8
KEPT_SECONDS = 10


@dataclass
class Line:
    """One link. `count` None: none shown."""

    label: str
    url: str
    icon: str = ""
    count: int | None = None
    color: str = ""
    current: bool = False


@dataclass
class Group:
    """Links under a heading."""

    label: str
    items: list[Line] = field(default_factory=list)


@dataclass
class Counts:
    """Open tickets that this person sees."""

    teams: dict[int | None, int] = field(default_factory=dict)
    mine: int = 0
    unassigned: int = 0
    today: int = 0
    breached: int = 0
    major: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.teams.values())

    def of(self, given: Mapping[str, str]) -> int | None:
        """How many a view that the list names has; None for any other combination of filters."""
        if len(given) > 1:
            return None
        key, value = next(iter(given.items()), ("", ""))
        if key == "team":
            return self.teams.get(int(value), 0) if value.isdecimal() else None
        known = {
            ("", ""): self.total,
            ("held", "me"): self.mine,
            ("held", "nobody"): self.unassigned,
            ("due", "today"): self.today,
            ("due", "breached"): self.breached,
            ("major", "1"): self.major,
        }
        return known.get((key, value))


def counts(user: User) -> Counts:
    """All counts in one statement, grouped by team; kept for some seconds, because every page of the desk shows them.

    What the person does forgets them (`forget`), so one's own step is counted at once, others' a little later.
    """
    kept: Counts | None = cache.get(_key(user))
    if kept is None:
        kept = _count(user)
        cache.set(_key(user), kept, KEPT_SECONDS)
    return kept


def forget(user: User) -> None:
    """Count anew at the next page."""
    cache.delete(_key(user))
    counting.forget(user)


def _key(user: User) -> str:
    return f"desk-counts:{user.pk}"


#: Around the rows that the person sees; the planner makes one question of it, answered from the index `ticket_counts`.
_COUNT = """
select team_id, count(*), count(*) filter (where assignee_id = %s), count(*) filter (where assignee_id is null),
       count(*) filter (where due_at > %s and due_at < %s), count(*) filter (where due_at <= %s),
       count(*) filter (where is_major)
  from ({rows}) t group by team_id
"""


def _count(user: User) -> Counts:
    now = timezone.now()
    rows = Ticket.objects.visible_to(user).filter(state__in=OPEN_STATES).order_by()
    sql, params = rows.values_list("team_id", "assignee_id", "due_at", "is_major").query.sql_with_params()
    found = Counts()
    with connection.cursor() as cursor:
        given = (user.pk, now, end_of_day(now), now, *params)
        cursor.execute(_COUNT.format(rows=sql), given)
        for team, total, mine, unassigned, today, breached, major in cursor.fetchall():
            found.teams[team] = total
            found.mine += mine
            found.unassigned += unassigned
            found.today += today
            found.breached += breached
            found.major += major
    return found


def side_menu(request: HttpRequest) -> list[Group]:
    """Groups of links for `common/partials/side.html`. Two statements, of which the lists are shared with the page."""
    user: Any = request.user
    known, found = lists.of(user), counts(user)
    works = user.access.is_staff_role
    groups = [Group(_("Mine"), list(_mine(found, works))), Group(_("Queues"), list(_teams(known, found)))]
    if works:
        groups.append(Group(_("Pressing"), list(_pressing(found))))
        groups.append(Group(_("Mail"), list(_held(counting.waiting(user)))))
    if known.views:
        views = [Line(name, _queue(query), "star") for _pk, name, query in known.views]
        groups.append(Group(_("Saved views"), views))
    here = _meaning(request.GET)
    for group in groups:
        for line in group.items:
            path, _sign, query = line.url.partition("?")
            line.current = request.path == path and _meaning(QueryDict(query)) == here
    return [group for group in groups if group.items]


def _mine(found: Counts, works: bool) -> Iterable[Line]:
    if works:
        yield Line(_("My tickets"), _queue("held=me"), "person", found.mine)
    yield Line(_("All open"), _queue(""), "inbox", found.total)


def _teams(known: lists.Lists, found: Counts) -> Iterable[Line]:
    """Own teams first; a person of no team sees those that have something."""
    own = [team for team in known.teams if team[0] in known.own_teams]
    others = [team for team in known.teams if team[0] not in known.own_teams and found.teams.get(team[0])]
    for pk, name in [*own, *others][:TEAMS_SHOWN]:
        yield Line(name, _queue(f"team={pk}"), "people", found.teams.get(pk, 0))


def _pressing(found: Counts) -> Iterable[Line]:
    yield Line(_("Unassigned"), _queue("held=nobody"), "question", found.unassigned)
    yield Line(_("Due today"), _queue("due=today"), "soon", found.today)
    danger = "danger" if found.breached else ""
    yield Line(_("Breached"), _queue("due=breached"), "breach", found.breached, danger)
    danger = "danger" if found.major else ""
    yield Line(_("Major incidents"), _queue("major=1"), "incident", found.major, danger)


def _held(waiting: Mapping[str, int]) -> Iterable[Line]:
    """Mail that waits for somebody, the reasons that have any below."""
    url = reverse("desk:mail")
    yield Line(_("Held mail"), url, "mail", sum(waiting.values()))
    for reason in Reason:
        if waiting.get(reason):
            danger = "danger" if reason in (Reason.NOT_AUTHENTICATED, Reason.FAILED) else ""
            label = str(reason.label)
            yield Line(label[:1].upper() + label[1:], f"{url}?reason={reason}", "", waiting[reason], danger)


def _queue(query: str) -> str:
    url = reverse("desk:queue")
    return f"{url}?{query}" if query else url


def _meaning(query: QueryDict) -> dict[str, str]:
    """What of an address makes a view: neither its order nor its page."""
    places = ("sort", "after", "page", "per_page")
    return {key: str(value) for key, value in query.items() if value and key not in places}
