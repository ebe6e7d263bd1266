"""FastTable: django-tables2 declares, one pass renders.

From the package come declaration, ``exclude``, ``sequence``, ordering and ``RequestConfig``. Ours are the
data (``values_list`` of the visible columns' paths), the cells (each column prepares the page at once)
and head and body (Python, no template per cell). Everything of the package that the body would ignore
silently is refused when the class is made.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import django_tables2 as tables
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django_tables2.data import TableQuerysetData

from cmdb.common.tables.actions import ActionCol
from cmdb.common.tables.cells import Page, literal
from cmdb.common.tables.columns import Col
from cmdb.common.tables.head import address, head
from cmdb.common.tables.paging import Keyset, KeysetPage, Total, bounded_count, total_order

REFUSED = (
    "row_attrs",
    "pinned_row_attrs",
    "model",
    "fields",
    "linkify",
    "localize",
    "unlocalize",
    "template_name",
)
registry: list[type["FastTable"]] = []


class FastData(TableQuerysetData):
    """Rows as tuples of the table's paths."""

    ordering = None  # skips a search over the columns: the order is always set

    data: Any

    def __getitem__(self, cut: Any) -> list[tuple[Any, ...]]:
        """Plain slices, for whoever pages by number."""
        return list(self.data.values_list(*self.table.paths)[cut])

    def order_by(self, aliases: Any) -> None:
        """Order by column aliases, ending with the primary key."""
        super().order_by(aliases)
        self.data = total_order(self.data)


class FastTable(tables.Table):
    """Base of all lists.

    Class attributes: ``of`` (the model; needed by the system check), ``annotations`` (name → expression,
    added when a visible column reads it), ``per_page``, ``count_limit`` (None: exact), ``css`` (of table: ``cards`` on phones, ``q`` for queues), ``row_css``, ``caption``,
    ``region`` (id of the element that htmx swaps), ``group_by`` (see ``groups``).
    ``Meta`` may hold ``order_by``, ``order_by_field``, ``exclude``, ``sequence``, ``empty_text``, ``orderable``.
    """

    of: ClassVar[type[Model] | None] = None
    annotations: ClassVar[Mapping[str, Any]] = {}
    per_page: ClassVar[int] = 50
    per_page_limit: ClassVar[int] = 200
    count_limit: ClassVar[int | None] = 1000
    css: ClassVar[str] = "cards"
    row_css: ClassVar[str] = ""
    caption: ClassVar[Any] = ""
    region: ClassVar[str] = "list"
    group_by: ClassVar[Sequence[str]] = ()
    cursor_field: ClassVar[str] = "after"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        meta = getattr(cls, "Meta", None)
        wrong = [f"Meta.{name}" for name in REFUSED if hasattr(meta, name)]
        wrong += [n for n in dir(cls) if _ignored(n, cls.base_columns)]
        wrong += [
            n for n in ("get_top_pinned_data", "get_bottom_pinned_data", "before_render") if n in cls.__dict__
        ]
        for name, column in cls.base_columns.items():
            if not isinstance(column, Col) or column._footer or column.attrs:  # noqa: SLF001
                wrong.append(f"column {name} (a Col without footer and attrs is needed)")
        if wrong:
            raise TypeError(f"{cls.__name__} uses what our rows ignore: {', '.join(wrong)}")
        registry.append(cls)

    def __init__(
        self, queryset: QuerySet[Any], *, rights: Mapping[str, Container[Any]] | None = None, **kwargs: Any
    ) -> None:
        self.rights = rights or {}
        out = set(kwargs.get("exclude") or self._meta.exclude)
        used = {p.split("__")[0] for p in self.declared_paths(out)}
        wanted = {name: exp for name, exp in self.annotations.items() if name in used}
        if wanted:
            queryset = queryset.annotate(**wanted)
        super().__init__(data=FastData(total_order(queryset)), **kwargs)
        self.rows = self.data  # so that paginators slice tuples, not bound rows

    @classmethod
    def declared_paths(cls, out: Container[str] = ()) -> Iterator[str]:
        """Every ORM path that a column reads or sorts by."""
        for name, column in cls.base_columns.items():
            if name in out:
                continue
            column.accessor = column.accessor or tables.A(name)
            yield from column.paths()
            if column.orderable is not False:
                yield from (key.bare for key in column.order_by or ())

    @classmethod
    def all_paths(cls) -> list[str]:
        """All paths of the declaration, for the system check."""
        return sorted({*cls.declared_paths(), *cls.group_by})

    # --- what the request asks for

    @property
    def template_name(self) -> str:
        """One template for every table; the package's Meta is not inherited and would fall back to its own."""
        return "common/crud/table.html"

    @template_name.setter
    def template_name(self, value: Any) -> None:
        if value is not None:
            raise TypeError("Tables share one template")

    @property
    def order_by(self) -> Any:
        """Order in force, as column names with a dash for falling."""
        return self._order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        """Accept visible, orderable columns only, each once: a hidden column's order would tell its values."""
        asked = (value.split(",") if isinstance(value, str) else value) or ()
        seen: dict[str, str] = {}
        for alias in asked:
            name = alias.removeprefix("-")
            if name in self.columns and self.columns[name].orderable and self.columns[name].visible:
                seen.setdefault(name, alias)
        if not seen and getattr(self, "_order_by", None):
            return  # nonsense in the address keeps the order that the table has
        tables.Table.order_by.fset(self, list(seen.values()))

    def paginate(
        self,
        paginator_class: Any = Keyset,
        per_page: int | None = None,
        page: int = 1,
        *args: Any,
        **kwargs: Any,
    ) -> "FastTable":
        """Page with bounds on what the address may ask for."""
        size = min(max(per_page or type(self).per_page, 1), self.per_page_limit)
        super().paginate(paginator_class, size, max(page, 1), *args, **kwargs)
        return self

    def configure(self, request: HttpRequest) -> "FastTable":
        """Order, page size and cursor from the request; reads the page (one statement)."""
        cursor = request.GET.get(self.cursor_field)
        config = tables.RequestConfig(request, paginate={"paginator_class": Keyset, "after": cursor})
        config.configure(self)
        return self

    # --- rows

    @cached_property
    def paths(self) -> list[str]:
        """ORM paths of the visible columns and the groups; fixed by the first read."""
        found = ["pk", *(p for bound in self.columns for p in bound.column.paths()), *self.group_by]
        return list(dict.fromkeys(found))

    def make_page(self, rows: Sequence[tuple[Any, ...]]) -> Page:
        """Columns of values out of rows."""
        return Page(self.paths, rows, self.rights, timezone.now())

    @cached_property
    def cells_page(self) -> Page:
        """The page that is shown."""
        rows = self.page.object_list if hasattr(self, "page") else self.rows[:]
        return self.make_page(rows)

    @cached_property
    def total(self) -> Total:
        """Rows in all; costs nothing when the first page holds them all."""
        page = getattr(self, "page", None)
        if isinstance(page, KeysetPage) and page.first and not page.has_next():
            return Total(len(page.object_list))
        return bounded_count(self.data.data, self.count_limit)

    # --- HTML

    def title_of(self, bound: Any) -> str:
        """Heading of a column: what was said, else the field's name; of ``owner__name`` the relation's name."""
        *steps, _last = str(bound.accessor).split("__")
        if bound.column.verbose_name is None and steps and self.data.model is not None:
            field = tables.A("__".join(steps)).get_field(self.data.model)
            if getattr(field, "verbose_name", None):
                return capfirst(str(field.verbose_name))
        return str(bound.header)

    @property
    def head(self) -> SafeString:
        """``<thead>``."""
        return head(self)

    @property
    def colgroup(self) -> SafeString:
        """``<colgroup>`` for tables with fixed widths; "" where no column names a width."""
        if not any(bound.column.width for bound in self.columns):
            return SafeString("")
        cols = (f'<col class="{b.column.width}">' if b.column.width else "<col>" for b in self.columns)
        return mark_safe("<colgroup>" + "".join(cols) + "</colgroup>")  # noqa: S308 - names of ours

    @property
    def body(self) -> SafeString:
        """One ``<tbody>``, or one per group with its heading as ``<th scope="rowgroup">``. "" without rows."""
        page = self.cells_page
        if not page.size:
            return SafeString("")
        columns = list(self.columns)
        start = f'<tr class="{self.row_css}">' if self.row_css else "<tr>"
        row = start + "".join(_cell(bound, self.title_of(bound)) for bound in columns) + "</tr>\n"
        rows = map(row.__mod__, zip(*(bound.column.cells(page) for bound in columns), strict=True))
        labels = self.groups(page) if self.group_by and self.grouped else None
        if labels is None:
            return mark_safe("<tbody>" + "".join(rows) + "</tbody>")  # noqa: S308 - cells.fill escapes
        return mark_safe("".join(_grouped(rows, labels, len(columns))))  # noqa: S308 - as above

    def groups(self, page: Page) -> Sequence[tuple[Any, Any]] | None:
        """Per row (heading, muted words behind it); equal neighbours share a heading. Override with ``group_by``.

        ``group_by`` names the paths that it reads. Rows must already be ordered so that groups hold together.
        """
        return None

    @property
    def grouped(self) -> bool:
        """Groups only in the table's own order: any other would scatter them."""
        own = tuple(self._meta.order_by or ())
        return tuple(self.order_by or ()) == own

    @property
    def has_posts(self) -> bool:
        """Whether rows hold buttons that need the hidden form ``row-form``."""
        return any(isinstance(b.column, ActionCol) and b.column.posts for b in self.columns)

    def _link(self, cursor: str | None) -> str:
        request = getattr(self, "request", None)
        return address(request.GET if request else None, **{self.cursor_field: cursor, "page": None})

    @property
    def next_url(self) -> str | None:
        """Address of the next page, or None."""
        return (
            self._link(self.page.next_cursor)
            if getattr(self, "page", None) and self.page.has_next()
            else None
        )

    @property
    def previous_url(self) -> str | None:
        """Address of the page before, or None."""
        return (
            self._link(self.page.previous_cursor)
            if getattr(self, "page", None) and self.page.has_previous()
            else None
        )

    @property
    def first_url(self) -> str:
        """Address of the first page."""
        return self._link(None)

    # --- export

    def export_columns(self) -> list[Any]:
        """Visible columns without those that are left out of exports (hidden is not exported either)."""
        return [bound for bound in self.columns if not bound.column.exclude_from_export]

    def as_values(
        self, exclude_columns: Iterable[str] | None = None, typed: bool = False
    ) -> Iterator[list[Any]]:
        """Header, then one list per row over all rows; texts, or plain values if ``typed``.

        Reads in blocks: memory does not grow with the number of rows.
        """
        columns = [b for b in self.export_columns() if b.name not in set(exclude_columns or ())]
        yield [self.title_of(bound) for bound in columns]
        block: list[tuple[Any, ...]] = []
        for row in self.data.data.values_list(*self.paths).iterator(chunk_size=2000):
            block.append(row)
            if len(block) == 500:
                yield from self._values(block, columns, typed)
                block = []
        if block:
            yield from self._values(block, columns, typed)

    def _values(self, block: list[tuple[Any, ...]], columns: list[Any], typed: bool) -> Iterator[list[Any]]:
        page = self.make_page(block)
        lists = [(b.column.values(page) if typed else b.column.texts(page)) for b in columns]
        return map(list, zip(*lists, strict=True))


def _ignored(name: str, columns: Container[str]) -> bool:
    """Whether ``name`` is a hook of the package for one of the columns."""
    verb, _, column = name.partition("_")
    return verb in ("render", "value", "order") and column in columns


def _cell(bound: Any, title: str) -> str:
    """``<td>`` skeleton of a column."""
    css = f' class="{literal(bound.column.css)}"' if bound.column.css else ""
    label = f' data-l="{literal(title)}"' if bound.column.label else ""
    return f"<td{css}{label}>%s</td>"


def _grouped(rows: Iterable[str], labels: Sequence[tuple[Any, Any]], width: int) -> Iterator[str]:
    """Rows in one ``<tbody>`` per run of equal labels."""
    last: Any = None
    for row, label in zip(rows, labels, strict=True):
        if label != last:
            words, muted = (literal(part).replace("%%", "%") for part in label)
            note = f' <span class="muted">{muted}</span>' if muted else ""
            opened = f'<tr class="grp"><th colspan="{width}" scope="rowgroup">{words}{note}</th></tr>'
            yield f"{'</tbody>' if last is not None else ''}<tbody>{opened}"
            last = label
        yield row
    yield "</tbody>"
