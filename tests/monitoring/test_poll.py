"""Polling: claims, outcomes, what is saved, hostile answers, and the way from a stopped switch to one alert over real SNMP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from cmdb.models import Organisation
from monitoring import engine, poll, readings, saving, schedule
from monitoring.collectors import Metric
from monitoring.mibs.values import integer, octets
from monitoring.models import (
    Alert,
    Credential,
    CredentialKind,
    Event,
    Network,
    Reading,
    ReadingRollup,
    Target,
)
from monitoring.outcome import Outcome, Result
from monitoring.simulation import ber
from monitoring.simulation.devices import DEVICES
from monitoring.simulation.faults import set_fault
from monitoring.snmp import Answer, Fault
from tests.monitoring.agents import Reply, answer, free_port, hostile, ones
from tests.monitoring.cases import T0, MonitoringCase, gapless, outcome

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")
UPTIME = "1.3.6.1.2.1.1.3.0"


class TestClaim(MonitoringCase):
    def due(self, seconds: float = 0) -> None:
        Target.objects.update(due_at=self.at(seconds))

    def test_due_targets_are_claimed_once(self) -> None:
        self.due()
        first, second = schedule.claim(1, self.at(1)), schedule.claim(10, self.at(1))
        assert len(first.targets) == len(second.targets) == 1
        assert first.token != second.token
        assert {t.pk for t in [*first.targets, *second.targets]} == {self.switch.pk, self.server.pk}
        assert schedule.claim(10, self.at(1)).targets == []

    def test_what_is_not_due_or_switched_off_is_left(self) -> None:
        self.due(100)
        assert schedule.claim(10, self.at(1)).targets == []
        self.due(0)
        Target.objects.update(is_enabled=False)
        assert schedule.claim(10, self.at(1)).targets == []

    def test_a_lost_claim_is_due_again_when_the_lease_ends(self) -> None:
        self.due()
        schedule.claim(10, self.at(1))
        assert schedule.claim(10, self.at(30)).targets == []
        assert len(schedule.claim(10, self.at(32)).targets) == 2

    def test_a_late_answer_counts_for_nothing(self) -> None:
        self.due()
        late = schedule.claim(10, self.at(1))
        again = schedule.claim(10, self.at(40))
        live = [
            outcome(t.pk, "up", self.at(41), metrics=[Metric("cpu.load", "", 5.0, "%")])
            for t in again.targets
        ]
        assert saving.save(again, live) == 2
        dead = [outcome(t.pk, "down", self.at(1)) for t in late.targets]
        assert saving.save(late, dead) == 0
        self.switch.refresh_from_db()
        assert (self.switch.state, self.switch.failures, self.switch.last_polled_at) == ("up", 0, self.at(41))
        assert saving.save(again, live) == 0  # nor does the same answer twice
        assert ReadingRollup.objects.get(target=self.switch, metric="cpu.load").count == 1

    def test_an_answer_after_the_sweep_took_the_claim_away_counts_for_nothing(self) -> None:
        self.polls({self.switch: "up"}, 0)
        Target.objects.filter(pk=self.switch.pk).update(due_at=self.at(10))
        claim = schedule.claim(10, self.at(10))
        assert schedule.sweep_stale(self.at(60)) == 1
        assert saving.save(claim, [outcome(self.switch.pk, "up", self.at(10))]) == 0
        assert self.states(self.switch)[-1] == ("unknown", 10, None)

    def test_whoever_hurries_a_target_that_is_being_asked_is_heard(self) -> None:
        now = timezone.now()
        Target.objects.update(due_at=now)
        claim = schedule.claim(10, now)
        schedule.hurry([self.switch.pk])
        saving.save(claim, [outcome(t.pk, "up", now) for t in claim.targets])
        self.switch.refresh_from_db()
        self.server.refresh_from_db()
        assert self.switch.due_at <= timezone.now()
        assert self.server.due_at == now + timedelta(seconds=10)

    def test_one_statement_each_for_any_number_of_targets(self) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def cost() -> int:
            now = timezone.now()
            Target.objects.update(due_at=now, lease_until=None)
            with CaptureQueriesContext(connection) as context:
                claim = schedule.claim(1000, now)
                metrics = [Metric("if.in_octets", "1", 5.0, "octets"), Metric("cpu.load", "", 1.0, "%")]
                saving.save(claim, [outcome(t.pk, "up", now, metrics=metrics) for t in claim.targets])
            return len(context)

        few = cost()
        for n in range(100):
            self.target(f"more-{n}")
        assert cost() <= few + 3  # the first round also makes intervals
        assert cost() <= few


class TestOutcomes(MonitoringCase):
    def test_a_first_failure_is_asked_again_in_three_seconds(self) -> None:
        now = timezone.now()
        Target.objects.filter(pk=self.server.pk).update(due_at=now + timedelta(hours=1))
        Target.objects.filter(pk=self.switch.pk).update(due_at=now, interval=300)
        claim = schedule.claim(10, now)
        saving.save(claim, [outcome(self.switch.pk, "down", now)])
        self.switch.refresh_from_db()
        assert 2 <= (self.switch.due_at - timezone.now()).total_seconds() <= 4
        assert (self.switch.failures, self.switch.first_failed_at) == (1, now)
        assert self.switch.state == "unknown"

    def test_a_childs_first_failure_has_its_parent_asked_at_once(self) -> None:
        now = timezone.now()
        Target.objects.filter(pk=self.switch.pk).update(due_at=now + timedelta(hours=1))
        Target.objects.filter(pk=self.server.pk).update(due_at=now)
        saving.save(schedule.claim(10, now), [outcome(self.server.pk, "down", now)])
        self.switch.refresh_from_db()
        assert self.switch.due_at < timezone.now() + timedelta(seconds=2)

    def test_what_cannot_be_asked_is_unknown_and_an_alert_of_its_own(self) -> None:
        self.polls({self.switch: "up"}, 0)
        self.polls({self.switch: "unaskable"}, 10, 13)
        assert self.states(self.switch) == [("up", 0, 10), ("unknown", 10, None)]
        self.engine(50)
        assert list(Alert.objects.values_list("kind", "severity")) == [("unaskable", "warning")]
        self.polls({self.switch: "up"}, 60)
        self.engine(61)
        assert not Alert.objects.filter(closed_at=None).exists()

    def test_a_restart_is_told_once_and_a_wrapped_counter_is_none(self) -> None:
        for second, uptime in ((0, 5000.0), (10, 5010.0), (20, 4.0), (30, 14.0)):
            self.one(second, uptime)
        assert self.kinds(self.switch) == ["restart"]
        Event.objects.all().delete()
        Target.objects.filter(pk=self.switch.pk).update(uptime_seconds=42_949_670)
        self.one(40, 3.0)
        assert self.kinds(self.switch) == []

    def one(self, second: float, uptime: float) -> None:
        at = self.at(second)
        Target.objects.update(due_at=self.at(10**6))
        Target.objects.filter(pk=self.switch.pk).update(due_at=at)
        saving.save(schedule.claim(1, at), [outcome(self.switch.pk, "up", at, uptime_seconds=uptime)])

    def test_findings_are_events_when_they_begin_and_when_they_end(self) -> None:
        battery = Metric("ups.on_battery", "", 1.0, "")
        for second, metrics in ((0, []), (10, [battery]), (20, [battery]), (30, [])):
            at = self.at(second)
            Target.objects.update(due_at=self.at(10**6))
            Target.objects.filter(pk=self.switch.pk).update(due_at=at)
            claim = schedule.claim(1, at)
            found = tuple(poll.findings(claim.targets[0], metrics))
            saving.save(claim, [outcome(self.switch.pk, "up", at, metrics=metrics, findings=found)])
            self.engine(second + 1)
        events = Event.objects.filter(kind="on_battery").order_by("pk").values_list("clears", flat=True)
        assert list(events) == [False, True]
        assert Alert.objects.get(kind="on_battery").closed_at == self.at(30)

    def test_readings_rates_and_hours(self) -> None:
        for second, value, load in ((0, 1000.0, 10.0), (10, 2000.0, 30.0)):
            at = self.at(second)
            Target.objects.update(due_at=self.at(10**6))
            Target.objects.filter(pk=self.switch.pk).update(due_at=at)
            metrics = [
                Metric("if.in_octets", "1", value, "octets"), Metric("cpu.load", "", load, "%"),
                Metric("bad", "", float("nan"), ""), Metric("x" * 200, "y" * 200, 1.0, "z" * 50),
            ]  # fmt: skip
            saving.save(schedule.claim(1, at), [outcome(self.switch.pk, "up", at, metrics=metrics)])
        assert Reading.objects.get(metric="if.in_rate").value == 800.0  # 1000 octets in 10 s, as bits
        assert not Reading.objects.filter(metric="bad").exists()
        hour = ReadingRollup.objects.get(metric="cpu.load", period="hour")
        assert (hour.minimum, hour.maximum, hour.total, hour.count) == (10, 30, 40, 2)
        for _twice in range(2):
            readings.roll_days(self.at(20))
        day = ReadingRollup.objects.get(metric="cpu.load", period="day")
        assert (day.minimum, day.maximum, day.total, day.count) == (10, 30, 40, 2)


class TestReading(MonitoringCase):
    """An answer's meaning, without a network."""

    def read(self, answer: Answer, profile: str = "switch") -> Outcome:
        self.switch.profile = profile
        return poll.read(self.switch, answer, T0)

    def test_every_fault_has_its_result_and_a_sentence(self) -> None:
        expected = {
            Fault.TIMEOUT: Result.SILENT, Fault.REFUSED: Result.SILENT, Fault.UNREACHABLE: Result.SILENT,
            Fault.GARBAGE: Result.SILENT, Fault.AUTH: Result.UNASKABLE, Fault.REQUEST: Result.UNASKABLE,
            Fault.AGENT: Result.UNASKABLE,
        }  # fmt: skip
        for fault, result in expected.items():
            found = self.read(Answer(False, error=fault, detail="why"))
            assert found.result is result, fault
            # What a device said goes no further; what SNMP and we ourselves say does.
            assert ("why" in found.error) == (fault in poll.OWN_WORDS), fault

    def test_wrong_types_are_no_figures_and_are_told(self) -> None:
        values = {UPTIME: octets(b"\xff\x00rubbish"), "1.3.6.1.2.1.2.2.1.8.1": octets(b"up")}
        found = self.read(Answer(True, values, rtt_ms=1.0))
        assert (found.result, found.metrics) == (Result.ANSWERED, [])
        assert "wrong type" in found.error

    def test_a_slow_answer_is_not_the_targets_fault_when_we_were_busy(self) -> None:
        late = Answer(True, {UPTIME: integer(100)}, rtt_ms=900.0)
        assert self.read(late).slow
        assert not poll.read(self.switch, late, T0, lag_ms=300).slow


@contextmanager
def in_background(reply: Reply) -> Iterator[tuple[str, int]]:
    """A hostile responder in a thread, since `poll.ask` blocks this one."""
    ready, stop, place = threading.Event(), threading.Event(), list[tuple[str, int]]()

    async def serve() -> None:
        async with hostile(reply) as (endpoint, _protocol):
            place.append((endpoint.address, endpoint.port))
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield place[0]
    finally:
        stop.set()
        thread.join(5)


class TestHostile(MonitoringCase):
    def ask(self, reply: Reply, profile: str = "generic") -> Outcome:
        credential = Credential(
            name="c",
            kind=CredentialKind.SNMP_V2C,
            organisation=self.r.here,
            secret={"community": "test-community"},
        )
        with in_background(reply) as (address, port):
            target = Target(
                pk=1,
                name="x",
                organisation=self.r.here,
                address=address,
                port=port,
                credential=credential,
                profile=profile,
            )
            return poll.ask([target])[0]

    def test_nothing_garbage_and_foreign_numbers_are_no_answer(self) -> None:
        replies: list[Reply] = [
            lambda request: None,
            lambda request: b"\x30\x82garbage",
            lambda request: os.urandom(500),
            lambda request: ones(request._replace(request_id=bytes(b ^ 1 for b in request.request_id))),
        ]
        for reply in replies:
            found = self.ask(reply)
            assert found.result is Result.SILENT, found
            assert found.error

    def test_wrong_types_answer_but_give_nothing(self) -> None:
        found = self.ask(lambda request: answer(request, ber.tlv(ber.OCTETS, b"x\x00y")))
        assert found.result is Result.ANSWERED
        assert "wrong type" in found.error

    def test_an_agent_that_answers_with_an_error_is_unknown(self) -> None:
        found = self.ask(
            lambda request: answer(request, *[ber.tlv(5, b"")] * len(request.oids), error=5, index=1)
        )
        assert found.result is Result.UNASKABLE
        assert "error" in found.error

    def test_rows_that_cannot_be_asked_are_sentences(self) -> None:
        rows = [
            Target(pk=1, address="127.0.0.1", profile="generic"),
            Target(
                pk=2,
                address="no.such.host.invalid",
                profile="generic",
                credential=self.credential({"community": "x"}),
            ),
            Target(pk=3, address="127.0.0.1", profile="generic", credential=self.credential({})),
            Target(
                pk=4,
                address="127.0.0.1",
                profile="generic",
                credential=self.credential({"user": "u"}, CredentialKind.SSH),
            ),
        ]
        found = {o.target_id: o for o in poll.ask(rows)}
        assert {o.result for o in found.values()} == {Result.UNASKABLE}
        assert "no credential" in found[1].error
        assert "does not resolve" in found[2].error
        assert "community" in found[3].error
        assert "not for SNMP" in found[4].error

    def credential(
        self, secret: dict[str, str], kind: CredentialKind = CredentialKind.SNMP_V2C
    ) -> Credential:
        return Credential(name="c", kind=kind, organisation=self.r.here, secret=secret)

    def test_ports_and_pages_are_judged_too(self) -> None:
        import socket

        owner = Organisation.objects.create(name="Region", slug="region", kind="region")
        Network.objects.create(name="Here", organisation=owner, prefix="127.0.0.0/24")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            rows = [
                Target(pk=1, organisation=owner, address="127.0.0.1", port=port, check_kind="tcp"),
                Target(
                    pk=2,
                    organisation=owner,
                    address="127.0.0.1",
                    port=free_port("127.0.0.1", socket.SOCK_STREAM),
                    check_kind="tcp",
                ),
            ]
            found = {o.target_id: o for o in poll.ask(rows)}
        assert found[1].result is Result.ANSWERED
        assert (found[2].result, found[2].error) == (Result.SILENT, "connection refused")


@contextmanager
def simulated_region() -> Iterator[tuple[Path, int]]:
    """The demo's network in a process of its own, on ports of its own."""
    port, ssh = free_port(DEVICES[0].address), free_port("127.0.0.1")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "monitoring.simulation",
            "--var",
            folder,
            "--port",
            str(port),
            "--ssh-port",
            str(ssh),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert "simulated devices answer" in process.stdout.readline()
            yield Path(folder), port
        finally:
            process.terminate()
            process.wait(10)


@pytest.mark.slow
class TestTheWayOfOneFault(MonitoringCase):
    """Real SNMP, real time: forty devices, v2c and v3, one switch stopped and started again."""

    def load(self, port: int) -> dict[str, Target]:
        Target.objects.all().delete()
        credentials = {
            version: Credential.objects.create(name=version, kind=kind, organisation=self.r.region, secret=secret)
            for version, kind, secret in (
                ("2c", CredentialKind.SNMP_V2C, {"community": "samdrift-demo"}),
                (
                    "3",
                    CredentialKind.SNMP_V3,
                    {
                        "user": "samdrift-poll", "auth_protocol": "SHA", "auth_key": "demo-auth-key",
                        "priv_protocol": "AES", "priv_key": "demo-priv-key",
                    },
                ),
            )
        }  # fmt: skip
        made = {
            d.name: Target.objects.create(
                name=d.name, organisation=self.r.region, address=d.address, port=port, interval=5,
                credential=credentials[d.auth.version],
            )
            for d in DEVICES
        }  # fmt: skip
        for d in DEVICES:
            if d.parent:
                Target.objects.filter(pk=made[d.name].pk).update(parent=made[d.parent])
        return made

    def until(self, condition: object, seconds: float) -> float:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            poll.run_due(1.0)
            engine.run()
            if condition():  # type: ignore[operator]
                return time.monotonic() - begun
            time.sleep(0.2)
        raise AssertionError(f"not within {seconds} s: {self.open_alerts()} {self.shadowed()}")

    def test_one_alert_the_rest_in_its_shadow_and_all_back(self) -> None:
        with simulated_region() as (var, port):
            targets = self.load(port)
            self.until(lambda: Target.objects.filter(state="up").count() == len(DEVICES), 20)
            assert set(Target.objects.values_list("profile", flat=True)) >= {
                "router",
                "switch",
                "ups",
                "printer",
                "linux",
            }
            self.until(lambda: Reading.objects.filter(metric="ups.load").exists(), 15)
            switch = DEVICES[0].name
            behind = {t for t in targets if switch in chain(t)}
            assert len(behind) >= 5
            set_fault(var, switch, True)
            took = self.until(lambda: set(self.shadowed()) == behind and self.open_alerts() == [switch], 30)
            assert took < 25
            for _ in range(8):  # nobody behind it alerts later either
                poll.run_due(1.0)
                engine.run()
                time.sleep(0.5)
            assert list(Alert.objects.values_list("target__name", "shadowed_count")) == [
                (switch, len(behind))
            ]
            set_fault(var, switch, False)
            self.until(lambda: not self.open_alerts() and not self.shadowed(), 20)
            self.until(lambda: Target.objects.filter(state="up").count() == len(DEVICES), 20)
            assert Alert.objects.count() == 1
            assert "restart" in self.kinds(targets[switch])
            gapless(Target.objects.all())


def chain(name: str) -> list[str]:
    """What a simulated device hangs behind."""
    from monitoring.simulation.devices import BY_NAME

    found, parent = list[str](), BY_NAME[name].parent
    while parent:
        found.append(parent)
        parent = BY_NAME[parent].parent
    return found
