"""How one filter is drawn in the bar above a list: in one go, because a template per option would cost more than the list."""

from html import escape
from typing import Any

from django import forms

from cmdb.common.fields import PickSelect


def bar_field(key: str, field: forms.Field, value: Any, errors: Any) -> str:
    """Label, control and error."""
    ident = f"f-{key}"
    tie = f' aria-invalid="true" aria-describedby="{escape(ident)}-error"' if errors else ""
    note = ""
    if errors:
        words = escape(" ".join(map(str, errors)))
        note = (
            f'<p class="ds-validation-message" data-field="validation" id="{escape(ident)}-error">{words}</p>'
        )
    label = f'<label class="ds-label" for="{escape(ident)}">{escape(str(field.label or key))}</label>'
    return f'<ds-field class="ds-field">{label}{_control(key, ident, field, value, tie)}{note}</ds-field>'


def _control(key: str, ident: str, field: forms.Field, value: Any, tie: str) -> str:
    """``<select>`` or ``<input>``."""
    if isinstance(field.widget, PickSelect):
        attrs: dict[str, Any] = {
            "id": ident,
            "class": "ds-input",
            **({"aria-invalid": "true"} if tie else {}),
        }
        return str(field.widget.render(key, value, attrs))
    head = f'name="{escape(key)}" id="{escape(ident)}" class="ds-input"{tie}'
    if isinstance(field.widget, forms.Select):
        many = isinstance(field.widget, forms.SelectMultiple)
        chosen = {str(v) for v in (value if isinstance(value, list) else [value])}
        options = "".join(_option(v, text, chosen) for v, text in field.widget.choices)
        return f'<select {head} data-width="auto"{" multiple" if many else ""}>{options}</select>'
    kinds = (
        (forms.DateTimeField, "datetime-local"),
        (forms.DateField, "date"),
        (forms.DecimalField, "number"),
    )
    kind = next((kind for cls, kind in kinds if isinstance(field, cls)), "search" if key == "q" else "text")
    shown = "" if value is None else escape(str(value))
    return f'<input type="{kind}" {head} value="{shown}">'


def _option(value: Any, text: Any, chosen: set[str]) -> str:
    if isinstance(text, list | tuple):
        inner = "".join(_option(v, t, chosen) for v, t in text)
        return f'<optgroup label="{escape(str(value))}">{inner}</optgroup>'
    mark = " selected" if str(value) in chosen else ""
    return f'<option value="{escape(str(value))}"{mark}>{escape(str(text))}</option>'
