"""Filters of lists: django-filter declares, one pass draws; page, export and API use the same class.

    class ItemFilter(FastFilterSet):
        search_fields = ("name", "serial")
        class Meta:
            model = Item
            fields = ("organisation", "family", "lifecycle")

Choices of rows are narrowed to the person. A short list is a select; where rows are many, declare
``PickFilter(queryset=Item.objects.all(), url_name="cmdb:item_pick")``.
"""

from collections.abc import Iterable
from datetime import UTC
from functools import cached_property
from html import escape
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common import formats
from cmdb.common.archive import Archivable
from cmdb.common.fields import PickField, text_query
from cmdb.common.filter_bar import bar_field
from cmdb.common.scope import narrow
from cmdb.common.tables.head import address

ARCHIVED_CHOICES = [("only", _("Only archived ones")), ("all", _("Archived ones too"))]
NOT_FILTERS = ("after", "page")


class Chip(NamedTuple):
    """One filter in force: its label, its value in words, and the address without it."""

    label: str
    value: str
    url: str


class PickFilter(django_filters.ModelChoiceFilter):
    """One row out of many, by suggestions: ``PickFilter(queryset=…, url_name="cmdb:item_pick")``."""

    field_class = PickField


class InstantField(django_filters.fields.IsoDateTimeField):
    """An instant with any offset, as the database takes it."""

    def clean(self, value: Any) -> Any:
        """In UTC; what has no place there is refused."""
        try:
            found = super().clean(value)
            return found.astimezone(UTC) if found is not None else None
        except (OverflowError, ValueError) as error:
            raise forms.ValidationError(_("This instant is out of range.")) from error


class InstantFilter(django_filters.IsoDateTimeFilter):
    """Before or after an instant."""

    field_class = InstantField


class FastFilterSet(django_filters.FilterSet):
    """Base of all filters. ``search_fields``: ORM paths that the text search looks into (none: no search).

    Override ``search(queryset, words)`` for full text search.
    """

    search_fields: ClassVar[tuple[str, ...]] = ()

    filters: dict[str, Any]

    q = django_filters.CharFilter(method="_search", label=_("Search"), max_length=200)

    def __init__(
        self,
        data: Any = None,
        queryset: QuerySet[Any] | None = None,
        *,
        request: HttpRequest | None = None,
        user: Any = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data if data is not None else QueryDict(), queryset, request=request, prefix=prefix)
        self.user = user if user is not None else getattr(request, "user", None)
        if not self.searches():
            self.filters.pop("q", None)
        else:
            self.filters = {"q": self.filters.pop("q"), **self.filters}
        for one in self.filters.values():
            if isinstance(one, django_filters.ModelChoiceFilter | django_filters.ModelMultipleChoiceFilter):
                rows = one.get_queryset(request)
                if rows is None:
                    raise TypeError(f"{type(self).__name__}.{one.field_name} needs a queryset")
                one.queryset = narrow(rows, self.user)

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """With the choice of archived rows where the model has them."""
        found: dict[str, Any] = super().get_filters()
        model = cls._meta.model
        if model is not None and issubclass(model, Archivable):
            found["archived"] = django_filters.ChoiceFilter(
                field_name="archived_at", choices=ARCHIVED_CHOICES, method="_archived", label=_("Archived")
            )
        return found

    def _archived(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset if value == "all" else queryset.filter(archived_at__isnull=False)

    def _current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Archived rows are left out unless somebody asks for them."""
        asked = "archived" not in self.filters or self.form.cleaned_data.get("archived")
        return rows if asked else rows.filter(archived_at=None)

    @classmethod
    def searches(cls) -> bool:
        """Whether there is a text search."""
        return bool(cls.search_fields) or cls.search is not FastFilterSet.search

    def _search(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return self.search(queryset, value.strip()) if value.strip() else queryset

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Rows that hold every word in one of ``search_fields``."""
        query = Q()
        for word in words.split()[:8]:
            query &= text_query(queryset.model, self.search_fields, word, "icontains")
        return queryset.filter(query)

    @cached_property
    def form(self) -> forms.Form:
        """The form, whose fields belong to this filter set alone: nothing need be copied a second time."""
        form = forms.Form(None if self._idle else self.data, prefix=self.form_prefix)
        form.fields = {name: one.field for name, one in self.filters.items()}
        if self._idle:
            form.cleaned_data = dict.fromkeys(form.fields)
        return form

    def is_valid(self) -> bool:
        """Whether no filter is wrong; none set is right."""
        return not self.form.errors

    @property
    def qs(self) -> QuerySet[Any]:
        """Filtered rows; none at all where a filter is wrong: showing everything would be a silent lie."""
        if self._idle:
            return self._current(self.queryset.all())
        return self._current(super().qs) if self.is_valid() else self.queryset.none()

    @cached_property
    def _idle(self) -> bool:
        """Whether nothing is asked of stock filters, as on most pages: then nothing need be validated either."""
        own = type(self).filter_queryset is not django_filters.FilterSet.filter_queryset
        kinds = {type(one).__module__.rpartition(".")[0] for one in self.filters.values()}
        if own or not kinds <= {"django_filters", "cmdb.common"}:
            return False
        names = tuple(f"{self.form_prefix}-{name}" if self.form_prefix else name for name in self.filters)
        values = self.data.getlist if isinstance(self.data, QueryDict) else lambda key: [self.data[key]]
        return not any(any(values(key)) for key in self.data if key.startswith(names))

    # --- HTML

    @cached_property
    def _values(self) -> dict[str, Any]:
        """Raw value of every field that has one."""
        form = self.form
        if not form.is_bound:
            return {}
        found = {
            name: field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
            for name, field in form.fields.items()
        }
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    @property
    def size(self) -> int:
        """How many filters are set."""
        return len(self._values)

    @property
    def problems(self) -> list[str]:
        """Sentences about wrong filters."""
        return [
            f"{self.form.fields[name].label}: {' '.join(map(str, errors))}"
            if name in self.form.fields
            else str(errors)
            for name, errors in self.form.errors.items()
        ]

    def _address(self, **changes: Any) -> str:
        data = self.data if isinstance(self.data, QueryDict) else None
        return address(data, **dict.fromkeys(NOT_FILTERS), **changes)

    @property
    def clear_url(self) -> str:
        """This page without any filter; order and page size stay."""
        return self._address(**{self.form.add_prefix(name): None for name in self.form.fields})

    @property
    def chips(self) -> list[Chip]:
        """Filters in force as links that take themselves away."""
        chips = []
        for name, raw in self._values.items():
            field, key = self.form.fields[name], self.form.add_prefix(name)
            if isinstance(raw, list):
                for one in raw:
                    others = urlencode([(key, other) for other in raw if other != one])
                    rest = self._address(**{key: None})
                    url = "&".join(filter(None, (rest, others))) if rest != "?" else f"?{others}"
                    chips.append(Chip(str(field.label), _words(field, one), url))
            else:
                shown = self.form.cleaned_data.get(name) if self.is_valid() else None
                chips.append(Chip(str(field.label), _words(field, raw, shown), self._address(**{key: None})))
        return chips

    @property
    def bar(self) -> SafeString:
        """All fields with label and error, and what else the address holds, for a ``<form method="get">``."""
        form, out = self.form, []
        for name, field in form.fields.items():
            key = form.add_prefix(name)
            out.append(bar_field(key, field, self._values.get(name), form.errors.get(name)))
        known = {*map(form.add_prefix, form.fields), *NOT_FILTERS}
        if isinstance(self.data, QueryDict):
            for key, values in self.data.lists():
                if key not in known:
                    out += [f'<input type="hidden" name="{escape(key)}" value="{escape(v)}">' for v in values]
        return mark_safe("".join(out))  # noqa: S308 - every value went through escape


def _words(field: forms.Field, raw: Any, cleaned: Any = None) -> str:
    """A filter's value as people read it."""
    if hasattr(cleaned, "_meta"):
        return str(cleaned)
    for value, label in _flat(getattr(field, "choices", ())) if not isinstance(field, PickField) else ():
        if str(value) == str(raw):
            return str(label)
    if isinstance(field, forms.DateField | forms.DateTimeField) and cleaned:
        return formats.when(cleaned)
    if isinstance(field, forms.NullBooleanField):
        return gettext("Yes") if str(raw).lower() in ("true", "2", "on", "1") else gettext("No")
    return str(raw)


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    """Pairs of a list of choices whose groups are opened."""
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label
