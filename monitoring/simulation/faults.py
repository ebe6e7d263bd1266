"""Faults of simulated devices: one small file that `demo_fault` and the demo's page write and the agents watch."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from monitoring.simulation.devices import BY_NAME

FILE: Final = "simulation.json"


@dataclass(slots=True)
class Faults:
    """`began` is when the simulation first ran; `restarted` when a device came back from a fault, `revisions` how
    often its configuration was changed, by name. Times in seconds since 1970."""

    began: float = 0.0
    down: set[str] = field(default_factory=set)
    restarted: dict[str, float] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)


def load(var: Path | str) -> Faults:
    """The state in folder `var`; a fresh one where there is no file. Raises ValueError on a file that is damaged."""
    try:
        raw: Any = json.loads((Path(var) / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return Faults(time.time())
    try:
        return Faults(float(raw["began"]), set(raw["down"]), dict(raw["restarted"]), dict(raw["revisions"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{Path(var) / FILE} is damaged: {error!r}") from error


def read_faults(var: Path | str) -> frozenset[str]:
    """Names of the devices that are switched off (not of those unreachable behind them)."""
    return frozenset(load(var).down)


def set_fault(var: Path | str, name: str, down: bool) -> None:
    """Switch a device off or on. Raises KeyError for an unknown name. Twice is once."""
    if name not in BY_NAME:
        raise KeyError(name)
    with _changing(var) as faults:
        if down:
            faults.down.add(name)
        elif name in faults.down:
            faults.down.discard(name)
            faults.restarted[name] = time.time()


def change_config(var: Path | str, name: str) -> int:
    """Let somebody have edited the device's configuration; the number of its changes so far."""
    if name not in BY_NAME:
        raise KeyError(name)
    with _changing(var) as faults:
        faults.revisions[name] = faults.revisions.get(name, 0) + 1
        return faults.revisions[name]


def begin(var: Path | str) -> Faults:
    """Make the file where there is none or only a damaged one, and read it."""
    with _changing(var) as faults:
        return faults


@contextmanager
def _changing(var: Path | str) -> Iterator[Faults]:
    """Read, change, replace: under a lock, so that the page and the command do not undo each other."""
    folder = Path(var)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            faults = load(folder)
        except ValueError:
            faults = Faults(time.time())
        yield faults
        content = {
            "began": faults.began,
            "down": sorted(faults.down),
            "restarted": faults.restarted,
            "revisions": faults.revisions,
        }
        fresh = folder / f"{FILE}.new"
        fresh.write_text(json.dumps(content, indent=1), "utf-8")
        os.replace(fresh, folder / FILE)
