"""What was agreed for whom and when: agreements in force, and what they promise of services. Read once, asked often."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind
from sla import calendars
from sla.models import Agreement, ServiceTarget
from sla.worktime import ALWAYS, WorkCalendar

DEFAULT_COVERAGE = 0.95


@dataclass(frozen=True)
class Promise:
    """What is agreed for a service. longest: seconds of the longest single outage allowed; hours: calendar's name."""

    goal: float
    longest: int | None = None
    minimum_coverage: float = DEFAULT_COVERAGE
    notice_hours: int = 0
    work: WorkCalendar = ALWAYS
    hours: str = ""
    target_id: int | None = None


class PromiseBook:
    """All agreements with their promises on services: three statements, then answers for any municipality and day."""

    def __init__(self) -> None:
        self._agreements = list(
            Agreement.objects.select_related("organisation").order_by("organisation", "-valid_from", "-pk")
        )
        self._targets: dict[int, list[ServiceTarget]] = defaultdict(list)
        targets = list(ServiceTarget.objects.select_related("agreement").order_by("pk"))
        for target in targets:
            self._targets[target.agreement_id].append(target)
        self._hours = calendars.of({t.calendar_id for t in targets if t.calendar_id})

    def in_force(self, organisation: Organisation, at: datetime) -> list[Agreement]:
        """A municipality's own agreement, else the nearest above it; for a region all below it."""
        day = timezone.localtime(at).date()
        held = [a for a in self._agreements if _holds(a, day)]
        if organisation.kind == OrganisationKind.REGION:
            return [a for a in held if _inside(a.organisation, organisation)]
        above = [a for a in held if _inside(organisation, a.organisation)]
        return sorted(above, key=lambda a: (a.organisation.level, a.valid_from), reverse=True)[:1]

    def promises(self, organisation: Organisation, at: datetime) -> dict[int, Promise]:
        """Promises by service id. A region's: the strictest of its municipalities'."""
        targets = [t for a in self.in_force(organisation, at) for t in self._targets[a.pk]]
        return {t.service_id: self._promise(t) for t in sorted(targets, key=lambda t: t.availability)}

    def _promise(self, target: ServiceTarget) -> Promise:
        held = self._hours.get(target.calendar_id) if target.calendar_id else None
        return Promise(
            goal=target.availability,
            longest=target.longest_outage_seconds,
            minimum_coverage=target.agreement.minimum_coverage,
            notice_hours=target.agreement.notice_hours,
            work=held.work if held else ALWAYS,
            hours=held.name if held else "",
            target_id=target.pk,
        )


def _holds(agreement: Agreement, day: date) -> bool:
    return agreement.valid_from <= day and (agreement.valid_until is None or day < agreement.valid_until)


def _inside(lower: Organisation, upper: Organisation) -> bool:
    """Whether an organisation is, or lies below, another."""
    return bool(upper.tree_id == lower.tree_id and upper.lft <= lower.lft and lower.rght <= upper.rght)


def promises_of(organisation: Organisation, at: datetime) -> dict[int, Promise]:
    """What is agreed for services by service id, of the agreements in force at `at`."""
    return PromiseBook().promises(organisation, at)
