"""One machine's processes: started, watched, started again when they die, and all stopped by one signal.

The supervisor is a loop in the main thread (a child's death signal follows the thread that started it).
Every child leads a process group of its own. What is left of a group is killed when its leader died, and at the end.
The groups are noted in a file for the case that the supervisor itself is killed: the leaders get a death signal, a
small process that saw it end (the executor) kills two seconds later what is still there, and so does the next start.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from servicedesk.project.embedded import die_with_parent

TICK = 0.2  # seconds between two looks
FIRST_PAUSE = 1.0  # seconds before a dead child is started again; doubled at every death …
LONGEST_PAUSE = 30.0  # … up to this
STEADY = 60.0  # a child that lived so long starts anew with the first pause
GRACE = 10.0  # seconds that all children together have to end
LAST_GRACE = 2.0  # … when the supervisor was killed
PATIENCE = 3  # deaths of one child before all were ready, after which a supervisor that may give up does


class StartError(Exception):
    """A child does not live; its name is the argument."""


@dataclass(frozen=True)
class Program:
    """What a child runs. `ready` answers whether it serves already; a child without it is ready when started."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    listens: str = ""  # for people: where it can be reached
    ready: Callable[[], bool] | None = None


class Child:
    """A program, its process if it runs, and when it may be started again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pause = FIRST_PAUSE
        self.not_before = 0.0
        self.deaths = 0

    def start(self, environment: dict[str, str], say: Callable[[str, str], None]) -> None:
        """Start the program in a group of its own; its lines are printed with its name before them."""
        self.process = subprocess.Popen(
            list(self.program.command),
            env=environment | self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self.started = time.monotonic()
        assert self.process.stdout is not None
        threading.Thread(
            target=_read_lines, args=(self.process.stdout, self.program.name, say), daemon=True
        ).start()

    @property
    def running(self) -> bool:
        """Whether its leader lives."""
        return self.process is not None and self.process.poll() is None

    def has_died(self) -> bool:
        """Whether it ran and ended; then its leftovers are killed and the next start is put off."""
        if self.process is None or self.process.poll() is None:
            return False
        kill_group(self.process.pid)
        self.deaths += 1
        now = time.monotonic()
        if now - self.started > STEADY:
            self.pause = FIRST_PAUSE
        self.not_before = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return True


class Supervisor:
    """Runs programs until `stop` is asked for.

    `note`: the file that remembers the process groups. `database`: has `alive` and `restart`, or None.
    `say(name, line)` prints. `gives_up`: a child that dies again and again before all are ready ends the run
    (StartError); else the others go on without it.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        note: Path,
        environment: dict[str, str],
        database: Any = None,
        say: Callable[[str, str], None] | None = None,
        gives_up: bool = False,
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.note = note
        self.environment = environment
        self.database = database
        self.say = say or print_line
        self.gives_up = gives_up
        self._stopping = threading.Event()
        self._executor: subprocess.Popen[bytes] | None = None

    def stop(self, *_signal: object) -> None:
        """Ask for the end; fit as a signal handler."""
        self._stopping.set()

    def run(self, when_ready: Callable[[], None]) -> None:
        """Start all, call `when_ready` once when all are ready, watch until the end is asked for, stop all."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        kill_noted_groups(self.note)
        self._executor = start_executor(self.note, self.environment)
        try:
            announced = False
            while not self._stopping.is_set():
                self._look()
                if not announced:
                    self._hope()
                    announced = self._all_ready()
                    if announced:
                        when_ready()
                self._stopping.wait(TICK)
        finally:
            self._end_all()

    def _look(self) -> None:
        if self.database is not None and not self.database.alive:
            self.say("serve", "The database ended; starting it again.")
            self.database.restart()
        changed = False
        for child in self.children:
            if child.has_died():
                assert child.process is not None
                self.say(
                    "serve",
                    f"{child.program.name} ended ({_how(child.process.returncode)}); starting it again in {child.not_before - time.monotonic():.0f} s.",
                )
                child.process = None
            if child.process is None and time.monotonic() >= child.not_before:
                child.start(self.environment, self.say)
                changed = True
        if changed:
            write_note(self.note, [child.process.pid for child in self.children if child.process is not None])

    def _hope(self) -> None:
        for child in self.children:
            if self.gives_up and child.deaths >= PATIENCE:
                raise StartError(child.program.name)

    def _all_ready(self) -> bool:
        return all(
            child.running and (child.program.ready is None or child.program.ready())
            for child in self.children
        )

    def _end_all(self) -> None:
        """SIGTERM to the leaders, who stop their own children in order; after the grace the whole groups are killed."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            time.sleep(0.05)
        for process in running:
            kill_group(process.pid)
            process.wait()
        self.note.unlink(missing_ok=True)
        if self._executor is not None:
            self._executor.communicate()  # closes its input; without a note it has nothing to do


def start_executor(note: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of a session of its own that waits for our end, however it comes, and then does what `execute` says."""
    command = [sys.executable, "-m", "servicedesk.project.supervise", str(note), str(os.getpid())]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def execute(note: Path, supervisor: int) -> list[int]:
    """Wait until our input ends, as it does with the supervisor. If that left a note, it was killed: so are, after a
    last grace, the groups that it noted. Returns those that were still there."""
    sys.stdin.read()
    if not note.exists():
        return []
    time.sleep(LAST_GRACE)
    return kill_noted_groups(note, supervisor)


def kill_group(group: int) -> None:
    """SIGKILL to what is left of a process group; nothing left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def write_note(note: Path, groups: Sequence[int]) -> None:
    """Remember the groups with their leaders' start times, since process numbers are used again."""
    rows = [
        {"group": group, "started": started} for group in groups if (started := start_time(group)) is not None
    ]
    draft = note.with_suffix(".new")
    draft.write_text(json.dumps({"boot": _boot_id(), "supervisor": os.getpid(), "groups": rows}))
    draft.rename(note)


def kill_noted_groups(note: Path, supervisor: int | None = None) -> list[int]:
    """Kill what a killed supervisor (this one, or any) left behind; returns the groups that were still there.

    A group counts as the noted one if its leader started at the noted time, or if its leader is gone and a
    member of it (which keeps the number from being used again) belongs to this account.
    """
    try:
        content = json.loads(note.read_text())
        rows = [(int(row["group"]), int(row["started"])) for row in content["groups"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    if content.get("boot") != _boot_id() or supervisor not in (None, content.get("supervisor")):
        return []
    killed = []
    for group, started in rows:
        if start_time(group) in (started, None) and _has_members_of_ours(group, started):
            kill_group(group)
            killed.append(group)
    return killed


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since the machine did; None if there is no such process."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _has_members_of_ours(group: int, since: int) -> bool:
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        fields = _stat(int(entry))
        if fields and int(fields[2]) == group and int(fields[19]) >= since and _owner(entry) == os.geteuid():
            return True
    return False


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat after the command's name: 0 state, 1 parent, 2 group, …, 19 start time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _owner(entry: str) -> int | None:
    try:
        return os.stat(f"/proc/{entry}").st_uid
    except OSError:
        return None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _read_lines(stream: IO[bytes], name: str, say: Callable[[str, str], None]) -> None:
    with stream:
        for line in stream:
            say(name, line.decode(errors="replace").rstrip())


_PRINTING = threading.Lock()


def print_line(name: str, line: str) -> None:
    """One line of a child, its name before it. A closed terminal must not end the supervisor."""
    with _PRINTING, contextlib.suppress(BrokenPipeError, OSError):
        sys.stdout.write(f"{name:>8} | {line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    execute(Path(sys.argv[1]), int(sys.argv[2]))
