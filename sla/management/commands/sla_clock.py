"""`manage.py sla_clock FILE|-`: the service clock of a scenario, by the engine behind the pages."""

from __future__ import annotations

from typing import Any

from sla import specs
from sla.management.commands._scenarios import ScenarioCommand


class Command(ScenarioCommand):
    """Input and output as CONTRACTS `sla_clock`; no database is touched."""

    help = "Computes one service clock, or a list of them, from JSON without a database."

    def solve(self, value: Any, place: str) -> dict[str, Any]:
        return specs.clock(value, place)
