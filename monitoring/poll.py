"""Asking: a batch of due targets in one asynchronous round, saved in one go.

`run_due` is the poller. It holds no state: what is due, claimed and known lies in the tables, so any number of
workers on any number of machines may run it, and may be killed at any moment.
"""

import asyncio
import logging
import resource
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import Final, Self

from django.utils import timezone

from monitoring import collectors, saving, schedule
from monitoring.asking import UnaskableError, endpoint_of
from monitoring.collectors import Metric, identity
from monitoring.egress import Found, resolve
from monitoring.egress.rules import Rules
from monitoring.mibs import snmpv2
from monitoring.models import CheckKind, Severity, Target
from monitoring.outcome import Finding, Outcome, Result
from monitoring.snmp import Answer, Endpoint, Engine, Fault, available, get_many

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 22.0
"""A round that takes longer is given up; the lease (30 s) ends after that, and the targets are due again."""
IN_FLIGHT: Final = 12
"""Batches under way at once: while 5 % are dead and hold each batch up for 2 s, this makes some 900 targets a second."""
CONCURRENCY: Final[dict[Engine, int]] = {"gufo": 100, "pysnmp": 12}
"""Targets asked at once in one batch. pysnmp needs 1 ms of processor for each: more would make its own false timeouts."""
BATCH: Final[dict[Engine, int]] = {"gufo": schedule.BATCH, "pysnmp": 100}
"""Such that even a batch of dead targets only is done within ROUND_SECONDS."""
AGAIN_SECONDS: Final = 0.5
"""While batches are under way, so often we look for what has become due since."""
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
OWN_WORDS: Final = frozenset({Fault.AGENT, Fault.REQUEST})
"""Faults whose detail is a word of SNMP or of ours."""


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


def run_due(
    seconds: float = 15.0,
    batch: int | None = None,
    engine: Engine | None = None,
    in_flight: int | None = None,
) -> Round:
    """Ask what is due, batch by batch, until nothing is due or `seconds` have passed; then finish what was begun.

    Several batches are under way at once, because each takes as long as its dead targets stay silent. This
    thread talks to the database, another one to the network.
    """
    done, begun = Round(), time.perf_counter()
    engine = engine or available()[0]
    batch, in_flight = batch or BATCH[engine], in_flight or _in_flight()
    with _Network(engine, Rules.load()) as network:
        under_way: dict[Future[list[Outcome]], schedule.Claim] = {}
        while True:
            in_time = time.perf_counter() - begun < seconds
            while in_time and len(under_way) < in_flight:
                claim = schedule.claim(batch)
                if not claim.targets:
                    break
                under_way[network.ask(claim.targets)] = claim
            if not under_way:
                break
            for future in wait(under_way, timeout=AGAIN_SECONDS, return_when=FIRST_COMPLETED).done:
                _finish(done, under_way.pop(future), future)
    done.seconds = time.perf_counter() - begun
    return done


def _in_flight() -> int:
    """As many batches as the open files of this process allow (each target asked is a socket)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IN_FLIGHT * max(CONCURRENCY.values()) + 200
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(IN_FLIGHT, (soft - 200) // max(CONCURRENCY.values())))


def _finish(done: Round, claim: schedule.Claim, future: Future[list[Outcome]]) -> None:
    try:
        outcomes = future.result()
    except TimeoutError:
        logger.error("a round over %s targets was given up; they are due again soon", len(claim.targets))
        return
    done.add(outcomes, saving.save(claim, outcomes))


class _Network:
    """An event loop in a thread of its own: nothing that belongs to a loop outlives one `run_due`."""

    def __init__(self, engine: Engine | None, rules: Rules) -> None:
        self.engine, self.rules = engine, rules
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, name="poll", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def ask(self, targets: Sequence[Target]) -> Future[list[Outcome]]:
        """Ask them all at once. Nothing that a target does raises; TimeoutError if the round is never done."""
        return asyncio.run_coroutine_threadsafe(self._round(targets), self.loop)

    async def _round(self, targets: Sequence[Target]) -> list[Outcome]:
        async with asyncio.timeout(ROUND_SECONDS):
            return await _ask(targets, timezone.now(), self.engine, self.rules)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.loop.shutdown_asyncgens(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


def ask(targets: Sequence[Target], engine: Engine | None = None) -> list[Outcome]:
    """Ask all of `targets` at once and wait: for "test now" and tests. Nothing is saved."""
    for target in targets:
        _ = target.credential  # read here: the other thread must not open a database connection of its own
    with _Network(engine, Rules.load()) as network:
        return network.ask(targets).result()


async def _ask(targets: Sequence[Target], at: datetime, engine: Engine | None, rules: Rules) -> list[Outcome]:
    found = await resolve({target.address for target in targets})
    outcomes: list[Outcome] = []
    requests: list[tuple[Target, Endpoint, tuple[str, ...]]] = []
    others: list[Target] = []
    for target in targets:
        if target.check_kind != CheckKind.SNMP:
            others.append(target)
            continue
        try:
            requests.append((target, endpoint_of(target, rules, found), _oids(target)))
        except UnaskableError as wrong:
            outcomes.append(Outcome(target.pk, at, Result.UNASKABLE, str(wrong)))
    engine = engine or available()[0]
    asked = get_many(((t.pk, endpoint, oids) for t, endpoint, oids in requests), CONCURRENCY[engine], engine)
    async with _Lag() as lag:
        answers, probed = await asyncio.gather(asked, _probe(others, rules, found, at))
    outcomes += probed
    outcomes += [read(target, answers[target.pk], at, lag.worst_ms) for target, _endpoint, _oids in requests]
    return outcomes


class _Lag:
    """How late this loop was at worst, in ms: a busy poller must not call its targets slow."""

    worst_ms = 0.0

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._watch())
        return self

    async def _watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.05)
            self.worst_ms = max(self.worst_ms, (time.perf_counter() - begun - 0.05) * 1000)

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()


def _oids(target: Target) -> tuple[str, ...]:
    """A target that was never asked is asked who it is; from then on its profile says what to ask."""
    return collectors.plan(target.profile, target.instances or None) if target.profile else identity.OIDS


def read(target: Target, answer: Answer, at: datetime, lag_ms: float = 0.0) -> Outcome:
    """What an SNMP answer says about `target`. Whatever was in it, this does not raise. `lag_ms`: how late we were."""
    if not answer.ok:
        fault = answer.error or Fault.GARBAGE
        words = SENTENCES.get(fault, fault.value)
        # What else stands in an answer that is none stays here: whoever chose the address would read it.
        text = f"{words} ({answer.detail})" if answer.detail and fault in OWN_WORDS else words
        # Who answers with an error status is there, but gives no figures: neither up nor a failed poll.
        result = Result.UNASKABLE if fault in UNASKABLE | {Fault.AGENT} else Result.SILENT
        return Outcome(target.pk, at, result, text)
    try:
        return _decoded(target, answer, at, lag_ms)
    except Exception as error:  # a device may send anything, and one must not end the round of all the others
        logger.exception("answer of target %s cannot be read", target.pk)
        return Outcome(target.pk, at, Result.SILENT, f"{SENTENCES[Fault.GARBAGE]} ({type(error).__name__})")


def _decoded(target: Target, answer: Answer, at: datetime, lag_ms: float) -> Outcome:
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
        (answer.rtt_ms or 0) - 2 * lag_ms > SLOW_MS,
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


async def _probe(targets: Sequence[Target], rules: Rules, found: Found, at: datetime) -> list[Outcome]:
    """Targets that are judged by ping, a TCP port or a web page."""
    if not targets:
        return []
    from monitoring.probing import probe

    gate = asyncio.Semaphore(max(CONCURRENCY.values()))

    async def one(target: Target) -> Outcome:
        async with gate:
            return await probe(target, rules, found, at)

    return list(await asyncio.gather(*map(one, targets)))
