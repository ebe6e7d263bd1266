"""Restoring a backup: everything is looked at before anything is touched, and the database changes in one transaction.

The order keeps a failure harmless: keys are added before, files are added before (their names are unique), then the database
is exchanged whole or not at all, and only then goes what the backup does not know.
"""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection as django_connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from servicedesk.project.backup import manifest as form
from servicedesk.project.backup import programs
from servicedesk.project.backup.make import NOTES
from servicedesk.project.backup.manifest import BackupError, Manifest

PEOPLE = "cmdb_user"
PATIENCE = 5.0  # seconds that other connections have to end


@dataclass(frozen=True)
class Restored:
    """What `restore` did. `further_files`: those in SAMDRIFT_VAR that the backup does not know, left where they are."""

    manifest: Manifest
    further_files: int


def restore(folder: Path, *, overwrite: bool = False) -> Restored:
    """Bring back what `folder` holds. A database with people in it is exchanged only where `overwrite` says so."""
    manifest = form.read(folder)
    _know_the_release(manifest)
    django_connection.close()
    with programs.connect() as connection:
        server = connection.info.server_version // 10000
        tool = programs.choose(server, manifest.tool)
        people = _people(connection)
        if people and not overwrite:
            raise BackupError(
                f"The database holds {people} people: say --overwrite to lose all of it, or set DATABASE_URL or SAMDRIFT_VAR to another place."
            )
        _be_alone(connection)
        extra = _drops(connection)
    keys = _keys(folder)
    try:
        _write_keys(folder, keys)
        _add_files(folder, manifest)
        _exchange(tool, server, folder / form.DUMP, extra, manifest.tables)
        further = _files_beyond(manifest, remove=overwrite)
        for name in NOTES:
            if f"{form.SECRETS}/{name}" in manifest.parts:
                (settings.VAR / name).touch()
    except OSError as error:
        raise BackupError(
            f"The backup could not be restored: {error.filename or 'writing'} ({error.strerror})."
        ) from error
    call_command("migrate", interactive=False, verbosity=0)
    return Restored(manifest, further)


def _know_the_release(manifest: Manifest) -> None:
    """What is older is migrated afterwards; what is newer has tables that this release does not know."""
    known = MigrationLoader(None).disk_migrations
    apps = {app for app, _ in known}
    strange = [
        f"{app}.{name}"
        for app, names in manifest.migrations.items()
        for name in names
        if app in apps and (app, name) not in known and not _replaced(known, app, name)
    ]
    if strange:
        raise BackupError(
            f"The backup is of a newer release ({manifest.release}; it knows {strange[-1]}): install that one first."
        )


def _replaced(known: Any, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in known.values())


def _people(connection: psycopg.Connection[Any]) -> int:
    if connection.execute("select to_regclass(%s)", [f"public.{PEOPLE}"]).fetchone() == (None,):
        return 0
    query = sql.SQL("select count(*) from {}").format(sql.Identifier("public", PEOPLE))
    [count] = connection.execute(query).fetchone() or [0]
    return int(count)


def _be_alone(connection: psycopg.Connection[Any]) -> None:
    """Nothing else may work with the database meanwhile: it would write into what is exchanged."""
    connection.commit()
    deadline = time.monotonic() + PATIENCE
    while True:
        [others] = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ).fetchone() or [0]
        connection.commit()
        if not others:
            return
        if time.monotonic() > deadline:
            raise BackupError(
                f"{others} other connections use the database: stop Samdrift first (of `serve`, all but the database: serve --only database)."
            )
        time.sleep(0.2)


def _drops(connection: psycopg.Connection[Any]) -> str:
    """Statements that remove what lies in the schema, but for extensions; the schema itself may be another role's."""
    rows = connection.execute(
        """
        select 1, format('drop table if exists %s cascade;', c.oid::regclass)
          from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f')
           and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
        union all select 2, format('drop %s if exists %s cascade;',
                 case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'sequence' end, c.oid::regclass)
          from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm', 'S')
           and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'i', 'a'))
        union all select 3, format('drop routine if exists %s cascade;', p.oid::regprocedure)
          from pg_proc p where p.pronamespace = 'public'::regnamespace
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all select 4, format('drop type if exists %s cascade;', t.oid::regtype)
          from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
           and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
        union all select 5, format('drop collation if exists public.%I;', l.collname)
          from pg_collation l where l.collnamespace = 'public'::regnamespace
        order by 1, 2
        """
    ).fetchall()
    return "".join(f"{statement}\n" for _, statement in rows)


def _keys(folder: Path) -> list[str]:
    """The keys that the backup's secrets need. Where they come from the environment, they must be in it by now."""
    keys = (folder / form.SECRETS / "encryption_keys").read_text().split()
    lacking = [key for key in keys if key not in settings.SAMDRIFT_ENCRYPTION_KEYS]
    if lacking and (settings.PRODUCTION or os.environ.get("SAMDRIFT_ENCRYPTION_KEYS")):
        raise BackupError(
            f"Stored secrets could not be read with the keys in use: set SAMDRIFT_ENCRYPTION_KEYS to those in {folder / form.SECRETS / 'encryption_keys'}, comma separated."
        )
    return keys


def _write_keys(folder: Path, keys: list[str]) -> None:
    """Into SAMDRIFT_VAR, where they are kept there; the ones in use stay behind, for a restore that fails after this."""
    kept = settings.VAR / "secrets"
    if any(key not in settings.SAMDRIFT_ENCRYPTION_KEYS for key in keys):
        settings.SAMDRIFT_ENCRYPTION_KEYS = [
            *keys, *(key for key in settings.SAMDRIFT_ENCRYPTION_KEYS if key not in keys),
        ]  # fmt: skip
        form.write_private(kept / "encryption_key", ",".join(settings.SAMDRIFT_ENCRYPTION_KEYS) + "\n")
    if not settings.PRODUCTION and not os.environ.get("SAMDRIFT_SECRET_KEY"):
        form.write_private(kept / "secret_key", (folder / form.SECRETS / "secret_key").read_text())


def _add_files(folder: Path, manifest: Manifest) -> None:
    """The backup's files beside those that are there. One of the same name is written anew only if it differs."""
    media = Path(settings.MEDIA_ROOT)
    media.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in manifest.files:
        target, part = media / name, manifest.parts[f"{form.FILES}/{name}"]
        if not (target.is_file() and form.describe(target) == part):
            form.copy(folder / form.FILES / name, target)
    _give_to_owner(media)


def _give_to_owner(media: Path) -> None:
    """Root restores for the account that owns SAMDRIFT_VAR."""
    owner = settings.VAR.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for path in (
            media,
            settings.VAR / "secrets",
            *media.rglob("*"),
            *(settings.VAR / "secrets").glob("*"),
        ):
            if path.exists():
                os.chown(path, owner.st_uid, owner.st_gid)


def _files_beyond(manifest: Manifest, *, remove: bool) -> int:
    """How many files the restored database does not know; gone with what was overwritten, else left."""
    media, known = Path(settings.MEDIA_ROOT), set(manifest.files)
    beyond = [
        path
        for path in media.rglob("*")
        if path.is_file() and path.relative_to(media).as_posix() not in known
    ]
    if not remove:
        return len(beyond)
    for path in beyond:
        path.unlink(missing_ok=True)
    return 0


def _exchange(tool: programs.Programs, server: int, dump: Path, drops: str, tables: dict[str, int]) -> None:
    """One transaction: what was there goes, the dump comes, every table is counted. Closed before its end, it never was."""
    with tempfile.TemporaryFile("w+") as words, tempfile.TemporaryFile("w+") as reader_words:
        psql = subprocess.Popen(
            tool.command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words, env=programs.environment(),
        )  # fmt: skip
        reader = subprocess.Popen(
            [tool.folder / "pg_restore", "--no-owner", "--no-privileges", "--schema=public", "--file=-", dump],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=reader_words, env=programs.environment(),
        )  # fmt: skip
        assert psql.stdin is not None
        assert reader.stdout is not None
        try:
            _feed(psql.stdin, reader.stdout, server, drops)
            if reader.wait() == 0:
                psql.stdin.write(f"{_counts(tables)}commit;\n".encode())
        except BrokenPipeError:
            pass  # psql ended at an error, and says below at which
        finally:
            with suppress(BrokenPipeError):
                psql.stdin.close()
            reader.stdout.close()
            for process in (reader, psql):
                process.wait()
        for process, said in ((psql, words), (reader, reader_words)):
            if process.returncode:
                said.seek(0)
                raise BackupError(
                    f"The database could not be restored and is as it was: {programs.last_words(said.read())}"
                )


def _feed(psql: IO[bytes], dump: IO[bytes], server: int, drops: str) -> None:
    """The statements in their order. Newer programs begin with a setting that servers before 17 do not know."""
    psql.write(f"begin;\nset local lock_timeout = '10s';\n{drops}".encode())
    for line in dump:
        if server < 17 and line.startswith(b"SET transaction_timeout"):
            continue
        psql.write(line)
        if line.startswith((b"CREATE ", b"COPY ")):
            break
    shutil.copyfileobj(dump, psql, form.CHUNK)


def _counts(tables: dict[str, int]) -> str:
    """A statement that fails, and with it all, where a table has not as many rows as it had."""
    checks = "".join(
        f"if (select count(*) from {_quoted(name)}) <> {rows} then raise exception 'the table % is not whole', {_text(name)}; end if;\n"  # noqa: S608 - quoted
        for name, rows in tables.items()
    )
    return f"do $counts$ begin\n{checks}end $counts$;\n"


def _quoted(name: str) -> str:
    return sql.Identifier("public", name).as_string(None)


def _text(name: str) -> str:
    return sql.Literal(name).as_string(None)
