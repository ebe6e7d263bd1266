"""Planned work: alerts inside are silent, downtime inside is planned. Windows are kept by a key of whoever plans.

A window reaches everything that hangs behind its items: by the register's relations (cmdb.impact, redundancy
counted) and by the parents of targets.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.impact import items_behind
from cmdb.models import Item, Organisation
from monitoring import topology
from monitoring.models import MaintenanceWindow, Target

Span = tuple[datetime, datetime]


def plan(
    source_key: str,
    *,
    title: str,
    organisation: Organisation,
    items: Iterable[Item],
    starts_at: datetime,
    ends_at: datetime,
    announced_at: datetime | None = None,
) -> MaintenanceWindow:
    """Plan work on `items`, or plan it anew: the same `source_key` is the same window, also after it was called off.

    `announced_at`: when those concerned were told (default: now; replanning keeps the first announcement unless
    the work begins earlier or elsewhere than was announced). ValidationError for a window without length.
    """
    if ends_at <= starts_at:
        raise ValidationError(_("The window must end after it begins."))
    wanted = {item.pk for item in items}
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().filter(source_key=source_key).first()
        if announced_at is None:
            announced_at = timezone.now()
            if window is not None and _as_announced(window, wanted, starts_at, ends_at):
                announced_at = window.announced_at
        values = {
            "title": title[:200],
            "organisation": organisation,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "announced_at": announced_at,
            "cancelled_at": None,
        }
        window, _made = MaintenanceWindow.objects.update_or_create(source_key=source_key, defaults=values)
        window.items.set(wanted)
    return window


def _as_announced(window: MaintenanceWindow, items: set[int], starts_at: datetime, ends_at: datetime) -> bool:
    """Whether all of the new plan lies inside what was announced."""
    inside = window.starts_at <= starts_at and ends_at <= window.ends_at and window.cancelled_at is None
    return inside and items <= set(window.items.values_list("pk", flat=True))


def cancel(source_key: str) -> bool:
    """Call the work off: what lies ahead no longer counts as planned; time that already passed in it does.
    False if there is no such window or it is over."""
    now = timezone.now()
    with transaction.atomic():
        window = (
            MaintenanceWindow.objects.select_for_update()
            .filter(source_key=source_key, cancelled_at=None)
            .first()
        )
        if window is None or window.ends_at <= now:
            return False
        if window.starts_at < now:
            window.ends_at = now
        window.cancelled_at = now
        window.save(update_fields=["ends_at", "cancelled_at", "updated_at"])
    return True


def finish(source_key: str, at: datetime | None = None) -> bool:
    """The work ended early, at `at` (default: now): from then on faults alert again. False if the window is not running."""
    at = at or timezone.now()
    running = MaintenanceWindow.objects.filter(source_key=source_key, starts_at__lt=at, ends_at__gt=at)
    return bool(running.update(ends_at=at, updated_at=timezone.now()))


#: A window that was called off before it began never was; one called off while it ran was until then.
_HELD = Q(cancelled_at=None) | Q(cancelled_at__gt=F("starts_at"))


def covering(item_ids: Iterable[int], at: datetime) -> dict[int, MaintenanceWindow]:
    """Which of `item_ids` are in planned work at `at`, and in which (the one that lasts longest)."""
    wanted = set(item_ids)
    windows = MaintenanceWindow.objects.filter(_HELD, starts_at__lte=at, ends_at__gt=at).order_by("ends_at")
    found: dict[int, MaintenanceWindow] = {}
    for window, reached in _reaches(windows):
        found.update(dict.fromkeys(wanted & reached, window))
    return found


def covering_targets(targets: Sequence[Target], at: datetime) -> dict[int, MaintenanceWindow]:
    """`covering` by target: its own item, or the item of anything that it is reached through. By target id."""
    chains = topology.ancestors(t.pk for t in targets)
    above = {pk for chain in chains.values() for pk in chain}
    item_of = dict(Target.objects.filter(pk__in=above).values_list("pk", "item_id"))
    items = {t.pk: [i for i in [t.item_id, *(item_of.get(pk) for pk in chains[t.pk])] if i] for t in targets}
    windows = covering({item for own in items.values() for item in own}, at)
    found = {}
    for pk, own in items.items():
        window = next((windows[item] for item in own if item in windows), None)
        if window is not None:
            found[pk] = window
    return found


def spans(
    item_ids: Iterable[int], start: datetime, end: datetime, notice_hours: float = 0
) -> dict[int, list[Span]]:
    """Per item the planned time of [start, end), joined and in order, of windows announced `notice_hours` ahead.

    Work announced too late is not planned (C.2.13). Every item has an entry.
    """
    wanted = set(item_ids)
    windows = MaintenanceWindow.objects.filter(
        _HELD,
        starts_at__lt=end,
        ends_at__gt=start,
        announced_at__lte=F("starts_at") - timedelta(hours=notice_hours),
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for window, reached in _reaches(windows):
        for item in wanted & reached:
            found[item].append((max(window.starts_at, start), min(window.ends_at, end)))
    return {item: _joined(found[item]) for item in wanted}


def _reaches(windows: Iterable[MaintenanceWindow]) -> list[tuple[MaintenanceWindow, set[int]]]:
    """Each window with the ids of all items that it reaches."""
    rows = list(windows)
    if not rows:
        return []
    named: dict[int, set[int]] = defaultdict(set)
    pairs = MaintenanceWindow.objects.filter(pk__in=[window.pk for window in rows], items__isnull=False)
    for window_id, item_id in pairs.values_list("pk", "items"):
        named[window_id].add(item_id)
    # Standing maintenance names the same items every month: what they reach is worked out once.
    sets = {window.pk: frozenset(named[window.pk]) for window in rows}
    reached = {items: _reached(items) for items in set(sets.values())}
    return [(window, reached[sets[window.pk]]) for window in rows]


def _reached(items: Collection[int]) -> set[int]:
    if not items:
        return set()
    reached = set(items_behind(items))
    targets = Target.objects.filter(item__in=items).values_list("pk", flat=True)
    behind = {pk for chain in topology.descendants(targets).values() for pk in chain}
    if behind:
        found = Target.objects.filter(pk__in=behind).exclude(item=None)
        reached |= set(found.values_list("item_id", flat=True))
    return reached


def _joined(spans_: list[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, until in sorted(spans_):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((begin, until))
    return found
