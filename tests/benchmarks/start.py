"""How long the product takes to start and to end, and what its pages' processes hold: one figure a line, not a timed test.

    python -m tests.benchmarks.start [--var DIR] [--port 8770] [--no-simulation] [--json]

Without --var everything is made in a temporary folder, so that the first start is measured too (packages are there
already). `--no-simulation` where another demo runs on this machine: its simulated devices hold their ports.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("/", "/desk/", "/desk/changes/", "/cmdb/", "/cmdb/items/", "/cmdb/services/", "/monitoring/", "/monitoring/targets/", "/monitoring/alerts/", "/board/", "/portal/", "/status/")  # fmt: skip
LINKS = 3  # further pages from each of these
ROUNDS = 6  # so that each of two workers has shown each page
LIMIT = 300.0  # seconds after which something is wrong


def environment(var: Path) -> dict[str, str]:
    """As `make demo` sets it; nothing of the caller's own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SAMDRIFT_", "DJANGO_", "DATABASE_"))}
    return clean | {"SAMDRIFT_VAR": str(var), "SAMDRIFT_ENV": "demo", "SAMDRIFT_TRAP_PORT": "10763"}


class Demo:
    """A running `serve --demo`, or other program of the product, in a folder."""

    def __init__(self, var: Path, *command: str) -> None:
        self.var, self.begun = var, time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment(var), stdout=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip

    def until(self, true: Callable[[], bool]) -> float:
        """Seconds since it was started until this is so."""
        while not true():
            if self.process.poll() is not None:
                sys.exit(f"{self.process.args!r} ended by itself")
            if time.perf_counter() - self.begun > LIMIT:
                sys.exit(f"not within {LIMIT} s")
            time.sleep(0.02)
        return time.perf_counter() - self.begun

    def end(self, number: signal.Signals) -> float:
        """Seconds from the signal until no process of this folder is left."""
        begun = time.perf_counter()
        self.process.send_signal(number)
        self.process.wait()
        while of_folder(self.var) and time.perf_counter() - begun < LIMIT:
            time.sleep(0.02)
        return time.perf_counter() - begun


def of_folder(var: Path) -> list[int]:
    """Every living process that was started with this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                not entry.name.isdigit()
                or f"SAMDRIFT_VAR={var}\0".encode() not in (entry / "environ").read_bytes()
            ):
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def status(url: str) -> int:
    """What an address answers; 0 while nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def children(pid: int) -> list[int]:
    """Its direct children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def mib(pid: int) -> float:
    """The share of memory that is this process's (PSS): what is shared is divided among those who share it."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def visit(base: str, user: str) -> int:
    """Sign in and show pages of all floors again and again; returns how many were shown."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(path: str, data: bytes | None = None) -> str:
        # A connection of its own each time, else one worker would show them all.
        request = urllib.request.Request(base + path, data, {"Connection": "close", "Referer": base + path})
        with opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page("/accounts/login/"))
    assert token is not None
    form = {"csrfmiddlewaretoken": token[1], "login": user, "password": "demo"}
    page("/accounts/login/", urllib.parse.urlencode(form).encode())
    paths = list(FLOORS)
    for floor in FLOORS[1:]:
        links = dict.fromkeys(re.findall(r'href="(/[^"#?]+/)"', page(floor)))
        paths += [
            link for link in links if link.startswith(floor) and link not in paths and "/files/" not in link
        ][:LINKS]
    for _round in range(ROUNDS):
        for path in paths:
            page(path)
    return len(paths)


@contextmanager
def folder(given: Path | None) -> Iterator[Path]:
    """The given one, or one that is removed at the end with its database."""
    if given is not None:
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="samdrift-start-") as name:
        yield Path(name)
        subprocess.run(
            [sys.executable, "-m", "servicedesk.project.embedded", "remove", name], cwd=ROOT, check=True
        )


def figures(var: Path, port: int, options: list[str]) -> Iterator[tuple[str, float, str]]:
    """(what, how much, unit)."""
    base, other = f"http://127.0.0.1:{port}", port + 1
    serve = ["manage.py", "serve", "--demo", "--port", str(port), *options]
    if not (var / "demo-loaded").exists():
        first = Demo(var, *serve)
        yield "first start, packages fetched", first.until(lambda: status(f"{base}/healthz") == 200), "s"
        first.end(signal.SIGINT)
    demo = Demo(var, *serve)
    yield "second start until the pages answer", demo.until(lambda: status(f"{base}/healthz") == 200), "s"
    yield "second start until /readyz says 200", demo.until(lambda: status(f"{base}/readyz") == 200), "s"
    web = next(
        pid
        for pid in children(demo.process.pid)
        if b"project.web" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    shown = visit(base, "lead")
    workers = children(web)
    assert len(workers) == 2, workers
    yield f"two web workers after {shown} signed-in pages, {ROUNDS} times", sum(map(mib, workers)), "MiB"
    yield "… with the process that they are forked from", sum(map(mib, [web, *workers])), "MiB"
    single = Demo(var, "-m", "servicedesk.project.web", "--port", str(other), "--workers", "1")
    login = f"http://127.0.0.1:{other}/accounts/login/"
    yield (
        "a web process, from nothing to its first complete page",
        single.until(lambda: status(login) == 200),
        "s",
    )
    single.begun = time.perf_counter()
    [worker] = children(single.process.pid)
    os.kill(worker, signal.SIGKILL)
    yield (
        "a killed web worker, until the next one's first page",
        single.until(lambda: status(login) == 200),
        "s",
    )
    single.process.terminate()
    single.process.wait()
    yield "the end after SIGINT", demo.end(signal.SIGINT), "s"
    demo = Demo(var, *serve)
    demo.until(lambda: status(f"{base}/readyz") == 200)
    yield "nothing left after kill -9 of the supervisor", demo.end(signal.SIGKILL), "s"


def main() -> None:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--var", type=Path, help="the folder of a demo that was started before")
    parser.add_argument("--port", type=int, default=8770)
    parser.add_argument("--no-simulation", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    with folder(given.var) as var:
        for what, how_much, unit in figures(
            var, given.port, ["--no-simulation"] if given.no_simulation else []
        ):
            found[what] = round(how_much, 2)
            if not given.json:
                print(f"{how_much:8.2f} {unit:4} {what}", flush=True)
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
