"""What `serve` wants to listen on is asked for before anything starts; what is taken is one sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from monitoring.simulation import devices
from servicedesk.project import ports
from servicedesk.project.programs import Choice
from servicedesk.project.supervise import Program

NETWORK, TRAPS, WEB = (Program(name, ["true"]) for name in ("network", "traps", "web"))


@contextmanager
def taken(kind: socket.SocketKind, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind((host, port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        yield holder.getsockname()[1]


def test_pages() -> None:
    with (
        taken(socket.SOCK_STREAM) as port,
        pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 is in use"),
    ):
        ports.refuse_taken(Choice(port=port), [WEB])


def test_traps_in_the_demo_and_not_in_production(settings: Settings) -> None:
    with taken(socket.SOCK_DGRAM) as port:
        settings.SAMDRIFT_TRAP_PORT = port
        with pytest.raises(CommandError, match=f"{port} .* is in use.*SAMDRIFT_TRAP_PORT"):
            ports.refuse_taken(Choice(), [TRAPS])
        settings.PRODUCTION = True
        ports.refuse_taken(Choice(), [TRAPS])


@pytest.mark.parametrize(("kind", "which"), [(socket.SOCK_DGRAM, "SNMP"), (socket.SOCK_STREAM, "SSH")])
def test_the_network_of_another_demo(
    kind: socket.SocketKind, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken(kind, "127.9.9.1") as port:
        numbers = {"SNMP": 0, "SSH": 0} | {which: port}
        monkeypatch.setattr(
            ports,
            "NETWORK_PORTS",
            ((socket.SOCK_DGRAM, numbers["SNMP"]), (socket.SOCK_STREAM, numbers["SSH"])),
        )
        monkeypatch.setattr(devices, "DEVICES", [type("D", (), {"address": "127.9.9.1"})])
        with pytest.raises(CommandError, match="another demo runs on this machine.*--no-simulation"):
            ports.refuse_taken(Choice(simulation=True), [NETWORK])
