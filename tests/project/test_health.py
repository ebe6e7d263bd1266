"""Probes: alive, ready, figures; what they say when something is wrong, and to whom."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from monitoring.models import Target
from servicedesk.project import heartbeat
from tests import cases


@pytest.fixture
def healthy() -> Iterator[None]:
    """A queue folder and a fresh heartbeat."""
    (settings.QUEUE_FOLDER / "messages").mkdir(parents=True, exist_ok=True)
    heartbeat.leave()
    yield
    (settings.VAR / heartbeat.NAME).unlink(missing_ok=True)


def test_alive_asks_the_database_nothing_and_no_host_name(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with mock.patch("django.db.backends.utils.CursorWrapper.execute", side_effect=AssertionError):
        answer = client.get("/healthz", headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_when_all_works(client: Client, healthy: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content
    assert answer.json()["ready"] is True
    assert set(answer.json()["checks"]) == {"database", "broker", "beat", "poller"}


@pytest.mark.django_db
def test_not_ready_when_beat_is_late(client: Client, healthy: None) -> None:
    late = time.time() - 120
    os.utime(settings.VAR / heartbeat.NAME, (late, late))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"]["ok"] is False
    assert answer.json()["checks"]["beat"]["age_seconds"] >= 120
    (settings.VAR / heartbeat.NAME).unlink()
    assert client.get("/readyz").json()["checks"]["beat"] == {"ok": False, "age_seconds": None}


@pytest.mark.django_db
def test_a_machine_without_beat_does_not_judge_it(client: Client, healthy: None, settings: Settings) -> None:
    (settings.VAR / heartbeat.NAME).unlink()
    settings.SAMDRIFT_BEAT_HERE = False
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_not_ready_when_a_target_waits_long(client: Client, healthy: None) -> None:
    region = cases.build()
    assert client.get("/readyz").json()["checks"]["poller"]["ok"] is True
    Target.objects.filter(organisation=region.here).update(due_at=timezone.now() - timedelta(minutes=10))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["poller"]["late_seconds"] >= 600
    Target.objects.update(is_enabled=False)
    assert client.get("/readyz").json()["checks"]["poller"] == {"ok": True, "late_seconds": 0.0}


@pytest.mark.django_db
def test_a_broken_database_is_a_finding_without_its_address(client: Client, healthy: None) -> None:
    with mock.patch(
        "servicedesk.project.health.connection.cursor", side_effect=OperationalError("password=hunter2")
    ):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {"ok": False, "error": "OperationalError"}
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_a_missing_queue_folder_is_a_finding(
    client: Client, healthy: None, settings: Settings, tmp_path: Path
) -> None:
    settings.QUEUE_FOLDER = tmp_path / "nowhere"
    assert client.get("/readyz").json()["checks"]["broker"] == {"ok": False, "waiting": 0}


@pytest.mark.django_db
def test_figures_count_what_is_there(client: Client, healthy: None) -> None:
    cases.build()
    lines = client.get("/metrics").content.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert (
        float(values['samdrift_targets{state="unknown"}'])
        == Target.objects.filter(state="unknown").count()
        > 0
    )
    assert float(values["samdrift_heartbeat_age_seconds"]) < 60
    assert float(values["samdrift_database_bytes"]) > 0


@pytest.mark.django_db
def test_figures_only_for_the_bearer_where_a_token_is_set(client: Client, settings: Settings) -> None:
    settings.SAMDRIFT_METRICS_TOKEN = "figures-please"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer figures-please"}).status_code == 200
