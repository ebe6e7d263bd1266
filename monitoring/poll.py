"""Asking: a batch of due targets in one asynchronous round, saved in one go.

`run_due` is the poller. It holds no state: what is due, claimed and known lies in the tables, so any number of
workers on any number of machines may run it, and may be killed at any moment.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from monitoring import collectors, saving, schedule
from monitoring.asking import UnaskableError, endpoint_of, resolve
from monitoring.collectors import Metric, identity
from monitoring.mibs import snmpv2
from monitoring.models import CheckKind, Severity, Target
from monitoring.outcome import Finding, Outcome, Result
from monitoring.snmp import Answer, Endpoint, Engine, Fault, get_many

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 22.0
"""A round that takes longer is given up; the lease (30 s) ends after that, and the targets are due again."""
CONCURRENCY: Final = 200
SLOW_MS: Final = 800.0
"""An answer that takes longer makes the target degraded. The last try counts, and each has 1 s."""
DISK_FULL: Final = 97.0
DISK_FINE: Final = 94.0

SENTENCES: Final = {
    Fault.TIMEOUT: "no answer",
    Fault.REFUSED: "connection refused",
    Fault.UNREACHABLE: "unreachable",
    Fault.AUTH: "the device refused the SNMPv3 user or key",
    Fault.GARBAGE: "what it sent is no answer to the question",
    Fault.AGENT: "the device answered with an error",
    Fault.REQUEST: "this cannot be asked",
}
UNASKABLE: Final = frozenset({Fault.AUTH, Fault.REQUEST})


@dataclass
class Round:
    """What `run_due` did: targets claimed, saved (ours until the end), and how they answered."""

    asked: int = 0
    saved: int = 0
    answered: int = 0
    silent: int = 0
    unaskable: int = 0
    seconds: float = 0.0

    def add(self, outcomes: Sequence[Outcome], saved: int) -> None:
        self.asked += len(outcomes)
        self.saved += saved
        for outcome in outcomes:
            name = outcome.result.value
            setattr(self, name, getattr(self, name) + 1)


def run_due(seconds: float = 8.0, batch: int = schedule.BATCH, engine: Engine | None = None) -> Round:
    """Ask what is due, batch after batch, until nothing is due or `seconds` have passed."""
    done, begun = Round(), time.perf_counter()
    while True:
        claim = schedule.claim(batch)
        if not claim.targets:
            break
        outcomes = ask(claim.targets, engine)
        done.add(outcomes, saving.save(claim, outcomes))
        if time.perf_counter() - begun > seconds:
            break
    done.seconds = time.perf_counter() - begun
    return done


def ask(targets: Sequence[Target], engine: Engine | None = None) -> list[Outcome]:
    """Ask all of `targets` at once. Nothing that a target does raises; TimeoutError if the round is never done."""
    at = timezone.now()

    async def round_() -> list[Outcome]:
        async with asyncio.timeout(ROUND_SECONDS):
            return await _ask(targets, at, engine)

    return asyncio.run(round_())


async def _ask(targets: Sequence[Target], at: datetime, engine: Engine | None) -> list[Outcome]:
    addresses = await resolve({target.address for target in targets})
    outcomes: list[Outcome] = []
    requests: list[tuple[Target, Endpoint, tuple[str, ...]]] = []
    others: list[Target] = []
    for target in targets:
        if target.check_kind != CheckKind.SNMP:
            others.append(target)
            continue
        try:
            requests.append((target, endpoint_of(target, addresses), _oids(target)))
        except UnaskableError as wrong:
            outcomes.append(Outcome(target.pk, at, Result.UNASKABLE, str(wrong)))
    asked = get_many(((t.pk, endpoint, oids) for t, endpoint, oids in requests), CONCURRENCY, engine)
    answers, probed = await asyncio.gather(asked, _probe(others, addresses, at))
    outcomes += probed
    outcomes += [read(target, answers[target.pk], at) for target, _endpoint, _oids in requests]
    return outcomes


def _oids(target: Target) -> tuple[str, ...]:
    """A target that was never asked is asked who it is; from then on its profile says what to ask."""
    return collectors.plan(target.profile, target.instances or None) if target.profile else identity.OIDS


def read(target: Target, answer: Answer, at: datetime) -> Outcome:
    """What an SNMP answer says about `target`. Whatever was in it, this does not raise."""
    if not answer.ok:
        fault = answer.error or Fault.GARBAGE
        words = SENTENCES.get(fault, fault.value)
        text = f"{words} ({answer.detail})" if answer.detail else words
        # Who answers with an error status is there, but gives no figures: neither up nor a failed poll.
        result = Result.UNASKABLE if fault in UNASKABLE | {Fault.AGENT} else Result.SILENT
        return Outcome(target.pk, at, result, text)
    try:
        return _decoded(target, answer, at)
    except Exception as error:  # a device may send anything, and one must not end the round of all the others
        logger.exception("answer of target %s cannot be read", target.pk)
        return Outcome(target.pk, at, Result.SILENT, f"{SENTENCES[Fault.GARBAGE]} ({type(error).__name__})")


def _decoded(target: Target, answer: Answer, at: datetime) -> Outcome:
    profile, name, metrics = target.profile, "", list[Metric]()
    uptime = snmpv2.uptime_seconds(answer.values)
    if profile:
        metrics = collectors.decode(profile, answer.values)
    else:
        who = identity.read(answer.values)
        profile, name = who.profile.name, who.name
    return Outcome(
        target.pk,
        at,
        Result.ANSWERED,
        "" if uptime is not None else "it answers, but without a usable uptime (absent or of the wrong type)",
        answer.rtt_ms,
        uptime,
        metrics,
        profile,
        name,
        (answer.rtt_ms or 0) > SLOW_MS,
        tuple(findings(target, metrics)),
    )


def findings(target: Target, metrics: Iterable[Metric]) -> list[Finding]:
    """What the figures say is wrong. A disk that was nearly full counts as such until it is clearly better."""
    found = []
    for metric in metrics:
        if metric.key == "ups.on_battery" and metric.value:
            found.append(Finding("on_battery", Severity.EXCEPTION))
        elif metric.key == "printer.stopped" and metric.value:
            found.append(Finding("printer_stopped", Severity.INFORMATION))
        elif metric.key == "storage.used":
            disk = Finding("disk_full", Severity.WARNING, metric.instance, f"{metric.value:.0f} %")
            if metric.value >= (DISK_FINE if disk.name in target.problems else DISK_FULL):
                found.append(disk)
    return found


async def _probe(targets: Sequence[Target], addresses: dict[str, str], at: datetime) -> list[Outcome]:
    """Targets that are judged by ping, a TCP port or a web page."""
    if not targets:
        return []
    from monitoring.probing import probe

    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(target: Target) -> Outcome:
        async with gate:
            return await probe(target, addresses, at)

    return list(await asyncio.gather(*map(one, targets)))
