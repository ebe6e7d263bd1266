"""The file system broker: order, whole messages, each taken once."""

import threading
from collections import Counter
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from servicedesk.project.celery import app
from servicedesk.project.filebroker import Channel, Transport


def channel(folder: Path) -> Channel:
    """A channel of its own connection, as every worker process has one."""
    for name in ("messages", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {name: str(folder / "messages") for name in ("data_folder_in", "data_folder_out")}
    connection = Connection(
        transport=Transport, transport_options=options | {"control_folder": str(folder / "control")}
    )
    found = connection.channel()
    assert isinstance(found, Channel)
    return found


def test_the_app_uses_it() -> None:
    with app.connection_for_write() as connection:
        assert connection.transport_cls == "filesystem"
        assert isinstance(connection.transport, Transport)


def test_first_in_first_out_and_one_queue_does_not_see_the_other(tmp_path: Path) -> None:
    one = channel(tmp_path)
    for number in range(5):
        one._put("poll", {"number": number})
    one._put("default", {"number": 99})
    assert one._size("poll") == 5
    assert [one._get("poll")["number"] for _ in range(5)] == list(range(5))
    with pytest.raises(Empty):
        one._get("poll")
    assert one._purge("default") == 1
    assert list((tmp_path / "messages").iterdir()) == []


def test_many_readers_and_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    total, taken, done = 400, Counter[int](), threading.Event()

    def write(start: int) -> None:
        own = channel(tmp_path)
        for number in range(start, total, 2):
            own._put("poll", {"number": number, "filling": "x" * 20_000})

    def read() -> None:
        own = channel(tmp_path)
        while True:
            try:
                taken[own._get("poll")["number"]] += 1
            except Empty:
                if done.is_set():
                    return

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 1)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert taken == Counter(range(total))
