"""A figure's key, and the rows behind it: what is counted on the page and what the key opens are one condition.

Keys (parts joined by ":", "*" is any, "0" and "-" are none):
  faults:2026-10                       faults that people reported in a month
  incidents:SYSTEM:TYPE                unwanted events opened in the month, by type and by system: the id of a system,
                                       or the family of other equipment ("client", "printer" …), so that a report names
                                       systems and not every PC
  changes:SYSTEM:TYPE:OUTCOME          changes that ended in the month
  major                                major incidents opened in the month
  target:KIND:PRIORITY:MEASURE:SECONDS:GOAL:WHAT   clocks; WHAT is a name in WHAT
  outages:SERVICE                      outages of a service (they lie in the document itself)
  points:VERDICT                       agreed points by verdict (they lie in the document itself)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.db.models import Q, QuerySet

from cmdb.models import Family
from sla.models import Case, Clock, ClockState
from sla.reports.scope import Scope, add_months, begin_of, parse_month

# Told by monitoring, not by people.
MONITORED = "monitoring"
INCIDENT, CHANGE = "incident", "change"
UNCOUNTED = ("merged", "cancelled", "rejected")


class UnknownKeyError(ValueError):
    """A key that names no figure."""


# --- conditions on cases ------------------------------------------------------------------------------------------------


def faults(month: date) -> Q:
    """Faults that people reported in a month, duplicates too: each took somebody's time."""
    return Q(
        kind=INCIDENT, opened_at__gte=begin_of(month), opened_at__lt=begin_of(add_months(month, 1))
    ) & ~Q(channel=MONITORED)


def incidents(scope: Scope) -> Q:
    """Unwanted events of the month: incidents whoever noticed them, each once (merged and called-off ones left out)."""
    return Q(kind=INCIDENT, opened_at__gte=scope.start, opened_at__lt=scope.end) & ~Q(outcome__in=UNCOUNTED)


def changes(scope: Scope) -> Q:
    """Changes that were carried out and ended in the month, well or not."""
    return Q(kind=CHANGE, resolved_at__gte=scope.start, resolved_at__lt=scope.end) & ~Q(outcome__in=UNCOUNTED)


def major(scope: Scope) -> Q:
    """Major incidents of the month."""
    return incidents(scope) & Q(is_major=True)


# --- conditions on clocks (rule C.2.11) ---------------------------------------------------------------------------------


def _within(field: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{field}__gte": start, f"{field}__lt": end})


def _unfinished(scope: Scope) -> Q:
    return Q(started_at__lt=scope.end) & (Q(stopped_at=None) | Q(stopped_at__gte=scope.end))


def _uncounted(state: str) -> Callable[[Scope], Q]:
    return lambda scope: Q(state=state, breached_at=None) & _within("stopped_at", scope.start, scope.end)


#: An instance counts once, in the month in which its outcome became final: met in the month of its stop, missed in the
#: month of its deadline, also when it is still open. What follows is shown beside it and counted nowhere.
WHAT: Mapping[str, Callable[[Scope], Q]] = {
    "met": lambda scope: Q(state=ClockState.MET) & _within("stopped_at", scope.start, scope.end),
    "missed": lambda scope: _within("breached_at", scope.start, scope.end),
    "superseded": _uncounted(ClockState.SUPERSEDED),
    "cancelled": _uncounted(ClockState.CANCELLED),
    "merged": _uncounted(ClockState.MERGED),
    "open": lambda scope: _unfinished(scope) & (Q(breached_at=None) | Q(breached_at__gte=scope.end)),
    "open_missed": lambda scope: _unfinished(scope) & Q(breached_at__lt=scope.end),
}


def counted(scope: Scope) -> Q:
    """Instances whose outcome became final in the month."""
    return WHAT["met"](scope) | WHAT["missed"](scope)


def target_key(kind: str, priority: int | None, measure: str, seconds: int, goal: float, what: str) -> str:
    """The key of a figure of an agreed target."""
    return f"target:{kind}:{priority or '*'}:{measure}:{seconds}:{goal:g}:{what}"


def of_target(kind: str, priority: int | None, measure: str, seconds: int, goal: float) -> Q:
    """Clocks under one promise, as the report groups them."""
    return Q(target__kind=kind, target__priority=priority, measure=measure, seconds=seconds, goal=goal)


# --- from key to rows ---------------------------------------------------------------------------------------------------


def cases_of(scope: Scope, key: str) -> QuerySet[Case] | None:
    """Cases behind a key, newest first; None for a key that is not about cases. UnknownKeyError for one that is none at all."""
    name, *parts = key.split(":")
    condition: Q | None = None
    if name == "faults" and len(parts) == 1:
        try:
            condition = faults(parse_month(parts[0]))
        except ValueError as error:
            raise UnknownKeyError(key) from error
    elif name == "major" and not parts:
        condition = major(scope)
    elif name == "incidents" and len(parts) == 2:
        condition = incidents(scope) & _split(key, *parts)
    elif name == "changes" and len(parts) == 3:
        condition = changes(scope) & _split(key, parts[0], parts[1])
        condition &= Q() if parts[2] == "*" else Q(outcome=_none(parts[2]))
    return None if condition is None else scope.cases().filter(condition).order_by("-opened_at", "-pk")


def clocks_of(scope: Scope, key: str) -> QuerySet[Clock] | None:
    """Clocks behind a key, the oldest first; None for a key that is not about clocks."""
    name, *parts = key.split(":")
    if name != "target" or len(parts) != 6:
        return None
    kind, priority, measure, seconds, goal, what = parts
    condition = counted if what == "counted" else WHAT.get(what)
    if condition is None:
        raise UnknownKeyError(key)
    try:
        grouped = of_target(
            kind, None if priority == "*" else int(priority), measure, int(seconds), float(goal)
        )
    except ValueError as error:
        raise UnknownKeyError(key) from error
    return scope.clocks().filter(grouped & condition(scope)).order_by("started_at", "pk")


def _split(key: str, system: str, kind: str) -> Q:
    condition = Q()
    if system.isdecimal():
        condition = Q(system=int(system) or None)
    elif system in Family.values:
        condition = Q(system__family=system)
    elif system != "*":
        raise UnknownKeyError(key)
    return condition if kind == "*" else condition & Q(type=_none(kind))


def _none(part: str) -> str:
    return "" if part == "-" else part
