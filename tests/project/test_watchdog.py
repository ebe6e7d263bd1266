"""A worker that takes nothing though something waits is deaf; one that works, or has nothing to do, is not."""

from __future__ import annotations

import time
from pathlib import Path
from unittest import mock

import pytest
from celery.worker import state

from servicedesk.project import watchdog
from servicedesk.project.celery import app


@pytest.fixture
def dog() -> watchdog.Watchdog:
    return watchdog.Watchdog(app, ["default", "slow"])


def idle(dog: watchdog.Watchdog, seconds: float) -> None:
    dog.taken = time.monotonic() - seconds


@pytest.mark.parametrize(
    ("seconds", "waiting", "busy", "deaf"),
    [
        (60, 3, False, True),
        (60, 0, False, False),  # no clock runs, or the broker is away
        (10, 3, False, False),
        (60, 3, True, False),  # a long task
        (4000, 3, True, True),
    ],
)
def test_who_is_deaf(dog: watchdog.Watchdog, seconds: float, waiting: int, busy: bool, deaf: bool) -> None:
    idle(dog, seconds)
    with (
        mock.patch.object(dog, "_waiting", return_value=waiting),
        mock.patch.object(state, "active_requests", {1} if busy else set()),
    ):
        assert dog.look() is deaf
        dog.note()
        assert dog.look() is False


def test_it_asks_the_broker_itself(dog: watchdog.Watchdog, tmp_path: Path) -> None:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    options = {name: str(tmp_path / "messages") for name in ("data_folder_in", "data_folder_out")}
    options["control_folder"] = str(tmp_path / "control")
    with mock.patch.dict(app.conf.broker_transport_options, options):
        for name in ("1_a.default.msg", "2_b.slow.msg", "3_c.poll.msg", ".4_d.slow.msg"):
            (tmp_path / "messages" / name).write_text("{}")
        assert dog._waiting() == 2
    with mock.patch.object(app, "connection_for_read", side_effect=OSError):
        assert dog._waiting() == 0


def test_a_deaf_worker_ends(dog: watchdog.Watchdog) -> None:
    idle(dog, 60)
    with (
        mock.patch.object(dog, "_waiting", return_value=1),
        mock.patch("servicedesk.project.watchdog.LOOK", 0),
        mock.patch("os._exit", side_effect=SystemExit) as end,
        pytest.raises(SystemExit),
    ):
        dog.run()
    end.assert_called_once_with(1)
