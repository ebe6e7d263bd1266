"""`manage.py serve`: the database, web, workers, beat and trap receiver of one machine under one supervisor."""

import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connections

from cmdb import heartbeats
from servicedesk.project.embedded import Cluster, EmbeddedError
from servicedesk.project.env import BASE_DIR, Stage
from servicedesk.project.ports import refuse_taken
from servicedesk.project.programs import MANAGE, NAMES, PYTHON, Choice, programs
from servicedesk.project.supervise import StartError, Supervisor, kill_noted_groups, print_line
from servicedesk.project.watch.parts import LISTENERS

LOADED = "demo-loaded"


def note_origin(choice: Choice, var: Path) -> None:
    """Letters of a trial run lead to the port that it was given, whichever process writes them."""
    if settings.PRODUCTION or (choice.only and "web" not in choice.only):
        return
    host = "127.0.0.1" if choice.host in ("0.0.0.0", "::", "") else choice.host  # noqa: S104 - compared, not bound
    (var / "origin").write_text(f"http://{f'[{host}]' if ':' in host else host}:{choice.port}\n")


class Command(BaseCommand):
    """Start everything, print where it is, run until SIGINT or SIGTERM, stop everything."""

    help = "Run Samdrift on this machine: database (unless DATABASE_URL is set), web, workers, beat, trap receiver."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="address of the web pages (default: loopback only)"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="web processes (default 2)")
        parser.add_argument("--poll-workers", type=int, default=1, help="processes that poll (default 1)")
        parser.add_argument(
            "--demo",
            action="store_true",
            help="load the demo region at the first start and simulate its network",
        )
        parser.add_argument("--simulation", action="store_true", help="simulate a network")
        parser.add_argument(
            "--no-simulation", action="store_true", help="no simulated network, even in the demo"
        )
        parser.add_argument("--no-traps", action="store_true", help="no trap receiver")
        parser.add_argument("--only", default="", help=f"comma separated part of {', '.join(sorted(NAMES))}")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until the end is asked for. Every failure before that is one sentence."""
        if options["demo"] and settings.PRODUCTION:
            raise CommandError(
                "SAMDRIFT_ENV is production: the demo, whose passwords everybody knows, does not run here."
            )
        if options["demo"] and settings.STAGE is not Stage.DEMO:
            raise CommandError("The demo has settings of its own: set SAMDRIFT_ENV to demo (make demo does).")
        only = frozenset(word.strip() for word in options["only"].split(",") if word.strip())
        if not only <= NAMES:
            unknown = ", ".join(sorted(only - NAMES))
            raise CommandError(f"There is no {unknown} to serve: --only takes {', '.join(sorted(NAMES))}.")
        # A signal in the middle of the start must unwind it: the database is stopped, nothing stays.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        choice = Choice(
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            poll_workers=options["poll_workers"],
            simulation=(options["demo"] or options["simulation"]) and not options["no_simulation"],
            traps=not options["no_traps"],
            only=only,
        )
        try:
            self._run(choice, demo=options["demo"])
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        except StartError as error:
            raise CommandError(f"The part «{error}» does not start; its lines above say why.") from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def _run(self, choice: Choice, *, demo: bool) -> None:
        cluster = Cluster(settings.VAR) if settings.EMBEDDED else None
        try:
            if cluster is not None:
                cluster.start()  # its lock also says: no second supervisor works with this var folder
            for group in kill_noted_groups(settings.VAR / "serve.json"):
                print_line("serve", f"Ended process group {group}, left over from a killed run.")
            wanted = programs(choice)
            refuse_taken(choice, wanted)
            note_origin(choice, settings.VAR)
            self._prepare(demo=demo)
            self._expect(choice, {program.name for program in wanted})
            supervisor = Supervisor(
                wanted, settings.VAR / "serve.json", self._environment(), cluster, gives_up=demo
            )
            supervisor.run(lambda: self._announce(supervisor, choice))
        finally:
            if cluster is not None:
                cluster.stop()

    def _prepare(self, *, demo: bool) -> None:
        """Folders, tables, and in the demo its region; all of it quick where it was done before."""
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        queue = settings.QUEUE_FOLDER
        for folder in (queue / "messages", queue / "control", settings.MEDIA_ROOT):
            folder.mkdir(parents=True, exist_ok=True)
        for half in (queue / "messages").glob(".*.new"):
            half.unlink()  # being written when the last run was killed
        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        if demo and not (settings.VAR / LOADED).exists() and "load_demo" in get_commands():
            print_line("serve", "Loading the demo region; this takes a minute the first time.")
            # A process of its own: what it needs in memory goes with it.
            done = subprocess.run(
                [PYTHON, MANAGE, "load_demo"], cwd=BASE_DIR, env=self._environment(), check=False
            )
            if done.returncode:
                raise CommandError("The demo region could not be loaded; the lines above say why.")
            (settings.VAR / LOADED).touch()

    @staticmethod
    def _expect(choice: Choice, running: set[str]) -> None:
        """What listens here is missed from now on; what a former run on this machine left is not."""
        heartbeats.expect(LISTENERS & running, among=LISTENERS & choice.only if choice.only else LISTENERS)
        connections.close_all()

    @staticmethod
    def _environment() -> dict[str, str]:
        """What children see: settings as here, modules found from anywhere, lines unbuffered."""
        path = os.pathsep.join(filter(None, (str(BASE_DIR), os.environ.get("PYTHONPATH", ""))))
        inside = {"SAMDRIFT_SUPERVISED": "1"}  # the database stands; manage.py need not see to it
        return (
            os.environ
            | inside
            | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "SAMDRIFT_VAR": str(settings.VAR)}
        )

    @staticmethod
    def _announce(supervisor: Supervisor, choice: Choice) -> None:
        for child in supervisor.children:
            if child.program.listens and child.program.name != "web":
                print_line("serve", f"{child.program.name} listens on {child.program.listens}")
        if not choice.only or "web" in choice.only:
            sys.stdout.write(f"Ready: http://{choice.host}:{choice.port}/\n")
        else:
            sys.stdout.write("Ready\n")
        sys.stdout.flush()
