"""What is done to the installation, one at a time, while people use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.cluster import ROOT
from tests.kill.stage import Files, Stage

Fault = Callable[[Stage], None]


def killed(part: str, which: str = "leader") -> Fault:
    def fault(stage: Stage) -> None:
        stage.kill(part, which)
        time.sleep(2)

    return fault


def together(faults: list[Fault]) -> Fault:
    """One after the other, before anything could come back."""

    def fault(stage: Stage) -> None:
        for one in faults:
            one(stage)

    return fault


def database_killed(stage: Stage) -> None:
    """-9 to the server; whoever runs it starts it again two seconds later."""
    assert stage.database.process is not None
    os.kill(stage.database.process.pid, signal.SIGKILL)
    stage.database.process.wait(10)
    time.sleep(2)
    stage.database.restart()


def without_database(seconds: float) -> Fault:
    def fault(stage: Stage) -> None:
        assert stage.database.process is not None
        os.kill(stage.database.process.pid, signal.SIGQUIT)  # at once, as a machine that lost its power
        stage.database.process.wait(20)
        time.sleep(seconds)
        stage.database.restart()

    return fault


def broker_killed(stage: Stage) -> None:
    stage.broker.kill()
    time.sleep(3)
    stage.broker.start()


def flushed(stage: Stage) -> None:
    stage.broker.flush(stage.var)
    time.sleep(2)


def two_beats(stage: Stage) -> None:
    """A second clock beside the first: each task is sent twice for a while."""
    own = stage.folder / "second-beat"
    beat = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "--app", "servicedesk.project.celery:app", "beat", "--pidfile=",
         "--schedule", str(own), "--loglevel", "WARNING"],
        cwd=ROOT, env=stage.environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    time.sleep(12)
    os.killpg(beat.pid, signal.SIGKILL)
    beat.wait(10)


def full_disk(stage: Stage) -> None:
    """Not a byte is left below SAMDRIFT_VAR for a while."""
    filler = stage.var / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    with suppress(OSError), (stage.var / "filler-2").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0")
    time.sleep(15)
    for path in (filler, stage.var / "filler-2"):
        path.unlink()


def on_a_small_disk(var: Path) -> bool:
    """Whether filling it up hurts nobody else: a mount of its own, of at most 256 MB."""
    found = os.statvfs(var)
    return os.path.ismount(var) and found.f_blocks * found.f_frsize <= 256 * 1024 * 1024


def chosen(stage: Stage, words: list[str]) -> dict[str, Fault]:
    """By name, in the order in which they are done; all that this stage allows, or those of `words`."""
    every: dict[str, Fault] = {
        "a web worker": killed("web", "child"),
        "web": killed("web"),
        "a child of the worker": killed("worker", "child"),
        "the worker": killed("worker"),
        "the slow worker": killed("slow"),
        "the poll worker": killed("poller"),
        "beat": killed("beat"),
        "traps": killed("traps"),
        "PostgreSQL": database_killed,
        "two beats": two_beats,
        "sixty seconds without database": without_database(60),
    }
    if not isinstance(stage.broker, Files):
        every["the broker"] = broker_killed
    if stage.broker.flush is not None:
        every["a flushed broker"] = flushed
    if on_a_small_disk(stage.var):
        every["a full disk"] = full_disk
    return {name: fault for name, fault in every.items() if not words or any(word in name for word in words)}
