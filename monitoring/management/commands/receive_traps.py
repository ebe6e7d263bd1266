"""manage.py receive_traps: listen for SNMP traps and informs until SIGTERM or Ctrl-C."""

import asyncio
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.traps import Receiver


class Command(BaseCommand):
    help = "Receives SNMP traps (v1, v2c, v3) and turns them into events."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="UDP port (default: SAMDRIFT_TRAP_PORT)")
        parser.add_argument(
            "--host",
            help="address to listen on (default: 127.0.0.1 in the demo and in development, else all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port = settings.SAMDRIFT_TRAP_PORT if options["port"] is None else options["port"]
        host = options["host"] or ("0.0.0.0" if settings.PRODUCTION else "127.0.0.1")  # noqa: S104 - devices are elsewhere
        try:
            asyncio.run(self._run(host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror or error}") from None

    async def _run(self, host: str, port: int) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        receiver = Receiver(host, port, stop, threading.Event())
        running = asyncio.create_task(receiver.run())
        while not receiver.ready.is_set() and not running.done():
            await asyncio.sleep(0.02)
        if receiver.ready.is_set():
            self.stdout.write(f"Listening for traps on {host} port {receiver.port}")
            self.stdout.flush()
        await running
