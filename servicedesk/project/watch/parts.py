"""Who must give signs of life (`cmdb.heartbeats`), how often, and how many machines' signs count."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cmdb.heartbeats import Sign

SILENT = 90.0  # seconds; signs come every ten, and the longest task of the queues that hurry may take sixty
FAILING = 120.0
LATE = 90.0  # what is to be done lies for so long


def _always() -> bool:
    return True


def _fetches_mail() -> bool:
    return bool(settings.SAMDRIFT_IMAP_URL)


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Part:
    """What gives signs under `name`: a task of the schedule, or a process that speaks for itself.

    `silent`, `failing`, `late`: seconds without a sign, without a success, and for which its work lies undone, after which
    it counts as dead. `expected`: whether it is missed where no sign of it was ever seen. `each_host`: what listens on one machine is not replaced by another's.
    """

    name: str
    label: str | Promise
    tasks: frozenset[str] = field(default_factory=frozenset)
    silent: float = SILENT
    failing: float = FAILING
    late: float = LATE
    expected: Callable[[], bool] = _always
    each_host: bool = False


PARTS: tuple[Part, ...] = (
    Part("beat", _("The clock that starts all work (beat)"), silent=60.0),
    Part("poller", _("The poll worker"), frozenset({"monitoring.tasks.poll_due"})),
    Part("alerting", _("Alerts from events"), frozenset({"monitoring.tasks.engine"})),
    Part("watching", _("The sweep over what is monitored"), frozenset({"monitoring.tasks.sweep"})),
    Part("clocks", _("The sweep over the clocks"), frozenset({"sla.tasks.sweep"})),
    Part("incidents", _("Incidents from alerts"), frozenset({"servicedesk.tasks.take_alerts"})),
    Part("breaches", _("Notices of missed targets"), frozenset({"servicedesk.tasks.take_breaches"})),
    Part(
        "letters",
        _("The letters to people"),
        frozenset({"servicedesk.tasks.send_letters"}),
        silent=120.0,
        late=120.0,
    ),
    Part(
        "smtp", _("The mail server that takes our letters"), silent=math.inf, failing=600.0, expected=_never
    ),
    Part(
        "mail", _("Tickets from mail"), frozenset({"servicedesk.tasks.take_mail"}), silent=120.0, late=120.0
    ),
    Part(
        "mailbox",
        _("The mailbox"),
        frozenset({"servicedesk.tasks.fetch_mail"}),
        silent=120.0,
        failing=600.0,
        late=600.0,
        expected=_fetches_mail,
    ),
    # These two are expected on the machines that said so when they started.
    Part("traps", _("The trap receiver"), silent=60.0, expected=_never, each_host=True),
    Part("network", _("The simulated network"), silent=60.0, expected=_never, each_host=True),
)
BY_TASK: dict[str, str] = {task: part.name for part in PARTS for task in part.tasks}
#: Processes that `serve` starts and that speak for themselves.
LISTENERS = frozenset(part.name for part in PARTS if part.each_host)


def judge(part: Part, signs: Iterable[Sign], late: float | None = None) -> dict[str, Any]:
    """Whether `part` lives, by all that its processes said (the machine that is worst off), and whether its work is done.

    `late`: seconds for which what is to be done lies already. What is wrong stands under `fault`.
    """
    own = [sign for sign in signs if sign.part == part.name]
    groups: dict[str, list[Sign]] = {}
    for sign in own:
        groups.setdefault(sign.host if part.each_host else "", []).append(sign)
    found = [_judge(part, group) for group in groups.values()]
    if not found:
        found = [{"age_seconds": None} | ({"fault": "never"} if part.expected() else {})]
    worst = max(found, key=lambda finding: "fault" in finding)
    if late is not None:
        worst["late_seconds"] = round(late, 1)
        if late > part.late:
            worst.setdefault("fault", "late")
    return {"ok": "fault" not in worst} | worst


def _judge(part: Part, group: list[Sign]) -> dict[str, Any]:
    age = min(sign.age for sign in group)
    success = min((sign.ok_age for sign in group if sign.ok_age is not None), default=None)
    finding: dict[str, Any] = {"age_seconds": round(age, 1)}
    if part.each_host:
        finding["host"] = group[0].host
    if age > part.silent:
        finding["fault"] = "silent"
    elif success is None:
        # Tried in vain since the start, or named as expected and not heard of yet.
        finding["fault"] = "failing" if any(sign.instance for sign in group) else "never"
    elif success > part.failing:
        finding |= {"fault": "failing", "failing_seconds": round(success, 1)}
    return finding
