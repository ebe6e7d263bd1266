"""manage.py identify SYSOBJECTID SYSDESCR: what discovery would take a device for."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from monitoring.collectors import identify


class Command(BaseCommand):
    help = "Says class, maker and model of a device that answers with these two values."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "object_id", metavar="SYSOBJECTID", help="for instance 1.3.6.1.4.1.9.1.2494; may be empty"
        )
        parser.add_argument(
            "descr", metavar="SYSDESCR", help="for instance “Cisco IOS Software, …”; may be empty"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = identify(options["object_id"], options["descr"])
        values = {"class": found.kind, "vendor": found.vendor, "model": found.model}
        if options["json"]:
            self.stdout.write(json.dumps(values, ensure_ascii=False))
        else:
            self.stdout.write("  ".join(value for value in values.values() if value))
