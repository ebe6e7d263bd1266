"""Words of this floor for what its tables hold as codes. Tickets' kinds and priorities are those of ITIL; an unknown one shows as it is."""

from __future__ import annotations

from datetime import date

from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common import formats
from cmdb.common.ui import Look
from cmdb.models import Family
from sla.models import Measure

Text = str | Promise

KINDS: dict[str, Text] = {
    "incident": _("Incidents"),
    "request": _("Service requests"),
    "problem": _("Problems"),
    "change": _("Changes"),
}
PRIORITIES: dict[int, Text] = {1: _("critical"), 2: _("high"), 3: _("normal"), 4: _("low")}
OUTCOMES: dict[str, Text] = {
    "success": _("successful"),
    "with_issues": _("successful with problems"),
    "backed_out": _("backed out"),
    "failed": _("failed"),
    "solved": _("solved"),
    "merged": _("merged with another"),
    "cancelled": _("called off"),
    "rejected": _("rejected"),
    "-": _("without an outcome"),
}
TYPES: dict[str, Text] = {
    "standard": _("Standard"),
    "normal": _("Normal"),
    "emergency": _("Emergency"),
    "-": _("Other"),
}

#: How an agreed point came out. Icon + word first, then colour.
VERDICTS: dict[str, Look] = {
    "met": Look("success", "ok", _("Kept")),
    "missed": Look("danger", "stop", _("Not kept")),
    "no_data": Look("neutral", "question", _("Not measured")),
    "insufficient": Look("neutral", "question", _("Too little measured")),
    "no_target": Look("neutral", "", _("No target")),
}
STATES: dict[str, Look] = {
    "running": Look("neutral", "clock", _("Running")),
    "paused": Look("info", "pause", _("Paused")),
    "met": Look("success", "ok", _("Met")),
    "missed": Look("danger", "breach", _("Missed")),
    "cancelled": Look("neutral", "", _("Cancelled")),
    "superseded": Look("neutral", "", _("Superseded")),
    "merged": Look("neutral", "", _("Merged")),
}
DOINGS: dict[str, Text] = {
    "start": _("Started"),
    "pause": _("Paused"),
    "resume": _("Went on"),
    "stop": _("Stopped"),
    "reopen": _("Reopened"),
    "cancel": _("Ended"),
}
REASONS: dict[str, Text] = {
    "customer": _("waiting for the reporter"),
    "supplier": _("waiting for a supplier"),
    "date": _("until an agreed date"),
    "answered": _("answered"),
    "owned": _("taken"),
    "resolved": _("resolved"),
    "closed": _("closed"),
    "cancelled": _("called off"),
    "wait over": _("the wait is over"),
    "done before": _("done before this was promised"),
}
WHAT: dict[str, Text] = {
    "met": _("met"),
    "missed": _("missed"),
    "counted": _("counted"),
    "open": _("still open"),
    "open_missed": _("missed and still open"),
    "superseded": _("superseded"),
    "cancelled": _("cancelled"),
    "merged": _("merged"),
}


def kind(code: str) -> str:
    """Plural of a kind of ticket."""
    return str(KINDS.get(code, code))


def priority(step: int | None) -> str:
    """A priority in a sentence; None is all."""
    return gettext("all priorities") if step is None else str(PRIORITIES.get(step, step))


def measure(code: str) -> str:
    """What a clock measures."""
    return str(Measure(code).label) if code in Measure.values else code


def promise(measure_code: str, step: int | None) -> str:
    """A promise as a row's name: "Resolution, critical"."""
    return gettext("%(measure)s, %(priority)s") % {
        "measure": measure(measure_code),
        "priority": priority(step),
    }


def reason(text: str) -> str:
    """The reason of a clock's entry: known words translated, what follows a colon as it was written."""
    word, _colon, rest = text.partition(": ")
    known = str(REASONS.get(word, STATES[word].label if word in STATES else word))
    return f"{known}: {rest}" if rest else known


def type_name(slug: str, label: str) -> str:
    """A type of incident or change: known ones in the reader's language, others as they were called."""
    return str(TYPES[slug]) if slug in TYPES else label or slug


def system_name(key: str, name: str) -> str:
    """A row of a report by its id: a system's name, a family of equipment, or none."""
    if name:
        return name
    return str(Family(key).label) if key in Family.values else gettext("No system named")


def month(first: date, *, short: bool = False) -> str:
    """A month: "October 2026", short "Oct"."""
    brief = "b" if formats.norwegian() else "M"
    return dateformat.format(first, brief if short else "F Y").removesuffix(".")
