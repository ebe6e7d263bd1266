"""The report as a spreadsheet: one sheet a section, numbers as numbers, so that people can go on counting."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from cmdb.common.export import defuse
from cmdb.common.ui import DASH
from sla import words
from sla.models import Report
from sla.reports.pdf import words as headings
from sla.reports.present import sheet as present
from sla.reports.sheet import Split
from sla.reports.times import instant

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

PERCENT, SECONDS = "0.00%", "[h]:mm:ss"
DAY = 86400


def render(data: dict[str, Any], report: Report | None = None) -> bytes:
    """The .xlsx file in the language in force."""
    from openpyxl import Workbook

    book = Workbook()
    shown = present(data, report)
    _summary(book, data, shown)
    _targets(book, data)
    _services(book, data)
    _outages(book, data)
    for split, name in zip(shown.splits, (_("Events"), _("Changes")), strict=True):
        _split(book, split, name)
    _trend(book, data)
    book.properties.title = shown.title
    book.properties.creator = data["delivered_by"] or shown.organisation
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _sheet(book: Workbook, name: str, head: list[str], widths: list[int]) -> Worksheet:
    """A sheet with a frozen bold head."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet: Worksheet = book.create_sheet(name[:31])
    sheet.append(head)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    return sheet


def _add(sheet: Worksheet, values: list[Any], formats: dict[int, str] | None = None) -> None:
    """A row; text that a spreadsheet would run is defused. formats: by column number."""
    sheet.append([defuse(v) if isinstance(v, str) else v for v in values])
    for column, form in (formats or {}).items():
        sheet.cell(sheet.max_row, column).number_format = form


def _summary(book: Workbook, data: dict[str, Any], shown: Any) -> None:
    from openpyxl.styles import Font

    sheet = book.active
    assert sheet is not None
    sheet.title = _("Summary")[:31]
    for text in (shown.title, shown.lead, shown.stamp):
        _add(sheet, [text])
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.append([])
    for sentence in shown.brief:
        _add(sheet, [sentence])
    sheet.append([])
    for headline in shown.headlines:
        _add(sheet, [headline.label, headline.figure.text, headline.note])
    sheet.append([])
    for sentence in [*shown.corrections, *shown.later, *shown.notes]:
        _add(sheet, [sentence])
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 16


def _targets(book: Workbook, data: dict[str, Any]) -> None:
    names = ("met", "missed", "open", "open_missed", "superseded", "cancelled", "merged")
    head = [_("Kind"), _("Point"), _("Target"), _("Promised time"), _("Result"), *(str(words.WHAT[n]) for n in names),
            _("Time paused"), _("Verdict")]  # fmt: skip
    sheet = _sheet(book, headings()["targets"], head, [18, 30, 10, 14, 10, 9, 9, 9, 9, 9, 9, 9, 12, 18])
    for row in [*data["targets"], *data["suppliers"]]:
        values = [
            words.kind(row["kind"]), words.promise(row["measure"], row["priority"]), row["goal"], row["seconds"] / DAY,
            row["attainment"], *(row[name]["count"] for name in names), row["paused_share"],
            str(words.VERDICTS[row["verdict"]].label),
        ]  # fmt: skip
        _add(sheet, values, {3: PERCENT, 4: SECONDS, 5: PERCENT, 13: PERCENT})


def _services(book: Workbook, data: dict[str, Any]) -> None:
    names = ("agreed", "down", "unknown", "degraded", "planned", "longest_outage", "mttr")
    head = [_("Service"), _("Target"), _("Availability"), _("Share of time measured"), _("Verdict"), _("Outages"),
            _("Agreed time"), _("Down"), _("No data"), _("Slow"), _("Planned work"), _("Longest outage"),
            _("Mean time to restore")]  # fmt: skip
    sheet = _sheet(
        book, headings()["availability"], head, [34, 10, 12, 12, 18, 9, 13, 12, 12, 12, 12, 14, 14]
    )
    for line in data["availability"]:
        seconds = [line[f"{name}_seconds"] for name in names]
        values = [
            line["service"], line["goal"], line["availability"], line["coverage"],
            str(words.VERDICTS[line["verdict"]].label), line["outages"]["count"],
            *(None if s is None else s / DAY for s in seconds),
        ]  # fmt: skip
        _add(sheet, values, {2: "0.000%", 3: "0.0000%", 4: PERCENT} | dict.fromkeys(range(7, 14), SECONDS))


def _outages(book: Workbook, data: dict[str, Any]) -> None:
    sheet = _sheet(book, _("Outages"), [_("Service"), _("From"), _("Until"), _("Down")], [34, 20, 20, 12])
    from django.utils.timezone import localtime

    for line in data["availability"]:
        for outage in line["outage_list"]:
            edges = [localtime(instant(outage[name])).replace(tzinfo=None) for name in ("begin", "end")]
            _add(
                sheet,
                [line["service"], *edges, outage["seconds"] / DAY],
                {2: "yyyy-mm-dd hh:mm:ss", 3: "yyyy-mm-dd hh:mm:ss", 4: SECONDS},
            )


def _split(book: Workbook, split: Split, name: str) -> None:
    words_ = headings()
    sheet = _sheet(
        book, name, [words_["system"], *split.types, words_["total"]], [34, *[14] * len(split.types), 10]
    )
    for system, cells, total in split.rows:
        _add(sheet, [system, *(_number(c.text) if c else None for c in cells), _number(total.text)])
    _add(sheet, [words_["sum"], *(_number(s.text) for s in split.sums), _number(split.total.text)])


def _trend(book: Workbook, data: dict[str, Any]) -> None:
    words_ = headings()
    sheet = _sheet(book, words_["trend"], words_["trend_columns"], [14, 12, 16])
    for point in data["trend"]:
        _add(sheet, [point["month"], point["count"], point["before"]["count"] if point["before"] else DASH])


def _number(text: str) -> int:
    return int("".join(c for c in text if c.isdecimal()) or 0)
