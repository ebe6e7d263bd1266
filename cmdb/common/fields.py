"""Choosing one row out of many: a select that holds only the chosen row, and a search that fills it.

The page's script (static/samdrift/js/autocomplete.js) turns ``<select data-options="URL">`` into a search
field; the address is answered by ``suggestions`` below. No page ever carries a list of all people or items.
"""

from html import escape
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from cmdb.common.scope import chosen_from, narrow

SUGGESTIONS = 12


def text_query(model: Any, fields: tuple[str, ...], text: str, lookup: str = "icontains") -> Q:
    """Condition that any of ``fields`` matches ``text``; on the model's name where no fields are given."""
    query = Q()
    names = fields or _names(model)
    for name in names:
        query |= Q(**{f"{name}__{lookup}": text})
    return query if names else Q(pk__in=())


def _names(model: Any) -> tuple[str, ...]:
    for name in ("name", "title", "display_name"):
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        return (name,)
    return ()


class PickSelect(forms.Select):
    """``<select data-options>`` with the chosen row only: one statement where something is chosen."""

    def __init__(self, url_name: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.url_name = url_name

    def chosen(self, value: Any) -> Any:
        """The row that ``value`` names among those that may be chosen, or None."""
        if value in (None, "") or not str(value).isdecimal() or len(str(value)) > 18:
            return None
        choices: Any = self.choices  # an iterator that knows its queryset: it is never walked
        rows: QuerySet[Any] = choices.queryset
        return rows.filter(pk=int(value)).first()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The select; a row that may not be chosen is not named either."""
        given = {**self.attrs, **(attrs or {}), "name": name, "data-options": reverse(self.url_name)}
        words = "".join(
            f' {key}="{escape(str(v))}"' if v is not True else f" {key}"
            for key, v in given.items()
            if v is not None and v is not False
        )
        row = self.chosen(value)
        option = f'<option value="{row.pk}" selected>{escape(str(row))}</option>' if row is not None else ""
        return mark_safe(f'<select{words}><option value=""></option>{option}</select>')  # noqa: S308


class PickField(forms.ModelChoiceField):
    """ModelChoiceField by search: ``PickField(Item.objects.all(), url_name="cmdb:item_pick")``.

    The queryset is narrowed by the form like that of every choice of rows.
    """

    widget: Any

    def __init__(self, queryset: Any, *, url_name: str, **kwargs: Any) -> None:
        for name in ("null_label", "null_value"):  # what django-filter passes to its own fields
            kwargs.pop(name, None)
        kwargs.setdefault("widget", PickSelect(url_name))
        super().__init__(queryset, **kwargs)
        self.url_name = url_name


def suggestions(
    request: HttpRequest, queryset: QuerySet[Any], fields: tuple[str, ...] = (), note: str = ""
) -> JsonResponse:
    """Answer of a search field: ``{"results": [{"value", "label", "note"}]}`` for ``?q=``, at most twelve.

    ``note`` is an ORM path shown muted beside the label. Only rows that the person may see; names that
    begin with the words come first.
    """
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = chosen_from(narrow(queryset, request.user))
    for word in words.split()[:6]:
        rows = rows.filter(text_query(queryset.model, fields, word))
    found = list(
        rows.filter(text_query(queryset.model, fields, words, "istartswith"))[:SUGGESTIONS] if words else []
    )
    if len(found) < SUGGESTIONS:
        found += rows.exclude(pk__in=[row.pk for row in found])[: SUGGESTIONS - len(found)]
    notes: dict[Any, Any] = {}
    if note:
        keys = [row.pk for row in found]
        notes = dict(queryset.model._base_manager.filter(pk__in=keys).values_list("pk", note))
    results = [
        {"value": str(row.pk), "label": str(row), "note": str(notes.get(row.pk) or "")} for row in found
    ]
    return JsonResponse({"results": results})
