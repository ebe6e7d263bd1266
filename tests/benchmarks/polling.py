"""How many targets a second one worker polls and saves: claim, ask, judge, save, in the database of the suite.

    python -m tests.benchmarks.polling [--targets 2000] [--dead 0.05] [--rounds 3] [--engine gufo|pysnmp] [--json]

Each target is asked for 10 OIDs; the answerer (monitoring/simulation/wire.py) runs in a process of its own on another
core, dead targets are silent (timeout 1 s, one retry). The database is a copy of the suite's migrated template, in
the suite's cluster, with its fsync off; `--durable` asks an ordinary one instead.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from monitoring.simulation.wire import serve
from tests.benchmarks.polling_wire import COMMUNITY, address, is_dead

PORTS = ["1", "2", "3", "4", "5"]
"""sysUpTime, five ports' state, two ports' octets in and out: ten OIDs."""


def fill(targets: int, port: int) -> None:
    """Targets that are due now, in one organisation."""
    from cmdb.models import Organisation
    from monitoring.models import Credential, CredentialKind, Network, Target

    region = Organisation.objects.create(name="Benchmark", slug="benchmark", kind="region")
    Network.objects.create(name="Simulated", organisation=region, prefix="127.0.0.0/8")
    credential = Credential.objects.create(
        name="b", kind=CredentialKind.SNMP_V2C, organisation=region, secret={"community": COMMUNITY},
        networks=["127.0.0.0/8"],
    )  # fmt: skip
    Target.objects.bulk_create(
        Target(
            name=f"target {n}", organisation=region, address=address(n), port=port, credential=credential,
            profile="switch", instances={"interfaces": PORTS}, interval=60, confirm_polls=1,
        )
        for n in range(1, targets + 1)
    )  # fmt: skip


def measure(targets: int, engine: str) -> dict[str, Any]:
    """One round over all targets, all due at once."""
    from django.utils import timezone

    from monitoring import collectors, poll
    from monitoring.models import Interval, Reading, Target

    assert len(collectors.plan("switch", {"interfaces": PORTS})) == 10
    Target.objects.update(due_at=timezone.now(), lease_until=None)
    before = Reading.objects.count()
    cpu, begun = time.process_time(), time.perf_counter()
    done = poll.run_due(seconds=600, engine=engine)  # type: ignore[arg-type]
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    assert done.saved == targets, done
    return {
        "engine": engine,
        "targets": targets,
        "answered": done.answered,
        "silent": done.silent,
        "readings": Reading.objects.count(),
        "readings_new": Reading.objects.count() - before,
        "intervals": Interval.objects.count(),
        "seconds": round(took, 2),
        "targets_per_s": round(targets / took),
        "cpu_s": round(used, 2),
    }


def run(given: argparse.Namespace) -> list[dict[str, Any]]:
    """All rounds, in a database of their own that is dropped afterwards."""
    from tests import cluster

    server = cluster.start()
    os.environ["SAMDRIFT_TEST_SOCKET"] = str(server.place.run)
    import django
    from django.conf import settings
    from django.db import connection

    settings.DATABASES["default"]["HOST"] = str(server.place.run)
    django.setup()
    creation = connection.creation
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = cluster.template(
        settings.DATABASES["default"]
    )
    creation.create_test_db(verbosity=0, autoclobber=True)
    found = []
    try:
        if given.durable:
            with connection.cursor() as cursor:
                cursor.execute("set synchronous_commit = on")
        fill(given.targets, given.port)
        for engine in given.engine:
            for _ in range(given.rounds):
                found.append(measure(given.targets, engine))
                print(
                    json.dumps(found[-1])
                    if given.json
                    else "  ".join(f"{k} {v}" for k, v in found[-1].items()),
                    flush=True,
                )
    finally:
        creation.destroy_test_db("samdrift", verbosity=0)
        connection.close()
        server.stop()
    return found


def main(arguments: list[str] | None = None) -> int:
    from monitoring.snmp import available

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=2000)
    parser.add_argument("--dead", type=float, default=0.05, help="share of targets that never answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=available(), action="append")
    parser.add_argument("--port", type=int, default=21163)
    parser.add_argument("--durable", action="store_true", help="wait for each commit to be logged")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    given.engine = given.engine or available()
    every = round(1 / given.dead) if given.dead else 0
    cores = sorted(os.sched_getaffinity(0))
    answerer = multiprocessing.get_context("spawn").Process(
        target=serve, args=(given.port, COMMUNITY, partial(is_dead, every), cores[-1]), daemon=True
    )
    answerer.start()
    try:
        run(given)
    finally:
        answerer.terminate()
        answerer.join(5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
