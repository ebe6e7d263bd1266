"""What must hold in the register's tables, looked for in the live data by ``manage.py check_integrity``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F

from cmdb import attributes
from cmdb.models import (
    IMPACTING,
    CIClass,
    Item,
    Lifecycle,
    Organisation,
    Place,
    Relation,
    Service,
    ServiceComponent,
)

TREES = (Organisation, Place, CIClass, Service)


def check() -> list[str]:
    """Violations as sentences, empty for a sound register. Reads all items once."""
    return [
        *families(),
        *(line for model in TREES for line in tree(model)),
        *values(),
        *supplied(),
        *archived(),
        *circles(),
    ]


def families() -> Iterator[str]:
    """An item's family is that of its class: lists and menus go by it."""
    wrong = Item.objects.exclude(family=F("item_class__family")).values_list("pk", "name", "family")
    for pk, name, family in wrong[:50]:
        yield f"item {pk} ({name}): family {family} is not that of its class"


def tree(model: Any) -> Iterator[str]:
    """Nested sets agree with the parents: numbers nest without holes, levels count from 0, one tree id per tree."""
    table = model._meta.db_table
    nodes = {
        row["pk"]: row
        for row in model.objects.order_by("tree_id", "lft").values(
            "pk", "parent_id", "lft", "rght", "level", "tree_id"
        )
    }
    open_: list[dict[str, Any]] = []
    expected: dict[int, int] = {}
    for pk, node in nodes.items():
        while open_ and not (open_[-1]["tree_id"] == node["tree_id"] and node["lft"] < open_[-1]["rght"]):
            open_.pop()
        parent = open_[-1]["pk"] if open_ else None
        if node["lft"] >= node["rght"]:
            yield f"{table} {pk}: its left number {node['lft']} is not below its right number {node['rght']}"
        if parent != node["parent_id"]:
            yield f"{table} {pk}: by its numbers it hangs below {parent}, by its parent below {node['parent_id']}"
        if node["level"] != len(open_):
            yield f"{table} {pk}: level {node['level']} should be {len(open_)}"
        if open_ and node["rght"] > open_[-1]["rght"]:
            yield f"{table} {pk}: reaches beyond its parent {parent}"
        expected[node["tree_id"]] = expected.get(node["tree_id"], 0) + 2
        open_.append(node)
    for node in nodes.values():
        if node["parent_id"] is None and node["rght"] - node["lft"] + 1 != expected[node["tree_id"]]:
            yield f"{table} {node['pk']}: its numbers do not fit the size of its tree"


def values() -> Iterator[str]:
    """Attributes of every item are known to its class and of the right type."""
    known = attributes.definitions_by_class()
    rows = Item.objects.exclude(attributes={}).values_list("pk", "name", "item_class_id", "attributes")
    for pk, name, item_class, stored in rows.iterator(chunk_size=2000):
        for sentence in attributes.problems(known.get(item_class, []), stored):
            yield f"item {pk} ({name}): {sentence}"


def supplied() -> Iterator[str]:
    """Suppliers are suppliers, on items and on contracts."""
    for table in ("cmdb_item", "cmdb_contract"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"select t.id, o.name from {table} t join cmdb_organisation o on o.id = t.supplier_id"  # noqa: S608
                " where o.kind <> 'supplier' limit 50"
            )
            for pk, name in cursor.fetchall():
                yield f"{table} {pk}: {name} is named as supplier but is none"


def archived() -> Iterator[str]:
    """What is in use rests on nothing that was put away."""
    resting = Relation.objects.filter(target__archived_at__isnull=False, kind__in=IMPACTING)
    for relation in resting.exclude(source__lifecycle=Lifecycle.RETIRED)[:50]:
        yield f"item {relation.source_id} rests on item {relation.target_id}, which is archived"
    parts = ServiceComponent.objects.filter(item__archived_at__isnull=False, service__archived_at=None)
    for part in parts[:50]:
        yield f"service {part.service_id} rests on item {part.item_id}, which is archived"
    gone = Item.objects.current().filter(organisation__archived_at__isnull=False)
    for pk, name in gone.values_list("pk", "name")[:50]:
        yield f"item {pk} ({name}) belongs to an organisation that is archived"


def circles() -> Iterator[str]:
    """Items that rest on one another: nobody can say which of them a fault began at."""
    for group in cycles()[:50]:
        yield f"items {', '.join(map(str, group))} rest on one another in a circle"


def cycles() -> list[list[int]]:
    """Circles of relations through which a fault would reach its own origin. Each relation alone may be right.

    Answers item ids of each circle's members (strongly connected components of more than one item).
    """
    below: dict[int, list[int]] = {}
    for source, target in Relation.objects.filter(kind__in=IMPACTING).values_list("source_id", "target_id"):
        below.setdefault(source, []).append(target)
    return [sorted(group) for group in _components(below) if len(group) > 1]


def _components(below: dict[int, list[int]]) -> Iterator[list[int]]:
    """Strongly connected components without recursion (two walks: onward for the order, then backward)."""
    order: list[int] = []
    seen: set[int] = set()
    for root in below:
        stack = [(root, iter(below.get(root, ())))] if root not in seen else []
        seen.add(root)
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(below.get(following, ()))))
    above: dict[int, list[int]] = {}
    for source, targets in below.items():
        for target in targets:
            above.setdefault(target, []).append(source)
    placed: set[int] = set()
    for root in reversed(order):
        if root in placed:
            continue
        group, queue = [], [root]
        placed.add(root)
        while queue:
            node = queue.pop()
            group.append(node)
            for n in above.get(node, ()):
                if n not in placed:
                    placed.add(n)
                    queue.append(n)
        yield group
