"""Probes: alive, ready, figures; what they say when something is wrong, and to whom."""

from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from cmdb import heartbeats
from monitoring.models import Target
from servicedesk.project.watch import parts
from tests import cases


@pytest.fixture
def healthy(db: None) -> None:
    """A queue folder, and signs of life of all that is always expected."""
    (settings.QUEUE_FOLDER / "messages").mkdir(parents=True, exist_ok=True)
    for part in parts.PARTS:
        if part.expected():
            heartbeats.beat(part.name)


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
    assert {"database", "broker", "beat", "poller"} <= set(answer.json()["checks"])


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
    assert float(values[f'samdrift_heartbeat_age_seconds{{host="{heartbeats.here()}",part="beat"}}']) < 60
    assert float(values["samdrift_database_bytes"]) > 0


@pytest.mark.django_db
def test_figures_only_for_the_bearer_where_a_token_is_set(client: Client, settings: Settings) -> None:
    settings.SAMDRIFT_METRICS_TOKEN = "figures-please"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer figures-please"}).status_code == 200
