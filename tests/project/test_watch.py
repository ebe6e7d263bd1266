"""Blindness is told: each part is broken in turn, and readiness, integrity and the banner name it, within two minutes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cmdb import heartbeats
from cmdb.models import Heartbeat
from monitoring import events
from monitoring.models import Severity, Target
from servicedesk.models import InboundMail, Message
from servicedesk.models.mail import Mailbox
from servicedesk.project import tasks
from servicedesk.project.celery import _give_sign, app
from servicedesk.project.watch import blind, parts
from tests import cases

TWO_MINUTES = timedelta(minutes=2)


@pytest.fixture
def region(db: None) -> cases.Region:
    return cases.build()


@pytest.fixture
def healthy(region: cases.Region, settings: Settings) -> cases.Region:
    """Everything gave a sign just now: beat through its task, tasks as the worker reports them, listeners by themselves."""
    (configured.QUEUE_FOLDER / "messages").mkdir(parents=True, exist_ok=True)
    settings.SAMDRIFT_IMAP_URL = "imaps://desk:secret-word@mail.example/INBOX"
    tasks.heartbeat(host="clockhouse", instance="77")
    for task in parts.BY_TASK:
        _said(task)
    for name in (*parts.LISTENERS, "smtp"):
        heartbeats.beat(name)
    return region


def _said(task: str, error: Exception | None = None) -> None:
    class Ran:
        name = task

    _give_sign(task=Ran, state="SUCCESS" if error is None else "FAILURE", retval=error)


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def silence(name: str) -> None:
    Heartbeat.objects.filter(part=name).update(at=F("at") - TWO_MINUTES, ok_at=F("ok_at") - TWO_MINUTES)


def fail(name: str, since: timedelta) -> None:
    Heartbeat.objects.filter(part=name).update(ok_at=F("ok_at") - since)


def late_target(region: cases.Region) -> None:
    Target.objects.filter(pk=region.switch_target.pk).update(due_at=timezone.now() - TWO_MINUTES)


def late_event(region: cases.Region) -> None:
    at = timezone.now() - TWO_MINUTES
    events.post(region.switch_target, "trap", severity=Severity.INFORMATION, source="trap", at=at)


def late_letter(region: cases.Region) -> None:
    Message.objects.create(
        key="k", address="a@example.no", kind="received", language="nb", subject="s", body="b", message_id="<m@x>",
        due_at=timezone.now() - timedelta(minutes=3),
    )  # fmt: skip


def late_mail(region: cases.Region) -> None:
    InboundMail.objects.create(key="k", raw=b"x", next_try_at=timezone.now() - timedelta(minutes=3))


def stuck_mailbox(region: cases.Region) -> None:
    Mailbox.objects.create(key="desk@mail/INBOX", failing_since=timezone.now() - timedelta(minutes=11))


def unapplied(_region: cases.Region) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'sla' and name = '0001_initial'")


TOLD_BY_SILENCE = sorted(part.name for part in parts.PARTS if part.name != "smtp")


def gone(name: str) -> None:
    Heartbeat.objects.filter(part=name).delete()


BREAKS: list[tuple[str, Callable[[cases.Region], object]]] = [
    *((name, lambda _region, name=name: silence(name)) for name in TOLD_BY_SILENCE),
    *(
        (part.name, lambda _region, part=part: fail(part.name, timedelta(seconds=part.failing + 5)))
        for part in parts.PARTS
    ),
    *((name, lambda _region, name=name: gone(name)) for name in ("beat", "poller", "clocks")),
    ("poller", late_target),
    ("alerting", late_event),
    ("letters", late_letter),
    ("mail", late_mail),
    ("mailbox", stuck_mailbox),
    ("migrations", unapplied),
]  # fmt: skip


def test_all_is_well(client: Client, healthy: cases.Region) -> None:
    status, checks = ready(client)
    assert status == 200, checks
    assert {"database", "migrations", "broker", "disk", "pages", "smtp"} | {*TOLD_BY_SILENCE} == set(checks)
    assert violations() == []
    assert banner(healthy, client) == ""


@pytest.mark.parametrize(("name", "break_it"), BREAKS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(BREAKS)])
def test_each_part_that_is_broken_is_named_at_all_three_doors(
    client: Client, healthy: cases.Region, name: str, break_it: Callable[[cases.Region], None]
) -> None:
    break_it(healthy)
    status, checks = ready(client)
    assert status == 503
    assert [key for key, finding in checks.items() if not finding["ok"]] == [name]
    (sentence,) = violations()
    if name == "migrations":
        return  # of the release, not of a part that people would miss
    assert str(sentence).split(":")[0] in banner(healthy, client)


def violations() -> list[str]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("check_integrity", stdout=out)
    # what the broken rows violate besides is another floor's sentence
    return [line for line in out.getvalue().splitlines() if line.startswith("servicedesk.project: ")]


def banner(region: cases.Region, client: Client) -> str:
    client.force_login(region.technician, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/watch/")
    assert answer.status_code == 200
    client.logout()
    return (
        ("servicedesk.project: " + answer.content.decode()).replace("<li>", "servicedesk.project: ")
        if answer.content.strip()
        else ""
    )


def test_pages_load_the_banner_for_those_who_work_here_alone(client: Client, healthy: cases.Region) -> None:
    silence("poller")
    for account, status in (("technician", 200), ("lead", 200), ("own", 404), ("supplier_person", 404)):
        client.force_login(getattr(healthy, account), backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/watch/").status_code == status, account
    client.logout()
    assert client.get("/watch/").status_code == 404
    client.force_login(healthy.technician, backend="django.contrib.auth.backends.ModelBackend")
    assert b'hx-get="/watch/"' in client.get("/desk/").content
    client.force_login(healthy.own, backend="django.contrib.auth.backends.ModelBackend")
    assert b"/watch/" not in client.get("/portal/").content


def test_without_the_clock_the_banner_names_the_clock_alone(client: Client, healthy: cases.Region) -> None:
    Heartbeat.objects.update(at=F("at") - TWO_MINUTES)
    text = banner(healthy, client)
    assert "(beat)" in text
    assert "Alerts from events" not in text
    assert "trap receiver" in text


def test_a_page_that_breaks_is_not_ready(
    client: Client, healthy: cases.Region, settings: Settings, tmp_path: Path
) -> None:
    """The manifest of the static files is missing, as after an upgrade without collectstatic."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    client.raise_request_exception = False
    status, checks = ready(client)
    assert status == 503
    assert checks["pages"]["ok"] is False
    assert str(tmp_path) not in str(checks)
    # The page that says so needs none of those files itself.
    answer = client.get("/accounts/login/")
    assert answer.status_code == 500
    assert answer.headers["X-Error-Code"].encode() in answer.content


def test_a_style_sheet_that_is_gone_is_not_ready(
    client: Client, healthy: cases.Region, settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    assert ready(client)[0] == 200
    for path in (tmp_path / "samdrift" / "css").glob("base*.css"):
        path.unlink()
    assert ready(client)[1]["pages"]["ok"] is False


def test_a_full_disk_is_not_ready(client: Client, healthy: cases.Region) -> None:
    with mock.patch("shutil.disk_usage", return_value=mock.Mock(free=1000)):
        status, checks = ready(client)
    assert (status, checks["disk"]) == (503, {"ok": False, "free_bytes": 1000})


def test_without_its_database_it_says_so_and_nothing_of_its_inside(
    client: Client, healthy: cases.Region
) -> None:
    client.raise_request_exception = False
    broken = OperationalError("connection to 10.1.2.3 failed: password=hunter2")
    with mock.patch("django.db.backends.utils.CursorWrapper.execute", side_effect=broken):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["database"] == {"ok": False, "error": "OperationalError"}
    assert checks["beat"]["ok"] is False
    assert b"hunter2" not in answer.content
    assert b"10.1.2.3" not in answer.content


def test_a_failed_task_says_the_kind_of_its_error_only(client: Client, healthy: cases.Region) -> None:
    Heartbeat.objects.filter(part="mailbox").delete()
    heartbeats.forget()
    _said("servicedesk.tasks.fetch_mail", ValueError("password=hunter2"))
    assert Heartbeat.objects.get(part="mailbox").detail == "ValueError"
    checks = ready(client)[1]
    assert checks["mailbox"]["fault"] == "failing"
    assert "hunter2" not in str(checks)


def test_a_clock_on_another_machine_is_seen(client: Client, healthy: cases.Region) -> None:
    sign = Heartbeat.objects.get(part="beat")
    assert (sign.host, sign.instance) == ("clockhouse", "77")
    assert ready(client)[1]["beat"]["ok"] is True


def test_the_worst_receiver_counts_and_the_best_poller(client: Client, healthy: cases.Region) -> None:
    for name in ("traps", "poller"):
        heartbeats.beat(name, host="cellar", instance="1")
    Heartbeat.objects.filter(host="cellar").update(at=F("at") - TWO_MINUTES)
    checks = ready(client)[1]
    assert checks["poller"]["ok"] is True
    assert checks["traps"] == checks["traps"] | {"ok": False, "fault": "silent"}
    assert "cellar" not in str(checks)
    assert violations() == ["servicedesk.project: The trap receiver (cellar): no sign of life for 2 min"]


def test_what_nobody_runs_is_not_judged(client: Client, healthy: cases.Region, settings: Settings) -> None:
    settings.SAMDRIFT_IMAP_URL = ""
    Heartbeat.objects.filter(part__in=["mailbox", "traps", "network", "smtp"]).delete()
    status, checks = ready(client)
    assert status == 200
    assert not {"mailbox", "traps", "network", "smtp"} & set(checks)


def test_where_nothing_ever_ran_integrity_misses_nothing(region: cases.Region) -> None:
    assert violations() == []
    assert blind()["beat"] == {"ok": False, "age_seconds": None, "fault": "never"}


def test_every_part_belongs_to_a_task_that_is_started() -> None:
    from servicedesk.project.schedule import BEAT_SCHEDULE

    started = {line["task"] for line in BEAT_SCHEDULE.values()} | {"servicedesk.tasks.fetch_mail"}
    assert set(parts.BY_TASK) <= started
    assert set(parts.BY_TASK) <= set(app.tasks)
    heartbeat = BEAT_SCHEDULE["project: heartbeat"]
    assert heartbeat["kwargs"]["host"] == heartbeats.here()
