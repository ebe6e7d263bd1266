"""/monitoring/: what is wrong now, with what stands in its shadow; then how much of each municipality answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cmdb.common.htmx import respond
from cmdb.models import Organisation, OrganisationKind
from monitoring import words
from monitoring.access import WRITERS, for_readers
from monitoring.models import Alert, MaintenanceWindow, Target
from monitoring.tables import LIVE_STATE

ALERTS, SHADOWS = 50, 30
COLUMNS = ("up", "degraded", "down", "shadow", "unknown", "off")


@dataclass
class Row:
    """Targets of a municipality (or of the region itself) by state."""

    organisation: Organisation
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def cells(self) -> list[tuple[str, int]]:
        return [(state, self.counts[state]) for state in COLUMNS]

    @property
    def exact(self) -> str:
        """What the list's address needs so that it shows these rows and no others."""
        return "" if self.organisation.kind == OrganisationKind.MUNICIPALITY else "&exact=true"

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Fault:
    """An open alert with the targets that stand in its shadow and that the person may see."""

    alert: Alert
    sentence: str
    shadows: list[Target]
    elsewhere: int


@for_readers
def overview(request: HttpRequest) -> HttpResponse:
    """The page; its middle renews itself every ten seconds."""
    user: Any = request.user
    now = timezone.now()
    faults, muted = _faults(user)
    windows = MaintenanceWindow.objects.visible_to(user).filter(cancelled_at=None, ends_at__gt=now)
    context = {
        "faults": faults,
        "muted": muted,
        "rows": _by_municipality(user),
        "columns": COLUMNS,
        "windows": list(windows.select_related("organisation").order_by("starts_at")[:8]),
        "now": now,
        "may_write": user.access.has(*WRITERS),
    }
    return respond(
        request, "monitoring/overview.html", context, fragments={"now": "monitoring/_overview_now.html"}
    )


def _faults(user: Any) -> tuple[list[Fault], int]:
    """Open alerts that call somebody, and how many are silent."""
    rows: QuerySet[Alert] = Alert.objects.visible_to(user).filter(closed_at=None)
    loud = list(rows.filter(mute="").select_related("target", "organisation").order_by("-opened_at")[:ALERTS])
    shadows = _shadows(user, [alert.target_id for alert in loud if alert.kind == "down"])
    found = []
    for alert in loud:
        mine = shadows[alert.target_id] if alert.kind == "down" else []
        elsewhere = max(0, alert.shadowed_count - len(mine)) if alert.kind == "down" else 0
        sentence = words.sentence(
            alert.kind, alert.target.name, alert.problem_key.partition(f"{alert.kind}:")[2]
        )
        found.append(Fault(alert, sentence, mine[:SHADOWS], elsewhere + max(0, len(mine) - SHADOWS)))
    return found, rows.exclude(mute="").count()


def _shadows(user: Any, causes: Sequence[int]) -> dict[int, list[Target]]:
    found: dict[int, list[Target]] = defaultdict(list)
    if causes:
        rows = Target.objects.visible_to(user).filter(shadowed_by__in=causes).select_related("organisation")
        for target in rows.order_by("sort_name")[:1000]:
            if target.shadowed_by_id is not None:
                found[target.shadowed_by_id].append(target)
    return found


def _by_municipality(user: Any) -> list[Row]:
    """Counts per municipality, units counted with theirs; what belongs to none stands with the region. Three statements."""
    counted = (
        Target.objects.visible_to(user)
        .current()
        .annotate(live_state=LIVE_STATE)
        .order_by()
        .values_list("organisation_id", "live_state")
        .annotate(n=Count("pk"))
    )
    counts = list(counted)
    if not counts:
        return []
    homes = _homes({pk for pk, _state, _n in counts})
    rows: dict[int, Row] = {}
    for pk, state, number in counts:
        home = homes[pk]
        rows.setdefault(home.pk, Row(home)).counts[state] += number
    return sorted(rows.values(), key=lambda row: row.organisation.sort_name)


def _homes(pks: set[int]) -> dict[int, Organisation]:
    """The municipality of each organisation, or it itself where there is none."""
    own = Organisation.objects.in_bulk(pks)
    trees = {row.tree_id for row in own.values()}
    towns = list(Organisation.objects.filter(tree_id__in=trees, kind=OrganisationKind.MUNICIPALITY))
    return {
        pk: next((t for t in towns if t.tree_id == row.tree_id and t.lft <= row.lft <= t.rght), row)
        for pk, row in own.items()
    }
