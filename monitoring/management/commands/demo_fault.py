"""manage.py demo_fault --list | NAME --down|--up: switch a simulated device off and on."""

import json
from difflib import get_close_matches
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import simulated


class Command(BaseCommand):
    help = "Lists the demo's simulated devices, or switches one off (--down) or on (--up)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="a device of --list")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--list", action="store_true", help="one device a line, its name first")
        what.add_argument("--down", action="store_true", help="it falls silent, and what hangs behind it too")
        what.add_argument("--up", action="store_true", help="it starts anew")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list(options["json"])
            return
        name = options["name"]
        if not name or not (options["down"] or options["up"]):
            raise CommandError("Say --list, or a device and --down or --up.")
        try:
            simulated.switch(name, off=options["down"])
        except KeyError:
            raise CommandError(self._unknown(name)) from None
        fault = next(f for f in simulated.faults() if f.device.name == name)
        if options["json"]:
            self.stdout.write(json.dumps(fault.as_data()))
        else:
            self.stdout.write(f"{name} is {'down' if fault.is_off else 'up'}")

    def _list(self, as_json: bool) -> None:
        found = simulated.faults()
        if as_json:
            self.stdout.write(json.dumps([fault.as_data() for fault in found]))
            return
        for fault in found:
            device = fault.device
            state = "down" if fault.is_off else "silent" if fault.is_silent else "up"
            self.stdout.write(
                f"{device.name}  {device.kind}  {device.address}  behind {device.parent or '-'}  {state}"
            )

    def _unknown(self, name: str) -> str:
        close = get_close_matches(name, [fault.device.name for fault in simulated.faults()], 1)
        hint = f" Did you mean {close[0]}?" if close else " --list names them all."
        return f"There is no simulated device “{name}”.{hint}"
