"""A generated month for tests of reports: some hundred cases of all sorts, the same on every run."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from sla import history, sweep
from sla.models import Case, ServiceTarget
from tests.cases import Region

MONTH = date(2026, 9, 1)
START = datetime(2026, 8, 31, 22, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TYPES = [("network", "Network"), ("software", "Software"), ("supplier", "Supplier"), ("", "")]


def fill(r: Region, number: int = 300, seed: int = 7) -> list[Case]:
    """Cases opened from June to early October of `here` and `there`, with every way to end, swept at NOW."""
    dice = random.Random(seed)
    ServiceTarget.objects.create(agreement=r.agreement, service=r.mail, availability=0.998)
    rows = [_one(r, dice, n) for n in range(number)]
    cases = history.load(rows)
    sweep.run(NOW)
    return cases


def _one(r: Region, dice: random.Random, n: int) -> history.History:
    kind = dice.choices(["incident", "request", "change", "problem"], [6, 3, 2, 1])[0]
    opened = START + timedelta(minutes=dice.randrange(-90 * 24 * 60, 40 * 24 * 60))
    slug, label = dice.choice(TYPES)
    return history.History(
        reference=f"T-{n}", title=f"Ticket {n}", kind=kind, type=slug, type_label=label,
        channel=dice.choice(["portal", "phone", "monitoring"]),
        organisation_id=dice.choice([r.here, r.unit, r.there, r.region]).pk,
        service_id=r.mail.pk, system_id=dice.choice([r.system.pk, r.server.pk, None]), priority=dice.randint(1, 4),
        opened_at=opened, is_major=dice.random() < 0.05, steps=_steps(dice, opened, kind),
    )  # fmt: skip


def _steps(dice: random.Random, opened: datetime, kind: str) -> list[history.Step]:
    def later(most: int) -> datetime:
        nonlocal opened
        opened += timedelta(minutes=dice.randrange(1, most))
        return opened

    steps = [history.Step(later(600), "answered", "Per")]
    if dice.random() < 0.3:
        steps += [
            history.Step(later(900), "pause", "Per", "customer"),
            history.Step(later(3000), "resume", "Kari"),
        ]
    fate = dice.random()
    if fate < 0.08:
        return [*steps, history.Step(later(600), "cancel", "Kari")]
    if fate < 0.18:
        return steps
    outcome = dice.choice(["success", "success", "with_issues", "backed_out"]) if kind == "change" else ""
    steps.append(history.Step(later(60 * 24 * 12), "resolve", "Per", outcome))
    if dice.random() < 0.1:
        steps += [
            history.Step(later(3000), "reopen", "Kari"),
            history.Step(later(3000), "resolve", "Per", outcome),
        ]
    return steps
