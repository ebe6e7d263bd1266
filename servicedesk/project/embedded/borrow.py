"""A cluster for the time of one command, shared with other commands; and its removal."""

import fcntl
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from servicedesk.project.embedded.cluster import Cluster
from servicedesk.project.embedded.place import BusyError, place


@contextmanager
def ensure_database(var: Path) -> Iterator[None]:
    """The cluster of `var` runs inside this block: a supervisor's where one lives, else one for the block's own time.

    Several commands may be inside at once. The one that started the server waits at its end for the others:
    each holds `users` shared, and the starter takes it exclusively before it stops the server.
    """
    cluster = Cluster(var)
    cluster.make_folders()
    with cluster.place.users.open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        started = _start_or_wait(cluster)
        try:
            yield
        finally:
            if started:
                fcntl.flock(users, fcntl.LOCK_UN)
                _wait_for_others(users)
                cluster.stop()


def _start_or_wait(cluster: Cluster) -> bool:
    """True: the server is ours. False: somebody else's answers. The other may die meanwhile, then it is our turn."""
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.start()
            return True
        except BusyError:
            if cluster.answers():
                return False
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _wait_for_others(users: IO[str]) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(
            "Another command still uses the database that this one started; waiting for it to end.",
            file=sys.stderr,
        )
        fcntl.flock(users, fcntl.LOCK_EX)


def remove(var: Path) -> None:
    """Delete the cluster of `var` for good. Raises BusyError while something supervises it."""
    where = place(var)
    if not where.home.exists():
        return
    cluster = Cluster(var)
    cluster.take_lock()
    try:
        if where.data.exists():
            cluster.end_orphan()
        shutil.rmtree(where.home)
        shutil.rmtree(where.run, ignore_errors=True)
    finally:
        cluster.stop()
