"""python -m tests.kill [--broker file|redis|rabbitmq] [--only WORD …] [--at-once] [--json]

Starts a whole installation on loopback, kills its parts one after another while people report by the API and monitoring
tells of faults, waits until all is well again, and counts what was acknowledged. Exit 1 if anything was lost or doubled.
As root its files lie on a disk of 200 MB of its own, which is filled up too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.kill.count import count, faults_of
from tests.kill.faults import Fault, chosen, together
from tests.kill.load import Load, settle
from tests.kill.stage import BROKERS, Stage, has, until

INSIDE = "KILL_AND_COUNT_FOLDER"
SMALL = "200m"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.kill", description="Kill every part under load, then count."
    )
    parser.add_argument("--broker", choices=sorted(BROKERS), default="file")
    parser.add_argument("--only", nargs="*", default=[], help="words of the faults' names")
    parser.add_argument("--calm", type=float, default=4.0, help="seconds of use between two faults")
    parser.add_argument("--at-once", action="store_true", help="all faults without waiting in between")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not has(given.broker):
        sys.exit(f"{given.broker} is not installed: apt-get install redis-server rabbitmq-server")
    if os.geteuid() == 0 and INSIDE not in os.environ and shutil.which("unshare"):
        return _on_a_small_disk()
    folder = Path(os.environ.get(INSIDE) or tempfile.mkdtemp(prefix="kill-"))
    try:
        result = play(folder, given.broker, given.only, given.calm, given.at_once)
    finally:
        if INSIDE not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result) if given.json else table(result))
    bad = faults_of(result["counted"]) + result["not well"]
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


def _on_a_small_disk() -> int:
    """The same once more, in a mount namespace of its own: nobody else sees the disk, and it goes with us."""
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    folder.chmod(0o755)  # the database's account looks inside
    (folder / "var").mkdir()
    script = f'mount -t tmpfs -o size={SMALL} none "$0/var" && exec "$@"'
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        str(folder),
        sys.executable,
        "-m",
        "tests.kill",
        *sys.argv[1:],
    ]
    try:
        return subprocess.run(command, env=os.environ | {INSIDE: str(folder)}, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(folder: Path, broker: str, only: list[str], calm: float, at_once: bool) -> dict[str, Any]:
    """The whole: start, use, kill, wait, count, stop."""
    var = folder / "var"
    var.mkdir(exist_ok=True)
    stage = Stage(folder, var, BROKERS[broker](folder))
    back: dict[str, float] = {}
    not_well: list[str] = []
    try:
        stage.start()
        load = Load(stage, stage.region("build")["token"])
        load.start()
        time.sleep(calm)
        faults = chosen(stage, only)
        if at_once:
            faults = {", ".join(faults): together(list(faults.values()))}
        for name, fault in faults.items():
            back[name] = _suffer(stage, name, fault, not_well)
            print(f"{name}: well again after {back[name]} s", file=sys.stderr, flush=True)
            time.sleep(calm)
        load.end()
        try:
            settled = settle(stage)
        except RuntimeError as error:
            settled = -1.0
            not_well.append(str(error))
        counted = count(stage, load)
        not_well += integrity(stage)
    except BaseException:
        if stage.log.exists():
            print(stage.log.read_text()[-6000:], file=sys.stderr)
        raise
    finally:
        stage.stop()
    return {
        "broker": broker,
        "back": back,
        "settled": round(settled, 1),
        "counted": counted,
        "not well": not_well,
    }


def _suffer(stage: Stage, name: str, fault: Fault, not_well: list[str]) -> float:
    """One fault; seconds until every part has given a sign of life after it."""
    fault(stage)
    began = time.monotonic()

    def missing() -> list[str]:
        return stage.blind(time.monotonic() - began)

    try:
        until(lambda: not missing(), 150, lambda: f"after {name}: {missing()} did not come back")
    except RuntimeError as error:
        not_well.append(str(error))
    return round(time.monotonic() - began, 1)


def integrity(stage: Stage) -> list[str]:
    try:
        stage.run("manage.py", "check_integrity")
    except RuntimeError as error:
        return [str(error)]
    return []


def table(result: dict[str, Any]) -> str:
    lines = [f"broker: {result['broker']}"]
    lines += [f"  {name}: well again after {seconds} s" for name, seconds in result["back"].items()]
    for kind, found in result["counted"].items():
        if isinstance(found, dict):
            said = ", ".join(f"{len(found[word])} {word}" for word in ("lost", "doubled", "from nowhere"))
            lines.append(f"{kind}: {found['acknowledged']} acknowledged, {found['there']} there, {said}")
        else:
            lines.append(f"{kind}: {found}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
