"""Where a private cluster lies and how it is reached."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = "samdrift"  # the server's own account where we are root: initdb refuses root
DATABASE = "samdrift"
ROLE = "samdrift"
PATH_LIMIT = 107  # bytes of a socket's path that the kernel takes


class EmbeddedError(RuntimeError):
    """The private cluster cannot be had; the message is a sentence for the operator."""


class BusyError(EmbeddedError):
    """Another living process supervises this cluster."""


@dataclass(frozen=True)
class Place:
    """Where one cluster lies, and under which account its server runs (None: our own)."""

    home: Path
    run: Path
    account: str | None

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.home / "data"

    @property
    def lock(self) -> Path:
        """Held exclusively by the process that supervises the server."""
        return self.home / "lock"

    @property
    def users(self) -> Path:
        """Held shared by commands that use the cluster for a while, see `ensure_database`."""
        return self.home / "users"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"


def place(var: Path) -> Place:
    """The place of the cluster that belongs to this var folder.

    Root's clusters lie under /var/lib: the server's account must reach them, and no folder of somebody else
    shall be opened up for that.
    """
    if os.geteuid() == 0:
        digest = hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:12]
        home = Path("/var/lib") / f"samdrift-{digest}"
        return Place(home, home / "run", ACCOUNT)
    home = var / "postgres"
    return Place(home, _short_run_folder(var, home / "run"), None)


def django_database(var: Path) -> dict[str, Any]:
    """Django's settings for the embedded database of this var folder."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": ROLE,
        "HOST": str(place(var).run),
        "PORT": "5432",
    }


def _short_run_folder(var: Path, wanted: Path) -> Path:
    """`wanted`, or where a socket's path in it would be too long, a folder under the temporary one, kept in var/run-folder."""
    if len(os.fsencode(wanted / ".s.PGSQL.5432")) <= PATH_LIMIT:
        return wanted
    note = var / "run-folder"
    if note.exists():
        kept = Path(note.read_text().strip())
        try:
            status = kept.lstat()
        except FileNotFoundError:
            status = None
        # The temporary folder is open to all: take the name again only if what bears it is ours and closed.
        if (
            status
            and stat.S_ISDIR(status.st_mode)
            and status.st_uid == os.geteuid()
            and not status.st_mode & 0o077
        ):
            return kept
    fresh = Path(tempfile.mkdtemp(prefix="samdrift-"))
    note.write_text(f"{fresh}\n")
    return fresh
