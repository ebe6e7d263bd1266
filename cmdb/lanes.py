"""What falls with an item and what it rests on, laid out for people: lanes of boxes, and the same as a table.

Only rows that the viewer may see come in; a path through a hidden item simply ends. Positions are SVG units in a
drawing 860 wide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cmdb.impact import Impact, impact_of, rests_on
from cmdb.models import Criticality, Item, Layer, Organisation, RelationKind, Service, ServiceComponent

WIDTH: Final = 860
LABEL: Final = 118
BOX: Final = 168
GAP: Final = 14
HEIGHT: Final = 44
PER_ROW: Final = (WIDTH - LABEL) // (BOX + GAP)
ROWS: Final = 3
LANE_GAP: Final = 26
ROW_GAP: Final = 24
PAD: Final = 14


@dataclass
class Box:
    """A service or item in the drawing; `key` is ("service" | "item", id)."""

    key: tuple[str, int]
    label: str
    note: str
    url: str
    me: bool = False
    depth: int = 0
    x: float = 0
    y: float = 0

    @property
    def item_id(self) -> int | None:
        """The item of the box; None for a service."""
        return self.key[1] if self.key[0] == "item" else None

    @property
    def middle(self) -> float:
        """Middle of the box."""
        return self.x + BOX / 2

    @property
    def short(self) -> str:
        """The name as far as it fits."""
        return self.label if len(self.label) <= 21 else self.label[:20] + "…"

    @property
    def short_note(self) -> str:
        """The second line as far as it fits."""
        return self.note if len(self.note) <= 24 else self.note[:23] + "…"


@dataclass
class Lane:
    """One layer: heading, boxes, how many did not fit, and where it lies."""

    label: str
    boxes: list[Box]
    more: int = 0
    y: float = 0
    height: float = 0


@dataclass
class Row:
    """A line of the table under the drawing."""

    how: str
    label: str
    url: str
    kind: str
    criticality: str
    distance: int
    item_id: int | None = None


@dataclass
class View:
    """Everything that the page shows about one item's place among the others."""

    lanes: list[Lane] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    systems: int = 0
    falling: int = 0
    height: float = 0
    edges: list[tuple[tuple[str, int], tuple[str, int]]] = field(default_factory=list)

    @property
    def alone(self) -> bool:
        """Nothing hangs on it and it hangs on nothing."""
        return not self.rows

    @property
    def sentence(self) -> str:
        """What the drawing shows, for those who do not see it."""
        return _("%(falls)s and %(services)s fall with it. The table below says the same.") % {
            "falls": ngettext("%(n)d item", "%(n)d items", self.falling) % {"n": self.falling},
            "services": ngettext("%(n)d service", "%(n)d services", len(self.services))
            % {"n": len(self.services)},
        }


def build(item: Item, user: Any, *, limit: int = PER_ROW * ROWS, per_row: int = PER_ROW) -> View:
    """The view of `item` for `user`; at most `limit` boxes a lane, `per_row` beside each other (more than fit the
    drawing only for `graph`). About twelve statements, however many items."""
    up, down = impact_of([item.pk]), rests_on([item.pk])
    wanted = (up.items.keys() | down.items.keys()) - {item.pk}
    seen = {
        row.pk: row
        for row in Item.objects.visible_to(user)
        .filter(pk__in=wanted)
        .select_related("item_class")
        .order_by("sort_name")
    }
    services = _visible_services(up, user)
    view = View(services=services, organisations=_visible_organisations(up, user))
    above = [row for pk, row in seen.items() if pk in up.items]
    below = [row for pk, row in seen.items() if pk in down.items and pk not in up.items]
    view.falling = len(above)
    view.systems = sum(1 for row in above if row.item_class.layer > Layer.INFRASTRUCTURE)
    view.edges = _edges(up, down, {*seen, item.pk}, services)
    _lanes(view, item, above, below, up, down, limit, per_row)
    view.rows = _rows(view, item, above, below, up, down)
    return view


def _visible_services(up: Impact, user: Any) -> list[Service]:
    mine = set(
        Service.objects.visible_to(user)
        .filter(pk__in=[service.pk for service in up.services])
        .values_list("pk", flat=True)
    )
    return [service for service in up.services if service.pk in mine]


def _visible_organisations(up: Impact, user: Any) -> list[Organisation]:
    mine = user.access.all_orgs | user.access.home_orgs
    return [organisation for organisation in up.organisations if organisation.pk in mine]


def _edges(
    up: Impact, down: Impact, seen: set[int], services: Sequence[Service]
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """From what is carried to what it rests on, both ends shown."""
    pairs = dict.fromkeys((source, target) for source, target, _kind in [*up.paths, *down.paths])
    found: list[tuple[tuple[str, int], tuple[str, int]]] = [
        (("item", source), ("item", target)) for source, target in pairs if source in seen and target in seen
    ]
    carried = ServiceComponent.objects.filter(service__in=services, item__in=up.items.keys() & seen)
    for service, item in carried.values_list("service_id", "item_id").distinct():
        found.append((("service", service), ("item", item)))
    return found


def _box(row: Item, depth: int = 0) -> Box:
    url = reverse("cmdb:item_detail", args=[row.pk])
    return Box(("item", row.pk), row.name, str(row.item_class), url, depth=depth)


def _service_box(service: Service) -> Box:
    url = reverse("cmdb:service_detail", args=[service.pk])
    return Box(("service", service.pk), service.name, str(service.get_criticality_display()), url)


def _lanes(
    view: View,
    item: Item,
    above: list[Item],
    below: list[Item],
    up: Impact,
    down: Impact,
    limit: int,
    per_row: int,
) -> None:
    """Fill the lanes from services to what the item rests on, and place every box."""
    near = [_box(row, up.items[row.pk]) for row in above]
    layers = {("item", row.pk): row.item_class.layer for row in above}
    me = _box(item)
    me.me = True
    stacks: list[tuple[str, list[Box]]] = [
        (_("Services"), [_service_box(service) for service in view.services]),
        (_("Systems"), [box for box in near if layers[box.key] > Layer.INFRASTRUCTURE]),
        (_("Behind it"), [box for box in near if layers[box.key] == Layer.INFRASTRUCTURE]),
        (_("This item"), [me]),
        (_("Rests on"), [_box(row, down.items[row.pk]) for row in below]),
    ]
    y = 0.0
    for label, boxes in stacks:
        if not boxes:
            continue
        boxes.sort(key=lambda box: box.depth)  # stable: names stay in order within a step
        lane = Lane(label, boxes[:limit], max(0, len(boxes) - limit), y)
        y = _place(lane, per_row, near_first=label == stacks[-1][0]) + LANE_GAP
        view.lanes.append(lane)
    view.height = max(0.0, y - LANE_GAP)
    view.paths = list(_curves(view))


def _place(lane: Lane, per_row: int, *, near_first: bool) -> float:
    """Give every box of a lane its position, rows centred; answer the lower edge of the lane.

    A row holds boxes of one step only, so that lines run from row to row: above the item the nearest row lies lowest.
    """
    rows: list[list[Box]] = []
    for box in lane.boxes:
        if not rows or len(rows[-1]) == per_row or rows[-1][0].depth != box.depth:
            rows.append([])
        rows[-1].append(box)
    if not near_first:
        rows.reverse()
    for number, row in enumerate(rows):
        width = len(row) * (BOX + GAP) - GAP
        left = LABEL + (WIDTH - LABEL - PAD - width) / 2
        for index, box in enumerate(row):
            box.x = left + index * (BOX + GAP)
            box.y = lane.y + PAD + number * (HEIGHT + ROW_GAP)
    lane.height = 2 * PAD + len(rows) * HEIGHT + (len(rows) - 1) * ROW_GAP
    return lane.y + lane.height


def _curves(view: View) -> Iterable[str]:
    """SVG paths between shown boxes, from the lower edge of the upper to the upper edge of the lower one."""
    shown = {box.key: box for lane in view.lanes for box in lane.boxes}
    for source, target in view.edges:
        if source not in shown or target not in shown:
            continue
        a, b = sorted((shown[source], shown[target]), key=lambda box: box.y)
        if a.y == b.y:
            low = a.y + HEIGHT
            yield f"M{a.middle:.0f} {low:.0f}C{a.middle:.0f} {low + 16:.0f} {b.middle:.0f} {low + 16:.0f} {b.middle:.0f} {low:.0f}"
            continue
        start, end = a.y + HEIGHT, b.y
        mid = (start + end) / 2
        yield f"M{a.middle:.0f} {start:.0f}C{a.middle:.0f} {mid:.1f} {b.middle:.0f} {mid:.1f} {b.middle:.0f} {end:.0f}"


def _rows(
    view: View, item: Item, above: list[Item], below: list[Item], up: Impact, down: Impact
) -> list[Row]:
    """The table: services, what falls, what it rests on; direct neighbours say how they are tied."""
    ties: dict[int, list[str]] = defaultdict(list)
    for source, target, kind in up.paths:
        if target == item.pk:
            ties[source].append(str(RelationKind(kind).label))
    for source, target, kind in down.paths:
        if source == item.pk:
            ties[target].append(str(RelationKind(kind).label))
    rows = [
        Row(
            _("Falls with it"),
            service.name,
            reverse("cmdb:service_detail", args=[service.pk]),
            _("Service"),
            str(service.get_criticality_display()),
            0,
        )
        for service in view.services
    ]
    for group, depth, word in (
        (sorted(above, key=lambda r: up.items[r.pk]), up.items, _("Falls with it")),
        (sorted(below, key=lambda r: down.items[r.pk]), down.items, _("It rests on")),
    ):
        for row in group:
            how = word if row.pk not in ties else f"{word}: {', '.join(dict.fromkeys(ties[row.pk]))}"
            rows.append(
                Row(
                    how,
                    row.name,
                    reverse("cmdb:item_detail", args=[row.pk]),
                    str(row.item_class),
                    str(Criticality(row.criticality).label),
                    depth[row.pk],
                    row.pk,
                )
            )
    return rows


def graph(view: View) -> dict[str, Any]:
    """The same for the map that the browser draws (docs/design.md, "Register and maps"); a lane per row of boxes."""
    boxes = [box for lane in view.lanes for box in lane.boxes]
    rows = {y: number for number, y in enumerate(sorted({box.y for box in boxes}))}
    nodes = [
        {
            "id": f"{box.key[0]}-{box.key[1]}",
            "label": box.label,
            "note": box.note,
            "lane": rows[box.y],
            "me": box.me,
            "url": box.url,
        }
        for box in boxes
    ]
    shown = {box.key for box in boxes}
    edges = [
        {"from": f"{a[0]}-{a[1]}", "to": f"{b[0]}-{b[1]}", "hot": False}
        for a, b in view.edges
        if a in shown and b in shown
    ]
    return {"nodes": nodes, "edges": edges, "lanes": [lane.label for lane in view.lanes]}
