"""Attributes that a class adds to its items: as form fields, as checked values, as words.

A definition is {"name", "label", "type": text|integer|number|boolean|date|choice, "required"?, "choices"?}; a class
inherits those of the classes above it. Stored values are JSON: text, whole number, number, true/false, ISO date.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cmdb.common import formats
from cmdb.models import CIClass

Definition = dict[str, Any]
TEXT_LIMIT = 2_000
TRUE = frozenset({"1", "true", "yes", "ja", "x", "on"})
FALSE = frozenset({"0", "false", "no", "nei", "off"})


def definitions(item_class: CIClass) -> list[Definition]:
    """All attributes of a class, those of its ancestors first. One statement for a class that has a parent."""
    return [*item_class.inherited(), *item_class.attributes]


def definitions_by_class() -> dict[int, list[Definition]]:
    """Class id → its attributes, ancestors first; two columns of all classes in one statement."""
    rows = CIClass.objects.order_by("tree_id", "lft").values_list("pk", "parent_id", "attributes")
    found: dict[int, list[Definition]] = {}
    for pk, parent, own in rows:
        found[pk] = [*found.get(parent, []), *own]
    return found


def label(entry: Mapping[str, Any]) -> str:
    """What people call the attribute."""
    return str(entry.get("label") or entry["name"])


def parse(entry: Mapping[str, Any], raw: Any) -> Any:
    """The stored value for `raw` (text of a cell, a JSON value or a date); None where it is empty.

    :raises ValidationError: with a sentence that names the attribute.
    """
    if raw is None or raw == "":
        return None
    try:
        return _PARSERS[entry["type"]](entry, raw)
    except (ValueError, TypeError, OverflowError):
        raise ValidationError(
            _("%(label)s: “%(value)s” is not %(kind)s.")
            % {"label": label(entry), "value": str(raw)[:60], "kind": _kind(entry)}
        ) from None


def _text(_entry: Mapping[str, Any], raw: Any) -> str:
    text = str(raw).strip()
    if len(text) > TEXT_LIMIT or "\x00" in text:
        raise ValueError
    return text


def _integer(_entry: Mapping[str, Any], raw: Any) -> int:
    if isinstance(raw, bool):
        raise TypeError
    number = int(raw.strip().replace("\u00a0", "").replace(" ", "")) if isinstance(raw, str) else int(raw)
    if number != (raw if isinstance(raw, int | float) else number) or abs(number) >= 2**53:
        raise ValueError
    return number


def _number(_entry: Mapping[str, Any], raw: Any) -> float:
    if isinstance(raw, bool):
        raise TypeError
    text = str(raw).strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(_entry: Mapping[str, Any], raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _date(_entry: Mapping[str, Any], raw: Any) -> str:
    if isinstance(raw, date):
        return raw.isoformat()[:10]
    return date.fromisoformat(str(raw).strip()).isoformat()


def _choice(entry: Mapping[str, Any], raw: Any) -> str:
    for choice in entry.get("choices", ()):
        if str(raw).strip().casefold() == str(choice).casefold():
            return str(choice)
    raise ValueError


_PARSERS = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "choice": _choice,
}


def _kind(entry: Mapping[str, Any]) -> str:
    if entry["type"] == "choice":
        return _("one of %(choices)s") % {"choices": ", ".join(map(str, entry.get("choices", ())))}
    return {
        "text": _("a text that fits here"),
        "integer": _("a whole number"),
        "number": _("a number"),
        "boolean": _("yes or no"),
        "date": _("a date like 2026-11-21"),
    }[entry["type"]]


def problems(entries: Iterable[Mapping[str, Any]], values: Any) -> list[str]:
    """Sentences about stored values that do not fit the definitions; empty for a sound row."""
    if not isinstance(values, dict):
        return [_("The attributes are not a set of names and values.")]
    known = {entry["name"]: entry for entry in entries}
    found = []
    for name, value in values.items():
        if name not in known:
            found.append(_("The class has no attribute “%(name)s”.") % {"name": name})
            continue
        try:
            if parse(known[name], value) != value:
                found.append(_("%(label)s is stored in another form.") % {"label": label(known[name])})
        except ValidationError as error:
            found += error.messages
    return found


def words(entry: Mapping[str, Any], value: Any) -> str:
    """A stored value as people read it; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if entry["type"] == "date":
        try:
            return formats.day(date.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    return formats.number(value) if isinstance(value, int | float) else str(value)


# --- forms ---------------------------------------------------------------------------------------------

PREFIX = "a_"


def field(entry: Mapping[str, Any]) -> forms.Field:
    """The form field of an attribute; its clean value still goes through `parse`."""
    common: dict[str, Any] = {"label": label(entry), "required": bool(entry.get("required"))}
    kind = entry["type"]
    if kind == "integer":
        return forms.IntegerField(**common, min_value=-(2**53) + 1, max_value=2**53 - 1)
    if kind == "number":
        return forms.FloatField(**common)
    if kind == "date":
        return forms.DateField(**common)
    if kind == "boolean":
        choices = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
        return forms.TypedChoiceField(
            **common, choices=choices, coerce=lambda v: v == "true", empty_value=None
        )
    if kind == "choice":
        options = [("", "–"), *((str(c), str(c)) for c in entry.get("choices", ()))]
        return forms.ChoiceField(**common, choices=options)
    return forms.CharField(**common, max_length=TEXT_LIMIT)


def initial(entry: Mapping[str, Any], value: Any) -> Any:
    """What the form field shows for a stored value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
