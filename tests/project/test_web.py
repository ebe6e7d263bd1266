"""The pages' processes: forked from one that has loaded the site, replaced when they die, gone when it does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import ROOT
from tests.project.test_serve import environment, free_port, status
from tests.project.test_supervise import alive, wait_for


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def web(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program with one worker. There is no database: neither loading nor /healthz may ask for one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "servicedesk.project.web", "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env=environment(tmp_path),
    )
    wait_for(lambda: answers(port), seconds=30)
    yield process
    process.kill()
    process.wait()


def answers(port: int) -> bool:
    try:
        return status(f"http://127.0.0.1:{port}/healthz") == 200
    except OSError:
        return False


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    return [
        int(word) for word in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def shared(pid: int) -> float:
    """Which part of its resident memory it shares with others."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    size = {name: int(value.split()[0]) for name, value in rows.items()}
    return (size["Shared_Clean"] + size["Shared_Dirty"]) / size["Rss"]


def test_a_worker_shares_what_was_loaded_and_is_replaced_when_it_dies(
    web: subprocess.Popen[bytes], port: int
) -> None:
    [first] = workers(web)
    assert shared(first) > 0.6
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: workers(web) not in ([], [first]))
    wait_for(lambda: answers(port))
    assert web.poll() is None


def test_no_worker_outlives_the_process_that_watches_it(web: subprocess.Popen[bytes], port: int) -> None:
    [worker] = workers(web)
    web.kill()
    web.wait()
    wait_for(lambda: not alive(worker), seconds=3)
    assert not answers(port)


def test_it_ends_in_order_when_it_is_told(web: subprocess.Popen[bytes]) -> None:
    [worker] = workers(web)
    begun = time.monotonic()
    web.terminate()
    assert web.wait(10) == 0
    assert not alive(worker)
    assert time.monotonic() - begun < 4
