"""What a fault reaches, and what a thing rests on: the register's relations, followed with their redundancy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from cmdb.models import IMPACTING, Organisation, OrganisationKind, Service

# All edges of everything that could be reached, in one statement; which of it fails is worked out below,
# because redundancy ("two of these three") is not a question that a recursive query answers.
_DOWNSTREAM = """
with recursive reach(id) as (
    select unnest(%(roots)s::bigint[])
  union
    select r.source_id from cmdb_relation r join reach on r.target_id = reach.id where r.kind = any(%(kinds)s)
)
select r.source_id, r.target_id, r.kind, r.redundancy_group, r.needed
  from cmdb_relation r where r.source_id in (select id from reach) and r.kind = any(%(kinds)s)
 order by r.id
"""

_UPSTREAM = """
with recursive reach(id) as (
    select unnest(%(roots)s::bigint[])
  union
    select r.target_id from cmdb_relation r join reach on r.source_id = reach.id where r.kind = any(%(kinds)s)
)
select r.source_id, r.target_id, r.kind, r.redundancy_group, r.needed
  from cmdb_relation r where r.source_id in (select id from reach) and r.kind = any(%(kinds)s)
 order by r.id
"""

_COMPONENTS = """
select c.service_id, c.item_id, c.organisation_id, c.redundancy_group, c.needed
  from cmdb_servicecomponent c
 where c.service_id in (select service_id from cmdb_servicecomponent where item_id = any(%(items)s))
"""

_MUNICIPALITIES = """
select distinct m.id from cmdb_organisation m
  join cmdb_organisation o on o.tree_id = m.tree_id and o.lft between m.lft and m.rght
 where m.kind = %(kind)s and m.is_active and o.id in (
    select organisation_id from cmdb_item where id = any(%(items)s::bigint[])
  union select unnest(%(organisations)s::bigint[])
  union select organisation_id from cmdb_service_consumers where service_id = any(%(services)s::bigint[])
 )
"""


class Edge(NamedTuple):
    """`source` rests on `target`; of a non-empty `group` (per source) `needed` must be there."""

    source: int
    target: int
    kind: str
    group: str
    needed: int


@dataclass(frozen=True)
class Impact:
    """Items by depth (the roots are 0), the services that fail, and the municipalities that feel it."""

    items: dict[int, int]
    services: list[Service] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    paths: list[tuple[int, int, str]] = field(default_factory=list)


def impact_of(item_ids: Iterable[int]) -> Impact:
    """What fails when all of `item_ids` fail. A source with redundancy fails when too few of a group are left.

    At most five statements, however large the register.
    """
    roots = list(dict.fromkeys(item_ids))
    edges = _edges(_DOWNSTREAM, roots)
    depth = _failed(roots, edges)
    services, partly = _failed_services(depth)
    return Impact(
        items=depth,
        services=services,
        organisations=municipalities(
            depth,
            [service.pk for service in services if service.pk not in partly],
            (pk for organisations in partly.values() for pk in organisations),
        ),
        paths=[(e.source, e.target, e.kind) for e in edges if e.source in depth and e.target in depth],
    )


def items_behind(item_ids: Iterable[int]) -> dict[int, int]:
    """Only the items of `impact_of`, by depth. One statement."""
    roots = list(dict.fromkeys(item_ids))
    return _failed(roots, _edges(_DOWNSTREAM, roots))


def rests_on(item_ids: Iterable[int]) -> Impact:
    """Everything that `item_ids` need to work, near things first. Two statements; services are left empty."""
    roots = list(dict.fromkeys(item_ids))
    edges = _edges(_UPSTREAM, roots)
    below: dict[int, list[int]] = defaultdict(list)
    for edge in edges:
        below[edge.source].append(edge.target)
    depth = dict.fromkeys(roots, 0)
    queue = list(roots)
    for item in queue:
        for target in below[item]:
            if target not in depth:
                depth[target] = depth[item] + 1
                queue.append(target)
    return Impact(items=depth, paths=[(e.source, e.target, e.kind) for e in edges])


def _edges(sql: str, roots: list[int]) -> list[Edge]:
    if not roots:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, {"roots": roots, "kinds": [str(kind) for kind in IMPACTING]})
        return [Edge(*row) for row in cursor.fetchall()]


def _failed(roots: list[int], edges: list[Edge]) -> dict[int, int]:
    """Depth of every item that fails, level by level until nothing more does; cycles end by themselves."""
    groups: dict[tuple[int, str], list[Edge]] = defaultdict(list)
    by_target: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_target[edge.target].append(edge)
        if edge.group:
            groups[edge.source, edge.group].append(edge)
    depth = dict.fromkeys(roots, 0)
    level = list(roots)
    while level:
        following: list[int] = []
        for target in level:
            for edge in by_target[target]:
                if edge.source in depth or not _fails(edge, groups, depth):
                    continue
                depth[edge.source] = depth[target] + 1
                following.append(edge.source)
        level = following
    return depth


def _fails(edge: Edge, groups: dict[tuple[int, str], list[Edge]], depth: dict[int, int]) -> bool:
    if not edge.group:
        return True
    group = groups[edge.source, edge.group]
    left = sum(1 for other in group if other.target not in depth)
    return left < max(other.needed for other in group)


def _failed_services(depth: dict[int, int]) -> tuple[list[Service], dict[int, set[int]]]:
    """Services that fail, and for those that fail only for some municipalities: which."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPONENTS, {"items": list(depth)})
        rows = cursor.fetchall()
    groups: dict[tuple[int, int | None, str], list[tuple[int, int]]] = defaultdict(list)
    everywhere: set[int] = set()
    partly: dict[int, set[int]] = defaultdict(set)
    for service, item, organisation, group, needed in rows:
        if group:
            groups[service, organisation, group].append((item, needed))
        elif item in depth:
            (partly[service].add(organisation) if organisation else everywhere.add(service))
    for (service, organisation, _group), members in groups.items():
        left = sum(1 for item, _needed in members if item not in depth)
        if left < max(needed for _item, needed in members):
            (partly[service].add(organisation) if organisation else everywhere.add(service))
    partly = {
        service: organisations for service, organisations in partly.items() if service not in everywhere
    }
    found = Service.objects.filter(pk__in=everywhere | partly.keys(), is_active=True)
    return sorted(found, key=lambda s: (s.criticality, s.sort_name)), partly


def municipalities(
    items: Iterable[int] = (), services: Iterable[int] = (), organisations: Iterable[int] = ()
) -> list[Organisation]:
    """Those that own the items, use the services or hold the organisations; active ones, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MUNICIPALITIES,
            {
                "kind": OrganisationKind.MUNICIPALITY.value,
                "items": list(items),
                "services": list(services),
                "organisations": list(organisations),
            },
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(Organisation.objects.filter(pk__in=ids).order_by("sort_name"))
