"""The document put into words, in the reader's language: what page, HTML, PDF and spreadsheet all draw from.

Nothing is counted here.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cmdb.common.ui import DASH, date_words, duration, long_date, moment, number, percent
from cmdb.common.words import NBSP
from sla import words
from sla.forecast import expected_faults
from sla.models import Report
from sla.reports import brief
from sla.reports.scope import parse_month
from sla.reports.sheet import Figure, Headline, ServiceRow, Sheet, Split, TargetGroup, TargetRow, TrendRow
from sla.reports.times import instant


def sheet(data: dict[str, Any], report: Report | None = None) -> Sheet:
    """Everything of a month, in the language in force."""
    month = parse_month(data["month"])
    return Sheet(
        title=brief.title(data),
        kicker=_("Service report"),
        stamp=_stamp(data, report),
        lead=_lead(data),
        brief=brief.sentences(data),
        headlines=_headlines(data),
        groups=_groups(data["targets"]),
        suppliers=[_target(row) for row in data["suppliers"]],
        services=[_service(line) for line in data["availability"]],
        axis=(date_words(instant(data["start"])), date_words(instant(data["end"]).replace(hour=0))),
        splits=[_split("incidents", data["incidents"]), _split("changes", data["changes"])],
        trend=[_trend(point) for point in data["trend"]],
        outlook=_outlook(data),
        corrections=[_earlier(one) for one in data["corrections"]],
        later=[_later(one) for one in (report.corrections.all() if report else ())],
        notes=notes(data),
        month=words.month(month),
        organisation=data["organisation"]["name"],
    )


def _stamp(data: dict[str, Any], report: Report | None) -> str:
    if report:
        return _("Frozen %(date)s by %(name)s") % {
            "date": date_words(report.frozen_at),
            "name": report.frozen_by,
        }
    return _("Not frozen yet") if data["complete"] else _("The month is not over")


def _lead(data: dict[str, Any]) -> str:
    held = ", ".join(
        _("%(name)s, version %(version)s") % {"name": a["name"], "version": a["version"]}
        for a in data["agreements"][:3]
    )
    if len(data["agreements"]) > 3:
        held = _("%(n)s agreements") % {"n": len(data["agreements"])}
    if not held:
        return _("No agreement is in force.")
    if not data["delivered_by"]:
        return _("Under %(agreement)s") % {"agreement": held}
    return _("Delivered by %(unit)s under %(agreement)s") % {"unit": data["delivered_by"], "agreement": held}


# --- the five figures ---------------------------------------------------------------------------------------------------


def _headlines(data: dict[str, Any]) -> list[Headline]:
    head = data["headline"]
    return [
        _points(head["points"]),
        _worst(head["worst"]),
        _faults(head["faults"], data),
        _incidents(head),
        _changes(head),
    ]


def _points(points: dict[str, Any]) -> Headline:
    rest = points["unmeasured"]["count"]
    text = _("%(met)s of %(of)s") % {"met": points["met"]["count"], "of": points["of"]["count"]}
    note = (
        ngettext("%(n)s point not measured", "%(n)s points not measured", rest) % {"n": rest} if rest else ""
    )
    return Headline(_("Agreed points kept"), Figure(text, points["met"]["key"]), note)


def _worst(worst: dict[str, Any] | None) -> Headline:
    if worst is None:
        return Headline(_("Lowest availability"), Figure(_("no data")))
    note = worst["service"]
    if worst["goal"] is not None:
        note = _("%(service)s, target %(goal)s") % {"service": note, "goal": percent(worst["goal"], 1)}
    look = words.VERDICTS[worst["verdict"]]
    figure = Figure(percent(worst["availability"]), worst["outages"]["key"])
    return Headline(_("Lowest availability"), figure, note, look.color, look.icon)


def _faults(faults: dict[str, Any], data: dict[str, Any]) -> Headline:
    figure = Figure(number(faults["count"]), faults["key"])
    before = faults["before"]
    if not before or not before["count"] or not data["complete"]:
        return Headline(_("Reported faults"), figure)
    change = faults["count"] / before["count"] - 1
    note = _("%(share)s against last year") % {"share": percent(abs(change), 0)}
    return Headline(_("Reported faults"), figure, note, *_arrow(change))


def _incidents(head: dict[str, Any]) -> Headline:
    figure = Figure(number(head["incidents"]["count"]), head["incidents"]["key"])
    before = head["incidents"]["month_before"]
    if before is None:
        return Headline(_("Unwanted events"), figure)
    change = head["incidents"]["count"] - before
    since = words.month(parse_month(head["incidents"]["known_since"]), short=True)
    text = _("%(n)s fewer than in %(month)s") if change < 0 else _("%(n)s more than in %(month)s")
    if change == 0:
        text = _("as many as in %(month)s")
    return Headline(_("Unwanted events"), figure, text % {"n": abs(change), "month": since}, *_arrow(change))


def _changes(head: dict[str, Any]) -> Headline:
    told = [
        f"{o['count']} {words.OUTCOMES.get(o['outcome'], o['outcome'])}" for o in head["changes"]["outcomes"]
    ]
    figure = Figure(number(head["changes"]["count"]), head["changes"]["key"])
    return Headline(_("Changes"), figure, ", ".join(told[:2]))


def _arrow(change: float) -> tuple[str, str]:
    if change == 0:
        return ("", "")
    return ("success", "downarr") if change < 0 else ("warning", "up")


# --- sections -----------------------------------------------------------------------------------------------------------


def _groups(rows: list[dict[str, Any]]) -> list[TargetGroup]:
    kinds = dict.fromkeys(row["kind"] for row in rows)
    return [TargetGroup(words.kind(k), [_target(r) for r in rows if r["kind"] == k]) for k in kinds]


def _target(row: dict[str, Any]) -> TargetRow:
    beside = [
        Figure(f"{row[name]['count']} {words.WHAT[name]}", row[name]["key"])
        for name in ("open", "open_missed", "superseded", "cancelled", "merged")
        if row[name]["count"]
    ]
    if row["paused_share"]:
        beside.append(Figure(_("%(share)s of the time paused") % {"share": percent(row["paused_share"], 0)}))
    return TargetRow(
        label=words.promise(row["measure"], row["priority"]),
        target=_("%(share)s in %(time)s").replace(" ", NBSP) % {
            "share": percent(row["goal"], 0), "time": duration(row["seconds"], exact=True).replace(" ", NBSP)
        },
        result=Figure(percent(row["attainment"], 1) if row["counted"]["count"] else DASH, row["met"]["key"]),
        counted=_figure(row["counted"]),
        missed=_figure(row["missed"]),
        verdict=words.VERDICTS[row["verdict"]],
        beside=beside,
    )  # fmt: skip


def _service(line: dict[str, Any]) -> ServiceRow:
    goal = (
        _("target %(goal)s") % {"goal": percent(line["goal"], 2)}
        if line["goal"] is not None
        else _("no target")
    )
    measured = line["availability"] is not None
    down = _("down %(time)s") % {"time": duration(line["down_seconds"], exact=True)} if measured else ""
    value = percent(line["availability"])
    look = words.VERDICTS[line["verdict"]]
    said = _("%(service)s: %(value)s, %(down)s, %(verdict)s") % {
        "service": line["service"], "value": value, "down": down or _("no data"), "verdict": look.label
    }  # fmt: skip
    return ServiceRow(
        name=line["service"],
        slug=line["slug"],
        note=" · ".join(filter(None, [goal, down, _left(line)])),
        columns=[(kind, lost) for kind, lost in line["columns"]],
        sentence=said,
        value=Figure(value, line["outages"]["key"]),
        verdict=look,
        facts=_facts(line) if measured else [],
        outages=_figure(line["outages"]),
    )


def _left(line: dict[str, Any]) -> str:
    """What the month under way still allows."""
    left = line.get("downtime_left_seconds")
    if left is None or line["verdict"] not in ("met", "missed"):
        return ""
    if left < 0:
        return _("more than the month allows")
    return _("%(time)s left this month") % {"time": duration(left, exact=True)}


def _facts(line: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [
        (_("Agreed time"), line["hours"] or _("around the clock")),
        (_("Longest outage"), duration(line["longest_outage_seconds"], exact=True)),
        (_("Mean time to restore"), duration(line["mttr_seconds"], exact=True)),
        (_("Mean time between outages"), duration(line["mtbf_seconds"])),
        (_("Slow"), duration(line["degraded_seconds"], exact=True)),
        (_("Planned work"), duration(line["planned_seconds"], exact=True)),
        (_("Share of time measured"), percent(line["coverage"], 1)),
    ]
    if line["resolution_seconds"]:
        facts.append((_("Asked every"), duration(line["resolution_seconds"]) if line["resolution_seconds"] >= 60 else f"{line['resolution_seconds']} s"))  # fmt: skip
    return facts


def _split(name: str, table: dict[str, Any]) -> Split:
    n = table["total"]["count"]
    if name == "incidents":
        heading = ngettext("%(n)s unwanted event", "%(n)s unwanted events", n) % {"n": n}
    else:
        heading = ngettext("%(n)s change", "%(n)s changes", n) % {"n": n}
    types = [words.type_name(t["slug"], t["label"]) for t in table["types"]]
    return Split(
        name=name,
        heading=heading,
        types=types,
        rows=[
            (
                words.system_name(s["id"], s["name"]),
                [_figure(c) if c else None for c in s["cells"]],
                _figure(s["total"]),
            )
            for s in table["systems"]
        ],
        sums=[_figure(t["total"]) for t in table["types"]],
        total=_figure(table["total"]),
        series=[
            {
                "system": words.system_name(s["id"], s["name"]),
                "type": types[i],
                "order": i,
                "count": cell["count"],
            }
            for s in table["systems"]
            for i, cell in enumerate(s["cells"])
            if cell
        ],
    )


def _outlook(data: dict[str, Any]) -> str:
    """What the next month may bring, where a year is known."""
    expected = expected_faults(data["trend"]) if data["complete"] else None
    return (
        "" if expected is None else _("About %(n)s are to be expected next month.") % {"n": number(expected)}
    )


def _trend(point: dict[str, Any]) -> TrendRow:
    month, before = parse_month(point["month"]), point["before"]
    return TrendRow(
        month=words.month(month),
        short=words.month(month, short=True),
        count=point["count"],
        figure=_figure(point),
        before=_figure(before) if before else None,
        before_count=before["count"] if before else None,
    )


def _figure(counted: dict[str, Any]) -> Figure:
    return Figure(number(counted["count"]), counted["key"] if counted["count"] else "")


# --- corrections and notes ----------------------------------------------------------------------------------------------


def _earlier(one: dict[str, Any]) -> str:
    values = {
        "month": words.month(parse_month(one["month"])), "figure": figure_name(one["figure"]), "before": one["before"],
        "after": one["after"], "reason": one["reason"], "name": one["approved_by"],
    }  # fmt: skip
    return _("%(month)s: %(figure)s was %(before)s and is %(after)s. %(reason)s (%(name)s)") % values


def _later(one: Any) -> str:
    values = {
        "date": long_date(one.at), "figure": figure_name(one.figure), "before": one.before, "after": one.after,
        "reason": one.reason, "name": one.approved_by,
    }  # fmt: skip
    return _("%(date)s: %(figure)s was %(before)s and is %(after)s. %(reason)s (%(name)s)") % values


def figure_name(key: str) -> str:
    """A figure's key in words, for corrections and for the page that opens it."""
    name, *parts = key.split(":")
    if name == "target" and len(parts) == 6:
        step = int(parts[1]) if parts[1].isdecimal() else None
        return (
            f"{words.kind(parts[0])}: {words.promise(parts[2], step)}: {words.WHAT.get(parts[5], parts[5])}"
        )
    known = {
        "incidents": _("Unwanted events"), "changes": _("Changes"), "faults": _("Reported faults"),
        "major": _("Major incidents"), "points": _("Agreed points"), "outages": _("Outages"),
        "down_seconds": _("Seconds down"),
    }  # fmt: skip
    rest = [part for part in parts if part not in ("*", "-", "0")]
    return ": ".join([known.get(name, name), *rest])


def notes(data: dict[str, Any]) -> list[str]:
    """How the figures were counted: for whoever wants to check them."""
    polls = max((line["resolution_seconds"] for line in data["availability"]), default=0)
    found = [
        _("A target counts once, in the month in which its outcome became final: kept in the month of the answer or solution, not kept in the month of the deadline, also when the ticket is still open."),
        _("Targets that ended because priority, customer or ticket changed are shown beside and counted nowhere, unless they had been missed before."),
        _("Unwanted events are incidents, whoever noticed them; merged and cancelled ones are left out. Reported faults are those that people reported, duplicates included. Changes count when they end."),
        _("Availability is the agreed time without unplanned downtime, divided by the agreed time. Work announced in time is not agreed time. Time without measurements is neither up nor down and is shown as the share measured."),
    ]  # fmt: skip
    if polls:
        found.append(
            _("Begin and end of outages are exact to %(seconds)s seconds, the time between two measurements.")
            % {"seconds": polls}
        )
    if data["complete"]:
        return found
    return [*found, _("Counted until %(at)s.") % {"at": moment(instant(data["until"]))}]
