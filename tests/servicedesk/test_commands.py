"""api_token, and what time alone does."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cmdb.models import ApiToken, User
from servicedesk import tasks, waiting
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.pend import pend
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.models import State, Ticket
from tests.cases import RegionCase


class TestApiToken(RegionCase):
    def say(self, *words: str) -> str:
        out = StringIO()
        call_command("api_token", *words, stdout=out)
        return out.getvalue().strip()

    def test_the_printed_token_opens_the_api(self) -> None:
        assert ApiToken.user_of(self.say("own")) == self.r.own

    def test_only_its_digest_is_kept(self) -> None:
        token = self.say("own")
        assert not ApiToken.objects.filter(digest__contains=token).exists()

    def test_with_an_end(self) -> None:
        answer = json.loads(self.say("own", "--days", "3", "--json"))
        assert answer["expires_at"] is not None
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert ApiToken.user_of(answer["token"]) is None

    def test_refusals(self) -> None:
        User.objects.filter(username="colleague").update(is_active=False)
        for words in (["nobody"], ["colleague"], ["own", "--days", "0"]):
            with pytest.raises(CommandError):
                self.say(*words)


class TestTime(RegionCase):
    def setUp(self) -> None:
        self.ticket = open_ticket(Actor.of(self.r.own), title="x")
        self.me = Actor.of(self.r.technician)

    def test_an_agreed_date_comes(self) -> None:
        until = timezone.now() + timedelta(hours=1)
        pend(self.me, self.ticket, reason="date", until=until)
        assert waiting.wake() == 0
        assert waiting.wake(until + timedelta(minutes=5)) == 1
        ticket = Ticket.objects.get()
        assert ticket.state == State.ASSIGNED
        assert ticket.case is not None
        # The clock ran on from the agreed instant, not from when somebody looked.
        entry = ticket.case.clocks.get(measure="resolution").entries.get(do="resume")
        assert entry.at == until

    def test_what_nobody_reopened_is_closed_after_the_agreed_days(self) -> None:
        resolve(self.me, self.ticket, resolution="x")
        assert waiting.close_old(timezone.now() + timedelta(days=13)) == 0
        assert waiting.close_old(timezone.now() + timedelta(days=15)) == 1
        assert Ticket.objects.get().state == State.CLOSED

    def test_every_scheduled_task_exists_and_bears_to_run_on_nothing(self) -> None:
        for entry in tasks.SCHEDULE.values():
            name = entry["task"].rpartition(".")[2]
            getattr(tasks, name)()
            getattr(tasks, name)()
            assert entry["options"]["expires"]
