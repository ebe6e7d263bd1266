"""Whether the addresses that `manage.py serve` wants are free: asked before anything starts, told in one sentence."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from django.conf import settings
from django.core.management import CommandError

from servicedesk.project.programs import Choice
from servicedesk.project.supervise import Program

#: Of every simulated device, as monitoring.simulation takes them.
NETWORK_PORTS = ((socket.SOCK_DGRAM, 1161), (socket.SOCK_STREAM, 2022))


def refuse_taken(choice: Choice, wanted: Iterable[Program]) -> None:
    """CommandError for the first address that another program holds.

    A trap port that is taken stops only a demo: in production pages are worth more than traps, and /readyz says it.
    """
    names = {program.name for program in wanted}
    if "web" in names:
        other = "choose another with PORT=9000 make demo, or --port 9000"
        _free(socket.SOCK_STREAM, choice.host, choice.port, other)
    if "network" in names:
        _network()
    if "traps" in names and not settings.PRODUCTION:
        other = "choose another with SAMDRIFT_TRAP_PORT=10163, or leave the receiver out with --no-traps"
        _free(socket.SOCK_DGRAM, "127.0.0.1", settings.SAMDRIFT_TRAP_PORT, other)


def _network() -> None:
    from monitoring.simulation.devices import DEVICES

    other = (
        "the simulated network of another demo runs on this machine. Stop that demo, "
        "or run this one without a network of its own: manage.py serve --demo --no-simulation"
    )
    for kind, port in NETWORK_PORTS:
        _free(kind, DEVICES[0].address, port, other)


def _free(kind: socket.SocketKind, host: str, port: int, other: str) -> None:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = _why(error)
            raise CommandError(f"Port {port} on {host} {why}: {other}.") from error


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is in use by another program"
    return f"cannot be used ({error.strerror})"
