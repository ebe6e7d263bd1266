"""Columns that prepare a whole page at once as plain text; HTML only through ``cells.fill``."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import django_tables2 as tables
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django_tables2 import A

from cmdb.common import formats, words
from cmdb.common.tables.cells import Page, fill, literal, memo, urls

Looks = Mapping[Any, tuple[str, str]]


class Col(tables.Column):
    """Text of one ORM path.

    - ``accessor``: ORM path with ``__`` (default: the column's name); annotations of the table count too
    - ``to``, ``key``: link to the view ``to`` with the value of the path(s) ``key``; no link where it is None
    - ``css``: class of th and td; ``width``: class of its ``<col>``; ``label=False`` leaves out the ``data-l`` that phone cards show
    - ``need``: further ORM paths that ``texts`` or ``cells`` of a subclass read
    """

    element = "%s"
    need: tuple[str, ...] = ()
    css = ""
    quiet = False  # the heading is for screen readers only

    def __init__(
        self,
        verbose_name: Any = None,
        accessor: str | None = None,
        *,
        to: str | None = None,
        key: str | Sequence[str] = "pk",
        css: str | None = None,
        width: str = "",
        label: bool = True,
        need: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        if to is not None:
            keys = (key,) if isinstance(key, str) else tuple(key)
            kwargs["linkify"] = (to, [A(k) for k in keys])
        super().__init__(verbose_name=verbose_name, accessor=accessor, **kwargs)
        self.css = self.css if css is None else css
        self.width = width
        self.label = label
        self.need = (*type(self).need, *need)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Col":
        """Shallow is enough: hide() touches the instance only, and a deep copy costs more than a page."""
        return copy.copy(self)

    def heading(self, text: str) -> str:
        """HTML of the heading out of its escaped text."""
        return f'<span class="ds-sr-only">{text}</span>' if self.quiet else text

    @property
    def link_args(self) -> list[str]:
        """ORM paths of the link's arguments."""
        if not self.link:
            return []
        if not self.link.reverse_args.get("args"):
            raise TypeError("A column links by a view's name and arguments: linkify=(view, [A('pk')])")
        return [str(arg) for arg in self.link.reverse_args["args"]]

    def paths(self) -> list[str]:
        """ORM paths that the column reads; they are all that is fetched."""
        return [str(self.accessor), *self.need, *self.link_args]

    def values(self, page: Page) -> Sequence[Any]:
        """Plain values for a spreadsheet, one per row."""
        return page[str(self.accessor)]

    def texts(self, page: Page) -> Sequence[str | None]:
        """What people read, one per row, as plain text."""
        return ["" if v is None else str(v) for v in page[str(self.accessor)]]

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """Skeleton and one list of texts per ``%s`` in it."""
        return self.element, [self.texts(page)]

    def cells(self, page: Page) -> list[str]:
        """HTML of the cells, one per row."""
        element, parts = self.pieces(page)
        if self.link:
            links = urls(self.link.reverse_args["viewname"], *(page[arg] for arg in self.link_args))
            return fill(f'<a href="%s">{element}</a>', links, *parts)
        return fill(element, *parts)


class LinkCol(Col):
    """Text that leads to a page: ``LinkCol("cmdb:item_detail", accessor="name")``."""

    def __init__(self, to: str, verbose_name: Any = None, accessor: str | None = None, **kwargs: Any) -> None:
        super().__init__(verbose_name, accessor, to=to, **kwargs)


class Part:
    """A piece of a second line: one ORM path, its class, and words to put it into (``"no. %s"``)."""

    def __init__(
        self, path: str, css: str = "", render: Callable[[Any], str] | None = None, hidden: bool = False
    ) -> None:
        self.path, self.render, self.hidden = path, render, hidden
        self.css = "ds-sr-only" if hidden else css

    def cells(self, page: Page) -> list[str]:
        """A span per row; nothing where the value is empty."""
        values = page[self.path]
        words = memo(self.render, values) if self.render else values
        texts = [
            str(word) if value not in (None, "") else None for word, value in zip(words, values, strict=True)
        ]
        return fill(f'<span class="{literal(self.css)}">%s</span>', texts, drop=True)


class TwoLineCol(Col):
    """The look's two-line cell: a linked title, and a muted line of parts that may be missing.

    ``TwoLineCol(_("Ticket"), "title", to="desk:ticket_detail", key="reference",
    second=[Part("reference", "num"), Part("service__name", "dot strong")], icon="kind")``.
    ``icon`` is a path whose values name the icon of the second line (through ``icons``, if given).
    """

    def __init__(
        self,
        verbose_name: Any = None,
        accessor: str | None = None,
        *,
        second: Sequence[Part] = (),
        icon: str | None = None,
        icons: Mapping[Any, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("css", "c-case")
        kwargs.setdefault("label", False)
        super().__init__(verbose_name, accessor, **kwargs)
        self.second, self.icon, self.icons = tuple(second), icon, icons
        self.need = (*self.need, *(part.path for part in self.second), *((icon,) if icon else ()))

    def cells(self, page: Page) -> list[str]:
        """``<div class=clip><a class=title>`` over ``<div class=sub>``."""
        texts = self.texts(page)
        links: Sequence[str | None] = [None] * page.size
        if self.link:
            links = urls(self.link.reverse_args["viewname"], *(page[arg] for arg in self.link_args))
        first = fill('<a class="title" href="%s">%s</a>', links, texts)
        lines = ["".join(row) for row in zip(*(part.cells(page) for part in self.second), strict=True)]
        if not lines:
            return [f'<div class="clip">{cell}</div>' for cell in first]
        if self.icon:
            marks = [str((self.icons or {}).get(v, v)) if v else "" for v in page[self.icon]]
            opened = fill('<div class="sub" data-i="%s">', marks)
        else:
            opened = ['<div class="sub">'] * page.size
        return [
            f'<div class="clip">{cell}</div>{start}{line}</div>'
            if line
            else f'<div class="clip">{cell}</div>'
            for cell, start, line in zip(first, opened, lines, strict=True)
        ]


class ChoiceCol(Col):
    """Label of a choice; with ``looks`` (value → colour, icon) as an icon and a word.

    ``choices`` is a Choices class or a list of pairs. Colours and icons of a ``cmdb.common.choices.Choices``
    class are taken by themselves.
    """

    shape = "state"

    def __init__(
        self,
        choices: Any,
        verbose_name: Any = None,
        accessor: str | None = None,
        *,
        looks: Looks | None = None,
        shape: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(verbose_name, accessor, **kwargs)
        self.pairs = list(getattr(choices, "choices", choices))
        self.looks = looks if looks is not None else getattr(choices, "looks", dict)()
        self.shape = self.shape if shape is None else shape

    def texts(self, page: Page) -> Sequence[str | None]:
        """Labels, translated once per page."""
        labels = {value: str(label) for value, label in self.pairs}
        return ["" if v is None else labels.get(v, str(v)) for v in page[str(self.accessor)]]

    def values(self, page: Page) -> Sequence[Any]:
        """Labels in spreadsheets too."""
        return self.texts(page)

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """A span with colour and icon where the value has a look."""
        texts = self.texts(page)
        if not self.looks:
            return "%s", [texts]
        raw = page[str(self.accessor)]
        looks = [self.looks.get(v, ("neutral", "")) for v in raw]
        colours = [None if v in (None, "") else look[0] for v, look in zip(raw, looks, strict=True)]
        icons = [look[1] for look in looks]
        return (
            f'<span class="{literal(self.shape)}" data-color="%s" data-i="%s">%s</span>',
            [colours, icons, texts],
        )


class BadgeCol(ChoiceCol):
    """A choice as an outlined tag of the design system."""

    shape = "ds-tag"

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """Like a state, and always a tag."""
        if not self.looks:
            texts = self.texts(page)
            return '<span class="ds-tag" data-variant="outline">%s</span>', [[t or None for t in texts]]
        element, parts = super().pieces(page)
        return element.replace(' data-color="', ' data-variant="outline" data-color="'), parts


class BoolCol(Col):
    """Yes or no in words (``yes_no=(_("yes"), _("no"))``)."""

    def __init__(self, *args: Any, yes_no: tuple[Any, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.yes_no = yes_no

    def texts(self, page: Page) -> Sequence[str | None]:
        """The two words, translated once per page."""
        yes, no = (str(w) for w in self.yes_no) if self.yes_no else (gettext("Yes"), gettext("No"))
        return ["" if v is None else yes if v else no for v in page[str(self.accessor)]]


class NumberCol(Col):
    """A number, right-aligned by its class, grouped and with a comma as the language asks."""

    css = "n"

    def __init__(self, *args: Any, decimals: int | None = None, unit: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decimals, self.unit = decimals, unit

    def texts(self, page: Page) -> Sequence[str | None]:
        """Formatted once per different value."""
        unit = f"\u00a0{self.unit}" if self.unit else ""
        return memo(
            lambda v: "" if v is None else formats.number(v, self.decimals) + unit, page[str(self.accessor)]
        )


class DateCol(Col):
    """A date, or an instant with ``time=True`` in the person's zone; the machine-readable value beside it."""

    css = "nowrap"

    def __init__(self, *args: Any, time: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time = time

    def texts(self, page: Page) -> Sequence[str | None]:
        """Day, or day and time of day."""
        return formats.column(page[str(self.accessor)], self.time)

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """``<time datetime>``."""
        stamps = [None if v is None else v.isoformat() for v in page[str(self.accessor)]]
        return '<time datetime="%s">%s</time>', [stamps, self.texts(page)]


@lru_cache(maxsize=4096)
def _old(day: date, year: int, language: str) -> str:
    """A day as ``words.ago`` names it, once per day and language: formatting it costs more than a row."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return words.date_words(noon, datetime(year, 7, 1, tzinfo=UTC))


def ages(instants: Sequence[datetime | None], now: datetime) -> list[str | None]:
    """``words.ago`` of a whole column."""
    zone, language = timezone.get_current_timezone(), get_language() or ""
    year, old = now.astimezone(zone).year, now - timedelta(days=8)
    return [
        None
        if v is None
        else _old(v.astimezone(zone).date(), year, language)
        if v < old
        else words.ago(v, now)
        for v in instants
    ]


class AgeCol(Col):
    """How long ago an instant was; the cell carries the instant, exports show it."""

    css = "nowrap"

    def texts(self, page: Page) -> Sequence[str | None]:
        """Instants as people read them: what an export shows, for an age is stale when it is read."""
        return formats.column(page[str(self.accessor)], time=True)

    def pieces(self, page: Page) -> tuple[str, list[Sequence[str | None]]]:
        """``<time datetime>8 min</time>``."""
        instants: Sequence[datetime | None] = page[str(self.accessor)]
        stamps = [None if v is None else v.isoformat(timespec="seconds") for v in instants]
        return '<time datetime="%s">%s</time>', [
            stamps,
            ages(instants, page.now),
        ]
