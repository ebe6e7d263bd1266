"""How far a long job is, said at most once a second."""

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")


def progress(
    things: Iterable[T],
    say: Callable[[int, int | None], None],
    total: int | None = None,
    every: float = 1.0,
) -> Iterator[T]:
    """Pass ``things`` on; call ``say(done, total)`` at most each ``every`` seconds and once at the end.

    ``total`` defaults to ``len(things)`` where that is known, else None.
    """
    if total is None and isinstance(things, Sized):
        total = len(things)
    done, last = 0, time.monotonic()
    for thing in things:
        yield thing
        done += 1
        now = time.monotonic()
        if now - last >= every:
            last = now
            say(done, total)
    say(done, total)
