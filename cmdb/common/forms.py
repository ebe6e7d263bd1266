"""Forms whose choices, limits and clashes are taken care of.

- every choice of rows is narrowed to what the person may see; a model without a rule offers nothing
- big relations are text with suggestions: ``pick = {"item": "cmdb:item_pick"}``
- text without a limit of its own gets one, with a sentence instead of a database full of megabytes
- two people who edit the same row: the second is told, sees what changed, and keeps what was typed
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db.models import Model, URLField
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from cmdb.common import signs
from cmdb.common.fields import PickField
from cmdb.common.scope import narrow_fields

TEXT_LIMIT = 20_000
VERSION = "_version"


class _Scoped:
    """What both kinds of form share. Class attributes: see ScopedModelForm."""

    pick: ClassVar[Mapping[str, str]] = {}
    unscoped: ClassVar[Collection[str]] = ()
    text_limit: ClassVar[int] = TEXT_LIMIT
    fields: dict[str, forms.Field]

    def _prepare(self, user: Any, kept: dict[str, Collection[Any]]) -> None:
        for name, url_name in self.pick.items():
            if name in self.fields:
                self.fields[name] = _as_pick(self.fields[name], url_name)
        narrow_fields(self.fields, user, kept, self.unscoped)
        for field in self.fields.values():
            _limit(field, self.text_limit)
            _clean(field)
            _dress(field)


def _as_pick(field: forms.Field, url_name: str) -> forms.Field:
    """The same choice as text with suggestions."""
    if isinstance(field, PickField):
        return field
    if not isinstance(field, forms.ModelChoiceField) or isinstance(field, forms.ModelMultipleChoiceField):
        raise TypeError(f"{field.label}: only the choice of one row can be picked")
    return PickField(
        field.queryset,
        url_name=url_name,
        required=field.required,
        label=field.label,
        help_text=field.help_text,
        initial=field.initial,
        to_field_name=field.to_field_name,
        limit_choices_to=field.limit_choices_to,
    )


def _limit(field: forms.Field, limit: int) -> None:
    """A limit in the check, not in the browser: that would cut a pasted text without a word."""
    if isinstance(field, forms.CharField) and field.max_length is None:
        field.max_length = limit
        field.validators.append(MaxLengthValidator(limit))


def _clean(field: forms.Field) -> None:
    """Signs that deceive a reader (cmdb.common.signs) are dropped before the field is checked, so an empty rest is empty."""
    if (
        isinstance(field, forms.CharField)
        and field.strip
        and not isinstance(field.widget, forms.PasswordInput)
    ):
        plain = field.to_python

        def to_python(value: Any) -> Any:
            text = plain(value)
            return signs.fit(text).strip() or field.empty_value if isinstance(text, str) else text

        field.to_python = to_python  # type: ignore[method-assign]


def _dress(field: forms.Field) -> None:
    """Native pickers for dates and times, which send ISO whatever the language."""
    if isinstance(field, forms.DateTimeField):
        field.widget = forms.DateTimeInput({"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M")
    elif isinstance(field, forms.DateField):
        field.widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        field.input_formats = ["%Y-%m-%d", "%d.%m.%Y"]
    elif isinstance(field, forms.TimeField):
        field.widget = forms.TimeInput({"type": "time"}, format="%H:%M")
    field.widget.is_required = field.required


class ScopedForm(_Scoped, forms.Form):
    """A plain form: ``ScopedForm(request.POST, user=request.user)``."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self._prepare(user, {})


def _form_field(field: Any, **kwargs: Any) -> forms.Field | None:
    """Addresses typed without a scheme mean https."""
    if isinstance(field, URLField):
        kwargs.setdefault("assume_scheme", "https")
    made: forms.Field | None = field.formfield(**kwargs)
    return made


class _FormType(forms.models.ModelFormMetaclass):
    """Gives every Meta our way from model fields to form fields, unless it has its own."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        meta = attrs.get("Meta")
        if meta is not None and not hasattr(meta, "formfield_callback"):
            meta.formfield_callback = _form_field
        return super().__new__(cls, name, bases, attrs)


class ScopedModelForm(_Scoped, forms.ModelForm, metaclass=_FormType):
    """A model's form: ``ScopedModelForm(request.POST, instance=item, user=request.user)``.

    Class attributes: ``pick`` (field → URL name of its suggestions), ``unscoped`` (choices of rows that
    everybody may see although their model has no rule), ``text_limit`` (characters).

    ``conflicts`` lists (label, value now) after somebody else changed what is being edited.
    """

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.conflicts: list[tuple[str, str]] = []
        self._prepare(user, self._kept())
        self.stored_version = ""
        if self.instance.pk is not None:
            names = [name for name in self._meta.fields or list(self.fields) if name in self.fields]
            self.stored_version = fingerprint(self.instance, names)
            self.fields[VERSION] = forms.CharField(
                widget=forms.HiddenInput, required=False, initial=self.stored_version
            )

    def _get_validation_exclusions(self) -> set[str]:
        """Rules that hold for current rows only are asked too, though no form has the field that says so."""
        found: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return found - {"archived_at"}

    def _kept(self) -> dict[str, Collection[Any]]:
        """Key that the row holds already in each choice of one row: editing something else must not lose it."""
        if self.instance.pk is None:
            return {}
        kept: dict[str, Collection[Any]] = {}
        for name, value in model_to_dict(self.instance, fields=list(self.fields)).items():
            if (
                isinstance(self.fields[name], forms.ModelChoiceField)
                and value
                and not isinstance(value, list)
            ):
                kept[name] = [value]
        return kept

    def _save_m2m(self) -> None:
        """Of a choice of several, those that the person may not see are neither offered nor taken away."""
        unseen: dict[str, list[Any]] = {}
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelMultipleChoiceField) and name not in self.unscoped:
                held = getattr(self.instance, name, None)
                if held is not None and hasattr(held, "exclude") and field.queryset is not None:
                    rows = held.exclude(pk__in=field.queryset.order_by().values("pk"))
                    unseen[name] = list(rows.values_list("pk", flat=True))
        super()._save_m2m()  # type: ignore[misc]
        for name, keys in unseen.items():
            if keys:
                getattr(self.instance, name).add(*keys)

    def clean(self) -> Any:
        """Refuse to overwrite what somebody else saved meanwhile; the next attempt is made knowingly."""
        cleaned = super().clean()
        key = self.add_prefix(VERSION)
        posted = self.data.get(key)
        if self.instance.pk is not None and posted and posted != self.stored_version:
            self.conflicts = [
                (str(self.fields[n].label), self._now(n)) for n in self.changed_data if n != VERSION
            ]
            data: Any = self.data
            self.data = data.copy()
            self.data[key] = self.stored_version  # type: ignore[index]
            self.add_error(
                None,
                forms.ValidationError(
                    _(
                        "Somebody else changed this while you were writing. What you wrote is kept: compare it"
                        " with what is stored now, then save again to replace it."
                    ),
                    code="conflict",
                ),
            )
        return cleaned

    def _now(self, name: str) -> str:
        """The stored value of a field in words."""
        getter = getattr(
            self.instance.__class__._base_manager.get(pk=self.instance.pk), f"get_{name}_display", None
        )
        if getter is not None:
            return str(getter())
        field, value = self.fields[name], self.initial.get(name)
        if isinstance(field, forms.ModelChoiceField) and value:
            rows: Any = field.queryset
            keys = [getattr(row, "pk", row) for row in value] if isinstance(value, list) else [value]
            return ", ".join(str(row) for row in rows.filter(pk__in=keys))
        return "" if value is None else str(value)


def fingerprint(instance: Model, names: Collection[str]) -> str:
    """Short digest of the stored values of the fields ``names``.

    Only these fields: a poller or import that touches others is no conflict with what a person edits.
    """
    values = {
        name: sorted(str(row.pk) for row in value)
        if isinstance(value, list) and value and hasattr(value[0], "pk")
        else value
        for name, value in model_to_dict(instance, fields=list(names)).items()
    }
    text = json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
