"""How things are now, by item: for panels, maps and the status page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from monitoring import maintenance
from monitoring.models import Alert, MaintenanceWindow, Target, TargetState

#: Worst first. What is planned is less of a worry than what is not; a shadow is down for its users.
WORST: Final = ("down", "shadow", "planned", "unknown", "degraded", "up")


@dataclass(frozen=True)
class Live:
    """`state`: up, degraded, down, shadow, unknown or planned, since `since` (None: nobody watches it).

    `shadowed_by_item`: the item that is at fault where the state is shadow (None where that one is in no register).
    `alert_id`: an open alert of the item's own. `maintenance`: the planned work it is in, whatever its state.
    """

    state: str
    since: datetime | None = None
    shadowed_by_item: int | None = None
    alert_id: int | None = None
    maintenance: MaintenanceWindow | None = None
    last_polled_at: datetime | None = None
    is_watched: bool = True


UNWATCHED: Final = Live("unknown", is_watched=False)


def live(item_ids: Iterable[int]) -> dict[int, Live]:
    """State of each item now: the worst of its enabled targets. Every id has an entry.

    A fixed number of statements for any number of items.
    """
    wanted = list(dict.fromkeys(item_ids))
    targets = list(Target.objects.filter(item__in=wanted, is_enabled=True).select_related("shadowed_by"))
    if not targets:
        return dict.fromkeys(wanted, UNWATCHED)
    by_item: dict[int, list[Target]] = defaultdict(list)
    for target in targets:
        if target.item_id is not None:
            by_item[target.item_id].append(target)
    windows = of_targets(targets)
    alerts = Alert.objects.filter(target__in=targets, closed_at=None).order_by("-opened_at")
    alert_of = {target: pk for pk, target in alerts.values_list("pk", "target_id")}
    return {
        item: _of_item(by_item[item], windows, alert_of) if item in by_item else UNWATCHED for item in wanted
    }


def of_targets(targets: Sequence[Target], now: datetime | None = None) -> dict[int, MaintenanceWindow]:
    """Planned work that the targets are in now, by target id; one statement where nothing is planned."""
    now = now or timezone.now()
    if not MaintenanceWindow.objects.filter(starts_at__lte=now, ends_at__gt=now).exists():
        return {}
    return maintenance.covering_targets(targets, now)


def state_of(target: Target, window: MaintenanceWindow | None = None) -> str:
    """One target's state in the words of a page."""
    if not target.is_enabled or target.state == TargetState.OFF:
        return "unknown"
    if target.state == TargetState.DOWN:
        if target.shadowed_by_id is not None:
            return "shadow"
        return "planned" if window else "down"
    return str(target.state)


def _of_item(
    targets: Sequence[Target], windows: dict[int, MaintenanceWindow], alert_of: dict[int, int]
) -> Live:
    words = {target.pk: state_of(target, windows.get(target.pk)) for target in targets}
    worst = min(targets, key=lambda target: (WORST.index(words[target.pk]), target.state_since))
    polled = [target.last_polled_at for target in targets if target.last_polled_at]
    alert = next((alert_of[target.pk] for target in targets if target.pk in alert_of), None)
    return Live(
        state=words[worst.pk],
        since=worst.state_since,
        shadowed_by_item=worst.shadowed_by.item_id if worst.shadowed_by else None,
        alert_id=alert,
        maintenance=next((windows[t.pk] for t in targets if t.pk in windows), None),
        last_polled_at=max(polled, default=None),
    )
