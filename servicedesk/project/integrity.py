"""Invariant 11 over the live data: whoever is blind is named. Where nothing ever ran, nothing is missed."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import translation

from servicedesk.project.watch import Finding, missed, sentences
from servicedesk.project.watch.machine import check_migrations


def check() -> Iterator[str]:
    """One English sentence per part that gives no sign, fails or is late."""
    yield from _told({"migrations": check_migrations()} | missed())


def check_stopped() -> Iterator[str]:
    """The same where nothing runs, as after a restore: signs of life are of another time."""
    yield from _told({"migrations": check_migrations()})


def _told(found: dict[str, Finding]) -> Iterator[str]:
    with translation.override("en"):
        yield from (sentence for _name, sentence in list(sentences(found)))
