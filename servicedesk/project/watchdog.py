"""A worker that has lost its broker without noticing ends itself, and whoever runs it starts it anew.

Celery's consumer can outlive its connection: when the broker dies in the instant in which a task is acknowledged, the error is
logged, the loop goes on waiting at a dead socket, and nothing is ever taken again (tests/kill found it with Redis). Seen
from outside: messages wait, nobody works, none is taken.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

logger = logging.getLogger(__name__)

LOOK = 10.0  # seconds
IDLE = 30.0  # without taking anything, though something waits
BUSY = 3600.0  # … while a task runs; its own limits end it long before


class Watchdog:
    """Told of every task that is taken; `look` answers whether this worker is deaf."""

    def __init__(self, app: Any, queues: list[str]) -> None:
        self.app, self.queues = app, queues
        self.taken = time.monotonic()

    def note(self, **_signal: Any) -> None:
        """A task was taken."""
        self.taken = time.monotonic()

    def look(self) -> bool:
        """Nothing was taken for long, though something waits: asked over a connection of our own."""
        from celery.worker import state

        idle = time.monotonic() - self.taken
        return idle > (BUSY if state.active_requests else IDLE) and self._waiting() > 0

    def _waiting(self) -> int:
        try:
            with self.app.connection_for_read(connect_timeout=2) as broker:
                broker.ensure_connection(max_retries=1, timeout=2)
                channel = broker.default_channel
                return sum(
                    channel.queue_declare(queue=name, passive=True).message_count for name in self.queues
                )
        except Exception:  # whatever the broker has: then nobody else takes anything either
            return 0

    def run(self) -> None:
        """For ever, in a thread."""
        while True:
            time.sleep(LOOK)
            if self.look():
                logger.critical(
                    "tasks wait and none was taken for %.0f s: this worker ends",
                    time.monotonic() - self.taken,
                )
                os._exit(1)


def start(consumer: Any) -> None:
    """Watch over this worker."""
    from celery.signals import task_received

    dog = Watchdog(consumer.app, [queue.name for queue in consumer.task_consumer.queues])
    task_received.connect(dog.note, weak=False)
    threading.Thread(target=dog.run, name="watchdog", daemon=True).start()
