"""How many targets a second one process asks over the wire, decoded to plain values, not saved.

    python -m tests.benchmarks.polling_wire [--targets 2000] [--oids 10] [--dead 0.05] [--engine gufo|pysnmp] [--json]

The answerer (monitoring/simulation/wire.py) runs in a process of its own on another core. Targets are
127.10.x.y; dead ones are silent and cost timeout × (1 + retries), so the figure holds for these settings only.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from functools import partial

from monitoring.simulation.wire import serve
from monitoring.snmp import Endpoint, Engine, SnmpAuth, available, get_many, get_one

COMMUNITY = "benchmark"
UPTIME = "1.3.6.1.2.1.1.3.0"


def address(number: int) -> str:
    return f"127.10.{number >> 8}.{number & 255}"


def is_dead(every: int, asked_at: bytes) -> bool:
    """Every `every`-th address is dead; 0 for none."""
    return bool(every) and (asked_at[2] << 8 | asked_at[3]) % every == 0


async def measure(targets: int, oids: int, port: int, concurrency: int, engine: Engine) -> dict[str, object]:
    """One round. `targets_per_s` counts the dead ones too: they had to be asked."""
    auth = SnmpAuth.v2c(COMMUNITY)
    while not (await get_one(Endpoint("127.10.0.1", auth, port, 0.2), [UPTIME])).ok:
        await asyncio.sleep(0.05)
    wanted = [UPTIME, *(f"1.3.6.1.2.1.31.1.1.1.6.{i}" for i in range(1, oids))]
    requests = [(n, Endpoint(address(n), auth, port, 1.0, 1), wanted) for n in range(1, targets + 1)]
    cpu, begun = time.process_time(), time.perf_counter()
    answers = await get_many(requests, concurrency, engine)
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "engine": engine,
        "targets": targets,
        "oids": oids,
        "concurrency": concurrency,
        "answered": sum(a.ok for a in answers.values()),
        "wrong": sum(a.ok and any(v.value is None for v in a.values.values()) for a in answers.values()),
        "seconds": round(took, 2),
        "targets_per_s": round(targets / took),
        "targets_per_cpu_s": round(targets / used),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=2000)
    parser.add_argument("--oids", type=int, default=10)
    parser.add_argument("--dead", type=float, default=0.05, help="share of targets that never answer")
    parser.add_argument("--concurrency", type=int, default=200)
    parser.add_argument("--engine", choices=available(), action="append", help="default: all installed")
    parser.add_argument("--port", type=int, default=21161)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    every = round(1 / given.dead) if given.dead else 0
    cores = sorted(os.sched_getaffinity(0))
    answerer = multiprocessing.get_context("spawn").Process(
        target=serve, args=(given.port, COMMUNITY, partial(is_dead, every), cores[-1]), daemon=True
    )
    answerer.start()
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores[:-1]))
    try:
        for engine in given.engine or available():
            result = asyncio.run(measure(given.targets, given.oids, given.port, given.concurrency, engine))
            print(json.dumps(result) if given.json else "  ".join(f"{k} {v}" for k, v in result.items()))
    finally:
        answerer.terminate()
        answerer.join(5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
