"""What a service rests on, as a tree that sla.uptime can judge: parts, redundancy, and what unwatched items rest on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from cmdb.impact import rests_on
from cmdb.models import IMPACTING, Relation, ServiceComponent
from monitoring.models import Target
from sla.uptime import AtLeast, Node, all_of


class Trees:
    """Compositions of items: a watched item is itself; another is what it rests on, as far as that is watched."""

    def __init__(self, item_ids: set[int]) -> None:
        self.below: dict[int, list[Relation]] = defaultdict(list)
        self.watched = watched_of(item_ids)
        blind = item_ids - self.watched
        if blind:
            found = set(rests_on(blind).items)
            self.watched |= watched_of(found - item_ids)
            for relation in Relation.objects.filter(source__in=found, kind__in=IMPACTING).order_by("pk"):
                self.below[relation.source_id].append(relation)

    def service(self, parts: Sequence[ServiceComponent]) -> tuple[Node | None, list[int]]:
        """The tree of a service and the ids of the items in it; None where nothing of it is watched."""
        groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for part in parts:
            groups[part.redundancy_group].append((part.item_id, part.needed))
        items: dict[int, None] = {}
        nodes: list[Node] = []
        for group, members in groups.items():
            # A named part that nobody watches is unknown, not left out: silence is never up (C.2.14).
            trees = [self._item(pk, items, frozenset()) or str(pk) for pk, _ in members]
            nodes += [_at_least(max(n for _, n in members), trees)] if group else trees
        if not items:
            return None, []
        return (nodes[0] if len(nodes) == 1 else all_of(*nodes)), list(items)

    def _item(self, pk: int, items: dict[int, None], above: frozenset[int]) -> Node | None:
        if pk in self.watched:
            items[pk] = None
            return str(pk)
        if pk in above:
            return None
        groups: dict[str, list[Node]] = defaultdict(list)
        needed: dict[str, int] = defaultdict(int)
        for relation in self.below[pk]:
            tree = self._item(relation.target_id, items, above | {pk})
            if tree is not None:
                groups[relation.redundancy_group].append(tree)
                needed[relation.redundancy_group] = max(needed[relation.redundancy_group], relation.needed)
        nodes = [*groups.pop("", []), *(_at_least(needed[name], trees) for name, trees in groups.items())]
        if not nodes:
            return None
        return nodes[0] if len(nodes) == 1 else all_of(*nodes)


def watched_of(item_ids: Iterable[int]) -> set[int]:
    """Those of these items that an enabled target asks."""
    found = Target.objects.filter(item__in=list(item_ids), is_enabled=True).values_list("item_id", flat=True)
    return {pk for pk in found if pk}


def _at_least(needed: int, nodes: Sequence[Node]) -> Node:
    """A redundancy group; one that asks for more than it has needs all."""
    return nodes[0] if len(nodes) == 1 else AtLeast(min(max(needed, 1), len(nodes)), tuple(nodes))
