"""`manage.py sla_availability FILE|-`: the availability of a scenario's service, by the engine behind the pages."""

from __future__ import annotations

from typing import Any

from sla import specs
from sla.management.commands._scenarios import ScenarioCommand


class Command(ScenarioCommand):
    """Input and output as CONTRACTS `sla_availability`; no database is touched."""

    help = "Computes the availability of one service, or of a list of them, from JSON without a database."

    def solve(self, value: Any, place: str) -> dict[str, Any]:
        return specs.availability(value, place)
