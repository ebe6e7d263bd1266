"""Spreadsheets from outside as plain lines: .xlsx and .csv, with bounds on everything a file could do to us."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from cmdb.common import signs

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_UNPACKED: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 200
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 100
MAX_CELL: Final = 20_000
XLSX: Final = b"PK\x03\x04"
OLD_XLS: Final = b"\xd0\xcf\x11\xe0"


class FileRefusedError(Exception):
    """The file as a whole can not be read; the message is a sentence for the person who sent it."""


@dataclass
class Line:
    """One row: its number in the file (the heading is 1), its cells, and why it can not be used ("" if it can)."""

    number: int
    cells: list[Any]
    problem: str = ""


def read(file: IO[bytes], name: str, max_rows: int = MAX_ROWS) -> tuple[list[str], list[Line]]:
    """Headings and lines of `file`. Empty lines are left out.

    Text cells come stripped; numbers, dates and truth values of a workbook keep their type.
    :raises FileRefusedError: too large, damaged, of another kind, without headings, or with too many rows.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise FileRefusedError(_("The file is empty."))
    if size > MAX_BYTES:
        raise FileRefusedError(_("The file is larger than %(mb)d MB.") % {"mb": MAX_BYTES // 1024 // 1024})
    start = file.read(4)
    file.seek(0)
    if start == OLD_XLS or name.lower().endswith(".xls"):
        raise FileRefusedError(_("This is an old .xls file. Save it as .xlsx or .csv and try again."))
    rows = _workbook(file) if start == XLSX else _text(file)
    return _lines(rows, max_rows)


def _lines(rows: Iterator[tuple[int, list[Any], str]], max_rows: int) -> tuple[list[str], list[Line]]:
    headings: list[str] | None = None
    lines: list[Line] = []
    for number, cells, problem in rows:
        if all(cell in (None, "") for cell in cells) and not problem:
            continue
        if headings is None:
            headings = [str(cell or "").strip() for cell in cells]
            while headings and not headings[-1]:
                headings.pop()
            if len(headings) > MAX_COLUMNS:
                raise FileRefusedError(_("The file has more than %(n)d columns.") % {"n": MAX_COLUMNS})
            continue
        if len(lines) >= max_rows:
            raise FileRefusedError(_("The file has more than %(n)d rows. Split it.") % {"n": max_rows})
        if len(cells) > len(headings) and any(cell not in (None, "") for cell in cells[len(headings) :]):
            problem = problem or _("more cells than headings")
        lines.append(Line(number, cells[: len(headings)], problem))
    if not headings:
        raise FileRefusedError(_("The file has no headings in its first row."))
    return headings, lines


# --- .xlsx ---------------------------------------------------------------------------------------------


def _workbook(file: IO[bytes]) -> Iterator[tuple[int, list[Any], str]]:
    """Rows of the first sheet, read as a stream."""
    _check_archive(file)
    from openpyxl import load_workbook  # takes 0.2 s to import: only who imports pays

    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says about its size may be a lie
        for number, row in enumerate(sheet.iter_rows(), 1):
            cells, problem = [], ""
            for cell in row[: MAX_COLUMNS + 1]:
                value, wrong = _cell(cell)
                cells.append(value)
                problem = problem or wrong
            yield number, cells, problem
    except FileRefusedError:
        raise
    except Exception as error:  # the package raises whatever its parsers do
        raise FileRefusedError(_("The file is damaged or no workbook that we can read.")) from error


def _check_archive(file: IO[bytes]) -> None:
    """Refuse archives that unpack to far more than they are, and XML that declares entities."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = max(1, sum(part.compress_size for part in parts))
            if unpacked > MAX_UNPACKED or len(parts) > 2000:
                raise FileRefusedError(_("The file unpacks to more than we read."))
            if unpacked > 5 * 1024 * 1024 and unpacked / packed > MAX_RATIO:
                raise FileRefusedError(_("The file is packed in a way that workbooks are not."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as text:
                        if b"<!DOCTYPE" in text.read(2048).upper():
                            raise FileRefusedError(_("The file declares entities; workbooks do not."))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise FileRefusedError(_("The file is damaged or no workbook that we can read.")) from error
    file.seek(0)


def _cell(cell: Any) -> tuple[Any, str]:
    """Value of a cell, and why it can not be used."""
    value = cell.value
    if value is None:
        return None, ""
    if getattr(cell, "data_type", "") == "f":
        return None, _("cell %(cell)s is a formula: paste it as a value") % {"cell": cell.coordinate}
    if getattr(cell, "data_type", "") == "e":
        return None, _("cell %(cell)s is an error (%(value)s)") % {"cell": cell.coordinate, "value": value}
    if isinstance(value, str):
        return _clean(value), _too_long(value)
    if isinstance(value, float) and value.is_integer():
        return int(value), ""
    return (value if isinstance(value, bool | int | float | date | datetime) else str(value)), ""


def _clean(text: str) -> str:
    return signs.fit(text).strip()


def _too_long(text: str) -> str:
    return _("a cell holds more than %(n)d characters") % {"n": MAX_CELL} if len(text) > MAX_CELL else ""


# --- .csv ----------------------------------------------------------------------------------------------


def _text(file: IO[bytes]) -> Iterator[tuple[int, list[Any], str]]:
    """Rows of a text file: UTF-8 (with or without mark), UTF-16 with mark, else Windows-1252; semicolon, comma or tab."""
    text = _decode(file.read())
    first = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(";,\t", key=first.count)
    old = csv.field_size_limit(max(csv.field_size_limit(), MAX_BYTES))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        for row in reader:
            problem = next((wrong for cell in row if (wrong := _suspect(cell))), "")
            yield reader.line_num, [_clean(cell) for cell in row[: MAX_COLUMNS + 1]], problem
    except csv.Error as error:
        raise FileRefusedError(_("The file breaks off or has a quote that is never closed.")) from error
    finally:
        csv.field_size_limit(old)


def _suspect(cell: str) -> str:
    if cell.startswith("="):
        return _("“%(cell)s” is a formula: paste it as a value") % {"cell": cell[:40]}
    return _too_long(cell)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        if b"\x00" in data[:4096]:
            raise FileRefusedError(_("This is neither a workbook (.xlsx) nor a text file (.csv)."))
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefusedError(_("The file is damaged: its text can not be read."))
