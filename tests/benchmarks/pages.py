"""The scenario in which our pages are measured beside a bare Django project over the same rows; written for httpload.

    python -m tests.benchmarks.pages --base http://127.0.0.1:8000 [--web PID] [--db PID] > ours.json
    python httpload.py floor.json ours.json --rounds 5 -o result.json
    python -m tests.benchmarks.pages --compare result.json

The database is that of `tests.benchmarks.load`. `--compare` prints the ratios that docs/performance.md names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")

#: ours → (floor's page of the same work, largest ratio of the medians at one client)
TARGETS = {
    "our queue": ("queue+count", 0.8),
    "our queue by priority": ("queue+count", 0.8),
    "our queue search": ("search-fts", 1.5),
    "our ticket": ("detail", 3.0),
    "our create": ("create", 4.0),
}
BODY = "lorem ipsum dolor sit amet " * 17


def scenario(base: str, procs: dict[str, int]) -> dict[str, Any]:
    """Pages of the first technician: the queue of municipality 1, a search in it, a ticket with answers, a new ticket."""
    from cmdb.models import Team

    team = Team.objects.get(slug="org-1-desk").pk
    queue = f"/desk/?team={team}"
    create = "/desk/tickets/new/"
    form = {
        "kind": "incident", "title": "load {n}", "description": BODY, "urgency": "2", "channel": "phone",
    }  # fmt: skip
    return {
        "base": base,
        "login": {
            "path": "/accounts/login/", "fields": {"login": "user0001", "password": "floor"},
            "csrf": "csrfmiddlewaretoken", "cookie": "sessionid",
        },
        "procs": procs,
        "rounds": 5, "seconds": 1.5, "max_requests": 3000, "warmup": 30, "clients": [1, 8],
        "targets": [
            {"name": "our queue", "path": queue, "expect": "Queue of Org 1 service desk"},
            {"name": "our queue by priority", "path": queue + "&sort=priority", "expect": "Queue of Org 1"},
            {"name": "our queue search", "path": queue + "&q=tonerjam", "expect": "INC-"},
            {"name": "our ticket", "path": "/desk/tickets/INC-99418/", "expect": "<article"},
            {
                "name": "our create", "path": create, "csrf_from": create, "form": form, "status": [302],
                "max_requests": 400,
            },
            {"name": "our search", "path": "/desk/search/?q=tonerjam", "expect": "INC-"},
        ],
    }  # fmt: skip


def compare(path: str) -> bool:
    """Print our medians as multiples of the floor's; False where one is beyond its limit."""
    rows = {(row["target"], row["clients"]): row["p50"] for row in json.loads(Path(path).read_text())}
    good = True
    for name, (floor, limit) in TARGETS.items():
        if (name, 1) not in rows or (floor, 1) not in rows:
            continue
        ours, theirs = rows[name, 1], rows[floor, 1]
        ratio = ours / theirs
        good = good and ratio <= limit
        print(f"{name:24} {ours:7.1f} ms   {floor:12} {theirs:7.1f} ms   {ratio:5.2f} × (at most {limit})")
    return good


def main() -> None:
    """Write the scenario, or compare a result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--web", type=int, help="process id of the web server, for its processor time")
    parser.add_argument("--db", type=int, help="process id of the database server")
    parser.add_argument("--compare", metavar="RESULT", help="print the ratios of a result instead")
    options = parser.parse_args()
    if options.compare:
        sys.exit(0 if compare(options.compare) else 1)
    import django
    from django.conf import settings

    django.setup()
    from servicedesk.project.embedded import ensure_database

    procs = {name: pid for name, pid in (("web", options.web), ("db", options.db)) if pid}
    with nullcontext() if os.environ.get("DATABASE_URL") else ensure_database(settings.VAR):
        json.dump(scenario(options.base, procs), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
