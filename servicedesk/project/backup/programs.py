"""PostgreSQL's own programs: which of those on this machine fit the server, and how they reach it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from servicedesk.project.backup.manifest import BackupError
from servicedesk.project.embedded import EmbeddedError, wheel_programs

NEEDED = ("pg_dump", "pg_restore", "psql")
SECRET_OPTIONS = {"password": "PGPASSWORD", "sslpassword": "PGSSLPASSWORD"}
#: Where distributions put them; on the PATH may be a wrapper that chooses by itself.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump, pg_restore and psql of one major version."""

    folder: Path
    version: int

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command, connected to Django's database; the password is not on it."""
        return [
            str(self.folder / name),
            "--no-password",
            *arguments,
            f"--dbname={conninfo(with_secrets=False)}",
        ]


def choose(server: int, dump: int = 0) -> Programs:
    """The programs of the server's own major version, else the next newer ones; never older than `dump`, which they read."""
    found = {programs.version: programs for programs in _installed()}
    fitting = sorted(version for version in found if version >= max(server, dump))
    if fitting:
        return found[fitting[0]]
    newest = max(found, default=0)
    have = f"the newest pg_dump here is of version {newest}" if newest else "there is no pg_dump here"
    what = f"The server is PostgreSQL {server}" if server >= dump else f"The dump is of PostgreSQL {dump}"
    raise BackupError(
        f"{what} and {have}: install its client programs (Debian: postgresql-client-{max(server, dump)})."
    )


def _installed() -> Iterator[Programs]:
    """Every set of programs on this machine; later ones of a version take the earlier one's place."""
    folders = []
    with suppress(EmbeddedError):  # a machine with a server of its own may do without
        folders.append(wheel_programs())
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).parent)
    for pattern in PLACES:
        folders += sorted(Path("/").glob(pattern.removeprefix("/")))
    for folder in folders:
        if all((folder / name).exists() for name in NEEDED) and (version := _version(folder / "pg_dump")):
            yield Programs(folder, version)


def _version(program: Path) -> int:
    """Its major version; 0 where it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"(\d+)", said.stdout)
    return int(match[1]) if match and not said.returncode else 0


def conninfo(*, with_secrets: bool = True) -> str:
    """Django's database as libpq names it."""
    at = settings.DATABASES["default"]
    plain: dict[str, Any] = {
        "host": at["HOST"], "port": at["PORT"], "user": at["USER"], "dbname": at["NAME"], "password": at.get("PASSWORD"),
    }  # fmt: skip
    plain |= {key: value for key, value in at.get("OPTIONS", {}).items() if isinstance(value, str | int)}
    return make_conninfo(
        **{
            key: value
            for key, value in plain.items()
            if value and (with_secrets or key not in SECRET_OPTIONS)
        }
    )


def environment() -> dict[str, str]:
    """What the programs see: the passwords, and messages in English."""
    at = settings.DATABASES["default"]
    secret = {key: at.get("OPTIONS", {}).get(key) for key in SECRET_OPTIONS} | {
        "password": at.get("PASSWORD")
    }
    named = {SECRET_OPTIONS[key]: str(value) for key, value in secret.items() if value}
    return os.environ | named | {"LC_ALL": "C", "PGOPTIONS": "-c client_min_messages=warning"}


def connect() -> psycopg.Connection[Any]:
    """A connection of our own, beside Django's."""
    try:
        return psycopg.connect(conninfo())
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer: {str(error).strip()}") from error


def last_words(text: str) -> str:
    """The line of a program's messages that says what was wrong."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|fatal|could not", line, re.IGNORECASE)]
    return (telling or lines or ["it says nothing"])[0].strip()
