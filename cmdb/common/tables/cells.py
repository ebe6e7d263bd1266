"""From a page of plain values to a page of cells: the only place where data meets HTML."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

Texts = Sequence[str | None]

# A number that no real address holds: int, str, slug and path converters all take it.
_SENTINEL = 908_070_605_040


class Page(dict[str, tuple[Any, ...]]):
    """One page of rows by column: path → values of that path, in row order.

    ``rights`` maps the name of a right to the keys (organisation ids, say) for which it holds;
    ``now`` is one instant for the whole page.
    """

    def __init__(
        self,
        paths: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
        rights: Mapping[str, Container[Any]],
        now: datetime,
    ) -> None:
        super().__init__(
            zip(paths, zip(*rows, strict=True), strict=False) if rows else dict.fromkeys(paths, ())
        )
        self.size = len(rows)
        self.rights = rights
        self.now = now


def fill(element: str, *parts: Texts, drop: bool = False) -> list[str]:
    """One cell per row: ``element`` with one ``%s`` per part, every part escaped.

    ``element`` is a literal skeleton out of the program, never out of data (a literal per cent sign is
    doubled). Where the first part is None the element is left out: the bare last part is shown, or
    nothing with ``drop``. Escaping also covers text that somebody marked as safe.
    """
    if element.replace("%%", "").count("%s") != len(parts):
        raise TypeError(f"{element}: {len(parts)} parts")
    columns = [_escaped(part) for part in parts]
    rows = zip(*columns, strict=True)
    if None not in parts[0]:
        return list(map(element.__mod__, rows)) if parts[1:] else [element % text for text in columns[0]]
    return [
        element % row if first is not None else "" if drop else row[-1]
        for first, row in zip(parts[0], rows, strict=True)
    ]


_GAP = "\x00"  # no text in PostgreSQL holds it


def _escaped(part: Texts) -> list[str]:
    """Every text of ``part`` escaped: in one go, because a call per text costs more than the rest of the row."""
    texts = ["" if text is None else text for text in part]
    if not texts:
        return []
    found = escape(_GAP.join(texts)).split(_GAP)
    return found if len(found) == len(texts) else [escape(text).replace(_GAP, "") for text in texts]


def literal(text: Any) -> str:
    """A word of ours (label, class, address) made fit for use inside a skeleton."""
    return escape(str(text)).replace("%", "%%")


@lru_cache(maxsize=2048)
def _pattern(view: str, count: int, language: str) -> str | None:
    """Address of ``view`` with ``%s`` for each of ``count`` arguments; None where it takes no numbers."""
    marks = [_SENTINEL + i for i in range(count)]
    try:
        url = reverse(view, args=marks)
    except NoReverseMatch:
        return None
    url = url.replace("%", "%%")
    for mark in marks:
        url = url.replace(str(mark), "%s")
    return url


def urls(view: str, *arguments: Sequence[Any]) -> list[str | None]:
    """Address of ``view`` per row, resolved once per page; None where an argument is None."""
    pattern = _pattern(view, len(arguments), get_language() or "")
    rows = list(zip(*arguments, strict=True))
    if pattern is None:  # a converter (uuid, say) that refuses the stand-in: ask for each row
        return [None if None in row else reverse(view, args=row) for row in rows]
    return [None if None in row else pattern % tuple(map(_quoted, row)) for row in rows]


def _quoted(value: Any) -> Any:
    return value if type(value) is int else quote(str(value), safe="")


def memo(render: Callable[[Any], str], values: Sequence[Any]) -> list[str]:
    """``render`` once per different value of the page."""
    known = {value: render(value) for value in set(values)}
    return [known[value] for value in values]
