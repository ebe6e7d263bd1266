"""Many cases at once, with all that happened to them: for taking over an old desk's tickets, and for the demo's past.

The same book moves the clocks as in daily work; only the saving differs: a handful of statements per thousand cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from sla import clocks, terms
from sla.book import Book
from sla.models import Case


@dataclass(frozen=True)
class Step:
    """One thing that happened. verb: answered, owned, pause, resume, resolve, reopen, close or cancel.

    detail: the reason of a pause, the outcome of a resolve.
    """

    at: datetime
    verb: str
    actor: str = ""
    detail: str = ""


@dataclass(frozen=True)
class History:
    """A case as `clocks.open_case` takes it, foreign keys as ids, with its steps in order of time."""

    reference: str
    title: str
    kind: str
    channel: str
    organisation_id: int
    priority: int
    opened_at: datetime
    type: str = ""
    type_label: str = ""
    service_id: int | None = None
    system_id: int | None = None
    supplier_id: int | None = None
    is_major: bool = False
    steps: list[Step] = field(default_factory=list)


_VERBS: Mapping[str, Callable[[Book, Step], None]] = {
    "answered": lambda book, step: book.answered(step.at, step.actor),
    "owned": lambda book, step: book.owned(step.at, step.actor),
    "pause": lambda book, step: book.pause(step.detail, step.at, step.actor),
    "resume": lambda book, step: book.resume(step.at, step.actor),
    "resolve": lambda book, step: book.resolve(step.at, step.actor, step.detail),
    "reopen": lambda book, step: book.reopen(step.at, step.actor),
    "close": lambda book, step: book.close(step.at),
    "cancel": lambda book, step: book.end(step.at, step.actor, "cancelled", "cancelled"),
}


def load(histories: Iterable[History], batch: int = 1000) -> list[Case]:
    """Save these cases with their clocks as they stand after their steps; returns them in the same order.

    Thresholds of clocks that have ended are not marked: nobody is to be called for what is long over. What still runs
    is left to the sweep. ValueError for an unknown step; a reference that exists already is refused by the database.
    """
    promised = terms.load()
    done: list[Case] = []
    with transaction.atomic():
        for block in _batched(histories, batch):
            books = [_book(promised, history) for history in block]
            Case.objects.bulk_create([book.case for book in books])
            clocks.save(books, marks=False)
            done += [book.case for book in books]
    return done


def _batched(histories: Iterable[History], size: int) -> Iterator[list[History]]:
    left = iter(histories)
    while block := list(islice(left, size)):
        yield block


def _book(promised: terms.TermsBook, history: History) -> Book:
    values: dict[str, Any] = {name: value for name, value in vars(history).items() if name != "steps"}
    held = promised.terms(history.organisation_id, history.kind, history.priority, history.opened_at)
    case = Case(**values, municipality_id=held.municipality_id, agreement_id=held.agreement_id)
    book = Book(case, terms=held)
    if history.supplier_id:
        book.supplier_terms = promised.terms(
            history.supplier_id, history.kind, history.priority, history.opened_at
        )
    book.open("")
    for step in history.steps:
        if step.verb not in _VERBS:
            raise ValueError(f"unknown step {step.verb!r} in {history.reference}")
        _VERBS[step.verb](book, step)
    book.touched.clear()
    return book
