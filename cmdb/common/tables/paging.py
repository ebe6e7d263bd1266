"""Pages by key instead of by offset, and counts that stop when they get dear.

A page is found by the values of the last row before it, so page 2,000 costs what page 1 costs and rows
that arrive meanwhile move nothing. The cursor is signed and carries the order that it was made for: a
broken, foreign or outdated one is the first page, never an error.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

SALT = "cmdb.common.cursor"
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Key:
    """One key of an order: path, direction, and whether the database may give NULL for it."""

    path: str
    falling: bool
    nullable: bool
    nulls_last: bool

    def order(self, backwards: bool) -> OrderBy:
        """Expression for ``order_by``; NULLs end up on the mirrored side when walking backwards."""
        falling, last = self.falling != backwards, self.nulls_last != backwards
        if not self.nullable:
            return OrderBy(F(self.path), descending=falling)
        return OrderBy(
            F(self.path), descending=falling, nulls_last=last or None, nulls_first=None if last else True
        )


def _nullable(model: type[Model], path: str) -> bool:
    """Whether ``path`` may be NULL; anything but a plain NOT NULL field of the model itself may."""
    if path == "pk":
        return False
    try:
        return bool(model._meta.get_field(path).null)
    except (FieldDoesNotExist, AttributeError):
        return True


def total_order(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """``queryset`` with the primary key as last sort key, in the direction of the key before it."""
    have: list[Any] = list(queryset.query.order_by)
    if not have and queryset.query.default_ordering:
        have = list(queryset.model._meta.ordering or ())
    own = {"pk", queryset.model._meta.pk.name}
    if any(_parse(key)[0] in own for key in have):
        return queryset.order_by(*have)
    falling = bool(have) and _parse(have[-1])[1]
    return queryset.order_by(*have, "-pk" if falling else "pk")


def _parse(key: Any) -> tuple[str, bool, bool | None]:
    """Path, falling, and nulls_last where it was said, of a string or ``F(path).asc()/.desc()``."""
    if isinstance(key, str):
        return key.lstrip("-"), key.startswith("-"), None
    if isinstance(key, F):
        return str(key.name), False, None  # type: ignore[attr-defined]
    if isinstance(key, OrderBy) and isinstance(key.expression, F):
        said = True if key.nulls_last else False if key.nulls_first else None
        return str(key.expression.name), bool(key.descending), said  # type: ignore[attr-defined]
    raise TypeError(f"Rows in the order {key!r} cannot be paged: annotate it and order by the name")


def sort_keys(queryset: QuerySet[Any]) -> list[Key]:
    """Keys of an ordered queryset. PostgreSQL puts NULL last when rising, first when falling."""
    keys = []
    for entry in queryset.query.order_by:
        path, falling, last = _parse(entry)
        nullable = _nullable(queryset.model, path)
        keys.append(Key(path, falling, nullable, (not falling) if last is None else last))
    return keys


def after(keys: Sequence[Key], values: Sequence[Any], backwards: bool = False) -> Q:
    """Condition for the rows behind ``values`` in the order of ``keys`` (before them, if backwards).

    Written as alternatives (directions may differ, keys may be NULL) with a bound on the first key in
    front, without which the database would read everything from the start.
    """
    rows, equal = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        rows |= equal & _behind(key, value, backwards)
        equal &= Q(**{f"{key.path}__isnull": True}) if value is None else Q(**{key.path: value})
    first, value = keys[0], values[0]
    if value is None:
        return rows
    falling = first.falling != backwards
    bound = Q(**{f"{first.path}__{'lte' if falling else 'gte'}": value})
    if first.nullable and first.nulls_last != backwards:
        bound |= Q(**{f"{first.path}__isnull": True})
    return bound & rows


def _behind(key: Key, value: Any, backwards: bool) -> Q:
    """Rows strictly behind ``value`` in one key."""
    falling, last = key.falling != backwards, key.nulls_last != backwards
    if value is None:
        return Q(pk__in=()) if last else Q(**{f"{key.path}__isnull": False})
    beyond = Q(**{f"{key.path}__{'lt' if falling else 'gt'}": value})
    if key.nullable and last:
        beyond |= Q(**{f"{key.path}__isnull": True})
    return beyond


def _mark(keys: Sequence[Key]) -> str:
    return format(zlib.crc32(repr(list(keys)).encode()), "x")


def write_cursor(keys: Sequence[Key], values: Sequence[Any], backwards: bool) -> str:
    """Signed cursor for the rows behind (before) the row with these key values."""
    text = json.dumps([_mark(keys), int(backwards), list(values)], default=str, separators=(",", ":"))
    return signing.Signer(salt=SALT).sign(signing.b64_encode(text.encode()).decode())


def read_cursor(cursor: str | None, keys: Sequence[Key]) -> tuple[list[Any], bool] | None:
    """Key values and direction, or None for a cursor that is absent, broken or of another order."""
    if not cursor:
        return None
    try:
        text = signing.Signer(salt=SALT).unsign(cursor)
        mark, backwards, values = json.loads(signing.b64_decode(text.encode()))
    except (signing.BadSignature, ValueError):
        return None
    return (values, bool(backwards)) if mark == _mark(keys) and len(values) == len(keys) else None


@dataclass(frozen=True)
class KeysetPage:
    """Rows of one page and the cursors of its neighbours (None where there are none)."""

    object_list: list[Row]
    next_cursor: str | None
    previous_cursor: str | None
    first: bool

    def has_next(self) -> bool:
        """Whether rows follow."""
        return self.next_cursor is not None

    def has_previous(self) -> bool:
        """Whether rows came before."""
        return self.previous_cursor is not None

    def has_other_pages(self) -> bool:
        """Whether this is not all."""
        return self.has_next() or self.has_previous()


def read_page(
    queryset: QuerySet[Any], paths: Sequence[str], per_page: int, cursor: str | None = None
) -> KeysetPage:
    """One page of ``paths`` (each once) of an ordered queryset, as tuples in the order of ``paths``.

    One statement: a row more than asked for tells whether there are more.
    """
    keys = sort_keys(queryset)
    want = list(dict.fromkeys([*paths, *(key.path for key in keys)]))
    places = [want.index(key.path) for key in keys]
    at = read_cursor(cursor, keys)
    try:
        rows, backwards = _fetch(queryset, keys, want, per_page, at)
    except (ValueError, TypeError, ValidationError):
        at, (rows, backwards) = None, _fetch(queryset, keys, want, per_page, None)
    more, rows = len(rows) > per_page, rows[:per_page]
    if backwards:
        rows.reverse()
    width = len(paths)
    ahead, behind = (bool(at), more) if backwards else (more, bool(at))
    return KeysetPage(
        object_list=[row[:width] for row in rows],
        next_cursor=write_cursor(keys, [rows[-1][i] for i in places], False) if ahead and rows else None,
        previous_cursor=write_cursor(keys, [rows[0][i] for i in places], True) if behind and rows else None,
        first=not behind,
    )


def _fetch(
    queryset: QuerySet[Any],
    keys: Sequence[Key],
    want: Sequence[str],
    per_page: int,
    at: tuple[list[Any], bool] | None,
) -> tuple[list[Row], bool]:
    backwards = at is not None and at[1]
    if at is not None:
        queryset = queryset.filter(after(keys, at[0], backwards))
    queryset = queryset.order_by(*(key.order(backwards) for key in keys))
    return list(queryset.values_list(*want)[: per_page + 1]), backwards


class Keyset:
    """django-tables2's paginator interface over ``read_page``."""

    def __init__(self, rows: Any, per_page: int, after: str | None = None) -> None:
        self.rows, self.per_page, self.cursor = rows, per_page, after

    def page(self, _number: Any = 1) -> KeysetPage:
        """The page behind the cursor; page numbers mean nothing here."""
        return read_page(self.rows.data, self.rows.table.paths, self.per_page, self.cursor)


@dataclass(frozen=True)
class Total:
    """How many rows there are: exact, or at least ``n`` ("1000+")."""

    n: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.n}+" if self.more else str(self.n)

    def __int__(self) -> int:
        return self.n

    def __bool__(self) -> bool:
        return self.n > 0


def bounded_count(queryset: QuerySet[Any], limit: int | None) -> Total:
    """Count up to ``limit`` rows (None: all), without order and without reading the rows."""
    if limit is None:
        return Total(queryset.order_by().count())
    found = queryset.order_by()[: limit + 1].count()
    return Total(min(found, limit), found > limit)
