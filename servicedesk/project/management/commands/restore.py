"""manage.py restore DIR [--overwrite] [--json]: bring back what `backup` made."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from servicedesk.project.backup import BackupError, restore


class Command(BaseCommand):
    """With everything but the database stopped."""

    help = "Restore the backup in DIR and migrate it to this release. Refused onto a database with people."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="even onto a database with people: all that is in it, and all attachments, are lost",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Restore it, say what came back."""
        started = time.monotonic()
        try:
            done = restore(options["folder"].absolute(), overwrite=options["overwrite"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        manifest = done.manifest
        figures = {
            "folder": str(options["folder"].absolute()), "tables": len(manifest.tables), "rows": manifest.rows,
            "files": len(manifest.files), "missing_files": manifest.missing_files, "further_files": done.further_files,
            "made_at": manifest.made_at, "release": manifest.release, "seconds": round(time.monotonic() - started, 1),
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
            return
        self.stdout.write(
            "{rows} rows of {tables} tables and {files} files of {made_at} are back, in {seconds} s.".format(
                **figures
            )
        )
        if done.further_files:
            self.stdout.write(
                f"{done.further_files} files that this database does not know stay where they were."
            )
