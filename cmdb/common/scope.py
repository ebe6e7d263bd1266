"""Choices narrowed to what the person may see, for forms and filters alike."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from cmdb.common.archive import Archivable


def narrow(queryset: QuerySet[Any], user: Any, keep: Collection[Any] = ()) -> QuerySet[Any]:
    """Rows of ``queryset`` that ``user`` may see, and those with the keys ``keep``.

    Fails closed: nothing for a model without ``visible_q``, for an anonymous person and for nobody.
    ``keep`` is for what a row holds already: editing something else must not take it away.
    """
    rule = getattr(queryset.model, "visible_q", None)
    if rule is None or user is None or not user.is_authenticated or not user.is_active:
        return queryset.none()
    condition = rule(user)
    if keep and condition:  # an empty condition means all rows; joined by OR it would mean none but these
        condition |= Q(pk__in=list(keep))
    return queryset.filter(condition)


def narrow_fields(
    fields: dict[str, forms.Field],
    user: Any,
    kept: dict[str, Collection[Any]] | None = None,
    unscoped: Collection[str] = (),
) -> None:
    """Narrow every choice of rows among ``fields``, but those named in ``unscoped``; what is archived is not offered."""
    for name, field in fields.items():
        if isinstance(field, forms.ModelChoiceField) and name not in unscoped and field.queryset is not None:
            keep = (kept or {}).get(name, ())
            field.queryset = chosen_from(narrow(field.queryset, user, keep), keep)


def chosen_from(rows: QuerySet[Any], keep: Collection[Any] = ()) -> QuerySet[Any]:
    """Without what is archived, but for what a row holds already."""
    if not issubclass(rows.model, Archivable):
        return rows
    return rows.filter(Q(archived_at=None) | Q(pk__in=list(keep)) if keep else Q(archived_at=None))
