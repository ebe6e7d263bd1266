"""The only writer of Case, Clock and ClockEntry: one function for each thing that happens to a ticket.

Everything runs inside the caller's transaction and locks the case. What a verb does to the clocks is sla.book; here it is
read and saved. Instants are aware; `actor` is the name that stays in the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from cmdb.models import Item, Organisation, Service
from sla import calendars, terms
from sla.book import Book, Track, tracks_of
from sla.clockview import ClockList, ClockView, Nearest, nearest_of, views_of
from sla.models import Case, Clock, ClockEntry, Mark, MarkKind

__all__ = [
    "ClockList", "ClockView", "Nearest", "answered", "cancel", "clocks_of", "close", "load", "merge",
    "nearest", "open_case", "owned", "pause", "reclassify", "recount", "reopen", "resolve", "resume", "save",
]  # fmt: skip

# What sla.book.settle computes; nothing else of a clock ever changes.
COMPUTED = [
    "state", "is_paused", "pause_reason", "started_at", "due_at", "soon_at", "breached_at", "stopped_at",
    "elapsed_seconds", "paused_seconds",
]  # fmt: skip
# Changes of these are a change of what is promised (rule C.2.3); the others are only written down.
PROMISED = ("priority", "service", "organisation")
DESCRIBED = ("type", "type_label", "system", "supplier", "is_major", "title")


# --- verbs --------------------------------------------------------------------------------------------------------------


def open_case(
    *,
    reference: str,
    title: str,
    kind: str,
    type: str,
    type_label: str,
    channel: str,
    organisation: Organisation,
    service: Service | None,
    system: Item | None,
    supplier: Organisation | None,
    priority: int,
    opened_at: datetime,
    is_major: bool = False,
    actor: str = "",
) -> Case:
    """Record a ticket and start its clocks under the agreement in force when it was reported. Four statements.

    Without an agreement, or without a target for this kind and priority, the case has no clock; `clocks_of` says why.
    """
    promised = terms.for_ticket(organisation.pk, kind, priority, opened_at)
    case = Case.objects.create(
        reference=reference, title=title[:200], kind=kind, type=type, type_label=type_label, channel=channel,
        organisation=organisation, municipality_id=promised.municipality_id, service=service, system=system,
        supplier=supplier, agreement_id=promised.agreement_id, priority=priority, is_major=is_major,
        opened_at=opened_at,
    )  # fmt: skip
    book = Book(case, terms=promised)
    book.open(actor)
    save([book])
    _keep(case, book)
    return case


def answered(case: Case, at: datetime, actor: str) -> None:
    """A person of the staff answered the reporter in public (not an automatic reply, not a note: rule C.2.1)."""
    _move(case, lambda book: book.answered(at, actor), with_terms=True)


def owned(case: Case, at: datetime, actor: str) -> None:
    """Somebody took the ticket."""
    _move(case, lambda book: book.owned(at, actor))


def pause(case: Case, reason: str, at: datetime, actor: str) -> None:
    """Wait for "customer", "supplier" or "date"; ValueError for anything else. Which clocks stand still: rule C.2.5."""
    _move(case, lambda book: book.pause(reason, at, actor), with_terms=True)


def resume(case: Case, at: datetime, actor: str) -> None:
    """The wait is over: the reporter or supplier answered, or the date came."""
    _move(case, lambda book: book.resume(at, actor))


def resolve(case: Case, at: datetime, actor: str, outcome: str = "") -> None:
    """Solved: all clocks stop. `outcome` is kept for the report ("success", "backed_out" … for a change)."""
    _move(case, lambda book: book.resolve(at, actor, outcome))


def reopen(case: Case, at: datetime, actor: str) -> None:
    """Not solved after all: the same resolution clock goes on."""
    _move(case, lambda book: book.reopen(at, actor))


def close(case: Case, at: datetime) -> None:
    """Filed."""
    _move(case, lambda book: book.close(at))


def cancel(case: Case, at: datetime, actor: str) -> None:
    """Called off: clocks end uncounted, unless they were missed already."""
    _move(case, lambda book: book.end(at, actor, "cancelled", "cancelled"))


def merge(child: Case, parent: Case, at: datetime, actor: str) -> None:
    """`child` is the same as `parent`: its clocks end as merged, and the parent counts from the earliest report."""
    _move(child, lambda book: book.end(at, actor, "merged", "merged", parent.reference))
    why = f"earlier report {child.reference}"
    _move(parent, lambda book: book.count_from(child.opened_at, at, actor, why), with_terms=True)


def reclassify(case: Case, at: datetime, actor: str, **fields: Any) -> None:
    """Change priority, service, organisation, type, type_label, system, supplier, is_major or title.

    The first three change what is promised: running clocks end as superseded and new ones count from the same start
    with the same pauses (rule C.2.3). TypeError for any other name.
    """
    unknown = sorted(set(fields) - {*PROMISED, *DESCRIBED})
    if unknown:
        raise TypeError(f"a case has no {', '.join(unknown)} to change")

    columns = {_column(name): getattr(value, "pk", value) for name, value in fields.items()}

    def change(book: Book) -> None:
        changed = [
            name for name in PROMISED if name in fields and _old(book.case, name) != columns[_column(name)]
        ]
        why = ", ".join(
            f"{name} {_word(_old(book.case, name))} → {_word(columns[_column(name)])}" for name in changed
        )
        before = book.terms
        book.mark(**columns)
        if changed:
            promised = terms.for_ticket(
                book.case.organisation_id, book.case.kind, book.case.priority, book.case.opened_at
            )
            book.mark(municipality_id=promised.municipality_id, agreement_id=promised.agreement_id)
            was = {measure: term.target_id for measure, term in before.terms.items()} if before else {}
            book.change_terms(promised, at, actor, why, was=was)

    _move(case, change, with_terms=True)


# --- questions ----------------------------------------------------------------------------------------------------------


def nearest(case: Case) -> Nearest | None:
    """The clock that asks for something first; after the last stop the resolution's outcome; None without clocks."""
    book: Book = case.clock_book or load(case)
    _keep(case, book)
    return nearest_of(book.tracks, timezone.now())


def clocks_of(case: Case, now: datetime | None = None, *, history: bool = False) -> ClockList:
    """The clocks of a case as seen at `now`, most urgent first; `.reason` says why there are none.

    history: also those that were superseded, merged or cancelled, and earlier updates. Two statements.
    """
    book = load(case)
    reason = "" if book.tracks else _why_none(case)
    return ClockList(views_of(book.tracks, now or timezone.now(), history=history), reason)


def _why_none(case: Case) -> Any:
    return (
        terms.for_ticket(case.organisation_id, case.kind, case.priority, case.opened_at).reason
        or terms.NO_TARGET
    )


def _column(name: str) -> str:
    return str(Case._meta.get_field(name).attname)  # type: ignore[union-attr]


def _old(case: Case, name: str) -> Any:
    return getattr(case, _column(name))


def _word(value: Any) -> str:
    return "–" if value is None else str(value)


# --- reading and saving -------------------------------------------------------------------------------------------------


def load(case: Case) -> Book:
    """The case with its clocks and entries: two statements."""
    entries = list(
        ClockEntry.objects.filter(clock__case_id=case.pk)
        .select_related("clock__calendar")
        .order_by("clock_id", "at", "pk")
    )
    hours = calendars.of({entry.clock.calendar.calendar_id for entry in entries})
    return Book(case, tracks_of(entries, hours))


def _move(case: Case, verb: Callable[[Book], None], *, with_terms: bool = False) -> None:
    """Lock the case, read its clocks, let the verb move them, save what changed."""
    with transaction.atomic():
        _lock(case)
        book = load(case)
        if with_terms:
            promised = terms.load({case.organisation_id, *([case.supplier_id] if case.supplier_id else [])})
            book.terms = promised.terms(case.organisation_id, case.kind, case.priority, case.opened_at)
            if case.supplier_id:
                book.supplier_terms = promised.terms(
                    case.supplier_id, case.kind, case.priority, case.opened_at
                )
        verb(book)
        save([book])
    _keep(case, book)


def _lock(case: Case) -> None:
    """Take the row and its values of now into the caller's object."""
    row = Case.objects.select_for_update().get(pk=case.pk)
    for column in Case._meta.concrete_fields:
        fresh = getattr(row, column.attname)
        if getattr(case, column.attname) != fresh:
            setattr(case, column.attname, fresh)


def _keep(case: Case, book: Book) -> None:
    """What was just read or saved answers the next question about this object."""
    case.clock_book = book


def save(books: Iterable[Book], *, marks: bool = True) -> None:
    """Write what changed in these books: at most five statements, however many they are. Cases exist already."""
    books = list(books)
    tracks = [track for book in books for track in book.tracks if track.changed]
    Clock.objects.bulk_create([t.clock for t in tracks if not t.saved], batch_size=2000)
    old = [t.clock for t in tracks if t.saved]
    if old:
        Clock.objects.bulk_update(old, COMPUTED, batch_size=500)
    new = [entry for track in tracks for entry in track.entries[track.saved :]]
    for entry in new:
        entry.clock_id = entry.clock.pk
    ClockEntry.objects.bulk_create(new, batch_size=5000)
    if marks:
        stamp([t.clock for t in tracks])
    for book in books:
        if book.touched and book.case.pk:
            book.case.save(update_fields=sorted(book.touched))
            book.touched.clear()
    for track in tracks:
        track.saved, track.changed = len(track.entries), False


def stamp(clocks: Iterable[Clock], soon: Iterable[Clock] = ()) -> int:
    """Mark the exact instants at which clocks were missed, or had three quarters used. Twice is once."""
    rows = [Mark(clock=c, kind=MarkKind.BREACH, at=c.breached_at) for c in clocks if c.breached_at]
    rows += [Mark(clock=c, kind=MarkKind.SOON, at=c.soon_at) for c in soon if c.soon_at]
    if not rows:
        return 0
    before = Mark.objects.filter(clock__in=[row.clock_id for row in rows]).values_list(
        "clock_id", "kind", "at"
    )
    known = set(before)
    fresh = [row for row in rows if (row.clock_id, row.kind, row.at) not in known]
    Mark.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=5000)
    return len(fresh)


def recount(tracks: Iterable[Track], now: datetime) -> list[Track]:
    """Settle tracks as seen at `now` and save those that changed; returns these. For the sweep and edited calendars."""
    changed = []
    for track in tracks:
        before = [getattr(track.clock, name) for name in COMPUTED]
        track.settle(now)
        if before != [getattr(track.clock, name) for name in COMPUTED]:
            changed.append(track)
    Clock.objects.bulk_update([t.clock for t in changed], COMPUTED, batch_size=500)
    stamp([t.clock for t in changed])
    return changed
