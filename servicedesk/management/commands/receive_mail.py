"""manage.py receive_mail FILE...|- [--dry-run] [--json]: raw mails through the very door that fetched ones take."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from servicedesk import attachments
from servicedesk.intake.mail import reporting

#: EX_TEMPFAIL of sysexits.h: a mail server that pipes mail in here keeps it and tries again.
TRY_AGAIN = 75


class _DryRunError(Exception):
    """Takes everything back."""


class Command(BaseCommand):
    """Exit 0 whenever every mail is kept, whatever became of it."""

    help = "Take raw mails in (RFC 5322) and print what became of each, as a JSON array."
    requires_system_checks: list[str] = []  # pages and their assets are no matter of it

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="a raw mail; - reads one from standard input"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would become of them, and keep nothing"
        )
        parser.add_argument("--json", action="store_true", help="on one line, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[dict[str, Any]] = []
        try:
            if options["dry_run"]:
                self._dry_run(options["files"], found)
            else:
                found.extend(self._taken(options["files"]))
        except DatabaseError as error:
            raise CommandError(
                f"The mail is not kept: {type(error).__name__}.", returncode=TRY_AGAIN
            ) from error
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=None if options["json"] else 1))

    def _dry_run(self, names: list[str], found: list[dict[str, Any]]) -> None:
        try:
            with attachments.undone_on_failure(), transaction.atomic():
                found.extend(self._taken(names))
                raise _DryRunError
        except _DryRunError:
            return

    def _taken(self, names: list[str]) -> Iterator[dict[str, Any]]:
        for name in names:
            if name != "-" and not Path(name).is_file():
                raise CommandError(f"{name}: there is no such file.")
        for name in names:
            try:
                raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            except OSError as error:
                raise CommandError(f"{name}: {error.strerror}.", returncode=TRY_AGAIN) from error
            yield {"file": name} | reporting.receive(raw)
