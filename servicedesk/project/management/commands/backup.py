"""manage.py backup DIR [--json]: database, attachments and secrets of a running system into a new folder."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from servicedesk.project.backup import BackupError, make


class Command(BaseCommand):
    """Everything goes on meanwhile."""

    help = "Back up the database, the attachments and the secrets into DIR, which must be new or empty. DIR then holds secrets."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--allow-missing-files",
            action="store_true",
            help="go on where a file that the database names is not there; the manifest lists it",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it, say what was made."""
        started = time.monotonic()
        try:
            made = make(options["folder"].absolute(), allow_missing=options["allow_missing_files"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        manifest = made.manifest
        figures = {
            "folder": str(made.folder), "bytes": manifest.bytes, "tables": len(manifest.tables), "rows": manifest.rows,
            "files": len(manifest.files), "missing_files": manifest.missing_files, "release": manifest.release,
            "postgresql": manifest.postgresql, "seconds": round(time.monotonic() - started, 1),
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
            return
        for name in manifest.missing_files:
            self.stderr.write(f"missing: {name}")
        self.stdout.write(
            "{folder}: {rows} rows of {tables} tables, {files} files, {bytes} bytes in {seconds} s.".format(
                **figures
            )
        )
