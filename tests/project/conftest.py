"""Fixtures of the wiring's tests."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ROOT
from tests.project.variables import Read, variables_of_the_code


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """The settings as a process with these variables alone would see them."""
    for name in variables_of_the_code() | {"DATABASE_URL", "CELERY_BROKER_URL"}:
        monkeypatch.delenv(name, raising=False)

    def settings(variables: dict[str, str]) -> dict[str, Any]:
        monkeypatch.setenv("SAMDRIFT_VAR", str(tmp_path))
        monkeypatch.setenv("CELERY_BROKER_URL", "")  # so that what the settings leave there is taken back
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "servicedesk/project/settings.py"))

    return settings
