"""How the agreed targets on tickets were kept: counts by promise, attainment, verdict (rules C.2.3, C.2.5, C.2.11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import Count, Min, Sum

from sla.models import Agreement, AgreementTarget, Measure
from sla.reports import rows
from sla.reports.scope import Scope

MET, MISSED, NO_DATA = "met", "missed", "no_data"


class Promise(NamedTuple):
    """What a row of the report stands for. priority None: all; seconds of working time; goal: share that must hold."""

    kind: str
    priority: int | None
    measure: str
    seconds: int
    goal: float


def section(
    scope: Scope, agreements: Iterable[Agreement]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the municipality's own promises, and of suppliers' underpinning ones. Two statements.

    A promise without a single ticket has a row too: "no data" is not a hundred per cent.
    """
    found = _counts(scope)
    promised = AgreementTarget.objects.filter(agreement__in=list(agreements)).exclude(
        measure=Measure.SUPPLIER
    )
    for values in promised.values_list("kind", "priority", "measure", "seconds", "goal"):
        found.setdefault(Promise(*values), {})
    own = [row(promise, figures, scope) for promise, figures in sorted(found.items(), key=_order)]
    return (
        [one for one in own if one["measure"] != Measure.SUPPLIER],
        [one for one in own if one["measure"] == Measure.SUPPLIER],
    )


def _counts(scope: Scope) -> dict[Promise, dict[str, Any]]:
    relevant = rows.counted(scope)
    for name in ("superseded", "cancelled", "merged", "open", "open_missed"):
        relevant |= rows.WHAT[name](scope)
    counted = rows.counted(scope)
    groups = (
        scope.clocks()
        .filter(relevant, target__isnull=False)
        .values_list("target__kind", "target__priority", "measure", "seconds", "goal")
        .annotate(
            **{name: Count("pk", filter=condition(scope)) for name, condition in rows.WHAT.items()},
            counted=Count("pk", filter=counted),
            used=Sum("elapsed_seconds", filter=counted),
            paused=Sum("paused_seconds", filter=counted),
            oldest=Min("breached_at", filter=rows.WHAT["open_missed"](scope)),
        )
        .order_by()
    )
    names = (*rows.WHAT, "counted", "used", "paused", "oldest")
    return {Promise(*group[:5]): dict(zip(names, group[5:], strict=True)) for group in groups}


def row(promise: Promise, figures: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """One line of the report as plain data; each count with the key that opens its rows."""
    counts = {name: figures.get(name, 0) for name in (*rows.WHAT, "counted")}
    used, paused = figures.get("used") or 0, figures.get("paused") or 0
    return {
        **promise._asdict(),
        **{name: {"count": n, "key": rows.target_key(*promise, name)} for name, n in counts.items()},
        "attainment": share(counts["met"], counts["counted"]),
        "verdict": verdict(counts["met"], counts["counted"], promise.goal),
        "paused_share": share(paused, used + paused),
        "oldest_missed_seconds": _age(figures.get("oldest"), scope),
    }


def share(part: int, whole: int) -> float | None:
    """part / whole with four decimals, never rounded up to everything or down to nothing; None for a whole of 0."""
    if whole == 0:
        return None
    if part in (0, whole):
        return float(part // whole)
    return min(0.9999, max(0.0001, float(round(Fraction(part, whole), 4))))


def verdict(met: int, counted: int, goal: float) -> str:
    """Whole counts decide, never a rounded percentage."""
    if counted == 0:
        return NO_DATA
    return MET if met >= Fraction(str(goal)) * counted else MISSED


def _age(oldest: datetime | None, scope: Scope) -> int | None:
    """How long the oldest miss that is still open had lasted at the end of the month, in seconds."""
    return None if oldest is None else int((scope.end - oldest).total_seconds())


def _order(entry: tuple[Promise, Any]) -> tuple[Any, ...]:
    promise = entry[0]
    measures = [str(m) for m in Measure.values]
    return (
        promise.kind,
        measures.index(promise.measure),
        promise.priority or 0,
        promise.seconds,
        promise.goal,
    )
