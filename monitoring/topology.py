"""Who is reached through whom. Parents come from LLDP neighbours and from the register, are suggested, and set by a person.

A wrong parent would silence real faults, so nothing here sets one without being told to (`apply`).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db import connection, transaction

from cmdb.models import Relation
from cmdb.models.items import RelationKind
from monitoring.models import Neighbour, Target

DEEPEST: Final = 32

_ANCESTORS = """
with recursive up(root, id, depth, path) as (
    select t.id, t.parent_id, 1, array[t.id] from monitoring_target t
     where t.id = any(%(ids)s) and t.parent_id is not null
  union all
    select up.root, t.parent_id, up.depth + 1, up.path || t.id
      from up join monitoring_target t on t.id = up.id
     where t.parent_id is not null and t.parent_id <> all(up.path || t.id) and up.depth < %(deepest)s
)
select root, id from up order by root, depth
"""

_DESCENDANTS = """
with recursive down(root, id, path) as (
    select t.parent_id, t.id, array[t.parent_id, t.id] from monitoring_target t where t.parent_id = any(%(ids)s)
  union all
    select down.root, t.id, down.path || t.id
      from down join monitoring_target t on t.parent_id = down.id
     where t.id <> all(down.path) and cardinality(down.path) < %(deepest)s
)
select root, id from down
"""


def ancestors(target_ids: Iterable[int]) -> dict[int, list[int]]:
    """Per target what it is reached through, nearest first. A circle ends where it closes. One statement."""
    return _chains(_ANCESTORS, target_ids)


def descendants(target_ids: Iterable[int]) -> dict[int, list[int]]:
    """Per target everything that is reached through it, in no order. One statement."""
    return _chains(_DESCENDANTS, target_ids)


def _chains(sql: str, target_ids: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {pk: [] for pk in target_ids}
    if found:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"ids": list(found), "deepest": DEEPEST})
            for root, pk in cursor.fetchall():
                found[root].append(pk)
    return found


def would_circle(target: Target, parent: Target) -> bool:
    """Whether `parent` is `target` itself or reached through it."""
    return parent.pk == target.pk or target.pk in ancestors([parent.pk])[parent.pk]


@dataclass(frozen=True)
class Suggestion:
    """`target` is reached through `parent`, because `reason` (lldp or register)."""

    target: Target
    parent: Target
    reason: str
    detail: str = ""


class _Link(NamedTuple):
    a: int
    b: int


def suggest(targets: Iterable[Target] | None = None) -> list[Suggestion]:
    """Parents for targets that have none, register first, then LLDP. What is redundant is not suggested: a target with
    two ways up does not go down with either. Three statements."""
    rows = {
        t.pk: t for t in (Target.objects.current().select_related("item") if targets is None else targets)
    }
    found: dict[int, Suggestion] = {}
    for suggestion in [*_from_register(rows), *_from_neighbours(rows)]:
        found.setdefault(suggestion.target.pk, suggestion)
    return sorted(_without_circles(rows, found), key=lambda s: s.target.sort_name)


def _from_register(rows: dict[int, Target]) -> list[Suggestion]:
    """`connects_to` of the register, where it is the only way."""
    by_item: dict[int, Target] = {}
    for target in rows.values():
        if target.item_id:
            by_item.setdefault(target.item_id, target)
    ways: dict[int, list[int]] = defaultdict(list)
    pairs = Relation.objects.filter(
        kind=RelationKind.CONNECTS_TO, source__in=by_item.keys(), target__in=by_item.keys()
    ).order_by("pk")
    for source, upward in pairs.values_list("source_id", "target_id"):
        ways[source].append(upward)
    return [
        Suggestion(target, by_item[ways[target.item_id][0]], "register")
        for target in rows.values()
        if target.item_id and target.parent_id is None and len(ways[target.item_id]) == 1
    ]


def _from_neighbours(rows: dict[int, Target]) -> list[Suggestion]:
    """From the roots outward along the links that devices report."""
    links = _links(rows)
    near: dict[int, set[int]] = defaultdict(set)
    for link in links:
        near[link.a].add(link.b)
        near[link.b].add(link.a)
    depth = _depths(rows, near)
    found = []
    for pk, target in rows.items():
        closer = [other for other in near[pk] if depth.get(other, DEEPEST) < depth.get(pk, 0)]
        if target.parent_id is None and len(closer) == 1:
            found.append(Suggestion(target, rows[closer[0]], "lldp"))
    return found


def _links(rows: dict[int, Target]) -> set[_Link]:
    """Pairs of targets one of which names the other as its neighbour."""
    names: dict[str, int | None] = {}
    for target in rows.values():
        for name in {target.name, target.item.name if target.item else target.name}:
            key = name.split(".")[0].casefold()
            # Two devices of one name: neither can be told by it.
            names[key] = None if names.get(key, target.pk) != target.pk else target.pk
    # Of such a one half of the links is missing: what is left would make up ways that are none.
    known = {pk for pk in names.values() if pk is not None}
    links = set()
    for pk, name in Neighbour.objects.filter(target__in=rows).values_list("target_id", "remote_name"):
        other = names.get(name.split(".")[0].casefold()) if name else None
        if other is not None and other != pk and pk in known:
            links.add(_Link(*sorted((pk, other))))
    return links


def _depths(rows: dict[int, Target], near: dict[int, set[int]]) -> dict[int, int]:
    """Links from the nearest root. Roots: a router of each connected part, else what others hang behind already."""
    depth: dict[int, int] = {}
    order = sorted(near, key=lambda pk: (not _is_root(rows[pk], rows), -len(near[pk]), pk))
    for root in order:
        if root in depth:
            continue
        depth[root] = 0
        queue = deque([root])
        while queue:
            here = queue.popleft()
            for other in near[here]:
                if other not in depth:
                    depth[other] = depth[here] + 1
                    queue.append(other)
    return depth


def _is_root(target: Target, rows: dict[int, Target]) -> bool:
    has_children = any(other.parent_id == target.pk for other in rows.values())
    return target.parent_id is None and (target.profile in ("router", "firewall") or has_children)


def _without_circles(rows: dict[int, Target], found: dict[int, Suggestion]) -> list[Suggestion]:
    parent = {pk: target.parent_id for pk, target in rows.items()}
    kept: list[Suggestion] = []
    for pk, suggestion in found.items():
        at: int | None = suggestion.parent.pk
        for _step in range(DEEPEST):
            if at is None or at == pk:
                break
            at = parent.get(at)
        if at is None:
            parent[pk] = suggestion.parent.pk
            kept.append(suggestion)
    return kept


def apply(suggestions: Sequence[Suggestion]) -> int:
    """Set the suggested parents where there is none yet and no circle would close; how many were set."""
    done = 0
    with transaction.atomic():
        for suggestion in suggestions:
            target = Target.objects.select_for_update(no_key=True, of=("self",)).get(pk=suggestion.target.pk)
            if target.parent_id is None and not would_circle(target, suggestion.parent):
                Target.objects.filter(pk=target.pk).update(parent=suggestion.parent)
                done += 1
    return done
