"""What one poll of one target brought: plain data between asking (poll.py), judging (judge.py) and saving (saving.py)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitoring.collectors import Metric


class Result(StrEnum):
    """What can be concluded about the target."""

    ANSWERED = "answered"
    SILENT = "silent"
    """No answer, or none that one may believe: a failed poll."""
    UNASKABLE = "unaskable"
    """We could not ask properly (wrong key, bad address): that says nothing about the target."""


@dataclass(frozen=True)
class Finding:
    """Something wrong besides silence, true at the time of the poll. `severity`: monitoring.models.Severity."""

    kind: str
    severity: str
    instance: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """As it stands in Target.problems."""
        return f"{self.kind}:{self.instance}" if self.instance else self.kind


@dataclass(frozen=True)
class Outcome:
    """`at`: when it was asked (the round's beginning). `rtt_ms` of the last try. Texts come from devices: never trusted."""

    target_id: int
    at: datetime
    result: Result
    error: str = ""
    rtt_ms: float | None = None
    uptime_seconds: float | None = None
    metrics: list[Metric] = field(default_factory=list)
    profile: str = ""
    name: str = ""
    slow: bool = False
    findings: tuple[Finding, ...] = ()
