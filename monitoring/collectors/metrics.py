"""What every collector gives, and what every collector is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitoring.mibs.values import Values


class Metric(NamedTuple):
    """One figure. `instance` says which port, supply or disk ("" for the device itself)."""

    key: str
    instance: str
    value: float
    unit: str


Instances = Mapping[str, Sequence[str]]
"""Collector name → the table indexes that the hot poll asks for; learnt by a walk."""


@dataclass(frozen=True, slots=True)
class Collector:
    """One question of the hot poll. `oids` takes the instances to ask for, None for a fresh target not yet walked;
    `metrics` reads whatever of that came back and leaves out what did not."""

    name: str
    oids: Callable[[Sequence[str] | None], tuple[str, ...]]
    metrics: Callable[[Values], list[Metric]]


def present(*candidates: tuple[str, str, float | None, str]) -> list[Metric]:
    """Metrics out of those whose value is known."""
    return [
        Metric(key, instance, float(value), unit)
        for key, instance, value, unit in candidates
        if value is not None
    ]


def instances_of(values: Iterable[str], column: str) -> list[str]:
    """The indexes for which a column was asked."""
    prefix = column + "."
    return [oid[len(prefix) :] for oid in values if oid.startswith(prefix)]
