"""A worker killed -9 in the middle of a round: nothing lost, nothing doubled (invariants 3, 5, 8)."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from cmdb.models import Organisation
from monitoring import engine, integrity, poll
from monitoring.models import Alert, Credential, CredentialKind, Event, Interval, ReadingRollup, Target
from monitoring.simulation.wire import serve
from monitoring.snmp import Endpoint, SnmpAuth, get_one
from tests.benchmarks.polling_wire import is_dead
from tests.monitoring.agents import free_port

ROOT = Path(__file__).resolve().parents[2]
TARGETS = 600
DEAD = 20


@contextmanager
def answerer() -> Iterator[int]:
    port = free_port("127.0.0.1")
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(port, "kill", partial(is_dead, DEAD)), daemon=True
    )
    process.start()
    probe = Endpoint("127.40.0.1", SnmpAuth.v2c("kill"), port, 0.2, 0)
    for _attempt in range(100):
        if asyncio.run(get_one(probe, ["1.3.6.1.2.1.1.3.0"])).ok:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the simulated targets do not answer")
    try:
        yield port
    finally:
        process.terminate()
        process.join(5)


@pytest.mark.slow
class TestKill(TransactionTestCase):
    def fill(self, port: int) -> None:
        region = Organisation.objects.create(name="R", slug="r", kind="region")
        credential = Credential.objects.create(
            name="c", kind=CredentialKind.SNMP_V2C, organisation=region, secret={"community": "kill"}
        )
        Target.objects.bulk_create(
            Target(
                name=f"t{n}", organisation=region, address=f"127.40.{n >> 8}.{n & 255}", port=port, credential=credential,
                profile="switch", interval=3600, confirm_polls=1,
            )
            for n in range(1, TARGETS + 1)
        )  # fmt: skip

    def worker(self) -> subprocess.Popen[bytes]:
        """A poller of its own, on the same database."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SAMDRIFT_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        }
        return subprocess.Popen(
            [sys.executable, "manage.py", "poll", "--once"], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def kill_in_the_middle(self) -> None:
        """When a part is saved and a part still claimed; -9, so nothing is tidied up."""
        process = self.worker()
        begun = time.monotonic()
        while time.monotonic() - begun < 40:
            if Target.objects.filter(lease_until__gt=timezone.now()).exists():
                break
            assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
            time.sleep(0.01)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        assert process.stderr is not None
        process.stderr.close()

    def test_killed_rounds_are_done_again_and_counted_once(self) -> None:
        with answerer() as port:
            self.fill(port)
            for _ in range(2):
                self.kill_in_the_middle()
                left = Target.objects.filter(lease_token__isnull=False)
                assert left.exists(), "the kill came too late to prove anything"
                # Half a minute later: the leases have ended.
                past = timezone.now() - timedelta(seconds=1)
                left.update(lease_until=past, due_at=past)
            done = poll.run_due(60)
        asked = Target.objects.filter(last_polled_at__isnull=False).count()
        assert asked == TARGETS
        assert done.saved == done.asked
        silent = TARGETS // DEAD
        assert Target.objects.filter(state="down").count() == silent
        assert Target.objects.filter(state="up").count() == TARGETS - silent
        # Each answer was counted exactly once: one value in the hour's figures of each target.
        rolled = ReadingRollup.objects.filter(metric="rtt", period="hour")
        assert rolled.count() == TARGETS - silent
        assert set(rolled.values_list("count", flat=True)) == {1}
        assert Event.objects.filter(kind="down").count() == silent
        assert Interval.objects.count() == TARGETS
        engine.run()
        assert Alert.objects.count() == silent
        assert list(integrity.check()) == []
