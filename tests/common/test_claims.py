"""Claims with a lease: nobody gets a row twice, nothing is lost with a worker."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TestCase
from django.utils import timezone

from cmdb.common.claims import backoff, claim, finish, free, release
from servicedesk.models import Message

LEASE = timedelta(minutes=5)


def letters(n: int) -> None:
    """``n`` due letters."""
    Message.objects.bulk_create(
        Message(key=str(i), address="a@example.no", kind="x", language="nb", subject="s", body="b")
        for i in range(n)
    )


def todo() -> Any:
    """What is still to be sent."""
    return Message.objects.filter(sent_at=None)


class TestClaim(TestCase):
    """One worker's view."""

    def test_a_claimed_row_is_nobody_elses_until_the_lease_ends(self) -> None:
        letters(5)
        first, second = claim(todo(), 3, LEASE), claim(todo(), 3, LEASE)
        assert len(first) == 3
        assert len(second) == 2
        assert not {m.pk for m in first} & {m.pk for m in second}
        assert claim(todo(), 3, LEASE) == []
        later = timezone.now() + LEASE + timedelta(seconds=1)
        assert len(claim(todo(), 9, LEASE, now=later)) == 5
        assert set(Message.objects.values_list("attempts", flat=True)) == {2}

    def test_what_is_done_or_not_due_is_left(self) -> None:
        letters(3)
        Message.objects.filter(key="0").update(sent_at=timezone.now())
        Message.objects.filter(key="1").update(due_at=timezone.now() + LEASE)
        assert [m.key for m in claim(todo(), 9, LEASE)] == ["2"]

    def test_finish_and_release_only_while_the_lease_is_ours(self) -> None:
        letters(2)
        one, two = claim(todo(), 2, LEASE)
        assert finish(one, sent_at=timezone.now())
        assert not finish(one, sent_at=timezone.now())
        Message.objects.filter(pk=two.pk).update(lease_until=timezone.now() - LEASE)
        [again] = claim(todo(), 2, LEASE)
        assert not finish(two, sent_at=timezone.now())
        assert release(again, timedelta(minutes=1), error="no answer")
        again.refresh_from_db()
        assert again.error == "no answer"
        assert claim(todo(), 2, LEASE) == []
        assert Message.objects.filter(free(timezone.now() + timedelta(minutes=2)), sent_at=None).count() == 1

    def test_an_unclaimed_row_cannot_be_finished(self) -> None:
        letters(1)
        with pytest.raises(ValueError, match="not claimed"):
            finish(Message.objects.get())

    def test_two_statements_whatever_the_number(self) -> None:
        letters(30)
        with self.assertNumQueries(4):  # two, and the test's savepoint around them
            assert len(claim(todo(), 30, LEASE)) == 30

    def test_waiting_doubles_up_to_a_limit(self) -> None:
        assert [backoff(n).total_seconds() for n in (0, 1, 2, 3, 99)] == [60, 60, 120, 240, 3600]


@pytest.mark.django_db(transaction=True)
def test_workers_neither_wait_nor_share() -> None:
    """One holds its rows in an open transaction; the other takes the rest at once."""
    letters(4)
    found: list[list[str]] = []

    def other() -> None:
        try:
            found.append([m.key for m in claim(todo(), 9, LEASE)])
        finally:
            connection.close()

    with transaction.atomic():
        mine = {m.key for m in claim(todo(), 2, LEASE)}
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert len(mine) == 2
    assert {*found[0]} == {"0", "1", "2", "3"} - mine
