"""`sla_clock` and `sla_availability` from the outside: contract fields, lists, every refusal with its place, no database.

No test here is marked django_db: pytest-django refuses each query, so these also show that none is made.
"""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from sla import specs
from sla.strict import SpecError

CLOCK: dict[str, Any] = {
    "calendar": {
        "timezone": "Europe/Oslo",
        "week": {day: [["08:00", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "dates": {"2026-12-24": [["08:00", "12:00"]], "2026-12-25": []},
    },
    "target_seconds": 14400,
    "events": [
        {"at": "2026-10-23T14:00:00+02:00", "do": "start"},
        {"at": "2026-10-23T15:00:00+02:00", "do": "pause"},
        {"at": "2026-10-26T09:00:00+01:00", "do": "resume"},
    ],
    "now": "2026-10-27T09:00:00+01:00",
}
CLOCK_ANSWER = {
    "state": "missed",
    "due_at": "2026-10-26T11:00:00Z",
    "elapsed_seconds": 9 * 3600,
    "remaining_seconds": -5 * 3600,
    "breached_at": "2026-10-26T11:00:00Z",
}
SERVICE: dict[str, Any] = {
    "window": ["2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"],
    "calendar": "24x7",
    "service": {"all": ["db", {"any": ["web1", "web2"]}, {"at_least": 2, "of": ["n1", "n2", "n3"]}]},
    "states": {
        "db": [
            ["2026-10-01T00:00:00+02:00", "up"],
            ["2026-10-05T10:00:00+02:00", "down"],
            ["2026-10-05T12:00:00+02:00", "up"],
        ],
        "web1": [["2026-10-01T00:00:00+02:00", "up"]],
        "n1": [["2026-10-01T00:00:00+02:00", "up"]],
        "n2": [["2026-10-02T00:00:00+02:00", "up"]],
    },
    "maintenance": [["2026-10-05T10:30:00+02:00", "2026-10-05T11:00:00+02:00"]],
}
AGREED = (
    30 * 86400 + 3600 - 1800
)  # October has an hour more, its first day is unknown, half an hour is planned
SERVICE_ANSWER = {
    "agreed_seconds": AGREED,
    "down_seconds": 5400,
    "unknown_seconds": 86400,
    "degraded_seconds": 0,
    "outages": 1,
    "longest_outage_seconds": 5400,
    "coverage": round(AGREED / (AGREED + 86400), 6),
    "availability": round((AGREED - 5400) / AGREED, 6),
}


def ask(tmp_path: Path, command: str, text: str | bytes) -> Any:
    """What the command prints for a file with this text, as JSON."""
    file = tmp_path / "scenario.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = io.StringIO()
    call_command(command, str(file), "--json", stdout=out)
    return json.loads(out.getvalue())


def changed(scenario: dict[str, Any], path: list[str | int], value: Any) -> str:
    """The scenario as JSON with one value put at a path; the ellipsis takes the key away."""
    whole = copy.deepcopy(scenario)
    part: Any = whole
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return json.dumps(whole)


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "scenario", "expected"),
    [("sla_clock", CLOCK, CLOCK_ANSWER), ("sla_availability", SERVICE, SERVICE_ANSWER)],
)
def test_an_object_gives_an_object_and_a_list_a_list(
    tmp_path: Path, command: str, scenario: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert ask(tmp_path, command, json.dumps(scenario)) == expected
    assert ask(tmp_path, command, json.dumps([scenario, scenario])) == [expected, expected]
    assert ask(tmp_path, command, "[]") == []


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(CLOCK).encode())))
    out = io.StringIO()
    call_command("sla_clock", "-", stdout=out)
    assert json.loads(out.getvalue()) == CLOCK_ANSWER


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert ask(tmp_path, "sla_clock", b"\xef\xbb\xbf" + json.dumps(CLOCK).encode()) == CLOCK_ANSWER


def test_a_bare_name_round_the_clock_without_data(tmp_path: Path) -> None:
    scenario = {"window": SERVICE["window"], "calendar": "24x7", "service": "db", "states": {}}
    answer = ask(tmp_path, "sla_availability", json.dumps(scenario))
    assert (answer["availability"], answer["coverage"], answer["agreed_seconds"]) == (None, 0.0, 0)


def test_fractions_of_a_second_stay_in_due_at(tmp_path: Path) -> None:
    scenario = {**CLOCK, "events": [{"at": "2026-10-27T08:00:00.250+01:00", "do": "start"}]}
    answer = ask(tmp_path, "sla_clock", json.dumps(scenario))
    assert answer["due_at"] == "2026-10-27T11:00:00.250000Z"
    assert answer["elapsed_seconds"] == 3599


def test_the_command_line_needs_no_database(tmp_path: Path) -> None:
    """As an operator calls it, with a database address where nobody listens."""
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
        "SAMDRIFT_VAR": str(tmp_path / "var"),
    }
    environment["DJANGO_SETTINGS_MODULE"] = "servicedesk.project.settings"
    for command, text, code in [
        ("sla_clock", json.dumps(CLOCK), 0),
        ("sla_availability", json.dumps([SERVICE]), 0),
        ("sla_clock", changed(CLOCK, ["events", 2, "at"], "2026-10-20T09:00:00+01:00"), 1),
    ]:
        done = subprocess.run(
            [sys.executable, "manage.py", command, "-"],
            cwd=root, env=environment, input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        if code == 0:
            assert json.loads(done.stdout) in (CLOCK_ANSWER, [SERVICE_ANSWER])
        else:
            assert done.stdout == ""
            assert done.stderr.strip() == "CommandError: events[2].at: is earlier than the event before it"


# --- refusals ---------------------------------------------------------------------------------------------------------

CLOCK_FAULTS: list[tuple[list[str | int], Any, str]] = [
    (["calendar"], ..., "calendar: is missing"),
    (["calendar"], "8x5", 'calendar: must be an object or "24x7", not "8x5"'),
    (["calendar"], 7, "calendar: must be an object, not 7"),
    (["calendar", "timezone"], "Europe/Olso", "calendar.timezone: unknown time zone 'Europe/Olso'"),
    (["calendar", "timezone"], None, "calendar.timezone: must be a text, not null"),
    (["calendar", "weeks"], {}, "calendar.weeks: unknown key, known here: timezone, week, dates"),
    (["calendar", "week"], [], "calendar.week: must be an object, not []"),
    (["calendar", "week", "monday"], [], "calendar.week.monday: is no weekday"),
    (["calendar", "week", "mon"], [["08:00", "24:30"]], "calendar.week.mon[0]: '24:30' is not a time of day"),
    (["calendar", "week", "mon"], [["16:00", "08:00"]], "calendar.week.mon[0]: must end after it begins"),
    (["calendar", "week", "mon"], [["08:00", "08:00"]], "calendar.week.mon[0]: must end after it begins"),
    (["calendar", "week", "mon"], [["08:00", "12:00"], ["11:00", "16:00"]], "calendar.week.mon[1]: overlaps"),
    (["calendar", "week", "mon"], [["08:00"]], "calendar.week.mon[0]: must be a list of two"),
    (["calendar", "week", "mon"], [[8, 16]], "calendar.week.mon[0][0]: must be a text, not 8"),
    (["calendar", "week", "mon"], "08:00", "calendar.week.mon: must be a list"),
    (["calendar", "dates", "2026-02-30"], [], "calendar.dates.2026-02-30: is not a date"),
    (["calendar", "dates", "20261224"], [], "calendar.dates.20261224: is not a date"),
    (["calendar", "dates", "2026-12-24"], [["12:00", "08:00"]], "calendar.dates.2026-12-24[0]: must end"),
    (["calendar"], {"timezone": "UTC", "week": {}}, "calendar: has no open hours"),
    (
        ["calendar"],
        {"timezone": "UTC", "week": {}, "dates": {"2020-01-01": [["08:00", "16:00"]]}},
        "calendar: has too few open hours",
    ),
    (["target_seconds"], 0, "target_seconds: must be from 1 to"),
    (["target_seconds"], -5, "target_seconds: must be from 1 to"),
    (["target_seconds"], 10**30, "target_seconds: must be from 1 to"),
    (["target_seconds"], True, "target_seconds: must be a whole number, not true"),
    (["target_seconds"], 14400.0, "target_seconds: must be a whole number, not 14400.0"),
    (["target_seconds"], "14400", 'target_seconds: must be a whole number, not "14400"'),
    (["events"], [], "events: is empty"),
    (["events"], {}, "events: must be a list, not {}"),
    (["events", 0], "start", 'events[0]: must be an object, not "start"'),
    (["events", 0, "do"], "pause", "events[0].do: cannot pause before the start"),
    (["events", 1, "do"], "hold", "events[1].do: unknown verb 'hold'"),
    (["events", 1, "do"], "stop", "events[2].do: cannot resume a stopped clock, allowed here: reopen"),
    (["events", 1, "why"], "lunch", "events[1].why: unknown key, known here: at, do"),
    (["events", 1, "at"], ..., "events[1].at: is missing"),
    (["events", 1, "at"], "2026-10-23T15:00:00", 'events[1].at: "2026-10-23T15:00:00" has no offset'),
    (["events", 1, "at"], "2026-10-23", 'events[1].at: "2026-10-23" has no offset'),
    (["events", 1, "at"], "yesterday", 'events[1].at: "yesterday" is not an ISO 8601 instant'),
    (["events", 1, "at"], 1761224400, "events[1].at: must be a text, not 1761224400"),
    (["events", 1, "at"], "0001-01-01T00:00:00+14:00", "events[1].at: "),
    (["events", 1, "at"], "2026-10-23T13:00:00+02:00", "events[1].at: is earlier than the event before it"),
    (["events", 2, "at"], "2026-10-28T13:00:00+02:00", "events[2].at: is later than now"),
    (["now"], ..., "now: is missing"),
    (["now"], "2026-10-27T09:00:00", 'now: "2026-10-27T09:00:00" has no offset'),
    (["clock"], 1, "clock: unknown key, known here: calendar, target_seconds, events, now"),
]
SERVICE_FAULTS: list[tuple[list[str | int], Any, str]] = [
    (["window"], ["2026-10-01T00:00:00+02:00"], "window: must be a list of two"),
    (["window", 1], "2026-10-01T00:00:00+02:00", "window: must end after it begins"),
    (["window", 0], "2026-10-01T00:00:00", "window[0]: "),
    (["service"], ..., "service: is missing"),
    (["service"], "", 'service: must be a text, not ""'),
    (["service"], 3, "service: must be an object, not 3"),
    (["service"], {}, 'service: must be a name, {"all"'),
    (["service"], {"all": ["db"], "any": ["db"]}, 'service: must be a name, {"all"'),
    (["service"], {"at_least": 1}, 'service: must be a name, {"all"'),
    (["service", "all"], [], "service.all: is empty"),
    (["service", "all"], "db", 'service.all: must be a list, not "db"'),
    (["service", "all", 1], {"some": ["db"]}, "service.all[1]: must be a name"),
    (["service", "all", 1, "any", 0], None, "service.all[1].any[0]: must be an object, not null"),
    (["service", "all", 2, "at_least"], 4, "service.all[2].at_least: must be from 1 to 3, not 4"),
    (["service", "all", 2, "at_least"], 0, "service.all[2].at_least: must be from 1 to 3, not 0"),
    (["service", "all", 2, "at_least"], True, "service.all[2].at_least: must be a whole number"),
    (["states"], [], "states: must be an object, not []"),
    (["states", "db"], "up", 'states.db: must be a list, not "up"'),
    (["states", "db", 1], ["2026-10-05T10:00:00+02:00", "broken"], 'states.db[1][1]: unknown state "broken"'),
    (["states", "db", 1], ["2026-09-05T10:00:00+02:00", "down"], "states.db[1][0]: is earlier"),
    (["states", "db", 1], ["2026-10-05T10:00:00", "down"], "states.db[1][0]: "),
    (["states", "web 1\n"], 1, 'states["web 1\\n"]: must be a list'),
    (
        ["maintenance", 0],
        ["2026-10-05T11:00:00+02:00", "2026-10-05T10:00:00+02:00"],
        "maintenance[0]: must end",
    ),
    (["maintenance"], None, "maintenance: must be a list, not null"),
    (["calendar"], {"timezone": "Europe/Oslo"}, "calendar.week: is missing"),
    (["zone"], "UTC", "zone: unknown key"),
]
FAULTS = [("sla_clock", CLOCK, *fault) for fault in CLOCK_FAULTS] + [
    ("sla_availability", SERVICE, *fault) for fault in SERVICE_FAULTS
]


@pytest.mark.parametrize(("command", "scenario", "path", "value", "sentence"), FAULTS)
def test_a_fault_is_refused_in_one_sentence_that_names_its_place(
    tmp_path: Path, command: str, scenario: dict[str, Any], path: list[str | int], value: Any, sentence: str
) -> None:
    text = changed(scenario, path, value)
    with pytest.raises(CommandError) as refused:
        ask(tmp_path, command, text)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    with pytest.raises(CommandError) as refused:
        ask(tmp_path, command, f"[{json.dumps(scenario)}, {text}]")
    assert str(refused.value).startswith(f"[1].{sentence}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "input: is not JSON: Expecting value at line 1 column 1"),
        ("{", "input: is not JSON: "),
        ('{"now": NaN}', "input: is not JSON: NaN is no number"),
        ('{"now": -Infinity}', "input: is not JSON: -Infinity is no number"),
        ('{"now": 1, "now": 2}', 'input: has the key "now" twice'),
        ("[" * 100_000, "input: is nested too deeply"),
        ("9" * 10_000, "input: holds a number that is too long"),
        ("[[]]", "[0]: must be an object, not []"),
        ("null", "input: must be an object or a list of them, not null"),
        ('"x"', 'input: must be an object or a list of them, not "x"'),
        (b"\xff\xfe", "scenario.json: is not UTF-8 text"),
    ],
)
def test_what_is_no_scenario_is_refused(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    for command in ("sla_clock", "sla_availability"):
        with pytest.raises(CommandError) as refused:
            ask(tmp_path, command, text)
        assert str(refused.value).removeprefix(f"{tmp_path}/").startswith(sentence)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json: cannot be read, No such file"):
        call_command("sla_clock", str(tmp_path / "nowhere.json"))
    with pytest.raises(CommandError, match="cannot be read, Is a directory"):
        call_command("sla_clock", str(tmp_path))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("sla_clock", "a\0b")
    with pytest.raises(CommandError, match="FILE"):
        call_command("sla_clock")


def test_a_service_nested_without_end_is_refused() -> None:
    service: Any = "db"
    for _ in range(60):
        service = {"any": [service]}
    with pytest.raises(SpecError, match="nested more than 50 deep"):
        specs.availability({**SERVICE, "service": service})


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place inside a scenario."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in steps for path in ((*before, key), *paths(inner, (*before, key)))]


@given(st.data(), st.sampled_from([(CLOCK, specs.clock), (SERVICE, specs.availability)]), junk)
def test_whatever_stands_anywhere_is_answered_or_refused(
    data: st.DataObject, given_form: Any, value: Any
) -> None:
    scenario, solve = given_form
    path = data.draw(st.sampled_from(paths(scenario)))
    refusal = "place: reason"
    try:
        specs.answer(changed(scenario, list(path), value), solve)
    except SpecError as refused:
        refusal = str(refused)
    assert ": " in refusal
    assert refusal.isprintable()
