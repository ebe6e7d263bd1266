"""Installations for tests of whole commands: a database of their own on the suite's server, and a state folder."""

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.conf import settings
from psycopg import sql

from tests import cluster
from tests.cluster import ROOT

#: Somebody with a file on a ticket and a stored secret.
FILL = """
import django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile as Upload
from monitoring.models import Credential, CredentialKind
from servicedesk import attachments
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from tests.cases import build
r = build()
Credential.objects.create(name="ssh", kind=CredentialKind.SSH, organisation=r.here, secret={"username": "u", "password": "hemmelig"})
ticket = open_ticket(Actor.of(r.technician), title="Profil henger", description="x", item=r.system, reporter=r.own, organisation=r.here)
files = [Upload(name, name.encode() * 999) for name in ("skjerm.png", "logg.txt", "kø.pdf")]
attachments.add(ticket, files, public=True)
"""


class Site:
    """One installation; `name` is its database's."""

    def __init__(self, var: Path, *, template: bool = True, **more: str) -> None:
        self.var, self.more = var, more
        self.var.mkdir(exist_ok=True)
        self.name = f"test_site_{uuid4().hex[:10]}"
        self.template = cluster.template(settings.DATABASES["default"]) if template else "template0"
        self.create()

    def create(self) -> None:
        """The database: a copy of the migrated one, or nothing."""
        with self.server() as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(self.name), sql.Identifier(self.template)
                )
            )

    def drop(self) -> None:
        with self.server() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name))
            )

    def empty(self) -> None:
        """The database anew, without a table."""
        self.drop()
        self.template = "template0"
        self.create()

    @staticmethod
    def server() -> psycopg.Connection[Any]:
        at = cluster._connection(settings.DATABASES["default"])
        return psycopg.connect(**at, dbname="postgres", autocommit=True)

    def connect(self) -> psycopg.Connection[Any]:
        at = cluster._connection(settings.DATABASES["default"])
        return psycopg.connect(**at, dbname=self.name, autocommit=True)

    @property
    def address(self) -> str:
        at = settings.DATABASES["default"]
        password = f":{quote(at['PASSWORD'], safe='')}" if at.get("PASSWORD") else ""
        port = f":{at['PORT']}" if at.get("PORT") else ""
        return f"postgres://{at['USER']}{password}@{quote(at['HOST'], safe='')}{port}/{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """What an operator's shell has; nothing of the suite's."""
        return clean_environment() | {"SAMDRIFT_VAR": str(self.var), "DATABASE_URL": self.address} | self.more

    def manage(self, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return self._run(command, more)

    def python(self, code: str) -> str:
        done = self._run([sys.executable, "-c", textwrap.dedent(code)], {"DJANGO_SETTINGS_MODULE": "servicedesk.project.settings"})  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, command: list[str], more: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in (self.environment | more).items() if value}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240
        )

    def tables(self, connection: psycopg.Connection[Any] | None = None) -> dict[str, tuple[int, str]]:
        """Rows and digest of every table."""
        with connection or self.connect() as opened:
            names = opened.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            ).fetchall()
            query = sql.SQL(
                "select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t"
            )
            return {name: opened.execute(query.format(sql.Identifier(name))).fetchone() for (name,) in names}  # type: ignore[misc]

    def files(self) -> dict[str, str]:
        """Digest of every attachment."""
        folder = self.var / "files"
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }


def clean_environment() -> dict[str, str]:
    inside = ("SAMDRIFT_", "DJANGO_", "DATABASE_", "CELERY_")
    return {key: value for key, value in os.environ.items() if not key.startswith(inside)}
