"""Head of a table in Python: sort links that keep the filters, one ``aria-sort``."""

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from cmdb.common.tables.base import FastTable


def address(query: QueryDict | None, **changes: Any) -> str:
    """Query string with ``changes`` (None takes a parameter away); ``?`` alone when nothing is left."""
    pairs = [(key, v) for key, values in query.lists() if key not in changes for v in values] if query else []
    pairs += [(key, str(value)) for key, value in changes.items() if value is not None]
    return "?" + urlencode(pairs)


def head(table: "FastTable") -> SafeString:
    """``<thead>`` for the columns that are visible at this moment."""
    request = getattr(table, "request", None)
    query = request.GET if request is not None else None
    lead = (table.order_by or ("",))[0].lstrip("-")
    cells = []
    for bound in table.columns:
        text = bound.column.heading(escape(table.title_of(bound)))
        css = f' class="{escape(bound.column.css)}"' if bound.column.css else ""
        if not bound.orderable:
            cells.append(f'<th scope="col"{css}>{text}</th>')
            continue
        alias = bound.order_by_alias
        url = address(
            query, **{table.prefixed_order_by_field: alias.next, table.cursor_field: None, "page": None}
        )
        state = ""
        if bound.name == lead and bound.is_ordered:
            state = f' aria-sort="{"descending" if alias.is_descending else "ascending"}"'
        cells.append(
            f'<th scope="col"{css}{state}><a href="{escape(url)}" hx-boost="true" hx-target="#{table.region}"'
            f' hx-swap="outerHTML">{text}</a></th>'
        )
    return mark_safe("<thead><tr>" + "".join(cells) + "</tr></thead>")  # noqa: S308 - escaped above
