"""Is a target down by itself, or because what it is reached through is down? The answer may be: not known yet.

    child fails ──► parent down, and child has not answered since  ──► EXPLAINED: in its shadow, no alert
               ├──► parent answered after the child's failure      ──► OWN: alert
               └──► parent not asked since, or just failing        ──► OPEN: wait a moment, the parent is asked at once

A parent explains only what it can: it must itself be confirmed down, and a child that answered while its
"parent" was down is evidently reached some other way. An incomplete or wrong topology silences nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from monitoring import topology
from monitoring.models import Target, TargetState

ASKING: Final = timedelta(seconds=2)
"""How long one poll may take (timeout × tries): a parent's answer counts only if it was asked after the child's failed poll was over."""
SKEW: Final = timedelta(seconds=5)
"""Targets of one round are not asked at one instant."""


class Cause(Enum):
    OWN = "own"
    EXPLAINED = "explained"
    OPEN = "open"


@dataclass(frozen=True)
class Verdict:
    """`by`: the target whose fault explains it; `ask`: targets that should be asked at once to find out."""

    cause: Cause
    by: Target | None = None
    ask: tuple[int, ...] = ()


class Paths:
    """The ways to some targets, as they stand now. Two statements for any number."""

    def __init__(self, target_ids: Iterable[int]) -> None:
        self.chains = topology.ancestors(target_ids)
        wanted = set(self.chains) | {pk for chain in self.chains.values() for pk in chain}
        self.rows: Mapping[int, Target] = Target.objects.in_bulk(wanted)

    def judge(self, target_id: int) -> Verdict:
        """Why the target is down."""
        target = self.rows.get(target_id)
        if target is None:
            return Verdict(Cause.OWN)
        chain = [self.rows[pk] for pk in self.chains[target_id] if pk in self.rows]
        return _judge(target, chain)


def _judge(target: Target, chain: Sequence[Target]) -> Verdict:
    failed = target.first_failed_at or target.state_since
    explained: Target | None = None
    for parent in chain:
        if explains(parent, target):
            explained = parent  # the farthest one is the cause of the nearer ones
        elif explained is not None:
            break
        elif not parent.is_enabled or parent.last_ok_at is None:
            continue  # nobody knows whether it ever answers: it neither excuses nor holds up
        elif parent.state == TargetState.DOWN:
            continue  # down, but the target answered meanwhile: not the way it is reached
        elif not parent.failures and parent.last_ok_at > failed + ASKING:
            break  # it answered after the target had failed: the way up to here is open
        else:
            return Verdict(Cause.OPEN, ask=(parent.pk,))
    if explained is None:
        return Verdict(Cause.OWN)
    return Verdict(Cause.EXPLAINED, explained)


def explains(parent: Target, target: Target) -> bool:
    """Whether `parent` being down is reason enough for `target` not to answer."""
    if not parent.is_enabled or parent.state != TargetState.DOWN:
        return False
    return target.last_ok_at is None or target.last_ok_at <= parent.state_since + SKEW
