"""`backup DIR` and `restore DIR`: what is wiped comes back row by row and byte by byte, and half a backup is none."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from servicedesk.project.backup import load, programs, restore
from servicedesk.project.backup import make as make_backup
from servicedesk.project.backup.manifest import BackupError
from servicedesk.project.embedded import remove
from tests.cluster import ROOT
from tests.project.sites import FILL, Site, clean_environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]
Make = Callable[..., Site]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings: None) -> Iterator[Make]:
    """Installations, gone at the end."""
    made = []

    def site(**more: str) -> Site:
        made.append(Site(tmp_path_factory.mktemp("var"), template="empty" not in more, **more))
        return made[-1]

    yield site
    for one in made:
        one.drop()


@pytest.fixture(scope="module")
def filled(make: Make) -> Site:
    """One with people, a ticket, files and a secret. Tests only read it."""
    site = make()
    site.python(FILL)
    return site


@pytest.fixture(scope="module")
def backup(filled: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup. Tests that damage it take a copy."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    done = filled.manage("backup", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == 3
    return folder


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(backup, tmp_path / "copy"))


@pytest.fixture(scope="module")
def bare(make: Make) -> Site:
    """An empty database, which refused restores leave as it is."""
    return make(empty="1")


def one_sentence(done: "subprocess.CompletedProcess[str]") -> str:
    """What a refusal says: one line, no traceback."""
    assert done.returncode == 1, done.stdout
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("CommandError: ")
    return line


def test_what_is_wiped_comes_back(filled: Site, backup: Path, make: Make) -> None:
    site = make(empty="1")
    done = site.manage("restore", backup, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == 3
    assert site.tables() == filled.tables()
    assert len(site.tables()) > 40
    assert site.files() == filled.files()
    assert len(site.files()) == 3
    secret = "import django; django.setup(); from monitoring.models import Credential as C; print(C.objects.get().secret['password'])"
    assert site.python(secret).strip() == "hemmelig"
    assert json.loads(site.manage("check_integrity", "--json").stdout)["ok"] is True
    new = site.python("""
        import django; django.setup()
        from cmdb.models import Organisation, OrganisationKind as K
        print(Organisation.objects.create(name="Ny", slug="ny", kind=K.MUNICIPALITY).pk)
    """)
    assert int(new) > 1, "sequences go on where they were"


def test_signs_of_life_are_no_data(make: Make, tmp_path: Path) -> None:
    """Else what worked at the time of the backup would be missed wherever it is restored."""
    site = make()
    site.python("import django; django.setup(); from cmdb import heartbeats; heartbeats.beat('traps')")
    assert site.manage("backup", tmp_path / "b").returncode == 0
    other = make(empty="1")
    assert other.manage("restore", tmp_path / "b").returncode == 0
    with other.connect() as connection:
        assert connection.execute("select count(*) from cmdb_heartbeat").fetchone() == (0,)


def test_nobody_else_may_read_it(backup: Path) -> None:
    for path in (backup, *backup.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_people_are_overwritten_only_when_said(backup: Path, filled: Site, make: Make) -> None:
    site = make()
    site.python(FILL)
    before, files = site.tables(), site.files()
    said = one_sentence(site.manage("restore", backup))
    assert "people" in said
    assert "--overwrite" in said
    assert (site.tables(), site.files()) == (before, files)
    done = site.manage("restore", backup, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert (site.tables(), site.files()) == (filled.tables(), filled.files())


def test_it_is_one_instant_of_a_system_that_goes_on(make: Make, tmp_path: Path) -> None:
    site = make()
    site.python(FILL)
    stop, written = threading.Event(), []

    def work() -> None:
        """Files first, then the row that names them, as the desk does."""
        with site.connect() as connection:
            [columns] = connection.execute(
                "select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = 'servicedesk_attachment'::regclass"
                " and attnum > 0 and not attisdropped and attname not in ('id', 'file')"
            ).fetchone() or [""]
            while not stop.is_set():
                name = f"attachments/{uuid4().hex}"
                (site.var / "files" / name).write_bytes(name.encode())
                statement = f"insert into servicedesk_attachment (file, {columns}) select %s, {columns} from servicedesk_attachment limit 1"
                connection.execute(statement, [name])
                written.append(name)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        done = site.manage("backup", tmp_path / "live")
    finally:
        stop.set()
        worker.join()
    assert done.returncode == 0, done.stderr
    other = make(empty="1")
    done = other.manage("restore", tmp_path / "live")
    assert done.returncode == 0, done.stderr
    with other.connect() as connection:
        named = {name for (name,) in connection.execute("select file from servicedesk_attachment")}
    assert 3 < len(named) < 3 + len(written), "it was made in the middle of the work"
    assert named <= set(other.files())


def damage_dump(folder: Path) -> None:
    content = bytearray((folder / "database.dump").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "database.dump").write_bytes(content)


def cut_file(folder: Path) -> None:
    next(path for path in (folder / "files").rglob("*") if path.is_file()).write_bytes(b"")


def lose_file(folder: Path) -> None:
    next(path for path in (folder / "files").rglob("*") if path.is_file()).unlink()


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes()[:-20])


def leave(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    content["parts"]["../../etc/passwd"] = next(iter(content["parts"].values()))
    (folder / "manifest.json").write_text(json.dumps(content))


def be_newer(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    content["migrations"]["servicedesk"].append("9999_of_a_later_release")
    (folder / "manifest.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (damage_dump, "is not as it was when the backup was made"),
        (cut_file, "is not as it was when the backup was made"),
        (lose_file, "belongs to the backup and cannot be read"),
        (lose_manifest, "holds no whole backup"),
        (cut_manifest, "is damaged"),
        (leave, "outside of the backup"),
        (be_newer, "of a newer release"),
    ],
)
def test_what_is_not_whole_touches_nothing(
    change: Callable[[Path], None], words: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "connect", lambda: pytest.fail("the database was asked"))
    change(copy)
    with pytest.raises(BackupError, match=words):
        restore(copy, overwrite=True)


def test_no_folder_no_restore(bare: Site, tmp_path: Path) -> None:
    assert "holds no whole backup" in one_sentence(bare.manage("restore", tmp_path / "nowhere"))
    assert (bare.tables(), bare.files()) == ({}, {})


def test_a_dump_that_fails_half_way_leaves_the_database_as_it_was(
    copy: Path, bare: Site, filled: Site
) -> None:
    """The counts are the last thing looked at: by then every row was written."""
    content = json.loads((copy / "manifest.json").read_text())
    content["tables"]["cmdb_user"] += 1
    (copy / "manifest.json").write_text(json.dumps(content))
    assert "the table cmdb_user is not whole" in one_sentence(bare.manage("restore", copy))
    assert bare.tables() == {}


def test_nobody_else_may_work_with_the_database(backup: Path, bare: Site) -> None:
    with bare.connect():
        assert "stop Samdrift first" in one_sentence(bare.manage("restore", backup))


def test_other_keys_are_asked_for(backup: Path, bare: Site) -> None:
    key = "0123456789abcdef0123456789abcdef0123456789_="
    said = one_sentence(bare.manage("restore", backup, SAMDRIFT_ENCRYPTION_KEYS=key))
    assert "set SAMDRIFT_ENCRYPTION_KEYS to" in said
    assert bare.tables() == {}


def test_folders_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(programs, "connect", lambda: pytest.fail("the database was asked"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    for folder, words in (
        (tmp_path / "full", "is not empty"),
        (tmp_path / "full" / "mine", "cannot be used"),
        (Path("/proc/backup"), "cannot be used"),
        (Path(settings.MEDIA_ROOT) / "b", "among the attachments"),
    ):
        with pytest.raises(BackupError, match=words):
            make_backup(folder)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_an_empty_folder_is_taken(filled: Site, tmp_path: Path) -> None:
    assert filled.manage("backup", tmp_path).returncode == 0
    assert (tmp_path / "manifest.json").exists()


def test_a_file_that_is_lost_is_told(make: Make, tmp_path: Path) -> None:
    site = make()
    site.python(FILL)
    lost = next(path for path in (site.var / "files").rglob("*") if path.is_file())
    lost.unlink()
    assert lost.name in one_sentence(site.manage("backup", tmp_path / "one"))
    assert not (tmp_path / "one").exists()
    done = site.manage("backup", tmp_path / "one", "--allow-missing-files", "--json")
    assert [Path(name).name for name in json.loads(done.stdout)["missing_files"]] == [lost.name]


def full_disk(site: Site, mount: Path, size: str, *command: str | Path) -> "subprocess.CompletedProcess[str]":
    """A command that sees a small file system of its own at `mount`; then what lies in it."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("a small file system of one's own needs root and a mount namespace")
    mount.mkdir(exist_ok=True)
    script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && at="$1" && shift && "$@"; code=$?; find "$at" -mindepth 1; exit $code'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", size, mount, mount, sys.executable, "manage.py", *command],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_full_disk_leaves_no_half_backup(filled: Site, tmp_path: Path) -> None:
    large = filled.var / "files" / "large"
    large.write_bytes(os.urandom(3_000_000))
    for size in ("64k", "2m"):  # it ends in the dump, in the files
        done = full_disk(filled, tmp_path / "disk", size, "backup", tmp_path / "disk" / "one")
        assert "No space left on device" in one_sentence(done)
        assert done.stdout == "", "nothing of it is left"
    large.unlink()


def test_a_full_disk_touches_no_database(backup: Path, bare: Site) -> None:
    content = json.loads((backup / "manifest.json").read_text())
    assert content["parts"]
    done = full_disk(bare, bare.var / "files", "8k", "restore", backup)
    assert "No space left on device" in one_sentence(done)
    assert bare.tables() == {}


def test_an_older_release_is_migrated(make: Make, tmp_path: Path) -> None:
    old, new = make(), make(empty="1")
    assert old.manage("migrate", "sessions", "zero").returncode == 0
    assert "django_session" not in old.tables()
    assert old.manage("backup", tmp_path / "old").returncode == 0
    assert new.manage("restore", tmp_path / "old").returncode == 0
    assert "django_session" in new.tables()


def test_the_private_database_takes_it_and_gives_it(backup: Path, filled: Site, tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()

    def manage(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *map(str, arguments)]
        environment = clean_environment() | {"SAMDRIFT_VAR": str(var)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    try:
        done = manage("restore", backup)
        assert done.returncode == 0, done.stderr
        done = manage("backup", tmp_path / "again", "--json")
        assert done.returncode == 0, done.stderr
    finally:
        remove(var)
    first, second = (json.loads((at / "manifest.json").read_text()) for at in (backup, tmp_path / "again"))
    assert first["tables"] == second["tables"]
    assert (backup / "secrets" / "encryption_keys").read_text().strip() in (
        tmp_path / "again" / "secrets" / "encryption_keys"
    ).read_text()


def test_programs_fit_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (15, 17, 18):
        folder = tmp_path / str(version)
        folder.mkdir()
        for name in programs.NEEDED:
            (folder / name).write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.2 (Debian)'\n")
            (folder / name).chmod(0o755)
    monkeypatch.setattr(programs, "PLACES", (f"{tmp_path}/*",))
    monkeypatch.setattr(programs, "wheel_programs", lambda: tmp_path / "18")
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs.choose(15).version == 15
    assert programs.choose(16).version == 17, "newer ones read older servers"
    assert programs.choose(15, dump=18).version == 18, "a dump is read by programs that are not older"
    with pytest.raises(BackupError, match=r"The server is PostgreSQL 19 .* 18: .*postgresql-client-19"):
        programs.choose(19)
    monkeypatch.setattr(programs, "_installed", lambda: iter(()))
    with pytest.raises(BackupError, match="there is no pg_dump here"):
        programs.choose(18)


def test_the_password_stands_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "hemmelig")
    tool = programs.Programs(Path("/usr/bin"), 18)
    assert not [word for word in tool.command("pg_dump") if "hemmelig" in word]
    assert programs.environment()["PGPASSWORD"] == "hemmelig"
    assert "hemmelig" in programs.conninfo()


@pytest.mark.parametrize(("server", "told"), [(15, False), (16, False), (17, True), (18, True)])
def test_an_older_server_is_not_told_what_it_does_not_know(server: int, told: bool) -> None:
    head = b"SET statement_timeout = 0;\nSET transaction_timeout = 0;\n"
    data = b"COPY public.x (y) FROM stdin;\nSET transaction_timeout = 0;\n\\.\n"
    written = io.BytesIO()
    load._feed(written, io.BytesIO(head + data), server, "drop table x;\n")
    text = written.getvalue()
    assert text.startswith(b"begin;\n")
    assert b"drop table x;\n" in text
    assert text.endswith(data), "what people wrote is not looked at"
    assert (text.count(b"transaction_timeout") == 2) is told
