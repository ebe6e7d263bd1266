"""The matrix and what impact is suggested."""

from __future__ import annotations

import pytest

from cmdb.models import Criticality
from servicedesk import priority
from servicedesk.models import Level, PriorityRule
from tests.cases import RegionCase


@pytest.mark.parametrize(
    ("criticality", "municipalities", "impact"),
    [
        (Criticality.LOW, 0, Level.LOW),
        (Criticality.NORMAL, 1, Level.LOW),
        (Criticality.NORMAL, 2, Level.MEDIUM),
        (Criticality.LOW, 3, Level.HIGH),
        (Criticality.HIGH, 1, Level.MEDIUM),
        (Criticality.CRITICAL, 0, Level.HIGH),
    ],
)
def test_impact_follows_criticality_and_reach(criticality: int, municipalities: int, impact: Level) -> None:
    assert priority.suggest_impact(criticality, municipalities) == impact


def test_more_impact_or_urgency_never_lowers_the_priority() -> None:
    for (impact, urgency), value in priority.DELIVERED.items():
        for other in Level.values:
            if other < impact:
                assert priority.DELIVERED[other, urgency] <= value
            if other < urgency:
                assert priority.DELIVERED[impact, other] <= value


class TestMatrix(RegionCase):
    def test_the_delivered_matrix_is_in_the_table(self) -> None:
        rows = {(r.impact, r.urgency): r.priority for r in PriorityRule.objects.all()}
        assert rows == dict(priority.DELIVERED)

    def test_a_cell_that_is_gone_still_has_an_answer(self) -> None:
        PriorityRule.objects.all().delete()
        assert priority.of(1, 1) == 1
