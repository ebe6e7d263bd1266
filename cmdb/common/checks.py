"""System checks of the shared building blocks (ids ``common.E…``)."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db.models import Model
from django.db.models.sql import Query

from cmdb.common import secrets


@checks.register(checks.Tags.security)
def encryption_keys_are_usable(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a start whose stored secrets could not be read or written."""
    try:
        secrets.box()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="common.E001")]
    return []


def unresolved(model: type[Model], path: str, annotations: Any = ()) -> str | None:
    """Why ``path`` cannot be read from the table of ``model``; None if it can."""
    if path.split("__")[0] in annotations or path == "pk":
        return None
    try:
        rest = Query(model).solve_lookup_type(path)[0]
    except FieldError as error:
        return str(error)
    return f"{path}: {rest[0]} is not a field" if rest else None


@checks.register(checks.Tags.models)
def tables_read_what_exists(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Every path and every order of a table resolves: otherwise sorting by it would be an error 500."""
    from cmdb.common.tables import registry

    found: list[checks.CheckMessage] = []
    for table in registry:
        if table.of is None or table.__module__.startswith("tests."):
            continue
        whys = (unresolved(table.of, path, table.annotations) for path in table.all_paths())
        found += [
            checks.Error(f"{table.__name__}: {why}", obj=table, id="common.E002") for why in whys if why
        ]
    return found
