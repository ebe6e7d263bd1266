"""Lists as CSV (streamed) and spreadsheet, through the same columns that the page shows.

Both read in blocks, so memory does not grow with the rows. CSV shows what people read, with a byte order
mark and semicolons, which is what spreadsheets set to Norwegian open by a double click. The spreadsheet
carries typed values: numbers count, dates sort.
"""

import csv
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.dispatch import Signal
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.text import slugify

from cmdb.common.tables import FastTable

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHEET_LIMIT = 50_000
"""Rows of a spreadsheet: more would keep a web worker busy for a minute. CSV has no limit."""

exported = Signal()
"""Sent before a list leaves as a file: ``model``, ``kind``. What a receiver raises stops the export."""


class TooLargeError(Exception):
    """More rows than a spreadsheet may have here."""


def defuse(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(FORMULA) else text


class _Echo:
    """A file whose write hands the line back."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def csv_lines(table: FastTable) -> Iterator[str]:
    """The file in blocks of 500 lines, the header first."""
    writer = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    rows = table.as_values()
    yield "\ufeff" + writer.writerow([defuse(str(v)) for v in next(rows)])
    block: list[str] = []
    for row in rows:
        block.append(writer.writerow([defuse("" if v is None else str(v)) for v in row]))
        if len(block) == 500:
            yield "".join(block)
            block = []
    yield "".join(block)


def csv_response(table: FastTable, name: str) -> StreamingHttpResponse:
    """Stream ``name``.csv. Language and zone are those of the request, though rows come after the view."""
    language, zone = translation.get_language() or "", timezone.get_current_timezone()

    def lines() -> Iterator[str]:
        with translation.override(language), timezone.override(zone):
            yield from csv_lines(table)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name) or "list"}.csv"'
    return response


def _typed(value: Any) -> Any:
    """A value that a spreadsheet knows; text is defused, instants become local and lose their zone."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    if isinstance(value, date):
        return value
    return defuse(_CONTROL.sub("", str(value)))[:32_000]


def xlsx_response(table: FastTable, name: str) -> HttpResponseBase:
    """``name``.xlsx with a frozen header and a filter. Raises TooLargeError above SHEET_LIMIT rows."""
    from openpyxl import Workbook  # takes 0.2 s to import: only who exports pays

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Samdrift")
    sheet.freeze_panes = "A2"
    for number, row in enumerate(table.as_values(typed=True)):
        if number > SHEET_LIMIT:
            raise TooLargeError(SHEET_LIMIT)
        sheet.append([_typed(value) for value in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{slugify(name) or 'list'}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def export(table: FastTable, name: str, kind: str) -> HttpResponseBase:
    """``kind`` csv or xlsx; ValueError for anything else."""
    if kind not in ("csv", "xlsx"):
        raise ValueError(kind)
    response = xlsx_response(table, name) if kind == "xlsx" else csv_response(table, name)
    exported.send(type(table), model=table.data.model, kind=kind)
    return response
