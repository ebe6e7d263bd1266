"""Closing a month: figures, the ids behind each of them and a digest are kept; later truth is a dated correction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.models import Organisation
from sla.models import Correction, Report
from sla.reports import monthly, rows
from sla.reports.document import canonical, digest
from sla.reports.scope import Scope


class FreezeError(ValueError):
    """A month that can not be frozen; the text is a sentence for the person who asked."""


@dataclass(frozen=True)
class Difference:
    """A figure of a frozen month that the tables now say otherwise. before counts corrections in."""

    figure: str
    before: str
    after: str


def freeze(month: date, organisation: Organisation, by: str) -> Report:
    """Keep a month that is over as it is now.

    :raises FreezeError: before its end, or when it is frozen already.
    """
    scope = Scope(month, organisation)
    if timezone.now() < scope.end:
        raise FreezeError(_("The month is not over yet."))
    try:
        with transaction.atomic():
            data = document(scope)
            return Report.objects.create(
                month=month, organisation=organisation, data=data, sha256=digest(data), frozen_by=by[:150]
            )
    except IntegrityError as error:
        raise FreezeError(_("This month is frozen already.")) from error


def document(scope: Scope) -> dict[str, Any]:
    """The live document with the ids of the rows behind every figure, as JSON would give it back."""
    data = monthly.build(scope.month, scope.organisation, with_ids=True)
    data["rows"] = {
        key: ids for key in dict(monthly.figures(data)) if (ids := row_ids(scope, key)) is not None
    }
    plain: dict[str, Any] = json.loads(canonical(data))
    return plain


def row_ids(scope: Scope, key: str) -> list[int] | None:
    """Ids of the cases or clocks behind a figure; None where the rows lie in the document itself."""
    found = rows.cases_of(scope, key)
    if found is None:
        clocks = rows.clocks_of(scope, key)
        return None if clocks is None else list(clocks.values_list("pk", flat=True))
    return list(found.values_list("pk", flat=True))


def differences(report: Report) -> list[Difference]:
    """What the tables now say otherwise than the frozen month with its corrections so far; [] where another version
    of this program froze it."""
    if report.data.get("version") != monthly.VERSION:
        return []
    now = _plain(monthly.build(report.month, report.organisation))
    said = _plain(report.data)
    for correction in report.corrections.order_by("at", "pk"):
        said[correction.figure] = correction.after
    return [
        Difference(figure, said.get(figure, "0"), now.get(figure, "0"))
        for figure in sorted(said.keys() | now.keys())
        if said.get(figure, "0") != now.get(figure, "0")
    ]


def correct(report: Report, reason: str, by: str) -> list[Correction]:
    """Add the differences to a frozen month, dated, with a reason and who approved it. The month itself stays as it was."""
    with transaction.atomic():
        Report.objects.select_for_update().get(pk=report.pk)
        return Correction.objects.bulk_create(
            Correction(
                report=report, figure=one.figure[:120], before=one.before[:60], after=one.after[:60],
                reason=reason[:300], approved_by=by[:150],
            )
            for one in differences(report)
        )  # fmt: skip


# Figures of other months belong to those; how many corrections there were is no figure of the month.
_SKIP = ("corrections", "rows", "trend")


def _plain(data: dict[str, Any]) -> dict[str, str]:
    """Every figure of a document by its key: counts, and the down seconds of services."""
    found = {key: str(n) for key, n in monthly.figures({k: v for k, v in data.items() if k not in _SKIP})}
    found |= {f"down_seconds:{line['slug']}": str(line["down_seconds"]) for line in data["availability"]}
    return found
