"""Rows narrowed to what a user may see: the one door that lists, forms, exports and the API go through.

A model that people may look at defines ``visible_q(user) -> Q`` as a classmethod and takes one of the
managers below. The condition must not multiply rows: reach over a many-valued relation with
``pk__in=…`` or ``Exists(…)``, never with a plain join, because nothing here adds ``DISTINCT``.
"""

from typing import Any, Self, TypeVar

from django.db import models
from mptt.managers import TreeManager
from mptt.querysets import TreeQuerySet

from cmdb.common.archive import Archivable, Kept, refuse_held

M = TypeVar("M", bound=models.Model)


def _narrow(queryset: Any, user: Any) -> Any:
    """``queryset`` with the model's own condition; nothing for somebody who is not signed in."""
    if user is None or not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", True):
        return queryset.none()
    return queryset.filter(queryset.model.visible_q(user))


class KeptQuerySet:
    """What is archived rather than deleted; see ``archive``."""

    def current(self) -> Self:
        """Rows that are not archived; all of a model that archives none."""
        rows: Any = self
        return rows.filter(archived_at=None) if issubclass(rows.model, Archivable) else rows

    def delete(self) -> Any:
        """Delete; refused for all as soon as history names one of them."""
        rows: Any = self
        if issubclass(rows.model, Kept):
            refuse_held(rows)
        return super().delete()  # type: ignore[misc]

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class VisibleQuerySet(KeptQuerySet, models.QuerySet[M]):
    """QuerySet with ``visible_to(user)``."""

    def visible_to(self, user: Any) -> Self:
        """Rows that ``user`` may see. Anonymous and switched-off users see none.

        A model without ``visible_q`` raises AttributeError: it fails closed rather than showing all.
        """
        narrowed: Self = _narrow(self, user)
        return narrowed


class VisibleManager(models.Manager[M]):
    """``objects`` of an ordinary model."""

    def get_queryset(self) -> VisibleQuerySet[M]:
        """All rows, with ``visible_to`` at hand."""
        return VisibleQuerySet(self.model, using=self._db)

    def visible_to(self, user: Any) -> VisibleQuerySet[M]:
        """Rows that ``user`` may see. Anonymous and switched-off users see none."""
        return self.get_queryset().visible_to(user)

    def current(self) -> VisibleQuerySet[M]:
        """Rows that are not archived."""
        return self.get_queryset().current()


class VisibleTreeQuerySet(KeptQuerySet, TreeQuerySet):
    """Tree queryset with ``visible_to(user)``: ``get_descendants`` and friends stay available."""

    def visible_to(self, user: Any) -> Self:
        """Rows that ``user`` may see, in tree order. Anonymous and switched-off users see none."""
        narrowed: Self = _narrow(self, user)
        return narrowed


class VisibleTreeManager(TreeManager.from_queryset(VisibleTreeQuerySet)):  # type: ignore[misc]
    """``objects`` of an mptt tree."""
