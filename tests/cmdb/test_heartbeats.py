"""Signs of life: written rarely, at once where something changed, and never in the way of the work itself."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from cmdb import heartbeats
from cmdb.models import Heartbeat

pytestmark = pytest.mark.django_db


def one(part: str) -> heartbeats.Sign:
    (found,) = [sign for sign in heartbeats.signs() if sign.part == part]
    return found


def test_a_sign_says_who_and_when() -> None:
    heartbeats.beat("letters")
    sign = one("letters")
    assert (sign.host, sign.detail) == (heartbeats.here(), "")
    assert sign.instance.isdigit()
    assert 0 <= sign.age < 5
    assert sign.ok_age is not None
    assert 0 <= sign.ok_age < 5


def test_a_failure_keeps_the_last_success() -> None:
    heartbeats.beat("smtp")
    Heartbeat.objects.update(at="2026-01-01T00:00Z", ok_at="2026-01-01T00:00Z")
    heartbeats.beat("smtp", ok=False, detail="ConnectionRefusedError")
    sign = one("smtp")
    assert sign.age < 5
    assert sign.ok_age is not None
    assert sign.ok_age > 3600
    assert sign.detail == "ConnectionRefusedError"
    heartbeats.beat("smtp")  # its luck turned: at once
    assert (one("smtp").ok_age or 0) < 5
    assert one("smtp").detail == ""


def test_one_statement_for_all_in_ten_seconds(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    heartbeats.beat("poller")
    heartbeats.beat("letters")
    with django_assert_num_queries(0):
        for _ in range(50):
            heartbeats.beat("poller")
            heartbeats.beat("letters")
    Heartbeat.objects.update(at="2026-01-01T00:00Z")
    with mock.patch("cmdb.heartbeats.PERIOD", 0.0), django_assert_num_queries(3):  # savepoint around it
        heartbeats.beat("poller")
    assert one("poller").age < 5
    assert one("letters").age < 5


def test_two_processes_have_a_row_each_and_never_wait_for_each_other() -> None:
    heartbeats.beat("poller", host="north", instance="1")
    heartbeats.beat("poller", host="north", instance="2")
    heartbeats.beat("poller", host="south", instance="1")
    assert Heartbeat.objects.filter(part="poller").count() == 3


def test_a_database_that_is_away_costs_the_caller_nothing_and_is_made_up_for() -> None:
    with mock.patch("cmdb.heartbeats.connection.cursor", side_effect=OperationalError("gone")):
        heartbeats.beat("letters")
    assert not Heartbeat.objects.exists()
    with mock.patch("cmdb.heartbeats.PERIOD", 0.0):
        heartbeats.beat("poller")
    assert {sign.part for sign in heartbeats.signs()} == {"letters", "poller"}


def test_a_refused_statement_does_not_break_the_callers_transaction() -> None:
    with transaction.atomic():
        with mock.patch("cmdb.heartbeats._WRITE", "select nothing from nowhere where %s%s%s%s%s"):
            heartbeats.beat("letters")
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchone() == (1,)


def test_what_is_said_fits_and_holds_no_nul() -> None:
    heartbeats.beat("x" * 99, detail="a\x00b" + "c" * 999)
    (sign,) = heartbeats.signs()
    assert sign.part == "x" * 40
    assert sign.detail.startswith("abc")
    assert len(sign.detail) == 200


def test_an_orderly_end_is_no_silence() -> None:
    heartbeats.beat("traps")
    heartbeats.beat("traps", host="elsewhere")
    heartbeats.end("traps")
    assert one("traps").host == "elsewhere"


def test_a_machine_that_starts_anew_names_what_it_runs() -> None:
    heartbeats.beat("traps")
    heartbeats.beat("network", host="elsewhere")
    heartbeats.expect(["network"], among=["network", "traps"])
    found = {(sign.part, sign.host): sign for sign in heartbeats.signs()}
    assert set(found) == {("network", "elsewhere"), ("network", heartbeats.here())}
    assert found["network", heartbeats.here()].ok_age is None
