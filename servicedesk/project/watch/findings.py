"""All checks by name, run so that one that breaks is a finding and not an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb import heartbeats
from cmdb.models import Heartbeat
from servicedesk.project.watch import machine, stuck
from servicedesk.project.watch.machine import Answer, Finding
from servicedesk.project.watch.parts import PARTS, Part, judge

Check = Callable[[], Finding]

LABELS: dict[str, str | Promise] = {
    "database": gettext_lazy("The database"),
    "migrations": gettext_lazy("The tables of this release"),
    "broker": gettext_lazy("The queue of tasks (broker)"),
    "disk": gettext_lazy("Room on the disk"),
    "pages": gettext_lazy("The pages"),
    **{part.name: part.label for part in PARTS},
}


def findings(answer: Answer | None = None) -> dict[str, Finding]:
    """What was found, by name. `answer`: the site, where its pages are to be looked at too."""
    own: dict[str, Check] = {
        "database": machine.check_database,
        "migrations": machine.check_migrations,
        "broker": machine.check_broker,
        "disk": machine.check_disk,
    }
    if answer is not None:
        own["pages"] = partial(machine.check_pages, answer)
    return {name: _guarded(check) for name, check in own.items()} | blind()


def blind() -> dict[str, Finding]:
    """What is true of the whole installation, whichever process is asked: signs of life, and what lies too long."""
    try:
        signs = heartbeats.signs()
    except Exception as error:  # whatever it is: nobody's sign was seen
        finding = _failure(error)
        return {part.name: finding for part in PARTS if part.expected()}
    seen = {sign.part for sign in signs}
    return {
        part.name: _guarded(partial(_judged, part, signs))
        for part in PARTS
        if part.expected() or part.name in seen
    }


def missed() -> dict[str, Finding]:
    """The same, but nothing where nothing ever ran: an installation that is being made, or restored, misses nobody."""
    return blind() if Heartbeat.objects.exists() else {}


def _judged(part: Part, signs: list[heartbeats.Sign]) -> Finding:
    late = stuck.LATENESS.get(part.name)
    return judge(part, signs, late() if late is not None else None)


def sentences(found: dict[str, Finding]) -> Iterator[tuple[str, str]]:
    """(name, sentence for people) of what is not well, in the reader's language.

    Without the clock nothing else works that it starts: then it alone is named.
    """
    started = (
        {part.name for part in PARTS if part.tasks} if not found.get("beat", {"ok": True})["ok"] else set()
    )
    for name, finding in found.items():
        if not finding["ok"] and name not in started:
            yield name, _sentence(name, finding)


def _sentence(name: str, finding: Finding) -> str:
    part = str(LABELS.get(name, name))
    if "host" in finding:
        part = f"{part} ({finding['host']})"
    fault = finding.get("fault")
    if fault == "never":
        return _("%(part)s: no sign of life since the start") % {"part": part}
    figure = {"silent": "age_seconds", "failing": "failing_seconds", "late": "late_seconds"}.get(
        fault or "", ""
    )
    if not finding.get(figure):
        return _("%(part)s: does not work") % {"part": part}
    words = {"part": part, "minutes": max(1, round(finding[figure] / 60))}
    if fault == "failing":
        return _("%(part)s: fails, for %(minutes)s min") % words
    if fault == "late":
        return _("%(part)s: %(minutes)s min late") % words
    return _("%(part)s: no sign of life for %(minutes)s min") % words


def _guarded(check: Check) -> Finding:
    try:
        return check()
    except Exception as error:  # any failure at all means: not ready
        return _failure(error)


def _failure(error: Exception) -> Finding:
    """Only the kind of error is told: messages may hold addresses."""
    if not connection.in_atomic_block:
        connection.close()
    return {"ok": False, "error": type(error).__name__}
