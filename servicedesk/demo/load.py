"""Make the whole demo region in an empty database."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone
from pghistory import context

from servicedesk.demo import catalogue, history, mail, network, promises, region
from sla import sweep

MONTHS = 13


def first_of(day: dt.date, months_back: int) -> dt.date:
    """The first day of the month that lies `months_back` before `day`'s."""
    number = day.year * 12 + day.month - 1 - months_back
    return dt.date(number // 12, number % 12 + 1, 1)


def load(
    *,
    port: int = 1161,
    ssh_port: int = 2022,
    months: int = MONTHS,
    say: Callable[[str], None] = lambda _text: None,
) -> None:
    """One transaction: a load that is cut off leaves nothing behind. `months` of past before this one."""
    now = timezone.now()
    today = timezone.localdate(now)
    with transaction.atomic(), context(source="demo", actor="demo"), _without_collector():
        people = region.load()
        say("organisations and people")
        things = catalogue.load(people, today)
        catalogue.clients(things, people, today)
        devices = network.load(people, things, port, ssh_port)
        say("register and targets")
        promises.load(people, things, first_of(today, months))
        say("calendars and agreements")
        history.load(people, things, devices, now, months)
        sweep.run(now)  # what was missed up to now is stamped, as on any day
        say("history")
        mail.load(people, now)
        say("mail that waits at the desk")


@contextmanager
def _without_collector() -> Iterator[None]:
    """A quarter of a million rows that all stay until the end: looking for garbage among them is a sixth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
