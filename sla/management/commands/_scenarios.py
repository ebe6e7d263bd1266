"""What the two scenario commands share: read FILE or standard input, answer in JSON, refuse in one sentence.

They answer from the input alone: no system checks, no migrations check, no query, so they run where no database is.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandError

from sla import specs, strict


class ScenarioCommand(BaseCommand):
    """A command over one pure function of `sla.specs`. Subclasses give `help` and `solve`."""

    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", metavar="FILE|-", help="JSON: one scenario or a list of them; - reads standard input"
        )
        parser.add_argument(
            "--json", action="store_true", help="the answer is always JSON; accepted for uniformity"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = specs.answer(_text(options["file"]), self.solve)
        except strict.SpecError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(answer, indent=2))

    def solve(self, value: Any, place: str) -> dict[str, Any]:
        """One scenario to its answer; SpecError names a place below `place`."""
        raise NotImplementedError


def _text(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{name}: is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise CommandError(f"{name}: cannot be read, {getattr(error, 'strerror', None) or error}") from error
