"""Short lists around the desk's pages (teams, municipalities, services, suppliers, saved views), in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast

from cmdb.models import Organisation, OrganisationKind, Service, Team
from servicedesk.models import SavedView

if TYPE_CHECKING:
    from cmdb.models import User

Choice = tuple[int, str]


@dataclass(frozen=True)
class Lists:
    """Pairs of key and name in the order of their names. `own_teams`: keys of the teams one is in; `views`: name → query."""

    teams: list[Choice] = field(default_factory=list)
    municipalities: list[Choice] = field(default_factory=list)
    services: list[Choice] = field(default_factory=list)
    suppliers: list[Choice] = field(default_factory=list)
    own_teams: frozenset[int] = frozenset()
    views: list[tuple[int, str, str]] = field(default_factory=list)


def of(user: User) -> Lists:
    """Everything this person may choose among; read once per user object, so once per request."""
    kept: Lists | None = user.__dict__.get("_desk_lists")
    if kept is None:
        kept = user.__dict__["_desk_lists"] = _read(user)
    return kept


def _read(user: User) -> Lists:
    found = Lists(own_teams=frozenset(), views=[])
    own = set()
    places = {
        "team": found.teams,
        "municipality": found.municipalities,
        "service": found.services,
        "supplier": found.suppliers,
    }
    for what, pk, name, _order, extra in _rows(user):
        if what == "view":
            found.views.append((pk, name, extra))
            continue
        places[what].append((pk, name))
        if what == "team" and extra == "true":
            own.add(pk)
    return Lists(
        found.teams, found.municipalities, found.services, found.suppliers, frozenset(own), found.views
    )


def _rows(user: User) -> Any:
    """(what, key, name, sort key, extra): five short lists under each other."""
    member = Team.members.through._default_manager.filter(team=OuterRef("pk"), user=user)
    places = Organisation.objects.visible_to(user).filter(is_active=True)
    nothing = Value("", output_field=CharField())
    parts = [
        _part("team", Team.objects.visible_to(user), Cast(Exists(member), CharField())),
        _part("municipality", places.filter(kind=OrganisationKind.MUNICIPALITY), nothing),
        _part("supplier", places.filter(kind=OrganisationKind.SUPPLIER), nothing),
        _part("service", Service.objects.visible_to(user).filter(is_active=True), nothing),
        _part("view", SavedView.objects.filter(user=user), F("query"), sort="name"),
    ]
    # Sorted here: names and their sort keys have different collations, which a union can not reconcile.
    return sorted(parts[0].union(*parts[1:], all=True), key=lambda row: (row[3], row[1]))


def _part(what: str, rows: QuerySet[Any], extra: Any, sort: str = "sort_name") -> Any:
    return rows.order_by().values_list(
        Cast(Value(what), CharField()),
        F("pk"),
        Cast(F("name"), CharField()),
        Cast(F(sort), CharField()),
        Cast(extra, CharField()),
    )
