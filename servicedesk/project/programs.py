"""What `manage.py serve` runs on one machine: a list, so that a part which is not there is not listed."""

import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec

from django.conf import settings
from django.core.management import get_commands
from django.db import Error as DatabaseError

from cmdb import heartbeats
from servicedesk.project.env import BASE_DIR
from servicedesk.project.supervise import Program

PYTHON = sys.executable
MANAGE = str(BASE_DIR / "manage.py")


#: What `serve --only` takes; "database" is for restoring: the private cluster and nothing that uses it.
NAMES = frozenset({"database", "network", "web", "poller", "worker", "slow", "beat", "traps"})
#: Queue → (the program's name, a part whose sign of life says that it works).
QUEUES = {"poll": ("poller", "poller"), "default": ("worker", "alerting"), "slow": ("slow", "letters")}


@dataclass(frozen=True)
class Choice:
    """What the command line asked for."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    poll_workers: int = 1
    simulation: bool = False
    traps: bool = True
    only: frozenset[str] = frozenset()


def programs(choice: Choice) -> list[Program]:
    """The programs for this choice, in the order of their start."""
    wanted = [
        *simulation(choice),
        web(choice),
        worker("poll", choice.poll_workers),
        worker("default", 1),
        worker("slow", 2),
        beat(),
        *traps(choice),
    ]
    if not choice.only:
        return wanted
    # Of a part of the installation nobody gives a sign without the other parts: it is ready when it runs.
    chosen = [program for program in wanted if program.name in choice.only]
    return [program if program.name == "web" else replace(program, ready=None) for program in chosen]


def web(choice: Choice) -> Program:
    """The pages. One request at a time per process: Django's database connections are per thread."""
    where = f"http://{choice.host}:{choice.port}/"
    options = ["--host", choice.host, "--port", str(choice.port), "--workers", str(choice.workers)]
    command = [PYTHON, "-m", "servicedesk.project.web", *options]
    return Program("web", command, listens=where, ready=answers(f"{where}healthz"))


def worker(queue: str, children: int) -> Program:
    """Celery workers of one queue. Several queues: what takes long must not keep pollers and alerts waiting."""
    name, part = QUEUES[queue]
    command = [
        *(
            PYTHON,
            "-m",
            "celery",
            "--quiet",
            "--app",
            "servicedesk.project.celery:app",
            "worker",
            "--queues",
            queue,
        ),
        *(
            "--hostname",
            f"{name}@%h",
            "--concurrency",
            str(children),
            "--pool",
            "prefork",
            "--loglevel",
            "WARNING",
        ),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    return Program(name, command, ready=gives_sign(part))


def beat() -> Program:
    """The clock. Exactly one per installation."""
    return Program(
        "beat",
        [
            PYTHON,
            "-m",
            "celery",
            "--quiet",
            "--app",
            "servicedesk.project.celery:app",
            "beat",
            "--pidfile=",
            "--loglevel",
            "WARNING",
        ],
        ready=gives_sign("beat"),
    )


def traps(choice: Choice) -> list[Program]:
    """The receiver of SNMP traps."""
    if not choice.traps or "receive_traps" not in get_commands():
        return []
    port = settings.SAMDRIFT_TRAP_PORT
    return [
        Program(
            "traps",
            [PYTHON, MANAGE, "receive_traps", "--port", str(port)],
            listens=f"udp://127.0.0.1:{port} (SNMP traps)",
            ready=gives_sign("traps"),
        )
    ]


def simulation(choice: Choice) -> list[Program]:
    """The demo's simulated network."""
    if not choice.simulation or find_spec("monitoring.simulation.__main__") is None:
        return []
    command = [PYTHON, "-m", "monitoring.simulation", "--var", str(settings.VAR), "--signs"]
    listens = "udp 1161 and tcp 2022 on 127.x addresses (simulated devices)"
    return [Program("network", command, listens=listens, ready=gives_sign("network"))]


def gives_sign(part: str) -> Callable[[], bool]:
    """A question for `Program.ready`: did `part` succeed on this machine since we were asked for it?"""
    began = time.monotonic()

    def ask() -> bool:
        since = time.monotonic() - began
        try:
            return any(
                sign.part == part and sign.ok_age is not None and sign.ok_age < since
                for sign in heartbeats.signs()
                if sign.host == heartbeats.here()
            )
        except DatabaseError:
            return False  # the next look sees

    return ask


def answers(address: str) -> Callable[[], bool]:
    """A question for `Program.ready`: does this address answer 200 within two seconds?"""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - our own address
                return bool(response.status == 200)
        except OSError:
            return False

    return ask
