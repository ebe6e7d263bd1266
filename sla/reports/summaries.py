"""The headline figures of many months at once, for the overview.

Frozen months are read as they are. Of the others tickets are counted afresh each time, all months and municipalities in
three statements, so that every figure is still the number of its rows; availability, which is dear, is kept for a while.
What this counts is what sla.reports.monthly counts: the same conditions grouped by month (a test compares them).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind, Service
from sla.availability import Look
from sla.models import AgreementTarget, Case, Clock, ClockState, Measure, Report
from sla.promises import PromiseBook
from sla.reports import attainment, monthly, rows
from sla.reports.availability import line_of, ordered, used_by
from sla.reports.scope import Scope, add_months, begin_of, zone

#: How long measured availability is shown before it is measured again, in seconds.
KEEP_OVER, KEEP_NOW = 900, 60
Pair = tuple[date, Organisation]


@dataclass(frozen=True)
class Summary:
    """headline: "points", "worst", "incidents" and "changes" as in the document."""

    month: date
    organisation: Organisation
    headline: dict[str, Any]
    frozen: bool


def of(
    months: Sequence[date], organisations: Sequence[Organisation], *, wait: bool
) -> dict[tuple[date, int], Summary] | None:
    """Summaries by month and organisation id; None without `wait` where availability would have to be measured first."""
    frozen = Report.objects.filter(month__in=months, organisation__in=organisations)
    held = {(m, o): h for m, o, h in frozen.values_list("month", "organisation_id", "data__headline")}
    found = {
        (month, one.pk): Summary(month, one, held[month, one.pk], True)
        for month in months
        for one in organisations
        if (month, one.pk) in held
    }
    pairs = [(month, one) for month in months for one in organisations if (month, one.pk) not in held]
    if not pairs:
        return found
    lines = cache.get_many([_key(pair) for pair in pairs])
    missing = [pair for pair in pairs if _key(pair) not in lines]
    if missing and not wait:
        return None
    book = PromiseBook()
    lines |= _measured(missing, book)
    counts = _Counts(pairs, book)
    for month, one in pairs:
        found[month, one.pk] = Summary(
            month, one, counts.headline(month, one, lines[_key((month, one))]), False
        )
    return found


def _key(pair: Pair) -> str:
    return f"board:{monthly.VERSION}:{pair[1].pk}:{pair[0]:%Y-%m}"


def _measured(pairs: Sequence[Pair], book: PromiseBook) -> dict[str, list[dict[str, Any]]]:
    """Lines of availability by cache key, measured over one reading of all states."""
    if not pairs:
        return {}
    scopes = [Scope(month, one) for month, one in pairs]
    now = timezone.now()
    concerned = {one.pk: one for _month, one in pairs}
    begun = min(s.start for s in scopes)
    # Service and when it was archived, if it was: it counts in the months before.
    used = {
        pk: dict(Service.objects.filter(used_by(one, begun)).values_list("pk", "archived_at"))
        for pk, one in concerned.items()
    }
    promised = {scope: book.promises(scope.organisation, scope.last) for scope in scopes}
    services = Service.objects.in_bulk(
        {*(s for p in promised.values() for s in p), *(s for u in used.values() for s in u)}
    )
    start, end = begun, min(now, max(s.end for s in scopes))
    found: dict[str, list[dict[str, Any]]] = {}
    look = Look(list(services), start, end) if start < end else None
    for scope in scopes:
        window = (scope.start, min(scope.end, now))
        mine = {pk for pk, at in used[scope.organisation.pk].items() if at is None or at > scope.start}
        wanted = sorted(mine | set(promised[scope]))
        lines = []
        for pk in wanted:
            if look is not None and window[0] < window[1]:
                one = look.at(services[pk], scope.organisation, promised[scope].get(pk), window)
                lines.append(line_of(one, {}, False))
        key = _key((scope.month, scope.organisation))
        found[key] = [{name: line[name] for name in _KEPT} for line in ordered(lines)]
        cache.set(key, found[key], KEEP_OVER if scope.end < now else KEEP_NOW)
    return found


_KEPT = ("service", "slug", "availability", "goal", "verdict", "down_seconds", "outages")


class _Counts:
    """What is counted of tickets, by month, municipality (None: the region's own) and tree."""

    def __init__(self, pairs: Iterable[Pair], book: PromiseBook) -> None:
        months = [month for month, _one in pairs]
        self.start, self.end = begin_of(min(months)), begin_of(add_months(max(months), 1))
        self.book = book
        self.targets: dict[int, list[attainment.Promise]] = defaultdict(list)
        promised = AgreementTarget.objects.exclude(measure=Measure.SUPPLIER)
        for row in promised.values_list("agreement", "kind", "priority", "measure", "seconds", "goal"):
            self.targets[row[0]].append(attainment.Promise(*row[1:]))
        self.met = self._clocks("stopped_at", Q(state=ClockState.MET))
        self.missed = self._clocks("breached_at", Q())
        self.incidents = self._cases("opened_at", rows.INCIDENT)
        self.changes = self._cases("resolved_at", rows.CHANGE)

    def _clocks(self, field: str, condition: Q) -> dict[tuple[Any, ...], dict[attainment.Promise, int]]:
        found: dict[tuple[Any, ...], dict[attainment.Promise, int]] = defaultdict(lambda: defaultdict(int))
        groups = (
            Clock.objects.filter(condition, target__isnull=False, **self._within(field))
            .exclude(measure=Measure.SUPPLIER)
            .annotate(month=TruncMonth(field, tzinfo=zone()), tree=F("case__organisation__tree_id"))
            .values_list("month", "tree", "case__municipality", *_PROMISE)
            .annotate(n=Count("pk"))
            .order_by()
        )
        for month, tree, municipality, kind, priority, measure, seconds, goal, n in groups:
            promise = attainment.Promise(kind, priority, measure, seconds, goal)
            found[month.date(), tree, municipality][promise] += n
        return found

    def _cases(self, field: str, kind: str) -> dict[tuple[Any, ...], int]:
        groups = (
            Case.objects.filter(kind=kind, **self._within(field))
            .exclude(outcome__in=rows.UNCOUNTED)
            .annotate(month=TruncMonth(field, tzinfo=zone()), tree=F("organisation__tree_id"))
            .values_list("month", "tree", "municipality")
            .annotate(n=Count("pk"))
            .order_by()
        )
        return {(month.date(), tree, municipality): n for month, tree, municipality, n in groups}

    def _within(self, field: str) -> dict[str, Any]:
        return {f"{field}__gte": self.start, f"{field}__lt": self.end}

    def headline(self, month: date, one: Organisation, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """A month of an organisation in the document's own shape."""
        return {
            "points": monthly.points([{"verdict": v} for v in self._verdicts(month, one)], lines),
            "worst": monthly.worst(lines),
            "incidents": {"count": _sum(self.incidents, month, one), "key": "incidents:*:*"},
            "changes": {"count": _sum(self.changes, month, one), "key": "changes:*:*:*"},
        }

    def _verdicts(self, month: date, one: Organisation) -> list[str]:
        scope = Scope(month, one)
        agreements = self.book.in_force(one, scope.last) or self.book.in_force(one, scope.start)
        found: dict[attainment.Promise, list[int]] = {
            p: [0, 0] for a in agreements for p in self.targets[a.pk]
        }
        for place, table in enumerate((self.met, self.missed)):
            for key, promises in table.items():
                if _belongs(key, month, one):
                    for promise, n in promises.items():
                        found.setdefault(promise, [0, 0])[place] += n
        return [attainment.verdict(met, met + missed, p.goal) for p, (met, missed) in found.items()]


_PROMISE = ("target__kind", "target__priority", "measure", "seconds", "goal")


def _belongs(key: tuple[Any, ...], month: date, one: Organisation) -> bool:
    """Whether a group counts for an organisation: a municipality's own, or all of a region's tree."""
    if key[0] != month:
        return False
    return key[1] == one.tree_id if one.kind == OrganisationKind.REGION else key[2] == one.pk


def _sum(table: dict[tuple[Any, ...], int], month: date, one: Organisation) -> int:
    return sum(n for key, n in table.items() if _belongs(key, month, one))
