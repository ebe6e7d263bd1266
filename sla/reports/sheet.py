"""A report in words, ready to be drawn: nothing here knows where it will be shown.

A figure is a text with the key that opens its rows; with key "" it is not opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cmdb.common.ui import Look


@dataclass(frozen=True)
class Figure:
    """A number in words, and what opens it."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Headline:
    """One of the five large figures with its comparison under it."""

    label: str
    figure: Figure
    note: str = ""
    color: str = ""
    icon: str = ""


@dataclass(frozen=True)
class TargetRow:
    """An agreed target and how it was kept. `beside`: what is counted nowhere (open, superseded …)."""

    label: str
    target: str
    result: Figure
    counted: Figure
    missed: Figure
    verdict: Look
    beside: list[Figure]


@dataclass(frozen=True)
class TargetGroup:
    """The targets of one kind of ticket."""

    label: str
    rows: list[TargetRow]


@dataclass(frozen=True)
class ServiceRow:
    """A service: columns are (kind, lost) a day; sentence says the picture."""

    name: str
    slug: str
    note: str
    columns: list[tuple[str, float]]
    sentence: str
    value: Figure
    verdict: Look
    facts: list[tuple[str, str]]
    outages: Figure


@dataclass(frozen=True)
class Split:
    """A table by system (rows) and type (columns); cells None are empty."""

    name: str
    heading: str
    types: list[str]
    rows: list[tuple[str, list[Figure | None], Figure]]
    sums: list[Figure]
    total: Figure
    series: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TrendRow:
    """A month of reported faults."""

    month: str
    short: str
    count: int
    figure: Figure
    before: Figure | None
    before_count: int | None


@dataclass(frozen=True)
class Sheet:
    """The whole report."""

    title: str
    kicker: str
    stamp: str
    lead: str
    brief: list[str]
    headlines: list[Headline]
    groups: list[TargetGroup]
    suppliers: list[TargetRow]
    services: list[ServiceRow]
    axis: tuple[str, str]
    splits: list[Split]
    trend: list[TrendRow]
    outlook: str
    corrections: list[str]
    later: list[str]
    notes: list[str]
    month: str
    organisation: str

    @property
    def is_wide(self) -> bool:
        """Whether the tables by type are too wide to stand beside each other."""
        return any(len(split.types) > 3 for split in self.splits)
