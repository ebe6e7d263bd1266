"""The installation that is killed: `manage.py serve` in a folder of its own, beside a database and a broker of the script's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from servicedesk.project.embedded import Cluster, remove
from tests.cluster import ROOT

#: How each part is known by its command line.
PARTS = {
    "web": "servicedesk.project.web",
    "poller": "--queues poll ",
    "worker": "--queues default ",
    "slow": "--queues slow ",
    "beat": "celery:app beat ",
    "traps": "receive_traps",
}


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """`start`, then kill parts of it by name, then `stop`. `var` may lie on a small disk; the database does not."""

    def __init__(self, folder: Path, var: Path, broker: Any, only: str = "") -> None:
        self.folder, self.var, self.broker, self.only = folder, var, broker, only
        self.port = free_port()
        self.database = Cluster(folder / "database")
        self.serve: subprocess.Popen[str] | None = None
        self.log = folder / "serve.log"

    @property
    def environment(self) -> dict[str, str]:
        clean = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("SAMDRIFT_", "DJANGO_", "DATABASE_", "CELERY_"))
        }
        return clean | {
            "SAMDRIFT_VAR": str(self.var),
            "SAMDRIFT_TRAP_PORT": str(self.trap_port),
            "DATABASE_URL": f"postgres://samdrift@{quote(str(self.database.place.run), safe='')}/samdrift",
            "DJANGO_SETTINGS_MODULE": "servicedesk.project.settings",
            "PYTHONUNBUFFERED": "1",
            **({"CELERY_BROKER_URL": self.broker.url} if self.broker.url else {}),
        }

    def start(self) -> None:
        (self.folder / "database").mkdir()
        self.trap_port = free_port(socket.SOCK_DGRAM)
        self.database.start()
        self.broker.start()
        static = self.var / "static"
        static.mkdir(parents=True)
        # What is collected is not looked at here, and takes as long as all the rest.
        (static / "staticfiles.json").write_text('{"version": "1.1", "hash": "", "paths": {}}')
        self.run("manage.py", "migrate", "--verbosity=0")
        self.begin()

    def begin(self) -> None:
        with self.log.open("a") as log:
            self.serve = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", "2"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        until(
            lambda: not self.blind(),
            120,
            lambda: f"not ready: {self.blind()}\n{self.log.read_text()[-3000:]}",
        )

    def stop(self) -> None:
        if self.serve is not None:
            self.serve.send_signal(signal.SIGINT)
            try:
                self.serve.wait(30)
            except subprocess.TimeoutExpired:
                self.serve.kill()
        self.broker.stop()
        self.database.stop()
        remove(self.folder / "database")

    def run(self, *arguments: str) -> str:
        """A command of the installation; its output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def region(self, what: str) -> Any:
        return json.loads(self.run("-m", "tests.kill.region", what))

    def blind(self, since: float = float("inf")) -> list[str]:
        """What /readyz names as dead, or has given no sign of life for so many seconds (pages apart: their files are not
        collected here)."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        except OSError:
            return ["web"]
        checks = json.loads(body)["checks"]
        return [
            name
            for name, found in checks.items()
            if name != "pages" and (not found["ok"] or (found.get("age_seconds") or 0.0) > since)
        ]

    def processes(self, part: str) -> list[int]:
        """Living processes of this run whose command line is that of `part`, the leader first."""
        found = []
        mark = f"SAMDRIFT_VAR={self.var}\0".encode()
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdigit() or mark not in (entry / "environ").read_bytes():
                    continue
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if PARTS[part] in line and state not in "ZX":
                found.append((int(parent), int(entry.name)))
        numbers = {pid for _parent, pid in found}
        return [pid for parent, pid in sorted(found, key=lambda row: row[0] in numbers)]

    def kill(self, part: str, which: str = "leader") -> int:
        """-9 to the leader of a part, or to one of its children."""
        pids = self.processes(part)
        pid = pids[0] if which == "leader" else pids[-1]
        os.kill(pid, signal.SIGKILL)
        return pid

    def mails(self) -> list[str]:
        """Message-IDs of all letters that were sent (written into files)."""
        found = []
        for path in (self.var / "mail").glob("*.eml"):
            for line in path.read_text(errors="replace").splitlines():
                if line.lower().startswith("message-id:"):
                    found.append(line.partition(":")[2].strip())
                    break
        return found


def until(answer: Callable[[], Any], seconds: float, why: Callable[[], str]) -> float:
    """Wait for it; how long it took."""
    began = time.monotonic()
    while not answer():
        if time.monotonic() - began > seconds:
            raise RuntimeError(why())
        time.sleep(0.3)
    return time.monotonic() - began


class Files:
    """The queue of files: nothing to start; flushed means that every waiting message is gone."""

    name, url = "file", ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        """Nothing runs."""

    stop = start

    def kill(self) -> None:
        raise NotImplementedError

    def flush(self, var: Path) -> None:
        for path in (var / "queue" / "messages").glob("*.msg"):
            path.unlink(missing_ok=True)


class Server:
    """A broker of the script's own on a loopback port, with its files in `folder`."""

    command: list[str] = []

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command_line(), env=os.environ | self.settings(), stdout=(self.folder / "broker.log").open("ab"),
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        until(
            self.answers,
            90,
            lambda: (
                f"{type(self).__name__} does not answer: {(self.folder / 'broker.log').read_text()[-2000:]}"
            ),
        )

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    kill = stop

    def command_line(self) -> list[str]:
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        return {}

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Redis(Server):
    """redis-server, which keeps every write (else a killed one loses the last second)."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command_line(self) -> list[str]:
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": "everysec",
        }
        return [
            "redis-server",
            *(str(part) for key, value in options.items() for part in (f"--{key}", value)),
        ]

    def flush(self, _var: Path) -> None:
        subprocess.run(["redis-cli", "-p", str(self.port), "flushall"], check=True, stdout=subprocess.DEVNULL)


class Rabbit(Server):
    """A RabbitMQ node with a name, ports and files of its own."""

    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.distribution, self.names = free_port(), free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def command_line(self) -> list[str]:
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def settings(self) -> dict[str, str]:
        settings = self.folder / "rabbitmq.conf"
        settings.write_text(f"listeners.tcp.local = 127.0.0.1:{self.port}\nloopback_users.guest = true\n")
        return {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"kill{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.names),
        }

    def stop(self) -> None:
        """The node, and the name server that it started beside itself."""
        super().stop()
        mark = f"ERL_EPMD_PORT={self.names}\0".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)

    kill = stop
    flush = None


BROKERS: dict[str, Any] = {"file": Files, "redis": Redis, "rabbitmq": Rabbit}


def has(broker: str) -> bool:
    """Whether this machine has what that broker needs."""
    return {
        "file": True,
        "redis": bool(shutil.which("redis-server")),
        "rabbitmq": Path("/usr/lib/rabbitmq").exists(),
    }[broker]
