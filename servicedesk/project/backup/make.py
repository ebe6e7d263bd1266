"""Making a backup of a system that goes on working.

One transaction fixes the instant: pg_dump reads its snapshot, and so are the names of the files read. Files are written
before the row that names them and never changed, so whatever the snapshot names can be copied afterwards.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db.models import FileField
from psycopg import sql

from servicedesk.project import envfile
from servicedesk.project.backup import manifest as form
from servicedesk.project.backup import programs
from servicedesk.project.backup.manifest import BackupError, Manifest, Part
from servicedesk.project.env import BASE_DIR

#: Notes in SAMDRIFT_VAR that belong to the data: without this one a demo would be loaded into itself again.
NOTES = ("demo-loaded",)
#: Who worked when the backup was made works nowhere when it is restored: nobody is to be missed.
PASSING = ("cmdb_heartbeat",)


@dataclass(frozen=True)
class Made:
    """What `make` did."""

    folder: Path
    manifest: Manifest


def make(folder: Path, *, allow_missing: bool = False) -> Made:
    """Write a backup into `folder`, which must be new or empty. On any failure nothing of it is left.

    A file that the database names and the disk lacks is a failure, unless `allow_missing`: then the manifest lists it.
    """
    media = Path(settings.MEDIA_ROOT)
    if folder.resolve().is_relative_to(media.resolve()):
        raise BackupError(
            f"{folder} lies among the attachments, which are what is backed up: choose another folder."
        )
    with _new_folder(folder):
        return _write(folder, media, allow_missing=allow_missing)


def _write(folder: Path, media: Path, *, allow_missing: bool) -> Made:
    """The parts, and the manifest last."""
    parts = {}
    with programs.connect() as connection:
        snapshot = _fix_the_instant(connection)
        server = connection.info.server_version // 10000
        tool = programs.choose(server)
        named = _named_files(connection)
        tables, migrations = _tables(connection), _migrations(connection)
        _dump(tool, snapshot, folder / form.DUMP)
    parts[form.DUMP] = form.describe(folder / form.DUMP)
    missing = _copy_files(media, folder / form.FILES, named, parts)
    if missing and not allow_missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise BackupError(
            f"The database names {missing[0]}{more}, which {media} lacks: find out why, or say --allow-missing-files."
        )
    for name, text in _secrets().items():
        form.write_private(folder / form.SECRETS / name, text)
        parts[f"{form.SECRETS}/{name}"] = form.describe(folder / form.SECRETS / name)
    made = Manifest(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"), release=release(), postgresql=server,
        tool=tool.version, tables=tables, migrations=migrations, missing_files=missing, parts=parts,
    )  # fmt: skip
    form.write(folder, made)
    return Made(folder, made)


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """`folder`, made or found empty; emptied again (and removed, if it was made) when the block fails."""
    existed = folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BackupError(
                f"{folder} is not empty: a backup wants a folder of its own, e.g. {folder / datetime.now(UTC).strftime('%Y-%m-%d')}."
            )
        folder.chmod(0o700)
    except OSError as error:
        raise BackupError(f"{folder} cannot be used ({error.strerror}).") from error
    mask = os.umask(0o077)
    try:
        yield
    except BaseException as error:
        _empty(folder, remove=not existed)
        if isinstance(error, OSError):
            raise BackupError(
                f"The backup cannot be written to {folder} ({error.strerror}); nothing of it is left."
            ) from error
        raise
    finally:
        os.umask(mask)


def _empty(folder: Path, *, remove: bool) -> None:
    if remove:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _fix_the_instant(connection: psycopg.Connection[Any]) -> str:
    """Begin the transaction that lasts until pg_dump has read; the name of its snapshot."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    connection.execute("set local idle_in_transaction_session_timeout = 0")
    [name] = connection.execute("select pg_export_snapshot()").fetchone() or [""]
    return str(name)


def _dump(tool: programs.Programs, snapshot: str, target: Path) -> None:
    done = subprocess.run(
        tool.command(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
            f"--snapshot={snapshot}", f"--file={target}", *(f"--exclude-table-data=public.{name}" for name in PASSING),
        ),
        env=programs.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackupError(f"The database could not be dumped: {programs.last_words(done.stderr)}")


def _tables(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """How many rows every table has."""
    names = connection.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not relispartition order by relname"
    ).fetchall()
    return {name: 0 if name in PASSING else _count(connection, name) for (name,) in names}


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    [rows] = connection.execute(
        sql.SQL("select count(*) from {}").format(sql.Identifier("public", table))
    ).fetchone() or [0]
    return int(rows)


def _migrations(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if _exists(connection, "django_migrations"):
        for app, name in connection.execute("select app, name from django_migrations order by app, name"):
            found.setdefault(app, []).append(name)
    return found


def _named_files(connection: psycopg.Connection[Any]) -> list[str]:
    """Every name that a file field holds, of all models."""
    names: set[str] = set()
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        for column in [
            str(field.column) for field in model._meta.local_fields if isinstance(field, FileField)
        ]:
            if _exists(connection, table, column):
                query = sql.SQL("select distinct {0} from {1} where {0} <> ''").format(
                    sql.Identifier(column), sql.Identifier("public", table)
                )
                names |= {name for (name,) in connection.execute(query)}
    return sorted(names)


def _exists(connection: psycopg.Connection[Any], table: str, column: str = "") -> bool:
    """Whether the database, which may be of an older release, has this table (and this column)."""
    return bool(
        connection.execute(
            "select 1 from information_schema.columns where table_schema = 'public' and table_name = %s"
            " and (%s = '' or column_name = %s) limit 1",
            [table, column, column],
        ).fetchone()
    )


def _copy_files(media: Path, target: Path, named: Sequence[str], parts: dict[str, Part]) -> list[str]:
    """All files; the named ones that are not there are returned. What is not named may vanish while we look."""
    missing = []
    lying = (
        {path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file()}
        if media.exists()
        else set()
    )
    for name in sorted({*named, *lying}):
        try:
            parts[f"{form.FILES}/{name}"] = form.copy(media / name, target / name)
        except FileNotFoundError:
            if name in named:
                missing.append(name)
    return missing


def _secrets() -> dict[str, str]:
    """What opens the data, as texts: keys, the file of settings that the commands were given, notes in SAMDRIFT_VAR."""
    found = {
        "secret_key": f"{settings.SECRET_KEY}\n",
        "encryption_keys": "".join(f"{key}\n" for key in settings.SAMDRIFT_ENCRYPTION_KEYS),
    }
    if settings_file := os.environ.get(envfile.NAME):
        found["samdrift.env"] = Path(settings_file).read_text()
    found |= {name: "" for name in NOTES if (settings.VAR / name).exists()}
    return found


def release() -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
