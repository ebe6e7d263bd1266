"""Invariant 11 over the live data: whoever is blind is named. Where nothing ever ran, nothing is missed."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import translation

from servicedesk.project.watch import missed, sentences
from servicedesk.project.watch.machine import check_migrations


def check() -> Iterator[str]:
    """One English sentence per part that gives no sign, fails or is late."""
    found = {"migrations": check_migrations()} | missed()
    with translation.override("en"):
        yield from (sentence for _name, sentence in list(sentences(found)))
