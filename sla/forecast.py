"""What a month under way still allows, and what the next one may bring. Simple on purpose: every figure can be checked by hand."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from sla.availability import ServiceAvailability
from sla.worktime import working_seconds


def downtime_left(one: ServiceAvailability, end: datetime) -> int | None:
    """Seconds of agreed time that a service may still be down until `end` without missing its target; negative: too much.

    Counted on the agreed time so far and all service hours to come. None without a target or data.
    """
    if one.result is None or one.promise is None:
        return None
    to_come = working_seconds(one.promise.work, one.window[1], end) if one.window[1] < end else 0
    whole = one.result.agreed_seconds + to_come
    return int(whole * (1 - Fraction(str(one.promise.goal)))) - one.result.down_seconds


def expected_faults(trend: list[dict[str, Any]]) -> int | None:
    """Faults to expect in the month after the last: that month a year ago, times how the last three months compare
    with theirs. None where a year is not known."""
    if len(trend) < 13:
        return None
    recent = [point for point in trend[-3:] if point["before"]]
    before = sum(point["before"]["count"] for point in recent)
    if len(recent) < 3 or not before:
        return None
    return round(trend[-12]["count"] * Fraction(sum(point["count"] for point in recent), before))
