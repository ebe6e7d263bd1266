"""Which promises hold for a ticket: the agreement in force of its municipality, else the region's, and its targets.

One statement answers for one ticket; the same rows, loaded once, answer for thousands (sla.history).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla import calendars
from sla.calendars import WorkHours
from sla.models import Measure

NO_AGREEMENT: Promise = _("No agreement was in force for this municipality when this was reported.")
NO_TARGET: Promise = _("No agreed target for this kind of ticket at this priority.")
NO_HOURS: Promise = _("The agreement's calendar has no hours yet, so nothing can be counted.")


@dataclass(frozen=True)
class Term:
    """One promise. seconds: working seconds; goal: share that must hold; hours: the calendar it counts in."""

    target_id: int
    measure: str
    seconds: int
    goal: float
    hours: WorkHours


@dataclass(frozen=True)
class Terms:
    """What holds for one ticket. `reason` says why there is no clock when `terms` is empty."""

    agreement_id: int | None
    municipality_id: int | None
    reopen_days: int
    pauses_for_supplier: bool
    terms: dict[str, Term] = field(default_factory=dict)
    reason: str | Promise = ""


@dataclass
class _Agreement:
    pk: int
    valid_from: date
    valid_until: date | None
    reopen_days: int
    pauses_for_supplier: bool
    # (kind, priority or None, measure) → term, or None where its calendar has no hours
    targets: dict[tuple[str, int | None, str], Term | None] = field(default_factory=dict)

    def holds(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass
class _Place:
    """An organisation's line of ancestors, nearest first: (id, kind)."""

    line: list[tuple[int, str]] = field(default_factory=list)


class TermsBook:
    """Answers by organisation, kind, priority and day, out of rows read once."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._places: dict[int, _Place] = {}
        self._agreements: dict[int, dict[int, _Agreement]] = defaultdict(dict)
        seen: set[tuple[int, int]] = set()
        for row in rows:
            org, ancestor, kind = row[:3]
            place = self._places.setdefault(org, _Place())
            if (org, ancestor) not in seen:
                seen.add((org, ancestor))
                place.line.append((ancestor, kind))
            if row[3] is not None:
                self._take(ancestor, *row[3:])

    def _take(
        self, organisation: int, pk: int, valid_from: date, valid_until: date | None, reopen_days: int,
        pauses: bool, target: int | None, kind: str, priority: int | None, measure: str, seconds: int,
        goal: float, calendar: int, name: str, key: str | None,
    ) -> None:  # fmt: skip
        agreement = self._agreements[organisation].get(pk)
        if agreement is None:
            agreement = _Agreement(pk, valid_from, valid_until, reopen_days, pauses)
            self._agreements[organisation][pk] = agreement
        if target is not None:
            hours = calendars.read_key(calendar, name, key)
            agreement.targets[kind, priority, measure] = (
                Term(target, measure, seconds, goal, hours) if hours else None
            )

    def municipality(self, organisation_id: int) -> int | None:
        """The nearest municipality above an organisation, or itself."""
        line = self._places.get(organisation_id, _Place()).line
        return next((pk for pk, kind in line if kind == "municipality"), None)

    def terms(self, organisation_id: int, kind: str, priority: int, at: datetime) -> Terms:
        """What holds for a ticket of this organisation reported at `at`."""
        municipality = self.municipality(organisation_id)
        agreement = self._in_force(organisation_id, timezone.localtime(at).date())
        if agreement is None:
            return Terms(None, municipality, 0, False, reason=NO_AGREEMENT)
        chosen, hourless = _choose(agreement, kind, priority)
        reason = "" if chosen else (NO_HOURS if hourless else NO_TARGET)
        return Terms(
            agreement.pk, municipality, agreement.reopen_days, agreement.pauses_for_supplier, chosen, reason
        )

    def _in_force(self, organisation_id: int, day: date) -> _Agreement | None:
        for ancestor, _kind in self._places.get(organisation_id, _Place()).line:
            held = [a for a in self._agreements.get(ancestor, {}).values() if a.holds(day)]
            if held:
                return max(held, key=lambda a: (a.valid_from, a.pk))
        return None


def _choose(agreement: _Agreement, kind: str, priority: int) -> tuple[dict[str, Term], bool]:
    """Terms by measure, a target for exactly this priority before one for all; and whether a calendar lacked hours."""
    chosen: dict[str, Term] = {}
    hourless = False
    for measure in Measure.values:
        for wanted in (priority, None):
            if (kind, wanted, measure) in agreement.targets:
                term = agreement.targets[kind, wanted, measure]
                if term is None:
                    hourless = True
                else:
                    chosen[measure] = term
                break
    return chosen, hourless


_SQL = f"""
select o.id, a.id, a.kind, g.id, g.valid_from, g.valid_until, g.reopen_days, g.pauses_for_supplier,
       t.id, t.kind, t.priority, t.measure, t.seconds, t.goal, c.id, c.name, c.key
  from cmdb_organisation o
  join cmdb_organisation a on a.tree_id = o.tree_id and o.lft between a.lft and a.rght
  left join sla_agreement g on g.organisation_id = a.id
  left join sla_agreementtarget t on t.agreement_id = g.id
  left join (select k.id, k.name, {calendars.KEY_SQL.format(calendar="k.id")} as key from sla_calendar k) c
         on c.id = coalesce(t.calendar_id, g.calendar_id)
 {{where}}
 order by o.id, a.level desc, g.id
"""  # noqa: S608 - only constants are put in


def load(organisation_ids: Iterable[int] | None = None) -> TermsBook:
    """Terms of these organisations, or of all. One statement (a second where a calendar is new to the process)."""
    with connection.cursor() as cursor:
        if organisation_ids is None:
            cursor.execute(_SQL.format(where=""))
        else:
            cursor.execute(_SQL.format(where="where o.id = any(%s)"), [sorted(set(organisation_ids))])
        return TermsBook(cursor.fetchall())


def for_ticket(organisation_id: int, kind: str, priority: int, at: datetime) -> Terms:
    """What holds for one ticket reported at `at`."""
    return load([organisation_id]).terms(organisation_id, kind, priority, at)
