"""Fixtures of the wiring's tests."""

import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ROOT
from tests.project.variables import Read, variables_of_the_code


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """The settings as a process with these variables alone would see them."""
    before = dict(os.environ)
    for name in variables_of_the_code():
        os.environ.pop(name, None)

    def settings(variables: dict[str, str]) -> dict[str, Any]:
        os.environ.update({"SAMDRIFT_VAR": str(tmp_path)} | variables)
        return runpy.run_path(str(ROOT / "servicedesk/project/settings.py"))

    yield settings
    os.environ.clear()
    os.environ.update(before)
