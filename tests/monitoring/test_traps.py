"""What devices tell by themselves: decoding, events, limits; and a real receiver with snmptrap."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from cmdb.models import Organisation
from monitoring import traps
from monitoring.mibs.values import Value, integer, octets
from monitoring.models import Credential, CredentialKind, Event, Target
from monitoring.snmp import SnmpAuth
from monitoring.snmp.listener import Listener, Notification, Peer
from monitoring.views.alerts import event_data
from tests.monitoring.cases import MonitoringCase

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")
ROOT = Path(__file__).resolve().parents[2]
SNMPTRAP = shutil.which("snmptrap")


def told(
    sender: str, oid: str = traps.LINK_DOWN, agent: str = "", values: dict[str, Value] | None = None
) -> Notification:
    return Notification(sender, agent, oid, {f"{traps.IF_INDEX}3": integer(3)} | (values or {}))


class TestHandle(MonitoringCase):
    def test_known_kinds_become_events_and_the_sender_is_asked_at_once(self) -> None:
        Target.objects.update(due_at=timezone.now() + timedelta(hours=1))
        kinds = {
            traps.LINK_DOWN: "port_down", traps.LINK_UP: "port_up", traps.COLD_START: "restart",
            traps.AUTH_FAILURE: "auth_failure", "1.3.6.1.4.1.9.9.1": "trap",
        }  # fmt: skip
        traps.handle([told("127.0.8.1", oid) for oid in kinds], traps.Limit())
        assert self.kinds(self.switch) == list(kinds.values())
        assert Event.objects.filter(kind="port_down").get().text == "3"
        self.switch.refresh_from_db()
        self.server.refresh_from_db()
        assert self.switch.due_at <= timezone.now()
        assert self.server.due_at > timezone.now()
        self.engine(10**9)
        assert self.open_alerts() == []  # a trap alone alerts nobody

    def test_unknown_senders_and_switched_off_targets_store_nothing(self) -> None:
        Target.objects.filter(pk=self.server.pk).update(is_enabled=False)
        traps.handle([told("127.0.8.2"), told("203.0.113.7")], traps.Limit())
        assert not Event.objects.exists()

    def test_a_v1_trap_counts_for_the_agent_that_it_names(self) -> None:
        traps.handle([told("203.0.113.7", agent="127.0.8.2")], traps.Limit())
        assert self.kinds(self.server) == ["port_down"]

    def test_hostile_values_are_stored_harmlessly(self) -> None:
        values = {f"1.3.6.1.4.1.1.{n}": octets(os.urandom(300) + b"\x00") for n in range(50)}
        traps.handle([told("127.0.8.1", "1.3.6.1.4.1.1", values=values)], traps.Limit())
        event = Event.objects.get()
        assert len(event.data["values"]) <= 20
        assert all(len(v) <= 200 for v in event.data["values"].values() if isinstance(v, str))

    def test_no_community_is_stored(self) -> None:
        """Neither the one that a v1 trap, or a proxy, carries on, nor a command that the device reports."""
        values = {
            "1.3.6.1.6.3.18.1.4.0": octets(b"trap-me"),
            "1.3.6.1.6.3.18.1.1.1.2.5": octets(b"trap-me"),
            "1.3.6.1.4.1.9.9.41.1.2.3.1.5.1": octets(b"logged command: snmp-server community trap-me RO"),
            "1.3.6.1.4.1.9.9.41.1.2.3.1.5.2": octets(b"copy tftp://drift:trap-me@192.0.2.1/x"),
            "1.3.6.1.2.1.1.5.0": octets(b"fjordvik-rh-sw1"),
        }
        traps.handle([told("127.0.8.1", "1.3.6.1.4.1.9.9.41.2.0.1", values=values)], traps.Limit())
        event = Event.objects.get()
        assert "trap-me" not in str(event.data)
        assert event.data["values"]["1.3.6.1.2.1.1.5.0"] == "fjordvik-rh-sw1"

    def test_an_event_stored_with_its_community_does_not_show_it(self) -> None:
        traps.handle([told("127.0.8.1", traps.COLD_START)], traps.Limit())
        event = Event.objects.get()
        event.data["values"] = {"1.3.6.1.6.3.18.1.4.0": "trap-me", "1.3.6.1.2.1.1.3.0": 5}
        assert "trap-me" not in event_data(event, None)
        assert "1.3.6.1.2.1.1.3.0" in event_data(event, None)

    def test_a_storm_is_cut_and_what_was_cut_is_told(self) -> None:
        limit = traps.Limit()
        traps.handle([told("127.0.8.1")] * 500, limit, now=0.0)
        assert Event.objects.count() == traps.MOST
        traps.handle([told("127.0.8.1")], limit, now=traps.WINDOW + 1)
        assert Event.objects.order_by("-pk")[0].data["dropped_before"] == 500 - traps.MOST

    def test_a_storm_of_one_leaves_room_for_others(self) -> None:
        traps.handle([told("127.0.8.1")] * 500 + [told("127.0.8.2")], traps.Limit())
        assert Event.objects.filter(target=self.server).count() == 1


@pytest.mark.skipif(SNMPTRAP is None, reason="snmptrap is not installed")
class TestListener:
    """Decoding, with the programs of net-snmp as senders."""

    def heard(self, *commands: list[str], peers: list[Peer]) -> list[Notification]:
        found: list[Notification] = []

        async def listen() -> None:
            listener = Listener("127.0.0.1", 0, peers, found.append)
            try:
                for command in commands:
                    place = f"127.0.0.1:{listener.port}"
                    process = await asyncio.create_subprocess_exec(
                        *[word.replace("HERE", place) for word in command], env=os.environ | {"MIBS": ""},
                        stderr=asyncio.subprocess.DEVNULL,
                    )  # fmt: skip
                    await asyncio.wait_for(process.wait(), 20)
                await asyncio.sleep(0.3)
            finally:
                listener.close()

        asyncio.run(listen())
        return found

    def test_v1_v2c_inform_and_a_wrong_community(self) -> None:
        link = "1.3.6.1.6.3.1.1.5.3"
        index = [f"{traps.IF_INDEX}7", "i", "7"]
        found = self.heard(
            [
                "snmptrap",
                "-v1",
                "-c",
                "trap-me",
                "HERE",
                "1.3.6.1.4.1.8072",
                "10.9.8.7",
                "2",
                "0",
                "55",
                *index,
            ],
            ["snmptrap", "-v2c", "-c", "trap-me", "HERE", "", link, *index],
            ["snmpinform", "-v2c", "-c", "trap-me", "HERE", "", link, *index],
            ["snmptrap", "-v2c", "-c", "wrong", "HERE", "", link, *index],
            peers=[Peer(SnmpAuth.v2c("trap-me"))],
        )
        assert [n.oid for n in found] == [link] * 3
        assert [n.agent for n in found] == ["10.9.8.7", "", ""]
        assert all(n.values[f"{traps.IF_INDEX}7"] == integer(7) for n in found)
        assert {n.sender for n in found} == {"127.0.0.1"}
        assert "trap-me" not in repr(found)

    def test_no_community_goes_further_than_the_door(self) -> None:
        text = ["1.3.6.1.4.1.8072.9.1", "s", "by trap-me!"]
        community = ["1.3.6.1.6.3.18.1.4.0", "s", "trap-me"]
        v1 = ["snmptrap", "-v1", "-c", "trap-me", "HERE", "1.3.6.1.4.1.8072", "10.9.8.7", "6", "1", "55"]
        v2 = ["snmptrap", "-v2c", "-c", "trap-me", "HERE", "", "1.3.6.1.6.3.1.1.5.3"]
        found = self.heard([*v1, *text], [*v2, *text, *community], peers=[Peer(SnmpAuth.v2c("trap-me"))])
        assert len(found) == 2
        for notification in found:
            assert b"trap-me" not in repr(notification).encode()
            assert "1.3.6.1.6.3.18.1.4.0" not in notification.values
            assert notification.values["1.3.6.1.4.1.8072.9.1"] == octets(b"by <removed>!")

    def test_v3_of_a_known_engine_only(self) -> None:
        auth = SnmpAuth.v3("trapper", "SHA1", "auth-password", "AES128", "priv-password")

        def command(engine: str) -> list[str]:
            keys = [
                "-u",
                "trapper",
                "-l",
                "authPriv",
                "-a",
                "SHA",
                "-A",
                "auth-password",
                "-x",
                "AES",
                "-X",
                "priv-password",
            ]
            return ["snmptrap", "-v3", *keys, "-e", f"0x{engine}", "HERE", "", "1.3.6.1.6.3.1.1.5.1"]

        found = self.heard(
            command("8000000001020304"),
            command("8000000001020399"),
            peers=[Peer(auth, ("8000000001020304",))],
        )
        assert [n.oid for n in found] == ["1.3.6.1.6.3.1.1.5.1"]


@pytest.mark.slow
@pytest.mark.skipif(SNMPTRAP is None, reason="snmptrap is not installed")
class TestReceiver(TransactionTestCase):
    def test_the_command_receives_and_stops_on_sigterm(self) -> None:
        region = Organisation.objects.create(name="R", slug="r", kind="region")
        credential = Credential.objects.create(
            name="c", kind=CredentialKind.SNMP_V2C, organisation=region, secret={"community": "trap-me"}
        )
        later = timezone.now() + timedelta(hours=1)
        target = Target.objects.create(
            name="t", organisation=region, address="127.0.0.1", credential=credential, due_at=later
        )
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings", "SAMDRIFT_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "manage.py", "receive_traps", "--port", "0"], cwd=ROOT, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "127.0.0.1" in line
            place = f"127.0.0.1:{line.split()[-1]}"
            command = ["snmptrap", "-v2c", "-c", "trap-me", place, "", traps.COLD_START]
            subprocess.run(command, check=True, env=os.environ | {"MIBS": ""}, timeout=20)
            # The event is saved first, then the target is hurried: two transactions of another process.
            for _ in range(100):
                if Target.objects.filter(due_at__lt=later).exists():
                    break
                time.sleep(0.1)
            assert Event.objects.get().kind == "restart"
            target.refresh_from_db()
            assert target.due_at < later
        finally:
            process.terminate()
            _out, problems = process.communicate(timeout=20)
        assert process.returncode == 0, problems
        assert "trap-me" not in problems
