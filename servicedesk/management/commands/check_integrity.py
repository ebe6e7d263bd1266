"""manage.py check_integrity [--json]: every invariant of every floor over the live data; exit code 1 if one does not hold."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand

FLOORS = ("cmdb", "monitoring", "sla", "servicedesk", "servicedesk.project")


def violations(*, stopped: bool = False) -> Iterator[tuple[str, str]]:
    """(floor, sentence) of all that does not hold, the lowest floor first. `stopped`: nothing runs, so no part's silence counts."""
    for floor in FLOORS:
        name = f"{floor}.integrity"
        if find_spec(name) is not None:
            module = import_module(name)
            check = getattr(module, "check_stopped", module.check) if stopped else module.check
            for sentence in check():
                yield floor, str(sentence)


class Command(BaseCommand):
    help = "Check every invariant over the live data; print what does not hold, exit 1 if anything."
    requires_system_checks: list[str] = []  # pages and their assets are no matter of it

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--stopped",
            action="store_true",
            help="nothing runs (after a restore): only the data is looked at",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(violations(stopped=options["stopped"]))
        if options["json"]:
            rows = [{"floor": floor, "violation": sentence} for floor, sentence in found]
            self.stdout.write(json.dumps({"ok": not found, "violations": rows}, ensure_ascii=False, indent=1))
        else:
            for floor, sentence in found:
                self.stdout.write(f"{floor}: {sentence}")
            self.stdout.write(f"{len(found)} violations" if found else "All invariants hold.")
        if found:
            raise SystemExit(1)
