"""History by database triggers: no write path escapes it, neither bulk updates nor imports."""

from collections.abc import Callable
from typing import TypeVar

import pghistory
import pgtrigger
from django.db import models

M = TypeVar("M", bound=type[models.Model])

# Computed columns and a tree's own bookkeeping say nothing about the thing itself.
COMPUTED = ("sort_name", "lft", "rght", "tree_id", "level")


def tracked(model: M) -> M:
    """Class decorator: every insert, update and delete of `model` leaves a row in `<Model>Event`."""
    return tracked_but()(model)


def tracked_but(*left_out: str) -> Callable[[M], M]:
    """The same without some fields: secrets, and what programs write there all day (an update of those alone leaves no row)."""

    def decorated(model: M) -> M:
        names = {field.name for field in model._meta.local_fields}
        decorate: Callable[[M], M] = pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=[name for name in (*COMPUTED, *left_out) if name in names],
        )
        return decorate(model)

    return decorated


def never_deleted() -> pgtrigger.Trigger:
    """A row of history stays, whoever asks the database to delete it: for ``Meta.triggers``."""
    return pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
