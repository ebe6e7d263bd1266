"""Rows narrowed to what a user may see: the one door that lists, forms, exports and the API go through.

A model that people may look at defines ``visible_q(user) -> Q`` as a classmethod and takes one of the
managers below. The condition must not multiply rows: reach over a many-valued relation with
``pk__in=…`` or ``Exists(…)``, never with a plain join, because nothing here adds ``DISTINCT``.
"""

from typing import Any, Self, TypeVar

from django.db import models
from mptt.managers import TreeManager
from mptt.querysets import TreeQuerySet

M = TypeVar("M", bound=models.Model)


def _narrow(queryset: Any, user: Any) -> Any:
    """``queryset`` with the model's own condition; nothing for somebody who is not signed in."""
    if user is None or not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", True):
        return queryset.none()
    return queryset.filter(queryset.model.visible_q(user))


class VisibleQuerySet(models.QuerySet[M]):
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


class VisibleTreeQuerySet(TreeQuerySet):
    """Tree queryset with ``visible_to(user)``: ``get_descendants`` and friends stay available."""

    def visible_to(self, user: Any) -> Self:
        """Rows that ``user`` may see, in tree order. Anonymous and switched-off users see none."""
        narrowed: Self = _narrow(self, user)
        return narrowed


class VisibleTreeManager(TreeManager.from_queryset(VisibleTreeQuerySet)):  # type: ignore[misc]
    """``objects`` of an mptt tree."""
