"""The clocks of one case as they are moved, in memory: what every verb does to them, without a statement.

sla.clocks reads a book, lets a verb move it and saves it; sla.history does the same for thousands of cases at once.
A clock row is always what `settle` computes from its entries (invariant 2). Rules: knowledge of C.2, see docs/sla.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from sla import clockwork
from sla.calendars import WorkHours
from sla.models import Case, Clock, ClockEntry, ClockState, Measure
from sla.terms import Term, Terms

SOON = Fraction(3, 4)
CUSTOMER, SUPPLIER, DATE = "customer", "supplier", "date"
PAUSE_REASONS = (CUSTOMER, SUPPLIER, DATE)

# How a clock was ended, as the first word of the last entry's reason.
ENDINGS = {
    "superseded": ClockState.SUPERSEDED,
    "merged": ClockState.MERGED,
    "cancelled": ClockState.CANCELLED,
}
# What a wait stops. A response is owed whatever one waits for; while the reporter has the ball there is nothing to tell.
PAUSED_BY_WAIT = (Measure.RESOLUTION, Measure.UPDATE)


@dataclass
class Track:
    """A clock with its entries in order; those from `saved` on are new."""

    clock: Clock
    hours: WorkHours
    entries: list[ClockEntry] = field(default_factory=list)
    saved: int = 0
    changed: bool = False

    @property
    def phase(self) -> str:
        return clockwork.follow(self.events)

    @property
    def events(self) -> list[clockwork.Event]:
        return [clockwork.Event(entry.at, entry.do) for entry in self.entries]

    @property
    def is_live(self) -> bool:
        """Whether it has not ended: running, paused, or missed and still running."""
        return self.clock.stopped_at is None

    def add(self, do: str, at: datetime, actor: str, reason: str = "") -> None:
        """Append an entry, never earlier than the one before it, and settle the clock.

        :raises clockwork.ClockError: for a move that the clock does not know.
        """
        at = max(at, self.entries[-1].at) if self.entries else at
        entry = ClockEntry(clock=self.clock, at=at, do=do, reason=reason[:200], actor=actor[:150])
        clockwork.follow([*self.events, clockwork.Event(at, do)])
        self.entries.append(entry)
        self.settle()

    def settle(self, now: datetime | None = None) -> None:
        """Compute the clock's columns from its entries, as seen at `now` (default: at the last entry)."""
        settle(self.clock, self.hours, self.entries, now)
        self.changed = True


def settle(clock: Clock, hours: WorkHours, entries: list[ClockEntry], now: datetime | None = None) -> None:
    """Write into `clock` what its entries make of it. `now` matters only to whether it is missed yet."""
    events = [clockwork.Event(entry.at, entry.do) for entry in entries]
    last = entries[-1]
    seen = clockwork.run(hours.work, clock.seconds, events, max(last.at, now or last.at))
    then = (
        seen if now is None or now <= last.at else clockwork.run(hours.work, clock.seconds, events, last.at)
    )
    ended = seen.phase in ("stopped", "cancelled")
    paused = seen.phase == "paused"
    word = last.reason.partition(":")[0]
    clock.state = (
        ENDINGS.get(word, ClockState.CANCELLED) if seen.phase == "cancelled" else ClockState(seen.state)
    )
    clock.is_paused = paused
    clock.pause_reason = last.reason[:40] if paused else ""
    clock.started_at = entries[0].at
    clock.due_at = seen.due_at
    clock.soon_at = (
        None if ended or paused else clockwork.threshold_at(hours.work, clock.seconds, events, SOON)
    )
    clock.breached_at = seen.breached_at
    clock.stopped_at = last.at if ended else None
    clock.elapsed_seconds = then.elapsed_seconds
    clock.paused_seconds = then.paused_seconds


@dataclass
class Book:
    """A case with its clocks. `terms` is what is promised now; verbs that may start a clock need it."""

    case: Case
    tracks: list[Track] = field(default_factory=list)
    terms: Terms | None = None
    supplier_terms: Terms | None = None
    touched: set[str] = field(default_factory=set)

    # --- finding ------------------------------------------------------------------------------------------------

    def live(self, *measures: str) -> list[Track]:
        """Clocks that have not ended, of these measures (none named: of all)."""
        return [t for t in self.tracks if t.is_live and (not measures or t.clock.measure in measures)]

    def last(self, measure: str) -> Track | None:
        """The newest clock of a measure that was not superseded, merged or cancelled."""
        found = [t for t in self.tracks if t.clock.measure == measure and t.phase != "cancelled"]
        return found[-1] if found else None

    def mark(self, **fields: object) -> None:
        """Set columns of the case."""
        for name, value in fields.items():
            if getattr(self.case, name) != value:
                setattr(self.case, name, value)
                self.touched.add(name.removesuffix("_id"))

    # --- starting -----------------------------------------------------------------------------------------------

    def start(
        self, measure: str, at: datetime, actor: str, reason: str = "", *, carry: Track | None = None
    ) -> Track | None:
        """A new clock from `at` on, if this is promised. `carry`: take over its pauses and stops, in order."""
        terms = self.supplier_terms if measure == Measure.SUPPLIER else self.terms
        term = terms.terms.get(measure) if terms else None
        if term is None:
            return None
        track = Track(self._clock(term, at), term.hours)
        self.tracks.append(track)
        track.add("start", at, actor, reason)
        for entry in carry.entries[1:] if carry else ():
            if entry.do != "cancel":
                track.add(entry.do, entry.at, entry.actor, entry.reason)
        return track

    def _clock(self, term: Term, at: datetime) -> Clock:
        return Clock(
            case=self.case,
            target_id=term.target_id,
            calendar_id=term.hours.version_at(at),
            measure=term.measure,
            priority=self.case.priority,
            seconds=term.seconds,
            goal=term.goal,
        )

    # --- verbs --------------------------------------------------------------------------------------------------

    def open(self, actor: str) -> None:
        """Response, resolution and time to own run from the report on (rules C.2.1, C.2.2)."""
        for measure in (Measure.RESPONSE, Measure.RESOLUTION, Measure.OWN):
            self.start(measure, self.case.opened_at, actor)

    def answered(self, at: datetime, actor: str) -> None:
        """A person of the staff wrote to the reporter: response stops, the next update is owed from now on."""
        waits = next((t.clock.pause_reason for t in self.live(Measure.UPDATE) if t.clock.is_paused), "")
        self._stop(at, actor, "answered", Measure.RESPONSE, Measure.UPDATE)
        if self.case.resolved_at is None and self.case.closed_at is None:
            track = self.start(Measure.UPDATE, at, actor)
            if track and waits:
                track.add("pause", at, actor, waits)
        if self.case.answered_at is None:
            self.mark(answered_at=at)

    def owned(self, at: datetime, actor: str) -> None:
        """Somebody took it."""
        self._stop(at, actor, "owned", Measure.OWN)
        if self.case.owned_at is None:
            self.mark(owned_at=at)

    def pause(self, reason: str, at: datetime, actor: str) -> None:
        """Wait for `reason`; waiting for the supplier only counts as a pause where the agreement says so (C.2.5)."""
        if reason not in PAUSE_REASONS:
            raise ValueError(f"unknown reason to wait: {reason!r}")
        self.resume(at, actor)
        if reason == SUPPLIER and not (self.terms and self.terms.pauses_for_supplier):
            return
        measures = (Measure.RESOLUTION,) if reason == SUPPLIER else PAUSED_BY_WAIT
        for track in self.live(*measures):
            track.add("pause", at, actor, reason)
        if reason == SUPPLIER:
            self._start_supplier(at, actor)

    def _start_supplier(self, at: datetime, actor: str) -> None:
        """The underpinning clock of the supplier who is waited for; a second wait continues the first."""
        term = self.supplier_terms.terms.get(Measure.SUPPLIER) if self.supplier_terms else None
        old = self.last(Measure.SUPPLIER)
        if term and old and old.clock.target_id == term.target_id and old.phase == "stopped":
            old.add("reopen", at, actor)
        elif term:
            self.start(Measure.SUPPLIER, at, actor)

    def resume(self, at: datetime, actor: str) -> None:
        """The wait is over."""
        for track in self.live(*PAUSED_BY_WAIT):
            if track.clock.is_paused:
                track.add("resume", at, actor)
        self._stop(at, actor, "wait over", Measure.SUPPLIER)

    def resolve(self, at: datetime, actor: str, outcome: str = "") -> None:
        """All clocks stop. Solving a ticket that nobody had answered or taken answers and takes it."""
        self._stop(at, actor, "resolved")
        self.mark(resolved_at=at)
        if self.case.first_resolved_at is None:
            self.mark(first_resolved_at=at)
        if outcome:
            self.mark(outcome=outcome)

    def reopen(self, at: datetime, actor: str) -> None:
        """The same resolution goes on, the time since it was resolved left out; updates are owed again (C.2.6)."""
        for measure in (Measure.RESOLUTION, Measure.UPDATE):
            track = self.last(measure)
            if track is not None and track.phase == "stopped":
                track.add("reopen", at, actor)
        self.mark(resolved_at=None, closed_at=None, outcome="")

    def close(self, at: datetime) -> None:
        self._stop(at, "", "closed")
        self.mark(closed_at=at)

    def end(self, at: datetime, actor: str, how: str, outcome: str, detail: str = "") -> None:
        """Cancelled or merged: clocks end uncounted; a stamped breach stays on record."""
        for track in self.live():
            track.add("cancel", at, actor, f"{how}: {detail}" if detail else how)
        self.mark(closed_at=self.case.closed_at or at, outcome=outcome)

    def count_from(self, earlier: datetime, at: datetime, actor: str, why: str) -> None:
        """Running clocks count from an earlier report (rule C.2.7)."""
        for old in self.live(Measure.RESPONSE, Measure.RESOLUTION, Measure.OWN):
            if earlier < old.clock.started_at:
                self._replace(old, at, actor, why, since=earlier)

    def change_terms(
        self, terms: Terms, at: datetime, actor: str, why: str, *, was: Mapping[str, int]
    ) -> None:
        """Priority, service or customer changed: end what runs as superseded, begin anew from the same report (C.2.3).

        was: target id by measure before the change. A clock whose target and priority stay as they were runs on.
        """
        self.terms = terms
        for old in self.live(Measure.RESPONSE, Measure.RESOLUTION, Measure.OWN, Measure.UPDATE):
            term = terms.terms.get(old.clock.measure)
            same = term is not None and term.target_id == was.get(old.clock.measure)
            if not (same and old.clock.priority == self.case.priority):
                self._replace(old, at, actor, why)
        self._promise_more(at, actor, why)
        if not terms.pauses_for_supplier:
            for track in self.live(Measure.RESOLUTION):
                if track.clock.pause_reason == SUPPLIER:
                    track.add("resume", at, actor)

    def _promise_more(self, at: datetime, actor: str, why: str) -> None:
        """What was not promised before and is now: counted from the report, stopped where it was done already."""
        if self.case.resolved_at or self.case.closed_at:
            return
        done = {
            Measure.RESPONSE: self.case.answered_at,
            Measure.OWN: self.case.owned_at,
            Measure.RESOLUTION: None,
        }
        for measure, instant in done.items():
            if self.last(measure) is None and not any(t.clock.measure == measure for t in self.live()):
                track = self.start(measure, self.case.opened_at, actor, f"retroactive: {why}")
                if track is not None and instant is not None:
                    track.add("stop", instant, actor, "done before")

    def _replace(self, old: Track, at: datetime, actor: str, why: str, since: datetime | None = None) -> None:
        carry = Track(old.clock, old.hours, list(old.entries))
        old.add("cancel", at, actor, f"superseded: {why}")
        new = self.start(
            old.clock.measure, since or carry.entries[0].at, actor, f"retroactive: {why}", carry=carry
        )
        if new is not None:
            new.settle(max(at, new.entries[-1].at))  # it may be over its new target already

    def _stop(self, at: datetime, actor: str, reason: str, *measures: str) -> None:
        for track in self.live(*measures):
            track.add("stop", at, actor, reason)


def tracks_of(entries: Iterable[ClockEntry], hours: Mapping[int, WorkHours]) -> list[Track]:
    """Tracks out of entries in order of clock and time, each with `clock.calendar` at hand; hours by calendar id."""
    tracks: dict[int, Track] = {}
    for entry in entries:
        track = tracks.get(entry.clock_id)
        if track is None:
            track = tracks[entry.clock_id] = Track(entry.clock, hours[entry.clock.calendar.calendar_id])
        entry.clock = track.clock
        track.entries.append(entry)
        track.saved += 1
    return list(tracks.values())
