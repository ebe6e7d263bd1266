"""The commands of monitoring: what they print, and one clear sentence on bad input."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from monitoring import integrity, intervals
from monitoring.models import Alert, Credential, CredentialKind, Interval, Target
from monitoring.simulation.devices import DEVICES
from tests.monitoring.agents import free_port
from tests.monitoring.cases import T0, MonitoringCase


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


class TestPoll(MonitoringCase):
    def test_once_asks_what_is_due(self) -> None:
        credential = Credential.objects.create(
            name="c", kind=CredentialKind.SNMP_V2C, organisation=self.r.here, secret={"community": "c"}
        )
        Target.objects.update(credential=credential, port=free_port("127.0.8.1"))
        found = json.loads(run("poll", "--once", "--json"))
        assert (found["asked"], found["saved"], found["silent"]) == (2, 2, 2)
        assert json.loads(run("poll", "--once", "--json"))["asked"] == 0
        assert "2 targets asked" in run("poll", "--once", "--all")
        assert Target.objects.filter(last_polled_at=None).count() == 0

    def test_without_once_it_says_who_polls(self) -> None:
        with pytest.raises(CommandError, match="--once"):
            run("poll")


class TestDemoFault(MonitoringCase):
    def test_the_list_names_a_device_a_line_the_first_a_switch(self) -> None:
        lines = run("demo_fault", "--list").splitlines()
        assert len(lines) == len(DEVICES)
        assert lines[0].split()[:2] == [DEVICES[0].name, "switch"]

    def test_down_and_up_twice_is_once(self) -> None:
        name = DEVICES[0].name
        for _ in range(2):
            assert run("demo_fault", name, "--down").strip() == f"{name} is down"
        found = {row["name"]: row for row in json.loads(run("demo_fault", "--list", "--json"))}
        assert found[name]["down"]
        assert [n for n, row in found.items() if row["silent"] and not row["down"]]
        for _ in range(2):
            assert json.loads(run("demo_fault", name, "--up", "--json"))["down"] is False
        assert not any(row["silent"] for row in json.loads(run("demo_fault", "--list", "--json")))

    def test_bad_input_is_a_sentence(self) -> None:
        with pytest.raises(CommandError, match=f"Did you mean {DEVICES[0].name}"):
            run("demo_fault", DEVICES[0].name + "x", "--down")
        with pytest.raises(CommandError, match="--list"):
            run("demo_fault")
        with pytest.raises(CommandError, match="--down or --up"):
            run("demo_fault", DEVICES[0].name)


class TestDiscover(MonitoringCase):
    def test_bad_input_is_a_sentence(self) -> None:
        Credential.objects.create(
            name="c", kind=CredentialKind.SNMP_V2C, organisation=self.r.here, secret={"community": "c"}
        )
        for words, sentence in (
            (["300.1.1.1/24"], "is not a network"),
            (["10.0.0.0/8"], "at most 4096"),
            (["127.0.0.1", "--organisation", "nobody"], "no organisation"),
            (["127.0.0.1", "--credential", "nothing"], "no credential"),
            (["127.0.0.1", "--port", "99999"], "1 to 65535"),
        ):
            with pytest.raises(CommandError, match=sentence):
                run("discover", *words)

    def test_nothing_there_is_no_error(self) -> None:
        Credential.objects.create(
            name="c", kind=CredentialKind.SNMP_V2C, organisation=self.r.here, secret={"community": "c"}
        )
        port = str(free_port("127.0.9.200"))
        found = json.loads(run("discover", "127.0.9.200", "--port", port, "--json"))
        assert (found["found"], found["made"]) == ([], 0)


class TestIntegrity(MonitoringCase):
    def test_a_sound_history_has_no_violations(self) -> None:
        self.polls({self.switch: "up", self.server: "up"}, 0, 10)
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        assert list(integrity.check(self.at(2000))) == []

    def test_each_kind_of_violation_is_found(self) -> None:
        intervals.change(self.switch, "up", T0)
        intervals.change(self.switch, "down", self.at(10))
        Interval.objects.filter(state="up").update(ended_at=self.at(5))
        Target.objects.filter(pk=self.server.pk).update(state="up")
        found = "\n".join(integrity.check(timezone.now()))
        assert f"target {self.switch.pk}: the interval before down" in found
        assert f"target {self.server.pk} is up, its last interval says nothing" in found
        assert f"target {self.switch.pk} is down since" in found
        Target.objects.filter(pk=self.switch.pk).update(parent=self.server)
        assert "reached through itself" in "\n".join(integrity.check(timezone.now()))
        assert not Alert.objects.exists()
