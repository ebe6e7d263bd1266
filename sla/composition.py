"""What a service rests on, as a tree that sla.uptime can judge: parts, redundancy, and what unwatched items rest on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from cmdb.impact import rests_on
from cmdb.models import IMPACTING, Relation, ServiceComponent
from monitoring import intervals
from monitoring.models import TargetState
from sla.uptime import AtLeast, Change, Node, State, all_of

Span = tuple[datetime, datetime]


class Trees:
    """Compositions of items over [start, end): a watched item is itself; another is what it rests on, as far as that is watched.

    Whether an item is watched is asked of each window by what was measured then, not of today's targets: a target that is
    switched off or archived today changes no month that is over.
    """

    def __init__(self, item_ids: set[int], start: datetime, end: datetime) -> None:
        self.below: dict[int, list[Relation]] = defaultdict(list)
        self.states: dict[int, list[intervals.State]] = {}
        self._never_asked: dict[int, datetime] = {}
        self._span = (start, end)
        self._read(item_ids)
        blind = {pk for pk in item_ids if not self._throughout(pk)}
        if blind:
            found = set(rests_on(blind).items)
            self._read(found - item_ids)
            for relation in Relation.objects.filter(source__in=found, kind__in=IMPACTING).order_by("pk"):
                self.below[relation.source_id].append(relation)

    def _read(self, item_ids: set[int]) -> None:
        if item_ids:
            found = intervals.states(sorted(item_ids), *self._span)
            self.states |= found
            if silent := [pk for pk, said in found.items() if not said]:
                self._never_asked |= intervals.never_asked(silent)

    def _throughout(self, pk: int) -> bool:
        found = self.states[pk]
        return (
            bool(found)
            and found[0][0] <= self._span[0]
            and all(state != TargetState.OFF for _at, state in found)
        )

    def is_watched(self, pk: int, window: Span) -> bool:
        """Whether anybody watched the item at some time of the window."""
        begun = self._never_asked.get(pk)
        if begun is not None and begun < window[1]:
            return True
        return intervals.is_watched(self.states.get(pk, ()), *window)

    @property
    def watched(self) -> list[int]:
        """Ids of all items that were watched at some time."""
        return sorted(pk for pk in self.states if self.is_watched(pk, self._span))

    def measured(self, pk: int) -> list[Change]:
        """The item's states for sla.uptime: nobody asked is no data."""
        return [
            (at, State.UNKNOWN if state == TargetState.OFF else State(state))
            for at, state in self.states.get(pk, ())
        ]

    def service(
        self, parts: Sequence[ServiceComponent], window: Span | None = None
    ) -> tuple[Node | None, list[int]]:
        """The tree of a service in the window (default: all of it) and the ids of the items in it; None where nothing is watched."""
        window = window or self._span
        groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for part in parts:
            groups[part.redundancy_group].append((part.item_id, part.needed))
        items: dict[int, None] = {}
        nodes: list[Node] = []
        for group, members in groups.items():
            # A named part that nobody watches is unknown, not left out: silence is never up (C.2.14).
            trees = [self._item(pk, items, frozenset(), window) or str(pk) for pk, _ in members]
            nodes += [_at_least(max(n for _, n in members), trees)] if group else trees
        if not items:
            return None, []
        return (nodes[0] if len(nodes) == 1 else all_of(*nodes)), list(items)

    def _item(self, pk: int, items: dict[int, None], above: frozenset[int], window: Span) -> Node | None:
        if self.is_watched(pk, window):
            items[pk] = None
            return str(pk)
        if pk in above:
            return None
        groups: dict[str, list[Node]] = defaultdict(list)
        needed: dict[str, int] = defaultdict(int)
        for relation in self.below[pk]:
            tree = self._item(relation.target_id, items, above | {pk}, window)
            if tree is not None:
                groups[relation.redundancy_group].append(tree)
                needed[relation.redundancy_group] = max(needed[relation.redundancy_group], relation.needed)
        nodes = [*groups.pop("", []), *(_at_least(needed[name], trees) for name, trees in groups.items())]
        if not nodes:
            return None
        return nodes[0] if len(nodes) == 1 else all_of(*nodes)


def _at_least(needed: int, nodes: Sequence[Node]) -> Node:
    """A redundancy group; one that asks for more than it has needs all."""
    return nodes[0] if len(nodes) == 1 else AtLeast(min(max(needed, 1), len(nodes)), tuple(nodes))
