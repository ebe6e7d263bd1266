"""Signs of life: each part of the system says in the database that it works, so that any process can see who fell silent.

    heartbeats.beat("letters")                                    # the work went well
    heartbeats.beat("smtp", ok=False, detail="ConnectionRefusedError")   # it was tried and failed

Cheap enough to be called after every task: what is said is remembered and written in one statement every ten seconds,
at once where a part speaks for the first time or its luck has changed. Never raises: a database that is away is seen
by everybody else. `servicedesk.project.watch` judges.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import Error as DatabaseTrouble
from django.db import connection, transaction

from cmdb.models import Heartbeat

logger = logging.getLogger(__name__)

PERIOD = 10.0  # seconds between two writings

_WRITE = """
insert into cmdb_heartbeat (part, host, instance, at, ok_at, detail)
select part, host, instance, clock_timestamp(), case when ok then clock_timestamp() end, detail
  from unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::text[]) as said(part, host, instance, ok, detail)
    on conflict (part, host, instance) do update
   set at = excluded.at, ok_at = coalesce(excluded.ok_at, cmdb_heartbeat.ok_at), detail = excluded.detail
"""
_READ = """
select part, host, instance, detail, extract(epoch from clock_timestamp() - at),
       extract(epoch from clock_timestamp() - ok_at)
  from cmdb_heartbeat order by at desc
"""
_EXPECT = """
insert into cmdb_heartbeat (part, host, instance, at, detail)
select part, %s, '', clock_timestamp(), '' from unnest(%s::text[]) as wanted(part)
"""

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Sign:
    """What one process last said of a part. `ok_age` is None before its first success."""

    part: str
    host: str
    instance: str
    detail: str
    age: float
    ok_age: float | None


class _Memory:
    """What this process has to say, and what it said last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[Key, tuple[bool, str]] = {}
        self.said: dict[Key, bool] = {}
        self.written = float("-inf")

    def take(self, key: Key, ok: bool, detail: str) -> bool:
        """Remember; True where it is time to write."""
        with self.lock:
            self.waiting[key] = (ok, detail)
            return self.said.get(key) is not ok or time.monotonic() - self.written >= PERIOD

    def give(self) -> dict[Key, tuple[bool, str]]:
        """All that waits, which counts as said from now on."""
        with self.lock:
            given, self.waiting = self.waiting, {}
            self.said |= {key: ok for key, (ok, _detail) in given.items()}
            self.written = time.monotonic()
            return given

    def keep(self, given: dict[Key, tuple[bool, str]]) -> None:
        """It could not be written: the next time."""
        with self.lock:
            self.waiting = given | self.waiting


_memory = _Memory()


def beat(part: str, *, ok: bool = True, detail: str = "", host: str = "", instance: str = "") -> None:
    """`part` gave a sign of life: its work went well, or (`ok=False`) was tried in vain. `detail` holds no secrets.

    `host` and `instance` are for who speaks for another process; else they are this machine and process.
    """
    key = (part[:40], (host or here())[:120], (instance or str(os.getpid()))[:40])
    if _memory.take(key, ok, detail.replace("\x00", "")[:200]):
        flush()


def flush() -> None:
    """Write what waits, in one statement."""
    given = _memory.give()
    if not given:
        return
    rows = [(*key, ok, detail) for key, (ok, detail) in sorted(given.items())]
    try:
        # A statement that fails must not break the transaction of whoever called us.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
    except DatabaseTrouble as error:
        logger.warning("signs of life could not be written: %s", type(error).__name__)
        _memory.keep(given)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # a server that was started again needs a new one


def end(part: str = "") -> None:
    """This process, which speaks for `part` (or for several), is being stopped in an orderly way: its silence is meant."""
    own = Heartbeat.objects.filter(host=here(), instance__in=["", str(os.getpid())])
    try:
        (own.filter(part=part) if part else own.exclude(instance="")).delete()
    except DatabaseTrouble as error:
        logger.warning("the end of %s could not be written: %s", part or "a process", type(error).__name__)


def expect(parts: Iterable[str], among: Iterable[str]) -> None:
    """This machine starts anew: of the parts `among` it runs `parts`, whose silence from now on is a fault."""
    with transaction.atomic(), connection.cursor() as cursor:
        Heartbeat.objects.filter(host=here(), part__in=list(among)).delete()
        cursor.execute(_EXPECT, [here(), sorted(parts)])


def signs() -> list[Sign]:
    """All that is known, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return [
            Sign(part, host, instance, detail, float(age), None if ok_age is None else float(ok_age))
            for part, host, instance, detail, age, ok_age in cursor.fetchall()
        ]


def forget() -> None:
    """Let this process begin anew: nothing waits and nothing was said (after a fork, between tests)."""
    global _memory
    _memory = _Memory()


def here() -> str:
    """This machine's name."""
    return socket.gethostname()


os.register_at_fork(after_in_child=forget)
