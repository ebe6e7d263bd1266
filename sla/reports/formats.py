"""One month in every form: what the pages offer for download, the API answers and the command writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.template.loader import render_to_string

from sla.models import Report
from sla.reports import charts, pdf, spreadsheet
from sla.reports.present import sheet as present

Render = Callable[[dict[str, Any], Report | None], bytes]


class Format(NamedTuple):
    """How a form is made, what it is called in HTTP, and its file's ending."""

    render: Render
    content_type: str


def public(data: dict[str, Any], report: Report | None = None) -> dict[str, Any]:
    """The document for machines: without the ids behind frozen figures, with the seal and later corrections."""
    seal = None
    if report:
        later = report.corrections.order_by("at", "pk")
        seal = {
            "sha256": report.sha256,
            "frozen_at": report.frozen_at.isoformat(),
            "frozen_by": report.frozen_by,
            "corrections": list(later.values("at", "figure", "before", "after", "reason", "approved_by")),
        }
    return {**{k: v for k, v in data.items() if k != "rows"}, "frozen": seal}


def as_json(data: dict[str, Any], report: Report | None = None) -> bytes:
    """JSON as people read it: indented."""
    return (json.dumps(public(data, report), indent=1, ensure_ascii=False, default=str) + "\n").encode()


def as_html(data: dict[str, Any], report: Report | None = None) -> bytes:
    """One file that needs nothing else: styles and pictures inside."""
    sheet = present(data, report)
    pictures = {name: charts.themed(svg) for name, svg in charts.drawn(charts.described(sheet)).items()}
    context = {
        "sheet": sheet,
        "pictures": pictures,
        "legends": {split.name: charts.legend(split.types) for split in sheet.splits},
        "alternatives": {name: charts.alternative(sheet, name) for name in pictures},
    }
    return render_to_string("sla/report_file.html", context).encode()


FORMATS: Mapping[str, Format] = {
    "json": Format(as_json, "application/json"),
    "html": Format(as_html, "text/html; charset=utf-8"),
    "pdf": Format(pdf.render, "application/pdf"),
    "xlsx": Format(spreadsheet.render, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
