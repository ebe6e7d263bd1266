"""Lists of the board's pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from cmdb.common.tables import BoolCol, ChoiceCol, Col, DateCol, FastTable, Part, TwoLineCol
from sla.models import Agreement, Calendar, DeclaredOutage, Improvement, ImprovementState

STATE_LOOKS: dict[Any, tuple[str, str]] = {
    ImprovementState.PROPOSED: ("info", "idea"),
    ImprovementState.DECIDED: ("neutral", "clock"),
    ImprovementState.DONE: ("success", "ok"),
    ImprovementState.DROPPED: ("neutral", "x"),
}


class ImprovementTable(FastTable):
    of = Improvement
    caption = _("Improvements")
    title = TwoLineCol(
        _("Improvement"),
        "title",
        to="board:improvement_detail",
        second=[Part("organisation__name", "strong")],
    )
    state = ChoiceCol(ImprovementState, STATE_LOOKS)
    owner = Col(_("Owner"), "owner__display_name")
    due_on = DateCol(_("By when"))
    created_at = DateCol(_("Entered"))

    class Meta:
        order_by = ("-created_at",)


class AgreementTable(FastTable):
    of = Agreement
    caption = _("Agreements")
    name = TwoLineCol(
        _("Agreement"), "name", to="board:agreement_detail", second=[Part("organisation__name", "strong")]
    )
    version = Col(_("Version"), css="n")
    valid_from = DateCol(_("From"))
    valid_until = DateCol(_("Until"))
    calendar = Col(_("Calendar"), "calendar__name")

    class Meta:
        order_by = ("name", "-version")


class CalendarTable(FastTable):
    of = Calendar
    caption = _("Calendars")
    name = Col(_("Calendar"), "name", to="board:calendar_detail")
    organisation = Col(_("Organisation"), "organisation__name")

    class Meta:
        order_by = ("name",)


class DeclaredOutageTable(FastTable):
    of = DeclaredOutage
    caption = _("Declared outages")
    service = TwoLineCol(
        _("Service"),
        "service__name",
        to="board:declaredoutage_detail",
        second=[Part("organisation__name", "strong")],
    )
    starts_at = DateCol(_("From"), time=True)
    ends_at = DateCol(_("Until"), time=True)
    degraded = BoolCol(_("Slow only"))
    reason = Col(_("Reason"))

    class Meta:
        order_by = ("-starts_at",)
