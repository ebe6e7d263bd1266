"""The short version of `make kill-and-count`: the most is killed at once under load, and nothing acknowledged is lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cluster import ROOT
from tests.kill.count import faults_of


@pytest.mark.slow
def test_all_that_works_is_killed_at_once() -> None:
    only = ["a web worker", "the worker", "beat"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill", "--at-once", "--calm", "2", "--json", "--only", *only],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    counted = json.loads(done.stdout)["counted"]
    for kind in ("tickets", "letters", "mails", "alerts", "incidents"):
        assert counted[kind]["acknowledged"] > 0, "nothing was asked of it"
        assert counted[kind]["there"] >= counted[kind]["acknowledged"]


FAIR = {"acknowledged": 2, "there": 2, "lost": [], "doubled": [], "from nowhere": []}


@pytest.mark.parametrize(
    ("kind", "word", "is_bad"),
    [
        ("tickets", "lost", True),
        ("tickets", "doubled", True),
        ("incidents", "from nowhere", True),
        ("mails", "lost", True),
        ("mails", "doubled", False),  # the same Message-ID: at least once
    ],
)
def test_the_count_sees_it(kind: str, word: str, is_bad: bool) -> None:
    result = {"tickets": FAIR, "incidents": FAIR, "mails": FAIR, "unsent": 0}
    assert faults_of(result) == []
    assert bool(faults_of(result | {kind: FAIR | {word: ["load 7"]}})) is is_bad
    assert faults_of(result | {"unsent": 3}) == ["3 letters were never sent"]
