"""`manage.py board_report YYYY-MM [--organisation SLUG] --format json|html|pdf|xlsx -o FILE`: the board's month as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from cmdb.models import Language, Organisation, OrganisationKind
from sla.reports import monthly
from sla.reports.formats import FORMATS
from sla.reports.scope import REPORTED_KINDS, parse_month


class Command(BaseCommand):
    """Writes one file; "-" is standard output. One sentence and exit code 1 on bad input."""

    help = "The board's service report of a month, as it was frozen or as it is now."

    def add_arguments(self, parser: CommandParser) -> None:
        """The month, whose, as what, where to."""
        parser.add_argument("month", help="YYYY-MM")
        parser.add_argument("--organisation", help="short name of a municipality; default: the whole region")
        parser.add_argument("--format", choices=sorted(FORMATS), default="json")
        parser.add_argument("-o", "--output", default="-", help="file, or - for standard output")
        parser.add_argument("--language", choices=Language.values, help="default: the organisation's own")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Build, render, write."""
        try:
            month = parse_month(options["month"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        organisation = _organisation(options["organisation"])
        with translation.override(options["language"] or organisation.language):
            data, report = monthly.get(month, organisation)
            content = FORMATS[options["format"]].render(data, report)
        self.write(options["output"], content)

    def write(self, output: str, content: bytes) -> None:
        """To the file or to standard output."""
        if output == "-":
            sys.stdout.buffer.write(content)
            return
        try:
            Path(output).write_bytes(content)
        except OSError as error:
            raise CommandError(f"{output} can not be written: {error.strerror}") from error


def _organisation(slug: str | None) -> Organisation:
    reported = Organisation.objects.filter(kind__in=REPORTED_KINDS)
    if slug is None:
        found = list(reported.filter(kind=OrganisationKind.REGION)[:2])
        if len(found) != 1:
            raise CommandError("There is not exactly one region; say which with --organisation.")
        return found[0]
    one = reported.filter(slug=slug).first()
    if one is None:
        names = ", ".join(reported.values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no municipality or region {slug!r}; those there are: {names}")
    return one
