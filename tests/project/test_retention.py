"""What grows is cut by one table, each rule to the instant; what history rests on stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from cmdb.models import Heartbeat
from monitoring import events
from monitoring.models import Alert, Event, Interval, Period, Reading, ReadingRollup, Severity
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from servicedesk.models import TicketAlert
from servicedesk.project import retention
from servicedesk.project.schedule import BEAT_SCHEDULE
from tests import cases
from tests.cluster import ROOT

NOW = datetime(2026, 6, 15, 1, 20, tzinfo=UTC)  # 03.20 in Oslo


@pytest.fixture
def region(db: None) -> cases.Region:
    return cases.build()


def event(region: cases.Region, at: datetime, key: str = "", handled: bool = True) -> Event:
    made = events.post(
        region.switch_target,
        "down" if key else "trap",
        severity=Severity.WARNING,
        source="x",
        problem_key=key,
        at=at,
    )
    if handled:
        Event.objects.filter(pk=made.pk).update(handled_at=at)
    return made


def rollup(region: cases.Region, at: datetime, period: str) -> ReadingRollup:
    return ReadingRollup.objects.create(
        target=region.switch_target,
        metric="rtt",
        period=period,
        starts_at=at,
        minimum=1,
        maximum=1,
        total=1,
        count=1,
    )


MAKERS: dict[str, Callable[[cases.Region, datetime], models.Model]] = {
    "sessions": lambda _r, at: Session.objects.create(session_key=str(at.timestamp()), expire_date=at),
    "notices of devices": event,
    "events of problems": lambda r, at: event(r, at, key="1:down"),
    "hourly figures": lambda r, at: rollup(r, at, Period.HOUR),
    "daily figures": lambda r, at: rollup(r, at, Period.DAY),
    "last values": lambda r, at: Reading.objects.create(
        target=r.switch_target, metric="if.in", instance=str(at), value=1, at=at
    ),
    "signs of life": lambda _r, at: Heartbeat.objects.create(
        part="poller", host="h", instance=str(at)[-6:] + str(at.minute), at=at
    ),
}


def left(rows: list[models.Model]) -> list[bool]:
    return [type(row)._default_manager.filter(pk=row.pk).exists() for row in rows]


@pytest.mark.parametrize("rule", retention.RULES, ids=lambda rule: rule.name)
def test_each_rule_to_the_minute(region: cases.Region, rule: retention.Rule) -> None:
    edge = retention.cutoff(rule.days, NOW)
    old, kept = (MAKERS[rule.name](region, edge + timedelta(minutes=m)) for m in (-1, 1))
    gone = retention.run(NOW)
    assert left([old, kept]) == [False, True]
    assert gone == {other.name: int(other is rule) for other in retention.RULES}
    assert retention.run(NOW)[rule.name] == 0


@pytest.mark.parametrize(
    ("now", "edge"),
    [
        ("2026-06-15T01:20:00Z", "2026-06-13T22:00:00Z"),
        ("2026-06-14T22:30:00Z", "2026-06-13T22:00:00Z"),  # the 15th already, where we live
        ("2026-06-14T21:30:00Z", "2026-06-12T22:00:00Z"),
        ("2026-03-30T01:20:00Z", "2026-03-28T23:00:00Z"),  # the day that has 23 hours is whole
        ("2026-10-26T01:20:00Z", "2026-10-24T22:00:00Z"),  # and the one that has 25
    ],
)
def test_days_end_at_midnight_where_we_live(now: str, edge: str) -> None:
    assert retention.cutoff(1, datetime.fromisoformat(now)) == datetime.fromisoformat(edge)


def test_what_history_rests_on_stays(region: cases.Region) -> None:
    long_ago = NOW - timedelta(days=2000)
    told = Alert.objects.create(
        target=region.switch_target, organisation=region.here, problem_key="1:down", kind="down",
        severity=Severity.EXCEPTION, opened_at=long_ago, closed_at=long_ago + timedelta(hours=1),
    )  # fmt: skip
    still = Alert.objects.create(
        target=region.server_target, organisation=region.here, problem_key="2:down", kind="down",
        severity=Severity.EXCEPTION, opened_at=long_ago,
    )  # fmt: skip
    ticket = open_ticket(MONITORING, title="svarer ikke", channel="monitoring", organisation=region.here)
    TicketAlert.objects.create(ticket=ticket, alert=told)
    kept: list[models.Model] = [
        event(region, long_ago, key="1:down"),
        event(region, long_ago, key="2:down"),
        event(region, long_ago, handled=False),
        Interval.objects.create(target=region.switch_target, state="up", started_at=long_ago),
        Heartbeat.objects.create(part="traps", host="gone", instance="1", at=long_ago),
        told, still, ticket,
    ]  # fmt: skip
    entries = ticket.entries.count()
    passing = event(region, long_ago, key="3:down")
    retention.run(NOW)
    assert left(kept) == [True] * len(kept)
    assert left([passing]) == [False]
    assert ticket.entries.count() == entries


def test_in_batches_and_the_next_night_goes_on(region: cases.Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for minute in range(8):
        event(region, NOW - timedelta(days=91, minutes=minute))
    assert retention.run(NOW, seconds=0)["notices of devices"] == 0
    assert retention._batch(retention.RULES[1].rows(NOW)) == 3
    assert retention.run(NOW)["notices of devices"] == 5


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gives_way() -> None:
    Session.objects.create(session_key="x", expire_date=NOW - timedelta(days=1))
    settings = connection.settings_dict
    with psycopg.connect(host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"]) as other:
        other.execute("select pg_advisory_xact_lock(hashtext('project.retention'))")
        assert retention.run(NOW)["sessions"] == 0
    assert retention.run(NOW)["sessions"] == 1


def test_nothing_refers_to_what_goes() -> None:
    """Rows go in one statement, and take nothing with them."""
    for rule in retention.RULES:
        model: Any = rule.rows(NOW).model
        assert [r for r in model._meta.related_objects if not r.hidden] == [], rule.name


def test_every_night_and_the_document_says_the_same() -> None:
    line = BEAT_SCHEDULE["project: what is older than it has to be"]
    assert (line["task"], line["options"]["queue"]) == ("servicedesk.project.tasks.retain", "slow")
    text = (
        (ROOT / "docs" / "operations.md")
        .read_text()
        .partition("## How long things are kept")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) days?[^|]*\|", text, re.MULTILINE)
    assert {name: int(days) for name, days in rows} == {rule.name: rule.days for rule in retention.RULES}


def test_now_is_the_default(region: cases.Region) -> None:
    made = event(region, timezone.now() - timedelta(days=92))
    retention.run()
    assert left([made]) == [False]
