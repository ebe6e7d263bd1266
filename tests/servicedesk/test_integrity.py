"""check_integrity finds what is wrong, and nothing where all is right."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from cmdb.models import Heartbeat
from servicedesk import integrity
from servicedesk.actions.merge import merge
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.pend import pend
from servicedesk.actions.prioritise import prioritise
from servicedesk.actions.reopen import reopen
from servicedesk.actions.reply import reply
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.models import Mailbox, Message, ReferenceCounter, State, Ticket
from sla.models import Clock
from tests.cases import RegionCase


class TestIntegrity(RegionCase):
    def setUp(self) -> None:
        me = Actor.of(self.r.technician)
        mine = [open_ticket(Actor.of(self.r.own), title=f"t{n}") for n in range(4)]
        reply(me, mine[0], body="x")
        pend(me, mine[0], reason="customer", body="?")
        prioritise(me, mine[1], impact=1, urgency=1)
        resolve(me, mine[1], resolution="x")
        reopen(Actor.of(self.r.own), mine[1])
        merge(me, mine[2], into=mine[3])
        self.ticket = mine[0]

    def found(self) -> str:
        return "\n".join(integrity.check())

    def test_nothing_where_all_is_right(self) -> None:
        assert self.found() == ""
        out = StringIO()
        call_command("check_integrity", stdout=out)
        assert "All invariants hold." in out.getvalue()

    def test_a_mailbox_that_gives_nothing_out(self) -> None:
        now = timezone.now()
        box = Mailbox.objects.create(key="desk@mail/INBOX", failing_since=now, last_error="TimeoutError")
        assert self.found() == ""
        box.failing_since = now - timedelta(minutes=11)
        box.save()
        assert "no mail is taken from desk@mail/INBOX" in self.found()

    def test_a_mirrored_column(self) -> None:
        Ticket.objects.filter(state=State.NEW).update(due_at=timezone.now())
        assert "due_at is" in self.found()

    def test_a_case_that_differs(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(priority=1)
        assert f"{self.ticket.reference} and its case differ" in self.found()

    def test_a_pause_without_a_wait_and_a_wait_without_a_pause(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(state=State.IN_PROGRESS)
        assert "stands still" in self.found()
        Ticket.objects.filter(pk=self.ticket.pk).update(state=State.PENDING)
        Clock.objects.filter(case=self.ticket.case).update(is_paused=False)
        assert "waits, its resolution clock" in self.found()

    def test_a_counter_that_would_give_a_reference_twice(self) -> None:
        ReferenceCounter.objects.update(last=1)
        assert "counter is at 1" in self.found()

    def test_a_state_that_the_kind_does_not_know(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(state=State.IMPLEMENTING)
        assert "cannot be implementing" in self.found()

    def test_a_letter_that_lies_about(self) -> None:
        Message.objects.update(due_at=timezone.now() - timedelta(hours=2))
        assert "is not sent" in self.found() or "not sent" in self.found()

    def test_the_timeline_refuses_to_be_changed(self) -> None:
        from django.db import DatabaseError, transaction

        for sql in (
            "update servicedesk_entry set at = at - interval '1 day'",
            "delete from servicedesk_entry",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)

    def test_the_command_says_so_and_fails(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(priority=1)
        out = StringIO()
        with pytest.raises(SystemExit) as caught:
            call_command("check_integrity", "--json", stdout=out)
        assert caught.value.code == 1
        answer = json.loads(out.getvalue())
        assert answer["ok"] is False
        assert {row["floor"] for row in answer["violations"]} == {"servicedesk"}


@pytest.mark.django_db
def test_after_a_restore_nobodys_silence_counts() -> None:
    """The signs of life in a backup are of another time, and nothing runs yet."""
    Heartbeat.objects.create(part="beat", host="a", instance="1", at=timezone.now() - timedelta(hours=1))
    with pytest.raises(SystemExit):
        call_command("check_integrity", stdout=StringIO())
    said = StringIO()
    call_command("check_integrity", "--stopped", stdout=said)
    assert said.getvalue().strip() == "All invariants hold."
