"""Unwanted events and changes, split by system and by type (DOMAIN rule 9), and what became of the changes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Case, Count, F, Max, Q, TextField, Value, When
from django.db.models.functions import Cast

from cmdb.models import Family
from sla.reports import rows
from sla.reports.scope import Scope

# A system by its id; other equipment by its family; nothing named: 0.
_ID = Case(
    When(system=None, then=Value("0")),
    When(system__family=Family.SYSTEM, then=Cast("system_id", TextField())),
    default=F("system__family"),
    output_field=TextField(),
)


def section(scope: Scope) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two tables, incidents first. One statement for both."""
    groups = (
        scope.cases()
        .filter(rows.incidents(scope) | rows.changes(scope))
        .annotate(row=_ID)
        .values_list("kind", "row", "type", "outcome")
        .annotate(
            n=Count("pk"),
            name=Max("system__name", filter=Q(system__family=Family.SYSTEM)),
            label=Max("type_label"),
            major=Count("pk", filter=Q(is_major=True)),
        )
        .order_by()
    )
    found = list(groups)
    events = [group for group in found if group[0] == rows.INCIDENT]
    done = [group for group in found if group[0] == rows.CHANGE]
    table = _table("incidents", events, "")
    table["major"] = {"count": sum(group[7] for group in events), "key": "major"}
    changes = _table("changes", done, ":*")
    changes["outcomes"] = _outcomes(done)
    return table, changes


def _table(name: str, groups: list[Any], tail: str) -> dict[str, Any]:
    """systems and types with their totals, largest first, and cells[system][type] (null where there are none).

    A row's id is a system's, "0" for none, or a family of equipment; then its name is empty.
    """
    cells: dict[tuple[str, str], int] = defaultdict(int)
    systems: dict[str, list[Any]] = {}
    types: dict[str, list[Any]] = {}
    for _kind, system, kind, _outcome, n, system_name, label, _major in groups:
        slug = kind or "-"
        cells[system, slug] += n
        systems.setdefault(system, [0, system_name or ""])[0] += n
        types.setdefault(slug, [0, label or kind])[0] += n
    by_size = sorted(systems, key=lambda s: (-systems[s][0], systems[s][1]))
    columns = sorted(types, key=lambda t: (-types[t][0], t))

    def figure(system: str, slug: str, count: int) -> dict[str, Any]:
        return {"count": count, "key": f"{name}:{system}:{slug}{tail}"}

    return {
        "total": figure("*", "*", sum(cells.values())),
        "systems": [
            {
                "id": s,
                "name": systems[s][1],
                "total": figure(s, "*", systems[s][0]),
                "cells": [figure(s, t, cells[s, t]) if (s, t) in cells else None for t in columns],
            }
            for s in by_size
        ],
        "types": [{"slug": t, "label": types[t][1], "total": figure("*", t, types[t][0])} for t in columns],
    }


def _outcomes(groups: list[Any]) -> list[dict[str, Any]]:
    found: dict[str, int] = defaultdict(int)
    for group in groups:
        found[group[3] or "-"] += group[4]
    return [
        {"outcome": outcome, "count": n, "key": f"changes:*:*:{outcome}"}
        for outcome, n in sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def counts(scope: Scope) -> dict[str, int]:
    """Only the number of unwanted events, for the comparison with another month. One statement."""
    return {"incidents": scope.cases().filter(rows.incidents(scope)).count()}
