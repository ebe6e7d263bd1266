"""Checks, logs, assets, programs and contracts of the wiring."""

import logging
from pathlib import Path

import grimp
import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from pytest_django import Settings

from cmdb.common.assets import NPM_FILES
from servicedesk.project import checks, programs
from servicedesk.project.assets import NODE_MODULES, NamedFilesFinder
from servicedesk.project.logs import NoSecrets, without_secrets
from servicedesk.project.management.commands import check_translations
from tests.contracts import BaseContract, RoomContract


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("login with password=hunter2 failed", "hunter2"),
        ("community: 'pub lic' on 127.1.0.1", "pub lic"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ('{"auth_key": "authpass12", "user": "monitor"}', "authpass12"),
        ("connecting to postgres://samdrift:s3cret@db.example:5432/x", "s3cret"),
    ],
)
def test_a_log_line_loses_its_secret_and_keeps_the_rest(line: str, secret: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "%s", (line,), None)
    assert NoSecrets().filter(record)
    assert secret not in record.getMessage()
    assert record.getMessage().split()[0] == line.split()[0]


def test_a_harmless_line_stays_as_it_is() -> None:
    assert without_secrets("polled 40 targets in 0.8 s, 2 silent") == "polled 40 targets in 0.8 s, 2 silent"


def test_every_named_npm_file_is_found_and_nothing_else() -> None:
    if not NODE_MODULES.exists():
        pytest.skip("no npm packages on this machine")
    assert NamedFilesFinder().check() == []
    name = next(iter(NPM_FILES))
    assert finders.find(name) == str(NODE_MODULES / NPM_FILES[name])
    assert finders.find("@digdir/designsystemet-css/package.json") is None
    assert {listed for listed, _ in NamedFilesFinder().list([])} == set(NPM_FILES)


def test_a_missing_npm_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("servicedesk.project.assets.NODE_MODULES", tmp_path)
    found = NamedFilesFinder().check()
    assert len(found) == len(NPM_FILES)
    assert found[0].id == "samdrift.E001"


def test_a_queue_on_a_network_drive_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.one_broker_per_machine() == []
    monkeypatch.setattr(checks, "_is_network_drive", lambda _path: True)
    assert [message.id for message in checks.one_broker_per_machine()] == ["samdrift.W002"]


def test_serve_starts_what_is_there_and_only_on_loopback() -> None:
    chosen = {program.name: program for program in programs.programs(programs.Choice(port=8123))}
    assert {"web", "poller", "worker", "beat"} <= set(chosen)
    assert "network" not in chosen
    web = list(chosen["web"].command)
    assert web[web.index("--host") + 1] == "127.0.0.1"
    assert web[web.index("--port") + 1] == "8123"
    only = programs.programs(programs.Choice(only=frozenset({"beat"})))
    assert [program.name for program in only] == ["beat"]


def test_the_demo_does_not_run_in_production(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="SAMDRIFT_ENV is production"):
        call_command("serve", "--demo")


def test_serve_refuses_a_part_that_does_not_exist() -> None:
    with pytest.raises(CommandError, match="There is no wbe to serve"):
        call_command("serve", "--only", "beat,wbe")


def test_every_beat_task_exists_and_none_outlives_its_turn() -> None:
    from servicedesk.project.celery import app

    app.loader.import_default_modules()
    for name, entry in app.conf.beat_schedule.items():
        assert entry["task"] in app.tasks, name
        assert "expires" in entry.get("options", {}), name


def test_contracts_find_what_they_forbid() -> None:
    graph = grimp.ImportGraph()
    for module in (
        "cmdb",
        "cmdb.common",
        "cmdb.common.tables",
        "cmdb.models",
        "monitoring.poll",
        "monitoring.snmp",
    ):
        graph.add_module(module)
    graph.add_module("pysnmp", is_squashed=True)
    base = BaseContract("base", {}, {"package": "cmdb", "base": "cmdb.common"})
    room = RoomContract("room", {}, {"libraries": ["pysnmp"], "rooms": ["monitoring.snmp"]})
    graph.add_import(importer="cmdb.models", imported="cmdb.common.tables")
    graph.add_import(importer="monitoring.snmp", imported="pysnmp")
    assert base.check(graph, verbose=False).kept
    assert room.check(graph, verbose=False).kept
    graph.add_import(importer="cmdb.common.tables", imported="cmdb.models")
    graph.add_import(importer="monitoring.poll", imported="pysnmp")
    assert base.wrong_imports(graph) == [("cmdb.common.tables", "cmdb.models")]
    assert room.wrong_imports(graph) == [("monitoring.poll", "pysnmp")]


def test_translations_beside_anothers_sources_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[Path]:
        raise PermissionError(13, "Permission denied", "/opt/samdrift/django.mo")

    monkeypatch.setattr("servicedesk.project.management.commands.compile_translations.compile_all", refuse)
    with pytest.raises(
        CommandError, match=r"django.mo cannot be written \(Permission denied\): run make setup"
    ):
        call_command("compile_translations")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Queue"\nmsgstr "Kø"', ""),
        ('msgid "Queue"\nmsgstr ""', "is empty"),
        ('#, fuzzy\nmsgid "Queue"\nmsgstr "Kø"', "is unsure (fuzzy)"),
        ('msgid "%(count)s tickets"\nmsgstr "saker"', "has other placeholders than its text"),
        ('msgid "one"\nmsgid_plural "%(n)s more"\nmsgstr[0] "én"\nmsgstr[1] "%(n)s til"', ""),
        (
            'msgid "one"\nmsgid_plural "%(n)s more"\nmsgstr[0] "én"\nmsgstr[1] "%(m)s til"',
            "has other placeholders than its text",
        ),
        ('msgid "one"\nmsgid_plural "%(n)s more"\nmsgstr[0] "én"\nmsgstr[1] ""', "is empty"),
    ],
)
def test_a_catalogues_faults_are_named(
    entry: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_translations, "BASE_DIR", tmp_path)
    catalogue = tmp_path / "django.po"
    catalogue.write_text(f'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n{entry}\n')
    found = check_translations.faults(catalogue)
    assert [fault in line for line in found] == ([True] if fault else [])
    assert check_translations.faults(tmp_path / "none.po") == ["none.po is missing"]
