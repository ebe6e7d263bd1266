"""`manage.py serve` as a whole: real database, web, workers and beat; ready, killed, started again, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from servicedesk.project.embedded import remove
from tests.cluster import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "static").mkdir()
    # What is collected is not looked at here, and collecting takes as long as all the rest.
    (tmp_path / "static" / "staticfiles.json").write_text('{"version": "1.1", "hash": "", "paths": {}}')
    yield tmp_path
    remove(tmp_path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var: Path) -> dict[str, str]:
    """What an operator's shell has; nothing of the suite's."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SAMDRIFT_", "DJANGO_", "DATABASE_"))
    }
    mail = {"SAMDRIFT_EMAIL_URL": "smtp+tls://samdrift:p%40ss@127.0.0.1:9"}  # not only with mail as files
    return clean | mail | {"SAMDRIFT_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def serve(var: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1", "--no-traps"],
        cwd=ROOT,
        env=environment(var),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def until_ready(process: subprocess.Popen[str]) -> str:
    """Read lines up to the one that outsiders wait for."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith("Ready: "):
            return line.strip()
    raise AssertionError("".join(seen))


def of_this_run(var: Path) -> list[int]:
    """Every living process that was started with this var folder, and its database."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            inside = f"SAMDRIFT_VAR={var}\0".encode() in (entry / "environ").read_bytes()
            if inside and (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def nothing_left(var: Path, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not of_this_run(var):
            return True
        time.sleep(0.1)
    return False


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def not_ready(url: str) -> list[str]:
    """What is wrong, by name."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    return [name for name, found in json.loads(body)["checks"].items() if not found["ok"]]


def test_it_is_ready_survives_a_kill_and_stops_without_leaving_anything(var: Path) -> None:
    port = free_port()
    first = serve(var, port)
    try:
        assert until_ready(first) == f"Ready: http://127.0.0.1:{port}/"
        assert status(f"http://127.0.0.1:{port}/healthz") == 200
        # Soon every part gives its sign; of the pages the truth is told, whose files were not collected here.
        deadline = time.monotonic() + 60
        while not_ready(f"http://127.0.0.1:{port}/readyz") != ["pages"]:
            assert time.monotonic() < deadline, not_ready(f"http://127.0.0.1:{port}/readyz")
            time.sleep(0.5)

        second = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(free_port())],
            cwd=ROOT,
            env=environment(var),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert "already runs the database" in second.stderr
        assert "Traceback" not in second.stderr

        groups = [row["group"] for row in json.loads((var / "serve.json").read_text())["groups"]]
        assert len(groups) == 5
    finally:
        first.kill()
        first.wait()

    again = serve(var, port)
    try:
        assert until_ready(again) == f"Ready: http://127.0.0.1:{port}/"
        assert status(f"http://127.0.0.1:{port}/healthz") == 200
        again.send_signal(signal.SIGINT)
        assert again.wait(30) == 0
    finally:
        again.kill()
        again.wait()
    assert nothing_left(var), of_this_run(var)


def test_a_port_in_use_is_one_sentence(var: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = serve(var, taken.getsockname()[1])
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is in use by another program" in output
    assert "Traceback" not in output
    assert nothing_left(var)
