"""python -m monitoring.simulation --var DIR [--port 1161] [--ssh-port 2022] [--signs]

Runs the simulated region until SIGTERM or Ctrl-C. Silent unless something is wrong; it prints one line when all
devices answer. Listens on 127.10.x.y only.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from monitoring.simulation.devices import DEVICES
from monitoring.simulation.network import Region

SIGN_SECONDS = 10.0


async def give_signs() -> None:
    """Say in the database that the loop runs. Elsewhere than in the demo there is none to say it in."""
    import django

    await asyncio.to_thread(django.setup)
    from cmdb import heartbeats

    try:
        while True:
            await asyncio.to_thread(heartbeats.beat, "network")
            await asyncio.sleep(SIGN_SECONDS)
    finally:
        await asyncio.to_thread(heartbeats.end, "network")


async def run(var: Path, port: int, ssh_port: int, signs: bool = False) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    region = Region(var, port, ssh_port)
    try:
        await region.start()
        sys.stdout.write(
            f"{len(DEVICES)} simulated devices answer on 127.10.x.y, SNMP {port}, SSH {ssh_port}\n"
        )
        sys.stdout.flush()
        tasks = [asyncio.create_task(region.watch())]
        if signs:
            tasks.append(asyncio.create_task(give_signs()))
        await stopped.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await region.stop()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m monitoring.simulation", description=__doc__.splitlines()[2]
    )
    parser.add_argument("--var", type=Path, required=True, help="folder of the faults file")
    parser.add_argument("--port", type=int, default=1161, help="UDP port of every device")
    parser.add_argument("--ssh-port", type=int, default=2022, help="TCP port of every router and switch")
    parser.add_argument("--signs", action="store_true", help="give signs of life in the database")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.var, given.port, given.ssh_port, given.signs))
    except OSError as error:
        sys.stderr.write(f"The simulated network cannot start: {error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
