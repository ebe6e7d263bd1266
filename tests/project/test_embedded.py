"""The private cluster: from nothing, after a stop, after a kill, and two who want it at once. Real servers."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from servicedesk.project.embedded import (
    ROLE,
    BusyError,
    Cluster,
    EmbeddedError,
    ensure_database,
    place,
    remove,
)
from servicedesk.project.embedded.place import _short_run_folder
from tests.cluster import FAST, ROOT


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A var folder whose cluster is removed at the end (root's lies elsewhere)."""
    yield tmp_path
    remove(tmp_path)


def ask(var: Path, statement: str) -> list[tuple[object, ...]]:
    """Run one statement in the cluster of `var`."""
    with psycopg.connect(
        host=str(place(var).run), user=ROLE, dbname="samdrift", autocommit=True
    ) as connection:
        answer = connection.execute(statement)
        return answer.fetchall() if answer.description else []


def supervisor(var: Path) -> subprocess.Popen[str]:
    """Another process that runs the cluster until it is killed; prints the server's pid when it answers."""
    code = f"""
        import time
        from pathlib import Path
        from servicedesk.project.embedded import Cluster
        cluster = Cluster(Path({str(var)!r}), options={FAST!r})
        cluster.start()
        print(cluster.process.pid, flush=True)
        time.sleep(600)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def gone(pid: int, seconds: float = 20) -> bool:
    """Whether the process ends within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not os.path.exists(f"/proc/{pid}"):
            return True
        time.sleep(0.05)
    return False


def test_rows_outlive_stop_and_start(var: Path) -> None:
    cluster = Cluster(var, options=FAST)
    with cluster:
        assert cluster.alive
        ask(var, "create table kept (word text)")
        ask(var, "insert into kept values ('rødgrøt')")
    with pytest.raises(psycopg.OperationalError):
        ask(var, "select 1")
    with Cluster(var, options=FAST):
        assert ask(var, "select word from kept") == [("rødgrøt",)]


def test_nothing_listens_on_the_network_and_nobody_else_may_look(var: Path) -> None:
    with Cluster(var, options=FAST) as cluster:
        assert ask(var, "show listen_addresses") == [("",)]
        for folder in (cluster.place.home, cluster.place.run, cluster.place.data):
            assert folder.stat().st_mode & 0o077 == 0, folder
        rules = (cluster.place.data / "pg_hba.conf").read_text()
        assert rules == "local all samdrift peer map=own\n"


def test_a_second_supervisor_is_refused_in_one_sentence(var: Path) -> None:
    with Cluster(var, options=FAST):
        with pytest.raises(BusyError, match=f"process \\(id {os.getpid()}\\) already runs the database"):
            Cluster(var).start()
        assert ask(var, "select 1") == [(1,)], "the first one goes on"
    with Cluster(var, options=FAST):
        pass  # the lock was freed


def test_a_killed_supervisor_takes_its_server_along_and_loses_no_row(var: Path) -> None:
    first = supervisor(var)
    assert first.stdout is not None
    server = int(first.stdout.readline())
    ask(var, "create table kept (number int)")
    for number in range(20):
        ask(var, f"insert into kept values ({number})")
    first.kill()
    first.wait()
    assert gone(server), "the death signal ends the server"
    with Cluster(var, options=FAST):
        assert ask(var, "select count(*) from kept") == [(20,)]


def test_an_orphaned_server_is_ended_before_a_new_one_starts(var: Path) -> None:
    cluster = Cluster(var, options=FAST)
    cluster.start()
    assert cluster.process is not None
    orphan = cluster.process
    cluster.process = None  # as if the supervisor had vanished without its death signal …
    cluster.stop()  # … which frees the lock and leaves the server
    assert orphan.poll() is None
    with Cluster(var, options=FAST) as fresh:
        assert orphan.wait(20) is not None
        assert fresh.process is not None
        assert fresh.process.pid != orphan.pid
        assert ask(var, "select 1") == [(1,)]


def test_a_pid_file_that_names_a_stranger_harms_nobody(var: Path) -> None:
    with Cluster(var, options=FAST) as cluster:
        data = cluster.place.data
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        with Cluster(var, options=FAST):
            assert stranger.poll() is None
            assert ask(var, "select 1") == [(1,)]
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_cluster_is_made_anew(var: Path) -> None:
    where = place(var)
    (where.home / "data.new").mkdir(parents=True)
    (where.home / "data.new" / "PG_VERSION").write_text("18\n")
    with Cluster(var, options=FAST):
        assert ask(var, "select 1") == [(1,)]
    assert not (where.home / "data.new").exists()


def test_a_cluster_of_another_release_is_refused_and_left_alone(var: Path) -> None:
    with Cluster(var, options=FAST) as cluster:
        mark = cluster.place.data / "PG_VERSION"
    mark.write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        Cluster(var).start()
    mark.write_text("18\n")
    with Cluster(var, options=FAST):
        pass


def test_a_server_that_died_is_started_again(var: Path) -> None:
    with Cluster(var, options=FAST) as cluster:
        assert cluster.process is not None
        cluster.process.send_signal(signal.SIGKILL)
        cluster.process.wait()
        assert not cluster.alive
        cluster.restart()
        assert ask(var, "select 1") == [(1,)]


def test_a_command_starts_the_cluster_for_its_own_time(var: Path) -> None:
    with ensure_database(var):
        assert ask(var, "select 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError):
        ask(var, "select 1")


def test_a_command_uses_the_supervisors_cluster_and_leaves_it_running(var: Path) -> None:
    with Cluster(var, options=FAST):
        with ensure_database(var):
            assert ask(var, "select 1") == [(1,)]
        assert ask(var, "select 1") == [(1,)]


def test_the_command_that_started_the_cluster_waits_for_the_other_one(var: Path) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from servicedesk.project.embedded import ensure_database
        with ensure_database(Path({str(var)!r})):
            print("in", flush=True)
            sys.stdin.readline()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    first, second = (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    try:
        for process in (first, second):
            assert process.stdout is not None
            assert process.stdout.readline() == "in\n"
        assert first.stdin is not None
        first.stdin.write("\n")
        first.stdin.flush()
        time.sleep(1)
        assert ask(var, "select 1") == [(1,)], "whoever started it, it serves while one of them is inside"
        assert second.stdin is not None
        second.stdin.write("\n")
        second.stdin.flush()
        assert first.wait(20) == 0
        assert second.wait(20) == 0
    finally:
        for process in (first, second):
            process.kill()
            process.wait()


def test_a_socket_path_too_long_for_the_kernel_goes_elsewhere(tmp_path: Path) -> None:
    wanted = tmp_path / ("x" * 60) / ("y" * 60) / "run"
    assert _short_run_folder(tmp_path, tmp_path / "run") == tmp_path / "run"
    found = _short_run_folder(tmp_path, wanted)
    try:
        assert found != wanted
        assert found.stat().st_mode & 0o077 == 0
        assert _short_run_folder(tmp_path, wanted) == found, "the next process finds the same"
        found.chmod(0o755)
        other = _short_run_folder(tmp_path, wanted)
        assert other != found, "a folder that others may enter is not taken again"
        other.rmdir()
    finally:
        found.rmdir()
