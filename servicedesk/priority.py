"""Priority from impact × urgency (ITIL): the matrix is a table that people may edit, impact is suggested from facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb.models import Criticality, Service
from servicedesk.models import Level, Priority, PriorityRule

Matrix = Mapping[tuple[int, int], int]

#: The matrix as it is delivered (data migration 0002), and what holds for a cell that somebody took out of the table.
DELIVERED: Matrix = {
    (Level.HIGH, Level.HIGH): Priority.CRITICAL,
    (Level.HIGH, Level.MEDIUM): Priority.HIGH,
    (Level.HIGH, Level.LOW): Priority.NORMAL,
    (Level.MEDIUM, Level.HIGH): Priority.HIGH,
    (Level.MEDIUM, Level.MEDIUM): Priority.NORMAL,
    (Level.MEDIUM, Level.LOW): Priority.LOW,
    (Level.LOW, Level.HIGH): Priority.NORMAL,
    (Level.LOW, Level.MEDIUM): Priority.NORMAL,
    (Level.LOW, Level.LOW): Priority.LOW,
}


def of(impact: int, urgency: int, matrix: Matrix | None = None) -> Priority:
    """The priority of a cell. Without `matrix` it is read from the table (one statement)."""
    if matrix is None:
        matrix = {(i, u): p for i, u, p in PriorityRule.objects.values_list("impact", "urgency", "priority")}
    return Priority(matrix.get((impact, urgency), DELIVERED[impact, urgency]))


def suggest_impact(criticality: int, municipalities: int) -> Level:
    """Impact from the worst criticality touched and the number of municipalities touched.

    Critical, or three municipalities and more: high. High criticality, or two municipalities: medium. Else low.
    """
    if criticality <= Criticality.CRITICAL or municipalities >= 3:
        return Level.HIGH
    if criticality <= Criticality.HIGH or municipalities == 2:
        return Level.MEDIUM
    return Level.LOW


def worst(own: int, services: Iterable[Service]) -> int:
    """The highest criticality (smallest number) of a thing and of the services that it carries."""
    return min([own, *(service.criticality for service in services)])
