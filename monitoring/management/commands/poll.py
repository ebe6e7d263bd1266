"""manage.py poll --once: ask what is due, save it, say what came of it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from monitoring import engine, poll
from monitoring.models import Target


class Command(BaseCommand):
    help = "Asks all targets that are due and saves what they answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="one round, then end (workers do the polling else)"
        )
        parser.add_argument("--all", action="store_true", help="ask every enabled target now, due or not")
        parser.add_argument(
            "--engine", choices=("gufo", "pysnmp"), help="default: gufo where it is installed"
        )
        parser.add_argument("--json", action="store_true", help="figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            raise CommandError("Say --once: continuous polling is the work of the workers (manage.py serve).")
        from monitoring.snmp import available

        if options["engine"] and options["engine"] not in available():
            raise CommandError(f"{options['engine']} is not installed here.")
        if options["all"]:
            Target.objects.filter(is_enabled=True).update(due_at=timezone.now())
        found = poll.run_due(seconds=300, engine=options["engine"])
        events = engine.run()
        if options["json"]:
            figures = vars(found) | {"seconds": round(found.seconds, 3), "events": events}
            self.stdout.write(json.dumps(figures))
            return
        self.stdout.write(
            f"{found.asked} targets asked, {found.saved} saved: {found.answered} answered, {found.silent} silent,"
            f" {found.unaskable} could not be asked; {events} events handled; {found.seconds:.2f} s"
        )
