"""The report as tagged PDF (PDF/UA-1): typst refuses to make it without a title, a language and alternative texts."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cmdb.common.ui import DASH
from sla.models import Report
from sla.reports import charts, fonts
from sla.reports.present import sheet as present
from sla.reports.sheet import ServiceRow, Sheet, Split, TargetGroup

TEMPLATE = Path(__file__).with_name("report.typ")
DAYS = {"ok": "#8fc997", "part": "#a56d13", "down": "#c01b1b", "plan": "#94c1e3"}


def render(data: dict[str, Any], report: Report | None = None) -> bytes:
    """The PDF in the language in force."""
    import typst

    sheet = present(data, report)
    place = fonts.folder()
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        root = Path(folder)
        shutil.copy(TEMPLATE, root / "report.typ")
        values = _values(sheet, data, _pictures(sheet, root))
        (root / "sheet.json").write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        made: bytes = typst.compile(
            str(root / "report.typ"),
            root=str(root),
            font_paths=[str(place)] if place else [],
            format="pdf",
            pdf_standards=["ua-1"],
        )
    return made


def _pictures(sheet: Sheet, root: Path) -> dict[str, str]:
    """Writes the pictures; file names by the chart's or the service's name."""
    found = {}
    for name, svg in charts.drawn(charts.described(sheet)).items():
        found[name] = f"{name}.svg"
        (root / found[name]).write_text(svg, encoding="utf-8")
    for number, row in enumerate(sheet.services):
        if row.columns:
            found[f"service:{row.slug}"] = f"days-{number}.svg"
            (root / f"days-{number}.svg").write_text(days(row.columns), encoding="utf-8")
    return found


def days(columns: list[tuple[str, float]]) -> str:
    """One column a day as a drawing of its own; height is lost time."""
    shapes = []
    for index, (kind, lost) in enumerate(columns):
        if kind == "none":
            shapes.append(
                f'<rect x="{index * 10 + 1.5}" y="24.5" width="6.5" height="7" fill="none" stroke="#737a7f" stroke-dasharray="2 2"/>'
            )
            continue
        height = 8 if kind == "ok" else 8 + round(24 * min(max(lost, 0.0), 1.0) ** 0.5)
        shapes.append(
            f'<rect x="{index * 10 + 1}" y="{32 - height}" width="7.5" height="{height}" fill="{DAYS[kind]}"/>'
        )
    width = len(columns) * 10
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" width="{width}" height="32">{"".join(shapes)}</svg>'


def _values(sheet: Sheet, data: dict[str, Any], pictures: dict[str, str]) -> dict[str, Any]:
    return {
        "title": sheet.title,
        "author": data["delivered_by"] or sheet.organisation,
        "lang": (get_language() or "nb").split("-")[0],
        "kicker": sheet.kicker,
        "stamp": sheet.stamp,
        "lead": sheet.lead,
        "brief": sheet.brief,
        "headlines": [
            {"label": h.label, "value": h.figure.text, "note": h.note, "color": h.color}
            for h in sheet.headlines
        ],
        "groups": [_group(group) for group in sheet.groups],
        "services": [_service(row, pictures) for row in sheet.services],
        "splits": [_split(sheet, split, pictures) for split in sheet.splits],
        "trend": [
            {"month": t.month, "count": t.figure.text, "before": t.before.text if t.before else DASH}
            for t in sheet.trend
        ],
        "outlook": sheet.outlook,
        "trend_picture": pictures.get("trend", ""),
        "trend_alt": charts.alternative(sheet, "trend") if "trend" in pictures else "",
        "corrections": sheet.corrections,
        "later": sheet.later,
        "notes": sheet.notes,
        "words": words(),
    }


def _group(group: TargetGroup) -> dict[str, Any]:
    rows = [
        {
            "label": r.label, "target": r.target, "result": r.result.text, "counted": r.counted.text,
            "missed": r.missed.text, "verdict": str(r.verdict.label), "color": r.verdict.color,
            "beside": ", ".join(f.text for f in r.beside),
        }
        for r in group.rows
    ]  # fmt: skip
    return {"label": group.label, "rows": rows}


def _service(row: ServiceRow, pictures: dict[str, str]) -> dict[str, Any]:
    return {
        "name": row.name, "note": row.note, "picture": pictures.get(f"service:{row.slug}", ""),
        "sentence": row.sentence, "value": row.value.text, "verdict": str(row.verdict.label),
        "color": row.verdict.color,
    }  # fmt: skip


def _split(sheet: Sheet, split: Split, pictures: dict[str, str]) -> dict[str, Any]:
    return {
        "heading": split.heading,
        "types": split.types,
        "legend": charts.legend(split.types),
        "picture": pictures.get(split.name, ""),
        "alt": charts.alternative(sheet, split.name),
        "rows": [
            {"name": name, "cells": [c.text if c else DASH for c in cells], "total": total.text}
            for name, cells, total in split.rows
        ],
        "sums": [s.text for s in split.sums],
        "total": split.total.text,
    }


def words() -> dict[str, Any]:
    """Headings and heads of columns, shared by PDF and spreadsheet."""
    return {
        "brief": _("In brief"),
        "targets": _("Agreed targets"),
        "target_columns": [_("Point"), _("Target"), _("Result"), _("Tickets"), _("Missed"), _("Verdict")],
        "availability": _("Availability"),
        "legend": _("One column a day, a higher column is more downtime. Green: none. Amber: partial or short. Red: more than the target allows. Blue: planned. Dashed: no data."),
        "service_columns": [_("Service"), _("Day by day"), _("Availability"), _("Verdict")],
        "no_data": _("No data"),
        "system": _("System"),
        "total": _("Total"),
        "sum": _("Sum"),
        "trend": _("Reported faults, thirteen months"),
        "trend_columns": [_("Month"), _("Reported"), _("The year before")],
        "corrections": _("Corrections of earlier months"),
        "later": _("Corrected since this month was frozen"),
        "notes": _("How this is counted"),
    }  # fmt: skip
