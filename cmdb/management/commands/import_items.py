"""``manage.py import_items FILE.xlsx|.csv [--dry-run] [--json] [--organisation SLUG]``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cmdb.intake.reading import FileRefusedError
from cmdb.intake.spreadsheets import REFUSED, import_items
from cmdb.models import Organisation


class Command(BaseCommand):
    """Reads a spreadsheet of items into the register. Exit 1 where the file, or any row of it, was refused."""

    help = "Read a spreadsheet of items (.xlsx or .csv) into the register."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="The spreadsheet; its first row holds the headings.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument("--json", action="store_true", help="Print the plan as JSON.")
        parser.add_argument("--organisation", metavar="SLUG", help="For rows that name no organisation.")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = None
        if slug := options["organisation"]:
            organisation = Organisation.objects.filter(slug=slug).first()
            if organisation is None:
                raise CommandError(f"There is no organisation “{slug}”.")
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                plan = import_items(file, path.name, organisation=organisation, dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except FileRefusedError as error:
            raise CommandError(str(error)) from error
        self._say(plan, as_json=options["json"])
        if plan.counts[REFUSED]:
            raise CommandError(f"{plan.counts[REFUSED]} of {len(plan.rows)} rows were refused.")

    def _say(self, plan: Any, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(plan.as_dict(), ensure_ascii=False, indent=1))
            return
        for row in plan.rows:
            if row.verb == REFUSED:
                self.stdout.write(f"row {row.number}: {row.name or '?'}: {row.reason}")
        counts = plan.counts
        done = "" if plan.done else " (nothing was saved)"
        self.stdout.write(
            f"{counts['new']} new, {counts['changed']} changed, {counts['same']} as before, {counts['refused']} refused{done}"
        )
