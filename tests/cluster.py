"""The database server of the test suite, and the template that test databases are copied from.

A run takes the first free slot of var/test/0…7. A slot keeps its cluster, and in it the migrated template, so
that the next run starts in a second; several runs at once take several slots. With DATABASE_URL set, that
server is used instead.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from servicedesk.project.embedded import ROLE, BusyError, Cluster

ROOT = Path(__file__).resolve().parents[1]
SLOTS = 8
TEMPLATE_LOCK = 4711
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "100"}
# What a test rolled back looks to autovacuum like much change in an empty table; planners then take it for empty in the
# next test too, and a join of a few thousand rows takes seconds.
FAST |= {"autovacuum": "off"}


def start() -> Cluster:
    """Start the cluster of the first free slot."""
    for number in range(SLOTS):
        slot = ROOT / "var" / "test" / str(number)
        slot.mkdir(parents=True, exist_ok=True)
        cluster = Cluster(slot, options=FAST)
        try:
            cluster.start()
        except BusyError:
            continue
        _drop_leftovers(cluster)
        return cluster
    raise BusyError(f"All {SLOTS} test databases below {ROOT / 'var/test'} are in use.")


def _drop_leftovers(cluster: Cluster) -> None:
    """Databases of a killed run: nobody but us uses this slot."""
    with psycopg.connect(
        host=str(cluster.place.run), user=ROLE, dbname="postgres", autocommit=True
    ) as connection:
        for (name,) in connection.execute(
            "select datname from pg_database where datname like 'test\\_%'"
        ).fetchall():
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def template(database: dict[str, Any]) -> str:
    """The name of a migrated database to copy from; the first of several workers makes it.

    `database`: Django's settings of the default database. The name holds a digest of all migrations and
    models, so another state of the code has another template; older ones are dropped.
    """
    name = f"tmpl_{_schema_digest()}"
    with psycopg.connect(**_connection(database), dbname="postgres", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        known = {
            row[0]
            for row in connection.execute("select datname from pg_database where datname like 'tmpl\\_%'")
        }
        if name not in known:
            for old in known:
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(old)))
            _make(connection, name)
    return name


def _make(connection: psycopg.Connection[Any], name: str) -> None:
    draft = f"tmpl_draft_{os.getpid()}"
    connection.execute(sql.SQL("create database {}").format(sql.Identifier(draft)))
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "SAMDRIFT_TEST_DATABASE": draft}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--run-syncdb", "--verbosity=0", "--skip-checks"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(draft)))
        raise RuntimeError(f"The test database cannot be migrated:\n{done.stdout}{done.stderr}")
    connection.execute(
        sql.SQL("alter database {} rename to {}").format(sql.Identifier(draft), sql.Identifier(name))
    )


def _connection(database: dict[str, Any]) -> dict[str, Any]:
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    return {names[key]: database[key] for key in names if database.get(key)}


def _schema_digest() -> str:
    digest = hashlib.sha256()
    packages = ("cmdb", "monitoring", "sla", "servicedesk")
    files = [
        *(path for package in packages for path in (ROOT / package).rglob("migrations/*.py")),
        *(path for package in packages for path in (ROOT / package).rglob("models/*.py")),
        *(path for package in packages for path in (ROOT / package).rglob("models.py")),
        ROOT / "requirements" / "run.txt",
    ]
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
