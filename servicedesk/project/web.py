"""`python -m servicedesk.project.web`: the pages' processes. Loaded once, then forked.

granian starts its workers from a process that knows nothing, so each loads the whole site for itself. Here the first
process loads it and granian forks from that: the workers share what was loaded, and one that died is back at once.
"""

import argparse
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from servicedesk.project.embedded import die_with_parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM. One request at a time per worker: Django's connections are per thread."""
    parser = argparse.ArgumentParser(
        prog="python -m servicedesk.project.web", description="Serve the pages and the API."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    application = load()
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    multiprocessing.set_start_method("fork", force=True)  # Python 3.14 would start each from nothing
    Server(
        "servicedesk.project.wsgi:application",
        address=chosen.host,
        port=chosen.port,
        interface=Interfaces.WSGI,
        workers=chosen.workers,
        blocking_threads=1,
        websockets=False,
        backlog=1024,
        log_level=LogLevels.warning,
        workers_kill_timeout=3,
        respawn_failed_workers=True,
        respawn_interval=0.0,
    ).serve(target_loader=_in_worker(application), wrap_loader=False)


def load() -> Any:
    """The application, warmed up, with no connection that workers would share."""
    os.environ["SAMDRIFT_PART"] = "web"
    from servicedesk.project.wsgi import application

    return application


def _in_worker(application: Any) -> Callable[[], Any]:
    """What granian calls in each worker after the fork: it must not outlive the process that watches it."""
    end_with_parent = die_with_parent(signal.SIGKILL)

    def loader() -> Any:
        end_with_parent()
        return application

    return loader


if __name__ == "__main__":
    main()
