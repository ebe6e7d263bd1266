"""Rounds: many targets at once, and walks, on whichever engine."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, Literal, Self, TypeVar

from monitoring.mibs.values import MISSING, Kind, Value
from monitoring.snmp.data import Answer, Endpoint, Fault, Walk
from monitoring.snmp.problems import REPETITIONS, TOO_BIG, AskError, Oid, arcs_of, text_of, tries
from monitoring.snmp.with_gufo import Gufo
from monitoring.snmp.with_pysnmp import Pysnmp

Engine = Literal["gufo", "pysnmp"]
Key = TypeVar("Key", bound=Hashable)
logger = logging.getLogger(__name__)

CHUNK: Final = 40
"""OIDs in one GET: an answer of 40 counters stays within one Ethernet frame."""
WALK_ROWS: Final = 50_000
WALK_SECONDS: Final = 60.0
"""A walk ends after this time, however lively the device."""


def available() -> list[Engine]:
    """The engines installed here, the preferred one first."""
    try:
        return ["gufo", "pysnmp"] if importlib.util.find_spec("gufo.snmp") else ["pysnmp"]
    except ModuleNotFoundError:
        return ["pysnmp"]


async def get_many(
    requests: Iterable[tuple[Key, Endpoint, Sequence[str]]],
    concurrency: int = 200,
    engine: Engine | None = None,
) -> dict[Key, Answer]:
    """Ask many targets at once, each for its own OIDs (dotted, no leading dot), and wait for all.

    Never more than `concurrency` requests, and so open sockets, at a time. Never raises for what a target does.
    A dead target holds its place for timeout × (1 + retries) seconds.
    """
    queue = list(requests)
    answers: dict[Key, Answer] = {}
    waiting = iter(queue)

    async def work(asker: "_Asker") -> None:
        for key, endpoint, oids in waiting:
            answers[key] = await asker.answer(endpoint, oids)

    async with _Asker(engine) as asker, asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(queue))):
            group.create_task(work(asker))
    return answers


async def get_one(endpoint: Endpoint, oids: Sequence[str], engine: Engine | None = None) -> Answer:
    """`get_many` for a single target."""
    return (await get_many([(0, endpoint, oids)], engine=engine))[0]


async def walk(
    endpoint: Endpoint,
    oid: str,
    engine: Engine | None = None,
    limit: int = WALK_ROWS,
    seconds: float = WALK_SECONDS,
) -> Walk:
    """Everything below `oid`, by GETBULK, at most `limit` rows and `seconds`.

    pysnmp unless gufo is asked for: gufo takes an error status in the middle of a walk for its end. Where gufo
    walks, pysnmp is asked once more for what follows the last row, so `complete` means the same from both.
    """
    rows: list[tuple[str, Value]] = []
    try:
        async with _Asker(engine or "pysnmp") as asker, asyncio.timeout(seconds):
            last: Oid = ()
            async for found, value in asker.walk(endpoint, oid):
                if found <= last:
                    raise AskError(Fault.LOOP, f"{text_of(found)} after {text_of(last)}")
                if len(rows) >= limit:
                    raise AskError(Fault.LIMIT, f"more than {limit} rows")
                last = found
                rows.append((text_of(found), value))
    except AskError as problem:
        return Walk(rows, False, problem.fault, problem.detail)
    except TimeoutError:
        return Walk(rows, False, Fault.LIMIT, f"more than {seconds:g} s")
    return Walk(rows, True)


async def walk_all(endpoint: Endpoint, oids: Iterable[str], engine: Engine | None = None) -> Walk:
    """Several subtrees one after the other as one walk; ends with the first that fails."""
    rows: list[tuple[str, Value]] = []
    for oid in oids:
        found = await walk(endpoint, oid, engine)
        rows += found.rows
        if not found.complete:
            return Walk(rows, False, found.error, found.detail)
    return Walk(rows, True)


@contextmanager
def _second_opinion() -> Iterator[None]:
    """Let pysnmp ask again where gufo does not tell what it got: it takes no answer above 4 KiB, and says {} alike
    for "none of these exists" and for an error status."""
    try:
        yield
    except AskError as problem:
        if problem.fault is not Fault.GARBAGE:
            raise


class _Asker:
    """One round's use of an engine: open it inside the running loop, close it there."""

    def __init__(self, engine: Engine | None) -> None:
        self.pysnmp = Pysnmp()
        self.gufo = Gufo() if (engine or available()[0]) == "gufo" else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.pysnmp.close()

    async def answer(self, endpoint: Endpoint, oids: Sequence[str]) -> Answer:
        values: dict[str, Value] = {}
        took = 0.0
        try:
            for at in range(0, len(oids), CHUNK):
                part, took = await tries(endpoint, partial(self._get, endpoint, oids[at : at + CHUNK]))
                values.update(part)
        except AskError as problem:
            return Answer(False, error=problem.fault, detail=problem.detail)
        except Exception as error:  # one target must not end the round of all the others
            logger.exception("asking %s failed", endpoint.address)
            return Answer(False, error=Fault.GARBAGE, detail=repr(error))
        return Answer(True, values, rtt_ms=took * 1000)

    async def _get(self, endpoint: Endpoint, oids: Sequence[str]) -> dict[str, Value]:
        arcs = [arcs_of(oid) for oid in oids]
        found: dict[str, Value] = {}
        if self.gufo:
            with _second_opinion():
                found = await self.gufo.get(endpoint, oids)
        if not found:
            found = await self._get_halving(endpoint, arcs)
        if found and not any(oid in found for oid in oids):
            raise AskError(Fault.GARBAGE, f"an answer to something else: {next(iter(found))}")
        return {oid: found.get(oid, MISSING) for oid in oids}

    async def _get_halving(self, endpoint: Endpoint, oids: Sequence[Oid]) -> dict[str, Value]:
        try:
            rows = await self.pysnmp.ask(endpoint, oids)
        except AskError as problem:
            if problem.status != TOO_BIG or len(oids) < 2:
                raise
        else:
            return {text_of(oid): value for oid, value in rows}
        half = len(oids) // 2
        first = await self._get_halving(endpoint, oids[:half])
        return first | await self._get_halving(endpoint, oids[half:])

    async def walk(self, endpoint: Endpoint, root: str) -> AsyncIterator[tuple[Oid, Value]]:
        top = last = arcs_of(root)
        if self.gufo:
            with _second_opinion():
                async for last, value in self.gufo.walk(endpoint, root):
                    yield last, value
        async for row in self._bulk(endpoint, top, last, REPETITIONS):
            yield row

    async def _bulk(
        self, endpoint: Endpoint, top: Oid, after: Oid, size: int
    ) -> AsyncIterator[tuple[Oid, Value]]:
        while True:
            try:
                rows, _ = await tries(endpoint, partial(self.pysnmp.ask, endpoint, [after], size))
            except AskError as problem:
                if problem.status != TOO_BIG or size < 2:
                    raise
                size //= 2
                continue
            if not rows:
                raise AskError(Fault.GARBAGE, "an answer without rows")
            for oid, value in rows:
                if value.kind is Kind.MISSING or oid[: len(top)] != top:
                    return
                if oid <= after:
                    raise AskError(Fault.LOOP, f"{text_of(oid)} after {text_of(after)}")
                after = oid
                yield oid, value
