"""What joins all that one request or one task leaves behind: log lines, entries of timelines, history, the answer's header."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_current: ContextVar[str] = ContextVar("trace", default="")
#: What a proxy or a program may call its request: nothing that could end a line or look like something else in it.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def current() -> str:
    """The id of the request or task that is being worked on; empty outside of both."""
    return _current.get()


def begin(given: str = "") -> str:
    """Start under the id that came along if it is safe, else under a new one; answers which."""
    name = given if _SAFE.fullmatch(given) else uuid4().hex
    _current.set(name)
    return name


def end() -> None:
    """What follows belongs to nothing."""
    _current.set("")


@contextmanager
def under(given: str = "") -> Iterator[str]:
    """Both: `with under(task_id):`."""
    before = _current.get()
    try:
        yield begin(given)
    finally:
        _current.set(before)


class Traced(logging.Filter):
    """Gives every record the field `trace`, a dash outside of requests and tasks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record."""
        record.trace = current() or "-"
        return True
