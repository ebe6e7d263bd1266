"""manage.py mask_config --platform NAME FILE|-: a configuration as people are shown it."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.masking import mask


class Command(BaseCommand):
    help = "Prints a device's configuration with what may be a secret masked, line by line."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file, or - for standard input")
        parser.add_argument(
            "--platform", default="", metavar="NAME",
            help="as netmiko calls it (cisco_ios, fortinet, …); an unknown one is masked by the strictest rules",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(mask(_text(_read(options["file"])), options["platform"]), ending="")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


def _text(raw: bytes) -> str:
    """Devices print UTF-8 or Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
