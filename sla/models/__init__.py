"""Tables of what is promised and what was kept, one file per theme."""

from sla.models.agreements import Agreement, AgreementTarget, Measure, ServiceTarget
from sla.models.calendars import Calendar, CalendarVersion
from sla.models.cases import Case, Clock, ClockEntry, ClockState, Mark, MarkKind
from sla.models.reports import Correction, DeclaredOutage, Improvement, ImprovementState, Report

__all__ = [
    "Agreement",
    "AgreementTarget",
    "Calendar",
    "CalendarVersion",
    "Case",
    "Clock",
    "ClockEntry",
    "ClockState",
    "Correction",
    "DeclaredOutage",
    "Improvement",
    "ImprovementState",
    "Mark",
    "MarkKind",
    "Measure",
    "Report",
    "ServiceTarget",
]
