"""What a process of the pages holds: not what only reports, devices and workers need."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cluster import ROOT

HEAVY = [
    "celery",
    "altair",
    "vl_convert",
    "typst",
    "netmiko",
    "paramiko",
    "pysnmp",
    "gufo",
    "asyncssh",
    "openpyxl",
    "holidays",
    "redis",
    "polib",
    "prometheus_client",
    "ninja",  # the API is loaded by its first request
    "pydantic",
    "requests",  # needed where SAMDRIFT_OIDC names an identity provider
    "jinja2",
    "django.test",
]


def test_the_pages_start_without_what_they_seldom_need(tmp_path: Path) -> None:
    code = f"import sys, servicedesk.project.wsgi; print([name for name in {HEAVY!r} if name in sys.modules])"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SAMDRIFT_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | {"SAMDRIFT_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
