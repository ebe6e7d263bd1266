"""Who is served now: the request of this thread, for what has to be written down far below the view."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.dispatch import Signal
from django.http import HttpRequest

token_refused = Signal()
"""Sent when a bearer token stands for nobody; the token itself is not told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The request (its user may change while it is answered: a bearer token is read late), and where it came from."""

    request: HttpRequest
    address: str


_now: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current() -> Caller | None:
    """The caller, or None in commands and background work."""
    return _now.get()


@contextmanager
def serving(caller: Caller) -> Iterator[None]:
    """For the time of one request."""
    token = _now.set(caller)
    try:
        yield
    finally:
        _now.reset(token)
