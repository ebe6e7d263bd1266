"""Lists of tickets and changes: what falls due first stands first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import CharField, DateTimeField
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common import formats, ui
from cmdb.common.tables import (
    AgeCol,
    ChoiceCol,
    Col,
    DateCol,
    FastTable,
    LinkCol,
    NumberCol,
    Page,
    Part,
    SelectCol,
    TwoLineCol,
    fill,
    memo,
    urls,
)
from cmdb.common.tables.cells import literal
from servicedesk.filters import SOON, end_of_day
from servicedesk.models import ChangeType, Kind, PendReason, Priority, State, Ticket, Verb
from servicedesk.workflow import MOVES
from sla.models import Measure

_CLOCK = '<span class="clock" data-color="%s"><i data-i="%s"></i><b>%s</b>'
_BAR = '<progress value="%s" aria-label="%s"></progress>'
_PERSON = (
    '<span class="row nowrap"><span class="ds-avatar ava" data-initials="%s" aria-hidden="true"></span>'
    '<span class="who">%s</span></span>'
)
#: States in which a ticket of a kind can be taken.
_TAKEN = {kind: frozenset(moves[Verb.ASSIGN].to) for kind, moves in MOVES.items()}


def used(now: datetime, started: datetime | None, soon: datetime | None, due: datetime) -> float | None:
    """Share of the promised time that is used, 0 to 1: exact at the instants that the clock knows, straight between.

    The working calendar stays with sla; a list shows fifty clocks and asks nobody.
    """
    if started is None:
        return None
    bends = [(started, 0.0), (due, 1.0)]
    if soon is not None and started < soon < due:
        bends.insert(1, (soon, 0.75))
    for (left, low), (right, high) in zip(bends, bends[1:], strict=False):
        if now < right:
            span = (right - left).total_seconds()
            return low + (high - low) * max((now - left).total_seconds(), 0.0) / span if span else high
    return 1.0


class DueCol(Col):
    """The nearest clock out of the ticket's own columns; a change without one shows its window."""

    need = (
        "clock_measure",
        "clock_state",
        "clock_soon_at",
        "clock_started_at",
        "clock_remaining",
        "pend_reason",
        "window_from",
    )

    def texts(self, page: Page) -> Sequence[str | None]:
        """When it falls due."""
        return formats.column(page["due_at"], time=True)

    def cells(self, page: Page) -> list[str]:
        """Icon and words, the bar, then which clock and when."""
        reasons = {value: str(label) for value, label in PendReason.choices}
        names = {value: str(label) for value, label in Measure.choices}
        midnight = timezone.localtime(page.now).replace(hour=0, minute=0, second=0, microsecond=0)
        self._today = midnight, midnight + timedelta(days=1)
        self._late, self._was = gettext("Breached"), gettext("%(name)s was %(due)s")
        rows = zip(*(page[path] for path in ("due_at", *self.need)), strict=True)
        parts = [self._parts(row, reasons, names, page.now) for row in rows]
        if not parts:
            return []
        colours, icons, words, shares, details = zip(*parts, strict=True)
        label = "%(share)s\u00a0%%"
        bars = [None if share is None else f"{share / 100:g}" for share in shares]
        said = [None if share is None else label % {"share": share} for share in shares]
        return list(
            map(
                "".join,
                zip(
                    fill(_CLOCK, colours, icons, words),
                    fill(_BAR, bars, said, drop=True),
                    fill("<small>%s</small></span>", details),
                    strict=True,
                ),
            )
        )

    def _parts(
        self, row: tuple[Any, ...], reasons: dict[str, str], names: dict[str, str], now: datetime
    ) -> Any:
        due, measure, state, soon, started, remaining, reason, window = row
        name = names.get(measure, "")
        if state == "paused":
            why = reasons.get(reason, name)
            return ui.clock_parts(ui.Clock("paused", name, left=remaining, used=None, reason=why), now)
        if due is None:
            return _window(window, now)
        left = int((due - now).total_seconds())
        share = used(now, started, soon, due)
        if self._today[0] <= due < self._today[1]:
            state = "breached" if left <= 0 else "running"
            return ui.clock_parts(ui.Clock(state, name, left=left, used=share, due=due), now)
        # Over a night the hours between are not working hours, which only the clock itself counts: say when instead.
        when = day_and_time(due, now)
        bar = None if share is None else round(100 * share)
        if left <= 0:
            return "danger", "breach", self._late, bar, self._was % {"name": name, "due": when}
        colour, icon = ("warning", "soon") if share is not None and share >= 0.75 else ("neutral", "clock")
        return colour, icon, capfirst(when), bar, name


def local_day(at: datetime) -> date:
    """The day it is where people are."""
    return at.astimezone(timezone.get_current_timezone()).date()


def day_and_time(at: datetime, now: datetime) -> str:
    """`ui.deadline` of another day, formatted once per day: fifty rows of a queue share a few days."""
    language = get_language() or ""
    if abs((at - now).days) >= 8:
        return _far(local_day(at), now.year, language)
    day, today = local_day(at), local_day(now)
    if abs((day - today).days) >= 7:
        return _far(day, today.year, language)
    return f"{_near(day.weekday(), language)} {ui.clock_time(at)}"


@lru_cache(maxsize=4096)
def _far(day: date, year: int, _language: str) -> str:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return ui.date_words(noon, datetime(year, 7, 1, tzinfo=UTC))


@lru_cache(maxsize=64)
def _near(weekday: int, _language: str) -> str:
    """The name of a weekday as `ui.deadline` writes it."""
    monday = datetime(2024, 1, 1, 12, tzinfo=UTC)
    return ui.deadline(monday + timedelta(days=weekday), monday + timedelta(days=weekday + 3)).split()[0]


def _window(start: datetime | None, now: datetime) -> ui.ClockParts:
    """No clock counts: a change's window, else nothing to say."""
    if start is None:
        return ui.ClockParts("neutral", "", ui.DASH, None, gettext("No deadline"))
    at = gettext("Window %(at)s") % {"at": ui.deadline(start, now)}
    words = ui.duration((start - now).total_seconds()) if start > now else gettext("Begun")
    return ui.ClockParts("neutral", "calendar", words, None, at)


class SystemPart(Part):
    """The item's name, else the service's."""

    def cells(self, page: Page) -> list[str]:
        """One strong word per row, or nothing."""
        pairs = zip(page[self.path], page["service_name"], strict=True)
        names = [item or service or None for item, service in pairs]
        return fill('<b class="dot">%s</b>', names, drop=True)


class WherePart(Part):
    """Municipality and person, in one span: fifty rows have to stay small."""

    def cells(self, page: Page) -> list[str]:
        """The two that there are, with a dot between."""
        people = page["reporter_name"]
        pairs = zip(page[self.path], people, strict=True)
        texts = [" · ".join(filter(None, pair)) or None for pair in pairs]
        return fill(f'<span class="{literal(self.css)}">%s</span>', texts, drop=True)


class ChangedCol(AgeCol):
    """How long ago, to the minute."""

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """``<time datetime>8 min</time>``."""
        element, (_stamps, words) = super().pieces(page)
        stamps = [f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}" for at in page[str(self.accessor)]]
        return element, [stamps, words]


class FlagPart(Part):
    """A word where a yes-or-no column is yes."""

    def __init__(self, path: str, word: Any, css: str = "") -> None:
        super().__init__(path, css)
        self.word = word

    def cells(self, page: Page) -> list[str]:
        """The word, or nothing."""
        word = str(self.word)
        return fill(
            f'<span class="{literal(self.css)}">%s</span>',
            [word if yes else None for yes in page[self.path]],
            drop=True,
        )


class PriorityCol(Col):
    """Four rising bars and the word."""

    def texts(self, page: Page) -> Sequence[str | None]:
        """The word."""
        return memo(lambda step: str(Priority(step).label), page["priority"])

    def values(self, page: Page) -> Sequence[Any]:
        """Words in spreadsheets too."""
        return self.texts(page)

    def cells(self, page: Page) -> list[str]:
        """Drawn once per step."""
        return memo(ui.priority, page["priority"])


class StateCol(ChoiceCol):
    """The state; what waits says for whom."""

    need = ("pend_reason",)

    def texts(self, page: Page) -> Sequence[str | None]:
        """Waiting tickets show the reason, which says more than the state."""
        reasons = {value: str(label) for value, label in PendReason.choices}
        return [
            reasons.get(reason, word) if state == State.PENDING else word
            for word, state, reason in zip(
                super().texts(page), page["state"], page["pend_reason"], strict=True
            )
        ]


class AssigneeCol(Col):
    """Who has it; where nobody has, a button for those who may take it, else the team."""

    need = ("reference", "organisation_id", "kind", "state", "team_name")

    def cells(self, page: Page) -> list[str]:
        """Initials and name, or the button of the form around the table."""
        names = page[str(self.accessor)]
        people = fill(
            _PERSON, [ui.initials(name) if name else None for name in names], [n or "" for n in names]
        )
        allowed = page.rights.get("take", ())
        word = literal(gettext("Take it"))
        button = f'<button class="ds-button" data-variant="secondary" name="take" value="%s">{word}</button>'
        free = [
            ref if not name and org in allowed and State(state) in _TAKEN[Kind(kind)] else None
            for name, ref, org, kind, state in zip(
                names, page["reference"], page["organisation_id"], page["kind"], page["state"], strict=True
            )
        ]
        takes = fill(button, free, drop=True)
        teams = fill('<span class="muted">%s</span>', [t or None for t in page["team_name"]], drop=True)
        return [
            person if name else take or team
            for name, person, take, team in zip(names, people, takes, teams, strict=True)
        ]


class TitleCol(TwoLineCol):
    """A two-line cell with less around it: the link itself is the line that is cut."""

    def cells(self, page: Page) -> list[str]:
        """Link over icon and parts."""
        links = urls("desk:ticket", page["reference"])
        first = fill('<a href="%s">%s</a>', links, self.texts(page))
        opened = fill('<div class="sub" data-i="%s">', page["kind"])
        parts = zip(*(part.cells(page) for part in self.second), strict=True)
        return [f"{a}{b}{''.join(rest)}</div>" for a, b, rest in zip(first, opened, parts, strict=True)]


def _ticket_col(**kwargs: Any) -> TitleCol:
    """Title over icon, reference (which says the kind too), system, municipality and person."""
    return TitleCol(
        _("Ticket"),
        "title",
        to="desk:ticket",
        key="reference",
        icon="kind",
        need=("service_name", "reporter_name"),
        second=[
            Part("reference", "num"),
            FlagPart("is_major", _("Major"), "dot strong"),
            SystemPart("item_name"),
            WherePart("organisation_name", "dot"),
        ],
        **kwargs,
    )


def _name(table: str, key: str, name: str = "name", id_: str = "id") -> RawSQL:
    """A name by its key, looked up per row shown."""
    sql = f"select n.{name} from {table} n where n.{id_} = servicedesk_ticket.{key}"  # noqa: S608
    field: Any = DateTimeField() if name.startswith("planned") else CharField()
    return RawSQL(sql, (), output_field=field)  # noqa: S611 - names of ours, no data


#: Names that a row shows. As joins they cost the planner more (8 ms for seven) than the rows; as subqueries of the ORM
#: they cost as much again to compile.
NAMES = {
    "item_name": _name("cmdb_item", "item_id"),
    "service_name": _name("cmdb_service", "service_id"),
    "organisation_name": _name("cmdb_organisation", "organisation_id"),
    "team_name": _name("cmdb_team", "team_id"),
    "reporter_name": _name("cmdb_user", "reporter_id", "display_name"),
    "assignee_name": _name("cmdb_user", "assignee_id", "display_name"),
    "window_from": _name("servicedesk_change", "id", "planned_start", "ticket_id"),
}


class TicketTable(FastTable):
    """The queue."""

    of = Ticket
    annotations = NAMES
    css = "q"
    row_css = "t"
    caption = _("Tickets")
    group_by = ("due_at", "clock_state")
    count_limit = None

    pick = SelectCol("reference", "%(name)s", value="reference", width="w-sel")
    # Nothing is awaited of what has no due time; of these what is paused comes before what has no clock.
    due = DueCol(_("Due"), "due_at", order_by=("due_at", "-clock_state"), width="w-due", label=False)
    title = _ticket_col()
    priority = PriorityCol(
        _("Priority"), "priority", order_by=("priority", "due_at"), width="w-prio", label=False
    )
    state = StateCol(State, _("State"), "state", width="w-state", label=False)
    assignee = AssigneeCol(
        _("Assignee"), "assignee_name", order_by=("assignee__sort_name",), width="w-who", label=False
    )
    changed = ChangedCol(_("Changed"), "touched_at", css="c-upd", width="w-upd", label=False)

    class Meta:
        order_by = ("due",)

    def groups(self, page: Page) -> Sequence[tuple[Any, Any]]:
        """By when it falls due; with counts where the page holds everything."""
        ends = [
            (page.now, gettext("Breached")),
            (page.now + SOON, gettext("Within the hour")),
            (max(end_of_day(page.now), page.now + SOON), gettext("Today")),
        ]
        later, waiting, never = gettext("Later"), gettext("Waiting"), gettext("No deadline")
        words = [
            (waiting if state == "paused" else never)
            if due is None
            else next((word for end, word in ends if due <= end), later)
            for due, state in zip(page["due_at"], page["clock_state"], strict=True)
        ]
        shown = getattr(self, "page", None)
        whole = shown is not None and not shown.has_other_pages()
        return [(word, words.count(word) if whole else "") for word in words]


class ExportTable(FastTable):
    """The queue as a file: what the two-line cells show, one column each."""

    of = Ticket
    count_limit = None

    reference = LinkCol("desk:ticket", _("Reference"), "reference", key="reference")
    kind = ChoiceCol(Kind, _("Kind"), "kind")
    title = Col(_("Title"), "title")
    state = StateCol(State, _("State"), "state")
    priority = PriorityCol(_("Priority"), "priority")
    due = DateCol(_("Due"), "due_at", time=True, order_by=("due_at", "-clock_state"))
    municipality = Col(_("Organisation"), "organisation__name")
    service = Col(_("Service"), "service__name")
    item = Col(_("Item"), "item__name")
    team = Col(_("Team"), "team__name")
    assignee = Col(_("Assignee"), "assignee__display_name", order_by=("assignee__sort_name",))
    reporter = Col(_("Reporter"), "reporter__display_name")
    opened = DateCol(_("Reported"), "opened_at", time=True)
    resolved = DateCol(_("Resolved"), "resolved_at", time=True)
    changed = DateCol(_("Changed"), "touched_at", time=True)

    class Meta:
        order_by = ("due",)


class WindowCol(Col):
    """From when to when a change is carried out."""

    need = ("change__planned_end",)

    def texts(self, page: Page) -> Sequence[str | None]:
        """«Thu 26 Nov 18.00–20.00»; the day again where it ends on another one."""
        return [
            window(start, end, page.now) if start else None
            for start, end in zip(page[str(self.accessor)], page["change__planned_end"], strict=True)
        ]

    def values(self, page: Page) -> Sequence[Any]:
        """The beginning, for spreadsheets."""
        return page[str(self.accessor)]


def window(start: datetime, end: datetime | None, now: datetime | None = None) -> str:
    """A window in words, in the person's zone."""
    words = f"{ui.date_words(start, now)} {ui.clock_time(start)}"
    if end is None:
        return words
    same = timezone.localtime(start).date() == timezone.localtime(end).date()
    return f"{words}–{'' if same else ui.date_words(end, now) + ' '}{ui.clock_time(end)}"


class RiskCol(NumberCol):
    """Probability times consequence, with the word for it."""

    need = ("change__consequence",)

    def texts(self, page: Page) -> Sequence[str | None]:
        """«12 · high»."""
        pairs = zip(page[str(self.accessor)], page["change__consequence"], strict=True)
        return [f"{p * c} · {risk_word(p * c)}" if p and c else None for p, c in pairs]

    def values(self, page: Page) -> Sequence[Any]:
        """The factor."""
        pairs = zip(page[str(self.accessor)], page["change__consequence"], strict=True)
        return [p * c if p and c else None for p, c in pairs]


def risk_word(factor: int) -> str:
    """How large a risk factor of 1 to 25 is; from 12 the committee decides too (DOMAIN rule 6)."""
    if factor >= 12:
        return gettext("high")
    return gettext("medium") if factor >= 6 else gettext("low")


class ChangeTable(FastTable):
    """Changes, soonest first."""

    of = Ticket
    annotations = NAMES
    caption = _("Changes")
    count_limit = None

    title = _ticket_col(order_by=("title",))
    window = WindowCol(_("Window"), "change__planned_start", css="nowrap")
    type = ChoiceCol(ChangeType, _("Type"), "change__type")
    risk = RiskCol(_("Risk"), "change__probability", orderable=False, css="nowrap")
    state = StateCol(State, _("State"), "state")
    assignee = Col(_("Assignee"), "assignee__display_name", order_by=("assignee__sort_name",))

    class Meta:
        order_by = ("window",)
