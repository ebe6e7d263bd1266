"""The file system broker: order, whole messages, each taken once."""

import errno
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path
from queue import Empty
from unittest import mock

import pytest
from kombu import Connection

from servicedesk.project.celery import app
from servicedesk.project.filebroker import Channel, Transport
from tests.cluster import ROOT


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
            # Asked before: what is written between a look and the question is still taken.
            last = done.is_set()
            try:
                taken[own._get("poll")["number"]] += 1
            except Empty:
                if last:
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


# --- taken, and not done --------------------------------------------------------------------------------------

WORKER = """
import sys, time
from pathlib import Path
from tests.project.test_filebroker import channel
own = channel(Path(sys.argv[1]))
message = own.basic_get("poll")
if sys.argv[2] == "child":
    import os
    if os.fork() == 0:
        time.sleep(600)  # a pool's process that outlives its parent
print(message.payload["number"], flush=True)
time.sleep(600)
"""


def publish(own: Channel, number: int) -> None:
    message = own.prepare_message(
        f'{{"number": {number}}}', content_type="application/json", content_encoding="utf-8"
    )
    message["properties"] |= {
        "delivery_info": {"exchange": "", "routing_key": "poll"},
        "delivery_tag": str(uuid.uuid4()),
    }
    own._put("poll", message)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "messages").iterdir())


def test_a_taken_message_is_there_until_it_is_acknowledged(tmp_path: Path) -> None:
    one = channel(tmp_path)
    publish(one, 1)
    message = one.basic_get("poll")
    assert [name[0] for name in names(tmp_path)] == ["."]
    assert one._size("poll") == 0
    message.ack()
    assert names(tmp_path) == []


def test_a_rejected_message_waits_again_in_its_place(tmp_path: Path) -> None:
    one = channel(tmp_path)
    publish(one, 1)
    publish(one, 2)
    one.basic_get("poll").reject(requeue=True)
    assert [one.basic_get("poll").payload["number"] for _ in range(2)] == [1, 2]
    one.close()  # an orderly end gives back what was not answered
    other = channel(tmp_path)
    assert other._size("poll") == 2
    other.basic_get("poll").reject()
    assert other._size("poll") == 1


def test_without_acknowledgement_it_is_gone_at_once(tmp_path: Path) -> None:
    one = channel(tmp_path)
    publish(one, 1)
    assert one.basic_get("poll", no_ack=True).payload["number"] == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["alone", "child"])
def test_what_a_killed_worker_held_is_given_to_another(tmp_path: Path, how: str) -> None:
    one = channel(tmp_path)
    publish(one, 7)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path), how], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "7\n"
        assert one.basic_get("poll") is None, "it is held by a living worker"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        one._looked = float("-inf")
        message = one.basic_get("poll")
        assert message.payload["number"] == 7
        message.ack()
        assert names(tmp_path) == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


def test_what_nobody_can_read_is_set_aside_and_the_next_is_taken(tmp_path: Path) -> None:
    one = channel(tmp_path)
    for content in ("", "{", "[]", "7"):
        (tmp_path / "messages" / f"00_{uuid.uuid4().hex}.poll.msg").write_text(content)
    publish(one, 1)
    message = one.basic_get("poll")
    assert message.payload["number"] == 1
    message.ack()
    assert sum(name.endswith(".broken") for name in names(tmp_path)) == 4


def test_without_room_the_sender_is_told_and_no_half_is_left(tmp_path: Path) -> None:
    one = channel(tmp_path)
    full = OSError(errno.ENOSPC, "No space left on device")
    with mock.patch.object(Path, "rename", side_effect=full), pytest.raises(OSError, match="No space"):
        publish(one, 1)
    assert names(tmp_path) == []
