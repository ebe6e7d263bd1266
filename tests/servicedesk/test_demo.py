"""The demo's region and past hold every invariant, and loading is the same each time and refuses where people are."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cmdb.models import Family, Item, Licence, Organisation, User
from monitoring.models import Interval, Target
from servicedesk.demo.load import first_of, load
from servicedesk.models import OPEN_STATES, Change, Entry, InboundMail, Ticket
from sla.models import Case, Report

ACCOUNTS = {
    "reporter", "keyuser", "owner", "technician", "lead", "changemanager",
    "oncall", "supplier", "commissioner", "board", "admin", "stranger",
}  # fmt: skip


@pytest.mark.django_db
def test_a_short_past_is_whole_and_breaks_no_invariant() -> None:
    load(months=1)
    assert set(User.objects.values_list("username", flat=True)) >= ACCOUNTS
    assert Target.objects.count() == 41
    assert set(Item.objects.values_list("family", flat=True)) >= {*Family.values} - {Family.OTHER}
    assert Licence.objects.filter(reported_used__isnull=False).exists()
    assert Ticket.objects.count() == Case.objects.count() > 800
    assert Ticket.objects.filter(state__in=OPEN_STATES).count() > 20
    assert Entry.objects.count() > 3 * Ticket.objects.count()
    assert Change.objects.filter(planned_start__gt=timezone.now()).count() == 3
    assert Interval.objects.filter(ended_at=None).count() == 41
    assert Report.objects.count() == 10
    held = InboundMail.objects.filter(outcome="held", decided_at=None).values_list("reason", flat=True)
    assert sorted(held) == ["automatic", "automatic", "not_authenticated", "unknown_sender"]
    call_command("check_integrity")
    call_command("load_demo")  # here already: nothing is done twice
    assert Target.objects.count() == 41
    Organisation.objects.filter(slug="fjordregionen").update(slug="other")
    with pytest.raises(CommandError):
        call_command("load_demo")


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert first_of(dt.date(2026, 1, 31), 1) == dt.date(2025, 12, 1)
    assert first_of(dt.date(2026, 11, 22), 13) == dt.date(2025, 10, 1)
