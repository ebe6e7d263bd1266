"""Host keys over real sessions: the first is kept, the known one let in, another one gets nothing and is told."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from monitoring import backups, engine
from monitoring.hostkeys import known
from monitoring.hostkeys.keys import CHANGED, Key, Verifier, preferring
from monitoring.models import Alert, BackupResult, Credential, CredentialKind, Event, HostKey, Target
from monitoring.simulation import sshd
from monitoring.simulation.devices import BY_NAME, SSH_ENABLE, SSH_PASSWORD, SSH_USER
from monitoring.ssh import SshError, SshFault, fetch_running_config
from tests.monitoring.agents import free_port, own_address
from tests.monitoring.cases import T0, MonitoringCase

OLD, NEW, OTHER = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
RSA = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
CURVE = asyncssh.generate_private_key("ecdsa-sha2-nistp256")


def key_of(private: asyncssh.SSHKey) -> Key:
    return Key.of(private.get_algorithm(), private.public_data)


class Device:
    """A simulated switch whose keys can be changed; `tried` is who sent it a user name or a password."""

    def __init__(self) -> None:
        self.address = own_address()
        self.port = free_port(self.address, socket.SOCK_STREAM)
        self.tried: list[str] = []
        self.lines: sshd.CommandLines | None = None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def shows(self, *keys: asyncssh.SSHKey) -> None:
        """Start anew with these keys."""
        self.tried.clear()
        self.close()
        self.lines = sshd.CommandLines({self.address: BY_NAME["fjordvik-rh-sw1"]}, self.port, keys=keys)
        self._run(self.lines.open(self.address))

    def close(self) -> None:
        if self.lines is not None:
            self._run(self.lines.close_all())

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def fetch(self, known: Key | None, password: str = "wrong") -> tuple[SshFault | None, Verifier]:
        """How a session ends that knows this key. A wrong password costs no configuration."""
        verifier = Verifier(known)
        try:
            fetch_running_config(
                self.address, self.port, SSH_USER, password, SSH_ENABLE, timeout=10, verifier=verifier
            )
        except SshError as error:
            return error.kind, verifier
        return None, verifier


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    made = Device()

    def begins(_server: object, name: str) -> bool:
        made.tried.append(name)
        return True

    def tries(_server: object, name: str, password: str) -> bool:
        made.tried.append(password)
        return (name, password) == (SSH_USER, SSH_PASSWORD)

    monkeypatch.setattr(sshd._Login, "begin_auth", begins)
    monkeypatch.setattr(sshd._Login, "validate_password", tries)
    yield made
    made.close()
    made.loop.call_soon_threadsafe(made.loop.stop)


class TestDoor:
    """One session."""

    def test_whoever_shows_another_key_is_sent_nothing(self, device: Device) -> None:
        device.shows(NEW)
        fault, verifier = device.fetch(key_of(OLD), SSH_PASSWORD)
        assert (fault, verifier.shown) == (SshFault.HOST_KEY, key_of(NEW))
        assert device.tried == []
        fault, _ = device.fetch(key_of(NEW))
        assert fault is SshFault.AUTH
        assert device.tried == [SSH_USER, "wrong"]

    def test_at_first_use_any_key_is_let_in_and_seen(self, device: Device) -> None:
        device.shows(NEW)
        fault, verifier = device.fetch(None)
        assert (fault, verifier.shown) == (SshFault.AUTH, key_of(NEW))

    @pytest.mark.parametrize("ours", [RSA, CURVE, OLD], ids=["rsa", "ecdsa", "ed25519"])
    def test_a_device_with_several_keys_has_not_changed(self, device: Device, ours: asyncssh.SSHKey) -> None:
        """Whichever of them was kept; also where the device got another kind since, with new software."""
        device.shows(OLD, CURVE, RSA)
        fault, verifier = device.fetch(key_of(ours))
        assert (fault, verifier.shown) == (SshFault.AUTH, key_of(ours))

    def test_a_device_without_the_known_kind_has_changed(self, device: Device) -> None:
        device.shows(OLD, CURVE)
        fault, verifier = device.fetch(key_of(RSA), SSH_PASSWORD)
        assert (fault, device.tried) == (SshFault.HOST_KEY, [])
        assert verifier.shown in (key_of(OLD), key_of(CURVE))

    def test_all_ways_in_which_a_key_signs_come_first(self) -> None:
        offered = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")
        assert preferring("ssh-rsa", offered) == (*offered[2:], *offered[:2])
        assert preferring("ssh-dss", offered) == offered

    def test_fingerprints_are_those_of_openssh(self) -> None:
        for private in (OLD, RSA, CURVE):
            assert key_of(private).fingerprint == private.get_fingerprint()
            assert key_of(private).text in private.export_public_key().decode()


class TestBackups(MonitoringCase):
    """From the session to rows, alerts and what is said."""

    @pytest.fixture(autouse=True)
    def _device(self, device: Device) -> None:
        self.device = device

    def setUp(self) -> None:
        super().setUp()
        secret = {"username": SSH_USER, "password": SSH_PASSWORD, "enable": SSH_ENABLE}
        login = Credential.objects.create(
            name="s",
            kind=CredentialKind.SSH,
            organisation=self.r.here,
            secret=secret,
            networks=["127.0.0.0/8"],
        )
        place = {"address": self.device.address, "ssh_port": self.device.port, "ssh_credential": login}
        Target.objects.filter(pk=self.switch.pk).update(**place)
        self.switch.refresh_from_db()

    def test_the_first_is_kept_and_the_same_passes_by_every_road(self) -> None:
        self.device.shows(OLD)
        assert backups.back_up(self.switch).result == BackupResult.CHANGED
        row = HostKey.objects.get()
        assert (row.known, row.address, row.port) == (key_of(OLD), self.device.address, self.device.port)
        assert row.fingerprint == OLD.get_fingerprint()
        backups.want(self.switch)
        assert backups.run_wanted() == 1
        assert self.switch.backups.latest("pk").result == BackupResult.UNCHANGED
        assert HostKey.objects.get().known_since == row.known_since
        assert not Event.objects.filter(kind=known.KIND).exists()

    def test_a_changed_key_refuses_by_every_road_and_alarms(self) -> None:
        known.record(self.switch, key_of(OLD), T0)
        self.device.shows(NEW)

        def asked_for() -> None:
            backups.want(self.switch)
            backups.run_wanted()

        roads: list[Callable[[], object]] = [lambda: backups.back_up(self.switch), backups.run, asked_for]
        for road in roads:
            road()
            failed = self.switch.backups.latest("pk")
            assert (failed.result, failed.error) == (
                BackupResult.FAILED,
                f"{CHANGED} ({NEW.get_fingerprint()})",
            )
        assert self.device.tried == []
        row = HostKey.objects.get()
        assert (row.known, row.offered) == (key_of(OLD), key_of(NEW))
        self.switch.refresh_from_db()
        engine.run()
        alert = Alert.objects.get(kind=known.KIND)
        assert (alert.severity, alert.is_open, alert.occurrences) == ("exception", True, 3)

    def test_the_key_is_kept_though_the_login_was_refused(self) -> None:
        Credential.objects.update(secret={"username": SSH_USER, "password": "wrong"})
        self.device.shows(OLD)
        assert backups.back_up(self.switch).error == "it does not accept the user name and password"
        assert HostKey.objects.get().known == key_of(OLD)


def test_simulated_devices_keep_their_key(tmp_path: Path) -> None:
    first = sshd.host_key(tmp_path)
    path = tmp_path / sshd.KEY_FILE
    assert sshd.host_key(tmp_path).public_data == first.public_data
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("damaged")
    assert sshd.host_key(tmp_path).public_data == sshd.host_key(tmp_path).public_data != first.public_data
    assert [one.name for one in tmp_path.iterdir()] == [sshd.KEY_FILE]
