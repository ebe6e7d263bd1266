"""Values of a row as the detail page shows them."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cmdb.common import formats
from cmdb.common.scope import narrow
from cmdb.common.text import plain_to_html, safe_url

MANY = 50


def shown_fields(obj: Any, fields: Sequence[Any], user: Any) -> list[tuple[str, Any]]:
    """``(label, text or safe HTML)`` per field; see Crud for what a field may be."""
    out = []
    for entry in fields:
        label, path = (None, entry) if isinstance(entry, str) else entry
        if callable(path):
            out.append((str(label), _words(path(obj, user), user)))
            continue
        holder, field = _walk(obj, path)
        name = str(label) if label is not None else capfirst(str(getattr(field, "verbose_name", path)))
        out.append((name, _value(holder, field, path.rsplit("__", 1)[-1], user)))
    return out


def _walk(obj: Any, path: str) -> tuple[Any, Any]:
    """The row that holds the last step of ``path``, and that step's field (None for a property)."""
    *steps, last = path.split("__")
    for step in steps:
        obj = getattr(obj, step, None)
    try:
        return obj, obj._meta.get_field(last) if obj is not None else None
    except FieldDoesNotExist:
        return obj, None


def _value(holder: Any, field: Any, name: str, user: Any) -> Any:
    if holder is None:
        return ""
    value = getattr(holder, name)
    if field is not None and getattr(field, "choices", None):
        return str(getattr(holder, f"get_{name}_display")()) if value not in (None, "") else ""
    if field is not None and (field.many_to_many or field.one_to_many):
        rows = [*narrow(value.all(), user)[: MANY + 1]]
        more = " …" if len(rows) > MANY else ""
        return ", ".join(str(row) for row in rows[:MANY]) + more
    if isinstance(field, models.URLField) and value and safe_url(value):
        return format_html(
            '<a class="ds-link" href="{}" rel="noopener noreferrer">{}</a>', safe_url(value), value
        )
    if isinstance(field, models.EmailField) and value:
        return format_html('<a class="ds-link" href="mailto:{}">{}</a>', value, value)
    if isinstance(field, models.TextField) and value:
        return plain_to_html(str(value))
    if callable(value) and not isinstance(value, models.Manager):
        value = value()
    return _words(value, user)


def _words(value: Any, user: Any) -> Any:
    """A value as text, a related row as a link where it has a page."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, models.Model):
        return _linked(value, user)
    if isinstance(value, date):
        return formats.when(value)
    if isinstance(value, Decimal | float | int):
        return formats.number(value)
    if isinstance(value, list | tuple | set):
        return ", ".join(str(part) for part in value)
    return value if hasattr(value, "__html__") else str(value)


def _linked(row: models.Model, user: Any) -> Any:
    from cmdb.common.crud.declare import of_model

    crud = of_model(type(row))
    if crud is None or not crud.may(user, "read"):
        return str(row)
    return format_html('<a class="ds-link" href="{}">{}</a>', crud.url("detail", row), str(row))


Value = Callable[[Any, Any], Any]
