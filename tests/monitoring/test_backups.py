"""Configuration backups: difference, secrets, failures; and a real fetch over SSH from a simulated switch."""

import asyncio
import threading
from collections.abc import Callable
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone

from monitoring import backups, tasks
from monitoring.models import BackupResult, ConfigBackup, Credential, CredentialKind, Event, Target
from monitoring.simulation.devices import BY_ADDRESS, DEVICES, SSH_ENABLE, SSH_PASSWORD, SSH_USER
from monitoring.simulation.sshd import CommandLines
from tests.monitoring.agents import free_port
from tests.monitoring.cases import T0, MonitoringCase

FIRST = "hostname sw\n!\nsnmp-server community topsecret1 RO\ninterface 1\n switchport\n"
SECOND = FIRST.replace("switchport", "switchport\n description uplink")


class TestSave(MonitoringCase):
    def save(self, text: str, second: float, error: str = "") -> ConfigBackup:
        return backups.save(self.switch, backups.Fetched(text, error), self.at(second))

    def test_the_first_is_kept_whole_without_an_event(self) -> None:
        backup = self.save(FIRST, 0)
        assert (backup.result, backup.diff, backup.content) == (BackupResult.CHANGED, "", FIRST)
        assert self.kinds(self.switch) == []

    def test_a_change_is_kept_with_its_difference_and_told(self) -> None:
        self.save(FIRST, 0)
        assert self.save(FIRST, 10).result == BackupResult.UNCHANGED
        backup = self.save(SECOND, 20)
        assert (backup.result, backup.lines_added, backup.lines_removed) == (BackupResult.CHANGED, 1, 0)
        assert "+ description uplink" in backup.diff
        assert Event.objects.get(kind="config_changed").data == {"added": 1, "removed": 0}

    def test_lines_that_change_by_themselves_are_no_change(self) -> None:
        self.save("! Last configuration change at 12:00\n" + FIRST, 0)
        assert (
            self.save("! Last configuration change at 13:00\n" + FIRST, 10).result == BackupResult.UNCHANGED
        )

    def test_no_secret_in_difference_or_page_and_all_encrypted(self) -> None:
        self.save(FIRST, 0)
        backup = self.save(FIRST.replace("topsecret1", "topsecret2"), 10)
        assert (backup.result, backup.lines_added, backup.diff) == (BackupResult.CHANGED, 1, "")
        assert "topsecret" not in backups.shown(backup)
        assert "topsecret2" in backup.content
        with connection.cursor() as cursor:
            cursor.execute("select content, diff from monitoring_configbackup")
            assert all("hostname" not in column for row in cursor.fetchall() for column in row)

    def test_versions_stored_long_ago_are_masked_by_what_is_known_today(self) -> None:
        """Their difference was stored with a secret that no rule of that day knew."""
        rows = [
            ConfigBackup.objects.create(
                target=self.switch, taken_at=self.at(second), result=BackupResult.CHANGED, sha256=str(second),
                content=f"hostname sw\nfailover key {secret}\n", lines_added=1, lines_removed=1,
                diff=f"@@ -1,2 +1,2 @@\n hostname sw\n-failover key topsecret1\n+failover key {secret}",
            )
            for second, secret in ((0, "topsecret1"), (10, "topsecret2"))
        ]  # fmt: skip
        for row in rows:  # of the first, the version before is gone: what was stored is masked
            assert "topsecret" not in "\n".join(backups.difference(row))
        assert any("failover key" in line for line in backups.difference(rows[0]))
        assert "topsecret" not in backups.shown(rows[1])

    def test_failures_are_told_once_and_do_not_lose_the_last_text(self) -> None:
        self.save(FIRST, 0)
        assert self.save("", 10, "it refuses").result == BackupResult.FAILED
        self.save("", 20, "it refuses")
        assert self.kinds(self.switch) == ["backup_failed"]
        assert self.save(FIRST, 30).result == BackupResult.UNCHANGED
        assert list(Event.objects.order_by("pk").values_list("clears", flat=True)) == [False, True]

    def test_old_rows_go_but_the_last_text_stays(self) -> None:
        self.save(FIRST, 0)
        ConfigBackup.objects.bulk_create(
            ConfigBackup(target=self.switch, taken_at=self.at(n), result=BackupResult.UNCHANGED)
            for n in range(1, backups.KEEP + 20)
        )
        self.save(FIRST, 10_000)
        assert ConfigBackup.objects.count() <= backups.KEEP + 1
        assert backups.last(self.switch) is not None


class TestWanted(MonitoringCase):
    """What people ask for on a page: the wish stands in the target's row, the workers' clock picks it up."""

    def test_a_wish_is_fetched_once_and_kept_until_then(self) -> None:
        backups.want(self.switch)
        backups.want(self.switch)
        assert tasks.back_up_wanted() == 1
        backup = ConfigBackup.objects.get()
        assert (backup.target_id, backup.error) == (self.switch.pk, "it has no SSH login")
        assert tasks.back_up_wanted() == 0
        assert ConfigBackup.objects.count() == 1

    def test_the_wish_of_a_killed_worker_comes_back(self) -> None:
        backups.want(self.switch)
        with mock.patch.object(backups, "_fetch", side_effect=SystemExit), pytest.raises(SystemExit):
            backups.run_wanted()
        assert backups.run_wanted() == 0  # somebody may still be at it
        assert backups.run_wanted(timezone.now() + backups.WANTED_LEASE) == 1

    def test_a_wish_uttered_during_the_fetch_stands(self) -> None:
        def fetch(target: Target, *_: object) -> backups.Fetched:
            backups.want(target)
            return backups.Fetched(FIRST)

        backups.want(self.switch)
        # As in a thread of its own, but in this one: a test's transaction cannot be seen from another.
        with (
            mock.patch.object(backups, "_fetch", fetch),
            mock.patch.object(backups, "ThreadPoolExecutor", AtOnce),
        ):
            assert backups.run_wanted() == 1
            assert backups.run_wanted() == 1

    def test_the_clock_knows_the_task(self) -> None:
        assert any(entry["task"] == tasks.back_up_wanted.name for entry in tasks.SCHEDULE.values())


class AtOnce:
    """In place of a pool of threads."""

    def __init__(self, *_args: object, **_kwargs: object) -> None: ...

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_error: object) -> None: ...

    def map(self, function: Callable[[Target], backups.Fetched], rows: list[Target]) -> list[backups.Fetched]:
        return [function(row) for row in rows]


@pytest.mark.slow
class TestFetch(MonitoringCase):
    def test_a_simulated_switch_is_fetched_over_ssh(self) -> None:
        device = next(d for d in DEVICES if d.has_ssh)
        import socket

        port = free_port(device.address, socket.SOCK_STREAM)
        ready, stop = threading.Event(), threading.Event()

        async def serve() -> None:
            shells = CommandLines(BY_ADDRESS, port)
            await shells.open(device.address)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)
            await shells.close_all()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            secret = {"username": SSH_USER, "password": SSH_PASSWORD, "enable": SSH_ENABLE}
            login = self.login(secret)
            wrong = self.login({"username": SSH_USER, "password": "wrong"})
            rows = Target.objects.filter(pk=self.switch.pk)
            rows.update(address=device.address, ssh_port=port, ssh_credential=login)
            assert backups.run(T0) == 1
            backup = ConfigBackup.objects.get()
            assert backup.result == BackupResult.CHANGED, backup.error
            assert f"hostname {device.name}" in backup.content
            rows.update(ssh_credential=wrong)
            failed = backups.back_up(rows.select_related("ssh_credential").get())
            assert failed.result == BackupResult.FAILED
            assert "wrong" not in failed.error
        finally:
            stop.set()
            thread.join(5)

    def login(self, secret: dict[str, str]) -> Credential:
        return Credential.objects.create(
            name="s", kind=CredentialKind.SSH, organisation=self.r.here, secret=secret
        )
