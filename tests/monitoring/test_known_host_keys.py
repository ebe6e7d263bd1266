"""What is remembered of the host keys that were shown: the first one, another one since, and when it is over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from monitoring import backups, events, integrity, tasks, words
from monitoring.hostkeys import known
from monitoring.hostkeys.keys import CHANGED, Key
from monitoring.models import Alert, BackupResult, Credential, Event, HostKey, Target
from tests import cases
from tests.monitoring.cases import T0, MonitoringCase

OLD, NEW, OTHER = (Key.of("ssh-ed25519", f"blob {n}".encode()) for n in range(3))


class TestKnown(MonitoringCase):
    """What is remembered of what was shown, without sessions."""

    def saw(self, key: Key, second: float) -> bool:
        return known.record(self.switch, key, self.at(second))

    def open_alert(self, second: float) -> Alert | None:
        self.engine(second)
        return Alert.objects.filter(kind=known.KIND, closed_at=None).first()

    def test_one_alert_while_it_stays_until_the_known_key_is_back(self) -> None:
        assert self.saw(OLD, 0)
        assert not self.saw(NEW, 10)
        first = self.open_alert(11)
        assert not self.saw(NEW, 20)
        assert first is not None
        assert self.open_alert(21) == first
        assert HostKey.objects.get().offered_at == self.at(10)
        assert self.saw(OLD, 30)
        assert self.open_alert(31) is None
        assert not HostKey.objects.get().is_changed

    def test_a_third_key_takes_the_place_of_the_second(self) -> None:
        for second, key in enumerate((OLD, NEW, OTHER)):
            self.saw(key, second)
        row = HostKey.objects.get()
        assert (row.known, row.offered, row.offered_at) == (OLD, OTHER, self.at(2))

    def test_accepted_or_forgotten_it_is_over(self) -> None:
        self.saw(OLD, 0)
        self.saw(NEW, 10)
        assert self.open_alert(11)
        known.accept(self.switch, NEW.fingerprint)
        self.engine(20)
        self.engine((timezone.now() - T0).total_seconds() + 1)
        assert not Alert.objects.filter(closed_at=None).exists()
        assert self.saw(NEW, 30)
        assert not self.saw(OLD, 40)
        known.forget(self.switch, NEW.fingerprint, OLD.fingerprint)
        assert not HostKey.objects.get().is_changed
        assert self.saw(OTHER, 50)
        assert not self.saw(NEW, 60)

    def test_switched_off_and_on_again_it_alarms_anew(self) -> None:
        self.saw(OLD, 0)
        self.saw(NEW, 10)
        assert self.open_alert(11)
        Alert.objects.update(closed_at=self.at(15), closed_because="off")
        self.saw(NEW, 20)
        assert self.open_alert(21)

    def test_another_address_or_port_is_first_use_and_nobody_need_decide_about_the_old_one(self) -> None:
        login = Credential.objects.create(name="s", kind="ssh", organisation=self.r.here, secret={})
        Target.objects.filter(pk=self.switch.pk).update(ssh_credential=login)
        self.saw(OLD, 0)
        self.saw(NEW, 10)
        assert known.settle() == 0
        Target.objects.filter(pk=self.switch.pk).update(ssh_port=2222)
        self.switch.refresh_from_db()
        assert known.keys_of([self.switch]) == {}
        assert tasks.sweep() >= 1
        assert [event.clears for event in Event.objects.order_by("pk")] == [False, True]
        assert self.saw(NEW, 20)
        assert HostKey.objects.count() == 2
        assert known.keys_of([self.switch, self.server]) == {self.switch.pk: NEW}

    def test_what_another_device_sent_is_no_configuration(self) -> None:
        """Two sessions at first use: both were let in, the second to be saved met another key."""
        backups.save(self.switch, backups.Fetched("hostname a\n", "", OLD), self.at(0))
        second = backups.save(self.switch, backups.Fetched("hostname b\n", "", NEW), self.at(1))
        assert (second.result, second.content) == (BackupResult.FAILED, "")
        last = backups.last(self.switch)
        assert last is not None
        assert last.content == "hostname a\n"

    def test_integrity_tells_what_waits_and_of_what_nobody_is_told(self) -> None:
        self.saw(OLD, 0)
        assert list(integrity.check()) == []
        self.saw(NEW, 10)
        assert any("waits for a decision" in line and "nobody" not in line for line in integrity.check())
        Event.objects.update(handled_at=timezone.now())
        assert any("nobody is told" in line for line in integrity.check())

    def test_the_row_neither_holds_the_target_nor_goes_with_it(self) -> None:
        fresh = self.target("new")
        known.record(fresh, OLD, T0)
        fresh.delete()
        assert HostKey.objects.get().target_id is None

    def test_words(self) -> None:
        key = events.problem_key(self.switch.pk, known.KIND)
        self.saw(OLD, 0)
        self.saw(NEW, 1)
        event = Event.objects.get(problem_key=key)
        assert words.sentence(known.KIND, "sw") == "sw shows another SSH host key than before"
        assert words.label(known.KIND) in words.happened(event)
        assert words.detail(event.text) == f"{words.DETAILS[CHANGED]} ({NEW.fingerprint})"
        self.saw(OLD, 2)
        assert {text.partition(" (")[0] for text in Event.objects.values_list("text", flat=True)} <= set(
            words.DETAILS
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_first_uses_at_once_one_wins_and_the_other_has_changed() -> None:
    target = cases.build().switch_target
    barrier = threading.Barrier(2)

    def first_use(key: Key) -> bool:
        try:
            barrier.wait(10)
            return known.record(target, key, T0)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip((OLD, NEW), pool.map(first_use, (OLD, NEW)), strict=True))
    assert sorted(answers.values()) == [False, True]
    row = HostKey.objects.get()
    winner = next(key for key, won in answers.items() if won)
    assert row.known == winner
    assert row.is_changed
    assert Event.objects.filter(kind=known.KIND).count() == 1
