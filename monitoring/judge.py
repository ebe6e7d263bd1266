"""From a poll's outcome to states, events and the next due time: one pure function, no database.

The rules are those of C.2: down starts at the first failed poll of a confirmed outage and ends at the first good
one (17); where nobody asked for long, the state is unknown, neither up nor down (14).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring import events
from monitoring.collectors.uptime import restarted
from monitoring.intervals import Change
from monitoring.models import Event, Severity, Target, TargetState
from monitoring.outcome import Finding, Outcome, Result
from monitoring.schedule import stale_after

CONFIRM_AFTER = timedelta(seconds=3)
"""After a first failed poll the target is asked again this soon, not at its interval."""


@dataclass
class Verdict:
    """What is to be saved for one target."""

    target: Target
    outcome: Outcome
    due_at: datetime
    failures: int = 0
    first_failed_at: datetime | None = None
    problems: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    first_failure: bool = False

    def state(self, state: str, at: datetime) -> None:
        self.changes.append(Change(self.target.pk, state, at))

    def event(self, kind: str, severity: str, **more: object) -> None:
        source = {"at": self.outcome.at, **more}
        self.events.append(events.draft(self.target, kind, severity=severity, source="poll", **source))  # type: ignore[arg-type]


def judge(target: Target, outcome: Outcome, saved_at: datetime) -> Verdict:
    """What `outcome` means for `target` (as it was read with the claim). `saved_at`: when the round is saved."""
    due_at = outcome.at + timedelta(seconds=target.interval)
    verdict = Verdict(target, outcome, due_at, problems=list(target.problems))
    state, failures, first_failed = target.state, target.failures, target.first_failed_at
    gap = _gap(target, outcome.at)
    if gap is not None and state not in (TargetState.UNKNOWN, TargetState.OFF):
        verdict.state(TargetState.UNKNOWN, gap)
        state, failures, first_failed = TargetState.UNKNOWN, 0, None
    if outcome.result is Result.ANSWERED:
        _answered(verdict, state)
        return verdict
    verdict.failures = failures + 1
    verdict.first_failed_at = first_failed or outcome.at
    verdict.first_failure = failures == 0
    if verdict.failures < target.confirm_polls:
        verdict.due_at = min(verdict.due_at, saved_at + CONFIRM_AFTER)
    elif outcome.result is Result.SILENT:
        _silent(verdict, state)
    else:
        _unaskable(verdict, state)
    return verdict


def _gap(target: Target, at: datetime) -> datetime | None:
    """From when on nothing is known, where nobody asked for three intervals."""
    last = target.last_polled_at
    if last is None or at - last <= stale_after(target.interval):
        return None
    return last + timedelta(seconds=target.interval)


def _answered(verdict: Verdict, state: str) -> None:
    target, outcome = verdict.target, verdict.outcome
    new = TargetState.DEGRADED if outcome.slow else TargetState.UP
    if state != new:
        verdict.state(new, outcome.at)
    # Also where nobody asked for a while in between: the problem is open until an answer ends it.
    if state == TargetState.DOWN or "down" in target.problems:
        key = events.problem_key(target.pk, "down")
        verdict.event("up", Severity.INFORMATION, problem_key=key, clears=True, data=_rtt(outcome))
    _restart(verdict)
    found = list(outcome.findings)
    if outcome.slow:
        found.append(Finding("slow", Severity.WARNING, text=f"{outcome.rtt_ms or 0:.0f} ms"))
    _compare(verdict, found)


def _rtt(outcome: Outcome) -> dict[str, object]:
    return {} if outcome.rtt_ms is None else {"rtt_ms": round(outcome.rtt_ms, 1)}


def _restart(verdict: Verdict) -> None:
    """The device's own uptime went back: it started anew, perhaps between two polls that both found it up."""
    target, outcome = verdict.target, verdict.outcome
    before, after, last = target.uptime_seconds, outcome.uptime_seconds, target.last_ok_at
    if before is None or after is None or last is None:
        return
    elapsed = (outcome.at - last).total_seconds()
    # Shorter than the tolerance of `restarted`: a clear step back is one too (the wrap of 497 days is not).
    step_back = after < before - 5 and before < 42_900_000
    if step_back or restarted(float(before), after, elapsed):
        verdict.event("restart", Severity.INFORMATION, data={"uptime_seconds": int(after)})


def _compare(verdict: Verdict, found: list[Finding]) -> None:
    """Events for problems that are new or gone since the poll before."""
    now = {finding.name: finding for finding in found}
    before = set(verdict.target.problems) - {"down"}
    for name, finding in now.items():
        if name not in before:
            key = events.problem_key(verdict.target.pk, finding.kind, finding.instance)
            verdict.event(finding.kind, finding.severity, problem_key=key, text=finding.text)
    for name in sorted(before - now.keys()):
        kind, _, instance = name.partition(":")
        key = events.problem_key(verdict.target.pk, kind, instance)
        verdict.event(kind, Severity.INFORMATION, problem_key=key, clears=True)
    verdict.problems = sorted(now)


def _silent(verdict: Verdict, state: str) -> None:
    target, outcome = verdict.target, verdict.outcome
    if state == TargetState.DOWN:
        return
    since = verdict.first_failed_at or outcome.at
    verdict.state(TargetState.DOWN, since)
    verdict.event(
        "down",
        Severity.EXCEPTION,
        problem_key=events.problem_key(target.pk, "down"),
        text=outcome.error,
        data={"since": since.isoformat(), "polls": verdict.failures},
    )
    # Nothing is known any more of what else was wrong; it begins anew with the first answer.
    _compare(verdict, [])
    verdict.problems = ["down"]


def _unaskable(verdict: Verdict, state: str) -> None:
    target, outcome = verdict.target, verdict.outcome
    if state != TargetState.UNKNOWN:
        verdict.state(TargetState.UNKNOWN, verdict.first_failed_at or outcome.at)
    kept = [name for name in target.problems if name != "unaskable"]
    if "unaskable" not in target.problems:
        key = events.problem_key(target.pk, "unaskable")
        verdict.event("unaskable", Severity.WARNING, problem_key=key, text=outcome.error)
    verdict.problems = sorted([*kept, "unaskable"])
