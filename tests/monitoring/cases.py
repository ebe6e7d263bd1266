"""What monitoring's tests share: a region with targets, and polls that need no network."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.utils import translation

from monitoring import engine, saving, schedule
from monitoring.models import Alert, Event, Interval, Target
from monitoring.outcome import Outcome, Result
from tests.cases import RegionCase

T0 = datetime(2026, 10, 1, 12, 0, 0, tzinfo=UTC)


class MonitoringCase(RegionCase):
    """`poll({target: "up" | "down" | "unaskable"}, seconds)` plays one round at T0 + seconds."""

    def setUp(self) -> None:
        super().setUp()
        translation.activate("en")  # sentences are compared as they stand in the code
        self.addCleanup(translation.deactivate)
        self.switch = Target.objects.get(pk=self.r.switch_target.pk)
        self.server = Target.objects.get(pk=self.r.server_target.pk)

    def target(self, name: str, parent: Target | None = None, **more: object) -> Target:
        number = Target.objects.count() + 1
        values = {
            "name": name,
            "organisation": self.r.here,
            "address": f"127.0.9.{number}",
            "parent": parent,
            "interval": 10,
        }
        return Target.objects.create(**(values | more))

    def poll(self, answers: dict[Target, str], seconds: float) -> None:
        """One round over just these targets, whether they are due or not."""
        at = T0 + timedelta(seconds=seconds)
        Target.objects.update(due_at=at + timedelta(days=1))
        Target.objects.filter(pk__in=[t.pk for t in answers]).update(due_at=at)
        claim = schedule.claim(10_000, at)
        assert {t.pk for t in claim.targets} == {t.pk for t in answers}
        words = {t.pk: word for t, word in answers.items()}
        saved = saving.save(claim, [outcome(pk, word, at) for pk, word in words.items()])
        assert saved == len(answers)

    def polls(self, answers: dict[Target, str], *seconds: float) -> None:
        for second in seconds:
            self.poll(answers, second)

    def engine(self, seconds: float) -> int:
        return engine.run(T0 + timedelta(seconds=seconds))

    def at(self, seconds: float) -> datetime:
        return T0 + timedelta(seconds=seconds)

    def states(self, target: Target) -> list[tuple[str, float, float | None]]:
        """Intervals as (state, from, until) in seconds since T0."""

        def since(instant: datetime | None) -> float | None:
            return None if instant is None else (instant - T0).total_seconds()

        rows = Interval.objects.filter(target=target).order_by("started_at")
        return [(str(i.state), since(i.started_at) or 0.0, since(i.ended_at)) for i in rows]

    def open_alerts(self) -> list[str]:
        return sorted(Alert.objects.filter(closed_at=None).values_list("target__name", flat=True))

    def kinds(self, target: Target) -> list[str]:
        return list(Event.objects.filter(target=target).order_by("pk").values_list("kind", flat=True))

    def shadowed(self) -> dict[str, str]:
        rows = Target.objects.exclude(shadowed_by=None)
        return dict(rows.values_list("name", "shadowed_by__name"))


def outcome(pk: int, word: str, at: datetime, **more: object) -> Outcome:
    """A poll's outcome without a network."""
    results = {"up": Result.ANSWERED, "down": Result.SILENT, "unaskable": Result.UNASKABLE}
    rtt = 3.0 if word == "up" else None
    error = "" if word == "up" else "no answer"
    return Outcome(pk, at, results[word], error, rtt, **more)  # type: ignore[arg-type]


def gapless(targets: Iterable[Target]) -> None:
    """Invariant 3, looked at row by row."""
    for target in targets:
        rows = list(Interval.objects.filter(target=target).order_by("started_at", "pk"))
        for before, after in zip(rows, rows[1:], strict=False):
            assert before.ended_at == after.started_at, (target, before, after)
            assert before.state != after.state, (target, before, after)
        assert [row.ended_at for row in rows[-1:]] in ([], [None])
        fresh = Target.objects.get(pk=target.pk)
        if rows:
            assert fresh.state == rows[-1].state
            assert fresh.state_since == rows[-1].started_at
