"""The two commands in folders whose names people give: spaces and æ, and a state folder elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.cluster import ROOT

PYTHON = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in *collectstatic*) mkdir -p "$SAMDRIFT_VAR/static" ;; esac
"""
STAMPS = (".venv/bin/.uv", ".venv/bin/.run", ".venv/bin/.node", ".venv/bin/.dev", ".venv/bin/.compiled", "node_modules/.run", "node_modules/.dev")  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What make looks at, with a Python that only writes down what it is asked."""
    top = tmp_path / "fjord og fjell" / "sørvår drift"
    for folder in (
        ".venv/bin",
        "node_modules",
        "requirements",
        *("cmdb/common", "monitoring", "sla", "servicedesk/static"),
    ):
        (top / folder).mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", top)
    for name in ("requirements/uv.txt", "requirements/run.txt", "requirements/node.txt", "requirements/dev.txt",
                 "package.json", "package-lock.json", "cmdb/common/assets.py", "servicedesk/static/x.css"):  # fmt: skip
        (top / name).write_text("")
    python = top / ".venv/bin/python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    for name in STAMPS:
        (top / name).touch()
        later = time.time() + 60
        os.utime(top / name, (later, later))
    return top


def make(tree: Path, *arguments: str, **environment: str) -> list[str]:
    """What Python was asked."""
    log = tree.parent / "log"
    log.write_text("")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SAMDRIFT_", "MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=tree, env=clean | {"LOG": str(log)} | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return log.read_text().splitlines()


@pytest.mark.parametrize("var", ["", "state of the demo", "it's $HOME; 100% #1"])
def test_the_demo_starts_and_nothing_strays(tree: Path, var: str) -> None:
    folder = tree.parent / var if var else tree / "var"
    given = {"SAMDRIFT_VAR": str(folder)} if var else {}
    before = set(tree.parent.parent.rglob("*"))
    asked = make(tree, "demo", "PORT=8123", **given)
    assert "manage.py collectstatic --noinput --clear --verbosity=0" in asked
    assert asked[-1] == "manage.py serve --demo --port 8123"
    new = {
        path
        for path in set(tree.parent.parent.rglob("*")) - before
        if path.name not in ("log", ".translated")
    }
    assert new == {folder, folder / "static", folder / "static" / ".collected"}
    later = time.time() + 120
    os.utime(folder / "static" / ".collected", (later, later))
    assert make(tree, "demo", **given)[-1] == "manage.py serve --demo --port 8000"
    assert not any("collectstatic" in line for line in make(tree, "demo", **given))
    (tree / "servicedesk/static/x.css").touch()
    os.utime(tree / "servicedesk/static/x.css", (later + 60, later + 60))
    assert any("collectstatic" in line for line in make(tree, "demo", **given))
    (folder / "queue").mkdir()
    make(tree, "clean-demo", **given)
    assert not (folder / "queue").exists()
    assert not (folder / "static").exists()
