"""Configurations over SSH, from simulated devices and from what is none; and secrets taken out of them."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from monitoring.hostkeys.keys import Verifier
from monitoring.simulation.configs import running_config
from monitoring.simulation.devices import BY_NAME, SSH_ENABLE, SSH_PASSWORD, SSH_USER, SimDevice
from monitoring.simulation.sshd import CommandLines
from monitoring.ssh import SshError, SshFault, comparable, fetch_running_config
from tests.monitoring.agents import free_port, own_address

GOOD, HANGING = BY_NAME["fjordvik-rh-sw1"], BY_NAME["storelv-rh-sw1"]


class Shells:
    """The simulation's SSH servers in a loop of their own, since fetching blocks."""

    def __init__(self) -> None:
        self.revision = 0
        self.addresses = {GOOD.name: own_address(), HANGING.name: own_address()}
        self.port = free_port(self.addresses[GOOD.name], socket.SOCK_STREAM)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        devices: dict[str, SimDevice] = {address: BY_NAME[name] for name, address in self.addresses.items()}
        self.lines = self._run(self._open(devices))

    async def _open(self, devices: dict[str, SimDevice]) -> CommandLines:
        lines = CommandLines(devices, self.port, lambda device: self.revision, frozenset([HANGING.name]))
        for address in devices:
            await lines.open(address)
        return lines

    def _run(self, work: "object") -> CommandLines:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)  # type: ignore[arg-type]

    def fetch(
        self,
        device: SimDevice = GOOD,
        password: str = SSH_PASSWORD,
        secret: str = SSH_ENABLE,
        timeout: float = 10.0,
    ) -> str:
        return fetch_running_config(
            self.addresses[device.name],
            self.port,
            SSH_USER,
            password,
            secret,
            timeout=timeout,
            verifier=Verifier(None),
        )

    def close(self) -> None:
        self._run(self.lines.close_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture(scope="module")
def shells() -> Iterator[Shells]:
    opened = Shells()
    yield opened
    opened.close()


def test_the_configuration_comes_whole(shells: Shells) -> None:
    found = shells.fetch()
    assert found == running_config(GOOD).strip("\n") + "\n"
    assert found == shells.fetch()


def test_a_change_is_a_difference(shells: Shells) -> None:
    before = comparable(shells.fetch())
    shells.revision += 1
    after = comparable(shells.fetch())
    assert set(after.splitlines()) - set(before.splitlines()) == {"vlan 900", " name endring-1"}
    assert "Last configuration change" not in after


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"password": "wrong"}, SshFault.AUTH),
        ({"secret": "wrong"}, SshFault.ENABLE),
        ({"secret": ""}, SshFault.PROTOCOL),
    ],
    ids=["password", "enable", "not privileged"],
)
def test_wrong_secrets(shells: Shells, given: dict[str, str], kind: SshFault) -> None:
    with pytest.raises(SshError) as error:
        shells.fetch(**given)  # type: ignore[arg-type]
    assert error.value.kind is kind
    assert all(secret not in str(error.value) for secret in ("wrong", SSH_PASSWORD, SSH_ENABLE))


def test_a_device_that_falls_silent_costs_no_more_than_the_bound(shells: Shells) -> None:
    begun = time.monotonic()
    with pytest.raises(SshError) as error:
        shells.fetch(HANGING, timeout=1.5)
    assert error.value.kind is SshFault.TIMEOUT
    assert time.monotonic() - begun < 3


def serve_once(greeting: bytes, pause: float = 0.0) -> tuple[str, int, threading.Thread]:
    """A TCP server that is no SSH server."""
    address = own_address()
    listener = socket.create_server((address, 0))

    def accept() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                time.sleep(pause)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    return address, int(listener.getsockname()[1]), thread


@pytest.mark.parametrize(
    ("greeting", "pause", "kind"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", 0.0, SshFault.PROTOCOL),
        (b"", 0.0, SshFault.PROTOCOL),
        (b"", 3.0, SshFault.TIMEOUT),
        (b"SSH-2.0-half a greeting\r\n", 3.0, SshFault.TIMEOUT),
    ],
    ids=["web server", "hangs up", "says nothing", "stops after the greeting"],
)
def test_what_is_no_ssh_server(greeting: bytes, pause: float, kind: SshFault) -> None:
    address, port, _ = serve_once(greeting, pause)
    begun = time.monotonic()
    with pytest.raises(SshError) as error:
        fetch_running_config(address, port, SSH_USER, SSH_PASSWORD, timeout=1.0, verifier=Verifier(None))
    assert error.value.kind is kind
    assert time.monotonic() - begun < 2.5


def test_a_closed_port_is_refused() -> None:
    with pytest.raises(SshError) as error:
        fetch_running_config(own_address(), 9, SSH_USER, SSH_PASSWORD, verifier=Verifier(None))
    assert error.value.kind is SshFault.REFUSED
