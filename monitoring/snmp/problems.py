"""What the engines share: the one exception that they raise for a target, tries, and object identifiers."""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, TypeVar

from monitoring.snmp.data import Endpoint, Fault

T = TypeVar("T")
Oid = tuple[int, ...]

REPETITIONS: Final = 25
"""Rows asked by one GETBULK."""
TOO_BIG: Final = 1
"""The error status of an agent whose answer would not fit."""
AGAIN: Final = frozenset((Fault.TIMEOUT, Fault.GARBAGE))
"""Faults after which another try may help."""


class AskError(Exception):
    def __init__(self, fault: Fault, detail: str = "", status: int = 0) -> None:
        super().__init__(fault, detail)
        self.fault, self.detail, self.status = fault, detail, status


async def tries(endpoint: Endpoint, ask: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """The result of the first try that succeeds, and its time in seconds."""
    for left in range(endpoint.retries, -1, -1):
        begun = time.perf_counter()
        try:
            return await ask(), time.perf_counter() - begun
        except AskError as problem:
            if not left or problem.fault not in AGAIN:
                raise
    raise AssertionError("a negative number of retries")


@lru_cache(4096)
def arcs_of(oid: str) -> Oid:
    try:
        arcs = tuple(map(int, oid.split(".")))
    except ValueError:
        arcs = ()
    if len(arcs) < 2 or not all(0 <= arc < 1 << 32 for arc in arcs):
        raise AskError(Fault.REQUEST, f"{oid!r} is no object identifier")
    return arcs


def text_of(oid: Oid) -> str:
    return ".".join(map(str, oid))


def os_problem(error: OSError) -> AskError:
    if isinstance(error, ConnectionRefusedError):
        return AskError(Fault.REFUSED)
    known = error.errno is not None
    return AskError(Fault.UNREACHABLE if known else Fault.REQUEST, error.strerror or str(error))
