"""Settings from the environment: what is refused, in which words, and what a trial run makes for itself."""

import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from servicedesk.project import env
from servicedesk.project.management.commands.serve import note_origin
from servicedesk.project.programs import Choice
from tests.cluster import ROOT
from tests.project.variables import PRODUCTION, Read

GOOD = {
    "SAMDRIFT_ENV": "production",
    "SAMDRIFT_SECRET_KEY": secrets.token_urlsafe(60),
    "SAMDRIFT_ENCRYPTION_KEYS": env.new_encryption_key(),
    "SAMDRIFT_ALLOWED_HOSTS": "desk.example.no",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
}


def run(tmp_path: Path, settings: dict[str, str], code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that sees these settings alone."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SAMDRIFT_", "DATABASE_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | {"SAMDRIFT_VAR": str(tmp_path)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


MANAGE = "import sys; sys.argv = ['manage.py', 'check', '--deploy', '--fail-level', 'WARNING']; import manage; manage.main()"


@pytest.mark.parametrize(
    "missing", ["SAMDRIFT_SECRET_KEY", "SAMDRIFT_ENCRYPTION_KEYS", "SAMDRIFT_ALLOWED_HOSTS"]
)
def test_production_refuses_to_start_without(missing: str, tmp_path: Path) -> None:
    done = run(tmp_path, {key: value for key, value in GOOD.items() if key != missing}, MANAGE)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [done.stderr.strip()], "one sentence, no traceback"
    assert f"set {missing} to" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SAMDRIFT_SECRET_KEY", "short", "at least 50 random characters"),
        ("SAMDRIFT_ENCRYPTION_KEYS", "not-a-key", "Key 1"),
        ("SAMDRIFT_ENCRYPTION_KEYS", f"{GOOD['SAMDRIFT_ENCRYPTION_KEYS']},æøå", "Key 2"),
        ("SAMDRIFT_ALLOWED_HOSTS", "desk.example.no,*", "trusts every name"),
        ("SAMDRIFT_ENV", "prod", "one of development, demo, test, production"),
    ],
    ids=["short key", "no key", "second no key", "every host", "unknown stage"],
)
def test_a_wrong_value_is_refused(name: str, value: str, words: str, tmp_path: Path) -> None:
    done = run(tmp_path, GOOD | {name: value}, MANAGE)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_complete_production_passes_djangos_own_deployment_checks(tmp_path: Path) -> None:
    more = {
        "SAMDRIFT_EMAIL_URL": "smtp+tls://u:p@mail.example:587",
        "SAMDRIFT_METRICS_TOKEN": secrets.token_urlsafe(20),
    }
    done = run(tmp_path, GOOD | more, MANAGE)
    # These two ask for promises that bind other sites of the same name too; the operator makes them, not we.
    wanted = {"security.W005", "security.W021"}
    found = {word.strip("()") for word in done.stderr.split() if word.startswith("(")}
    assert {code for code in found if code.startswith(("security.", "samdrift."))} <= wanted, done.stderr


def test_debug_in_production_is_an_error(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD | {"SAMDRIFT_DEBUG": "1"}, MANAGE)
    assert done.returncode == 1
    assert "samdrift.E002" in done.stderr


def test_two_processes_agree_on_one_made_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: env.kept_secret(tmp_path, "key", env.new_encryption_key), range(64)))
    assert len(keys) == 1
    assert env.is_encryption_key(keys.pop())
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["key"]
    assert (tmp_path / "secrets" / "key").stat().st_mode & 0o077 == 0


def test_an_unusable_var_folder_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_VAR", "/proc/nothing/here")
    with pytest.raises(ImproperlyConfigured, match="set SAMDRIFT_VAR"):
        env.read_var()


def test_a_server_address_replaces_the_private_cluster(tmp_path: Path) -> None:
    code = "from servicedesk.project import settings as s; d = s.DATABASES['default']; print(s.EMBEDDED, d['HOST'], d['NAME'])"
    assert run(tmp_path, GOOD, code).stdout.split() == ["False", "127.0.0.1", "none"]
    own = run(tmp_path, {}, code).stdout.split()
    assert own[0] == "True"
    assert own[1].startswith("/")


def test_the_clock_commands_need_neither_database_nor_its_programs(tmp_path: Path) -> None:
    import manage

    for command in ("sla_clock", "sla_availability"):
        assert not manage.needs_database(["manage.py", command, "-"])


def test_letters_of_a_trial_run_lead_to_the_port_that_it_was_given(read: Read, tmp_path: Path) -> None:
    assert read({"SAMDRIFT_ENV": "demo"})["SAMDRIFT_URL"] == "http://127.0.0.1:8000"
    for host, origin in (
        ("127.0.0.1", "http://127.0.0.1:9123"),
        ("0.0.0.0", "http://127.0.0.1:9123"),
        ("::1", "http://[::1]:9123"),
    ):
        note_origin(Choice(host=host, port=9123), tmp_path)
        assert read({"SAMDRIFT_ENV": "demo"})["SAMDRIFT_URL"] == origin
    note_origin(Choice(port=9999, only=frozenset({"database"})), tmp_path)
    assert read({"SAMDRIFT_ENV": "demo"})["SAMDRIFT_URL"] == "http://[::1]:9123"
    given = {"SAMDRIFT_ENV": "demo", "SAMDRIFT_URL": "https://desk.example.no"}
    assert read(given)["SAMDRIFT_URL"] == "https://desk.example.no"
    assert read(PRODUCTION)["SAMDRIFT_URL"] == "https://desk.example.no"


def test_simulated_devices_are_the_demos_alone_and_no_variable_opens_the_machine(read: Read) -> None:
    wanted = {"SAMDRIFT_EGRESS_SIMULATED": "127.0.0.0/8"}
    assert read(wanted | {"SAMDRIFT_ENV": "demo"})["SAMDRIFT_EGRESS_SIMULATED"] == ["127.10.0.0/16"]
    for stage in (PRODUCTION, {"SAMDRIFT_ENV": "development"}):
        assert read(wanted | stage)["SAMDRIFT_EGRESS_SIMULATED"] == []
