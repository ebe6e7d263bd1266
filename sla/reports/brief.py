"""«In brief»: what a board member should know first, as sentences in the reader's language, out of the document alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cmdb.common.ui import date_words, duration, moment
from sla import words
from sla.reports.scope import parse_month
from sla.reports.times import instant


def sentences(data: dict[str, Any]) -> list[str]:
    """Two to six sentences, the most important first."""
    return [*_state(data), *_points(data), *_services(data), *_open(data), *_faults(data), *_major(data)]


def _state(data: dict[str, Any]) -> Iterator[str]:
    if not data["complete"]:
        yield _("The month is not over: these are the figures until %(at)s.") % {
            "at": moment(instant(data["until"]))
        }


def _points(data: dict[str, Any]) -> Iterator[str]:
    points = data["headline"]["points"]
    met, of, rest = (points[name]["count"] for name in ("met", "of", "unmeasured"))
    if of == 0:
        yield _("No agreed point could be measured this month.")
        return
    if met == of:
        yield ngettext(
            "The one agreed point that was measured was kept.",
            "All %(of)s agreed points that were measured were kept.",
            of,
        ) % {"of": of}
    else:
        yield _("%(met)s of %(of)s agreed points were kept.") % {"met": met, "of": of}
    if rest:
        yield ngettext("%(n)s point was not measured.", "%(n)s points were not measured.", rest) % {"n": rest}


def _services(data: dict[str, Any]) -> Iterator[str]:
    missed = [line for line in data["availability"] if line["verdict"] == "missed"]
    for line in missed[:2]:
        worst = max(line["outage_list"], key=lambda o: o["seconds"], default=None)
        values = {"service": line["service"], "time": duration(line["down_seconds"], exact=True)}
        if worst is None or len(line["outage_list"]) == 1:
            day = date_words(instant(worst["begin"])) if worst else ""
            yield _("%(service)s was down for %(time)s, on %(day)s.") % (values | {"day": day})
        else:
            yield _("%(service)s was down for %(time)s, the longest time on %(day)s (%(longest)s).") % (
                values
                | {
                    "day": date_words(instant(worst["begin"])),
                    "longest": duration(worst["seconds"], exact=True),
                }
            )
    if len(missed) > 2:
        rest = len(missed) - 2
        yield ngettext(
            "%(n)s more service was below its target.", "%(n)s more services were below their targets.", rest
        ) % {"n": rest}


def _open(data: dict[str, Any]) -> Iterator[str]:
    late = sum(row["open_missed"]["count"] for row in data["targets"] if row["measure"] == "resolution")
    if late:
        oldest = max(
            row["oldest_missed_seconds"] or 0 for row in data["targets"] if row["measure"] == "resolution"
        )
        yield ngettext(
            "%(n)s ticket is past its deadline and still open, for %(time)s.",
            "%(n)s tickets are past their deadline and still open, the oldest for %(time)s.",
            late,
        ) % {"n": late, "time": duration(oldest)}


def _faults(data: dict[str, Any]) -> Iterator[str]:
    if not data["trend"] or not data["complete"]:
        return
    streak = fewer_in_a_row(data["trend"])
    last = data["trend"][-1]
    before = last["before"]
    if streak >= 2:
        yield _("For %(n)s months in a row, fewer faults were reported than the year before.") % {"n": streak}
    elif before:
        values = {"n": last["count"], "before": before["count"]}
        if last["count"] < before["count"]:
            yield (
                _("Fewer faults were reported than in the same month last year: %(n)s against %(before)s.")
                % values
            )
        elif last["count"] > before["count"]:
            yield (
                _("More faults were reported than in the same month last year: %(n)s against %(before)s.")
                % values
            )


def fewer_in_a_row(trend: list[dict[str, Any]]) -> int:
    """How many months, ending with the last, had fewer faults than a year before."""
    number = 0
    for point in reversed(trend):
        if not point["before"] or point["count"] >= point["before"]["count"]:
            break
        number += 1
    return number


def _major(data: dict[str, Any]) -> Iterator[str]:
    n = data["headline"]["major"]["count"]
    if n:
        yield ngettext("There was %(n)s major incident.", "There were %(n)s major incidents.", n) % {"n": n}


def title(data: dict[str, Any]) -> str:
    """ "Granli kommune, October 2026"."""
    return f"{data['organisation']['name']}, {words.month(parse_month(data['month']))}"
