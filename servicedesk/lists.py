"""Short lists around the desk's pages: teams, municipalities, services, suppliers; own teams and saved views.

What everybody with the same roles may choose among is the same and changes seldom: it is kept for a minute. What is
the person's own is read each time, in one statement.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast

from cmdb.models import Organisation, OrganisationKind, Service, Team, User

Choice = tuple[int, str]
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Shared:
    """Pairs of key and name in the order of their names."""

    teams: list[Choice] = field(default_factory=list)
    municipalities: list[Choice] = field(default_factory=list)
    services: list[Choice] = field(default_factory=list)
    suppliers: list[Choice] = field(default_factory=list)


@dataclass(frozen=True)
class Lists(Shared):
    """With what is the person's own. `own_teams`: keys of the teams one is in; `views`: key, name, query."""

    own_teams: frozenset[int] = frozenset()
    views: list[tuple[int, str, str]] = field(default_factory=list)


def of(user: User) -> Lists:
    """Everything this person may choose among; once per user object, so once per request."""
    kept: Lists | None = user.__dict__.get("_desk_lists")
    if kept is None:
        kept = user.__dict__["_desk_lists"] = _read(user)
    return kept


def _read(user: User) -> Lists:
    shared = _shared(user)
    teams, views = set(), []
    for what, pk, name, extra in _own(user):
        if what == "home":
            _know_home(user, pk, name)
        elif what == "team":
            teams.add(pk)
        else:
            views.append((pk, name, extra))
    views.sort(key=lambda view: (view[1].casefold(), view[0]))
    return Lists(
        shared.teams, shared.municipalities, shared.services, shared.suppliers, frozenset(teams), views
    )


def _know_home(user: User, pk: int, name: str) -> None:
    """The frame of every page names the person's organisation: here it costs no statement of its own.

    A deferred row: whatever else is asked of it is read then.
    """
    if not User.organisation.is_cached(user):
        user.organisation = Organisation.from_db("default", ["id", "name"], [pk, name])


_OWN = """
select 'view', id, name, query from servicedesk_savedview where user_id = %(user)s
union all select 'team', team_id, '', '' from cmdb_team_members where user_id = %(user)s
union all select 'home', id, name, '' from cmdb_organisation where id = %(home)s
"""


def _own(user: User) -> list[tuple[str, int, str, str]]:
    """(what, key, name, query) of the person's own: home, teams, saved views."""
    with connection.cursor() as cursor:
        cursor.execute(_OWN, {"user": user.pk, "home": user.organisation_id})
        return cursor.fetchall()


# --- what people with the same roles share ------------------------------------------------------------------------


def _shared(user: User) -> Shared:
    """Kept under a key made of everything that the rules of visibility look at: other roles, other key."""
    access = user.access
    parts = (access.all_orgs, access.home_orgs, access.work_orgs, access.register_orgs)
    seen = "|".join(",".join(map(str, sorted(part))) for part in parts)
    digest = hashlib.sha256(f"{seen}|{access.is_staff_role}".encode()).hexdigest()[:32]
    key = f"desk-lists:{digest}"
    found: Shared | None = cache.get(key)
    if found is None:
        found = _read_shared(user)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _read_shared(user: User) -> Shared:
    found = Shared()
    places = {
        "team": found.teams,
        "municipality": found.municipalities,
        "service": found.services,
        "supplier": found.suppliers,
    }
    for what, pk, name, _order in _shared_rows(user):
        places[what].append((pk, name))
    return found


def _shared_rows(user: User) -> Any:
    """(what, key, name, sort key) of four lists, in one statement."""
    places = Organisation.objects.visible_to(user).filter(is_active=True)
    parts = [
        _named("team", Team.objects.visible_to(user).current()),
        _named("municipality", places.filter(kind=OrganisationKind.MUNICIPALITY)),
        _named("supplier", places.filter(kind=OrganisationKind.SUPPLIER)),
        _named("service", Service.objects.visible_to(user).filter(is_active=True)),
    ]
    # Sorted here: names and their sort keys have different collations, which a union can not reconcile.
    return sorted(parts[0].union(*parts[1:], all=True), key=lambda row: (row[3], row[1]))


def _named(what: str, rows: QuerySet[Any]) -> Any:
    return rows.order_by().values_list(
        Value(what, output_field=CharField()),
        F("pk"),
        Cast(F("name"), CharField()),
        Cast(F("sort_name"), CharField()),
    )
