"""The supervisor with small programs: what dies is started again, one signal ends all, a kill leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servicedesk.project import supervise
from tests.cluster import ROOT

# A leader with a child of its own; both write their numbers down and sleep.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\n")
print("started", flush=True)
time.sleep(600)
"""

SUPERVISOR = """
import sys
from pathlib import Path
from servicedesk.project.supervise import Program, Supervisor
from servicedesk.project import supervise
supervise.FIRST_PAUSE = 0.1
import os
folder = Path(sys.argv[1])
programs = [Program(name, [sys.executable, str(folder / "parent.py"), str(folder / name)]) for name in ("one", "two")]
Supervisor(programs, folder / "serve.json", dict(os.environ)).run(lambda: print("Ready", flush=True))
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor with two programs, ready."""
    (tmp_path / "parent.py").write_text(textwrap.dedent(PARENT))
    process = start(tmp_path)
    yield process
    process.kill()
    process.wait()
    supervise.kill_noted_groups(tmp_path / "serve.json")


def start(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for name in ("one", "two"):
        wait_for(lambda name=name: bool(pids(folder, name)))
    return process


def pids(folder: Path, name: str) -> list[tuple[int, int]]:
    """(leader, its child) of every start of a program so far."""
    try:
        lines = (folder / name).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(int(leader), int(child)) for leader, child in (line.split() for line in lines)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(true: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("did not happen in time")


def test_a_child_that_dies_is_started_again_without_its_leftovers(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    [(leader, child)] = pids(tmp_path, "one")
    os.kill(leader, signal.SIGKILL)
    wait_for(lambda: len(pids(tmp_path, "one")) == 2)
    wait_for(lambda: not alive(child))
    assert alive(pids(tmp_path, "one")[1][0])
    assert len(pids(tmp_path, "two")) == 1, "the other one was left alone"


def test_the_pause_before_a_start_grows(tmp_path: Path) -> None:
    child = supervise.Child(supervise.Program("false", ["false"]))
    pauses = []
    for _ in range(7):
        child.start(dict(os.environ), lambda _name, _line: None)
        assert child.process is not None
        child.process.wait()
        before = time.monotonic()
        assert child.has_died()
        pauses.append(round(child.not_before - before))
        child.process = None
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_all(number: signal.Signals, running: subprocess.Popen[str], tmp_path: Path) -> None:
    left = everybody(tmp_path)
    running.send_signal(number)
    assert running.wait(15) == 0
    wait_for(lambda: not any(map(alive, left)))
    assert not (tmp_path / "serve.json").exists()


def everybody(folder: Path) -> list[int]:
    """Leaders and their children, of all programs."""
    return [pid for name in ("one", "two") for pair in pids(folder, name) for pid in pair]


def both_noted(folder: Path) -> bool:
    try:
        return len(json.loads((folder / "serve.json").read_text())["groups"]) == 2
    except FileNotFoundError:
        return False


def test_a_killed_supervisor_leaves_nothing_after_five_seconds(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    wait_for(lambda: both_noted(tmp_path))
    left = everybody(tmp_path)
    assert len(left) == 4
    running.kill()
    running.wait()
    wait_for(lambda: not any(map(alive, left)), seconds=5)


def test_what_even_the_executor_could_not_end_is_ended_by_the_next_start(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    wait_for(lambda: both_noted(tmp_path))
    executors = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _runs(entry, f"supervise\0{tmp_path}/serve.json\0")
    ]
    assert len(executors) == 1
    leaders = [pids(tmp_path, name)[0][0] for name in ("one", "two")]
    children = [pids(tmp_path, name)[0][1] for name in ("one", "two")]
    os.kill(executors[0], signal.SIGKILL)
    running.kill()
    running.wait()
    wait_for(lambda: not any(map(alive, leaders)))  # the death signal
    assert any(map(alive, children)), "grandchildren do not get it: the note is there for them"
    supervise.kill_noted_groups(tmp_path / "serve.json")
    wait_for(lambda: not any(map(alive, children)))


def _runs(entry: Path, words: str) -> bool:
    try:
        return words in (entry / "cmdline").read_text()
    except OSError:
        return False


def test_an_executor_leaves_the_next_supervisors_children_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        supervise.write_note(tmp_path / "serve.json", [stranger.pid])
        assert supervise.kill_noted_groups(tmp_path / "serve.json", os.getpid() + 1) == []
        assert stranger.poll() is None
        assert supervise.kill_noted_groups(tmp_path / "serve.json", os.getpid()) == [stranger.pid]
        assert stranger.wait(5) == -signal.SIGKILL
    finally:
        stranger.kill()
        stranger.wait()


def test_a_note_of_another_time_kills_nobody(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    note = tmp_path / "serve.json"
    try:
        started = supervise.start_time(stranger.pid)
        assert started is not None
        supervise.write_note(note, [stranger.pid])
        content = json.loads(note.read_text())
        content["groups"][0]["started"] = started - 100  # the number was another process's then
        note.write_text(json.dumps(content))
        assert supervise.kill_noted_groups(note) == []
        content["groups"][0]["started"] = started
        content["boot"] = "before the last boot"
        note.write_text(json.dumps(content))
        assert supervise.kill_noted_groups(note) == []
        assert stranger.poll() is None
        supervise.write_note(note, [stranger.pid])
        assert supervise.kill_noted_groups(note) == [stranger.pid]
        assert stranger.wait(5) == -signal.SIGKILL
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"groups": [{}]}', '{"groups": "x"}'])
def test_a_damaged_note_is_no_note(content: str, tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text(content)
    assert supervise.kill_noted_groups(tmp_path / "serve.json") == []


@pytest.fixture
def own_signals() -> Iterator[None]:
    """The supervisor takes them; the suite gets them back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def _never_lives(folder: Path, gives_up: bool) -> supervise.Supervisor:
    programs = [
        supervise.Program("steady", ["sleep", "600"]),
        supervise.Program("network", ["false"], ready=lambda: False),
    ]
    return supervise.Supervisor(
        programs, folder / "serve.json", dict(os.environ), say=lambda *_: None, gives_up=gives_up
    )


@pytest.mark.usefixtures("own_signals")
def test_a_part_that_does_not_live_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.05)
    one = _never_lives(tmp_path, gives_up=True)
    with pytest.raises(supervise.StartError, match="network"):
        one.run(lambda: pytest.fail("it is not ready"))
    assert [child.process.poll() for child in one.children if child.process] != [None]


@pytest.mark.usefixtures("own_signals")
def test_where_the_others_matter_more_they_go_on_and_nobody_says_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.05)
    one = _never_lives(tmp_path, gives_up=False)
    threading.Timer(2.0, one.stop).start()
    one.run(lambda: pytest.fail("it is not ready"))
    assert one.children[1].deaths >= 3
