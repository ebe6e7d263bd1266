"""manage.py load_demo: fill an empty database with the demo region. Does nothing where the region is already."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cmdb.models import Organisation, User


class Command(BaseCommand):
    """See the module."""

    help = "Fill an empty database with the demo region."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--snmp-port", type=int, default=1161, help="UDP port of the simulated devices")
        parser.add_argument("--ssh-port", type=int, default=2022, help="TCP port of the simulated devices")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load once, in one transaction; refuse where real people could be."""
        if settings.PRODUCTION:
            raise CommandError("The demo is not loaded where SAMDRIFT_ENV is production.")
        if Organisation.objects.filter(slug="fjordregionen").exists():
            self.stdout.write("The demo region is here already.")
            return
        if User.objects.exists():
            raise CommandError("This database has people in it; the demo is loaded into an empty one only.")
        from servicedesk.demo.load import load

        started = time.monotonic()
        load(
            port=options["snmp_port"],
            ssh_port=options["ssh_port"],
            say=lambda text: self.stdout.write(f"  {time.monotonic() - started:5.1f} s  {text}"),
        )
