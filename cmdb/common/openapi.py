"""What the description of the API says beyond the types: every refusal, what a text may hold, what a filter takes.

A schema here is what is accepted, no wider: who generates requests from it is refused only where a value names a row
(`x-names`) or hangs on other values (`x-depends`), which no schema can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Annotated, Any

import django_filters
from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from pydantic import AfterValidator, WithJsonSchema

from cmdb.common.problems import MEDIA_TYPE

Schema = dict[str, Any]

#: At least one sign that is kept and can be seen.
VISIBLE = (
    r"[^\s\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]"
)
NO_NUL = r"^[^\u0000]*$"
KEY = {"type": "integer", "minimum": 1, "maximum": 2**53}

PROBLEM: Schema = {
    "title": "Problem",
    "description": "RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}
_REFUSALS = {
    400: "The body is no JSON, or is none that can be read.",
    401: "No valid token, and not signed in.",
    403: "The row may be seen, this may not be done with it; or the role does not open this list.",
    404: "There is no such row, or not for the caller.",
    405: "Another method.",
    409: "It does not go now: the state, or what somebody did meanwhile.",
    413: "The request is too large.",
    422: "A value is wrong; `errors` says which and why.",
}


# --- every refusal


class DescribedAPI(NinjaAPI):
    """NinjaAPI whose description names every answer. `patterns`: what a parameter of a path looks like, by its name."""

    def __init__(self, *args: Any, patterns: Mapping[str, Schema], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patterns = patterns

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """Ninja's own, completed."""
        described = super().get_openapi_schema(**kwargs)
        described["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                self._complete(path, method, operation)
        return described

    def _complete(self, path: str, method: str, operation: Schema) -> None:
        for one in operation["parameters"]:
            if one["in"] == "path":
                one["schema"] |= self.patterns.get(one["name"], {})
        answers = operation["responses"]
        for status in _statuses(path, method, "requestBody" in operation):
            answers.setdefault(str(status), _problem(_REFUSALS[status]))
        answers["default"] = _problem("Anything else that fails.")


def _statuses(path: str, method: str, has_body: bool) -> Iterable[int]:
    yield from (401, 403, 405, 422)
    if "{" in path:
        yield 404
    if has_body:
        yield from (400, 404, 413)
    if method != "get":
        yield 409


def _problem(description: str) -> Schema:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


# --- values


def names(what: str, **more: Any) -> Any:
    """A row by its id or its short name; None where nothing is named."""
    either: list[Schema] = [KEY, {"type": "string", "minLength": 1}]
    if more.pop("null", True):
        either.append({"type": "null"})
    return WithJsonSchema({"anyOf": either, "x-names": what} | more)


def words(most: int, *, needed: bool = False, **more: Any) -> Any:
    """A text; `needed`: not blank."""
    least: Schema = {"minLength": 1, "pattern": VISIBLE} if needed else {}
    return WithJsonSchema({"type": "string", "maxLength": most} | least | more)


def one_of(values: Iterable[Any], *, null: bool = False, **more: Any) -> Any:
    """A value of a list."""
    known = [value.value if hasattr(value, "value") else value for value in values]
    return WithJsonSchema({"enum": [*known, None] if null else known} | more)


def in_utc(value: datetime | None) -> datetime | None:
    """An instant as the database takes it: offsets beyond its own limit are no reason to fail."""
    if value is None:
        return None
    try:
        return (value if value.tzinfo is not None else timezone.make_aware(value)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError(str(_("This instant is out of range."))) from error


Instant = Annotated[datetime, AfterValidator(in_utc)]


def of_field(field: models.Field[Any, Any], *, null: bool = True) -> Schema:
    """What a model's field takes, from its type, choices and length; `null`: empty is allowed."""
    nothing: list[Schema] = [{"type": "null"}] if null else []
    if field.choices:
        known = [key for key, _label in field.flatchoices]
        return {"enum": [*known, *([None] if null else [])]}
    if isinstance(field, models.ForeignKey):
        either = [KEY, {"type": "string", "minLength": 1}, *nothing]
        return {"anyOf": either, "x-names": field.related_model._meta.model_name}
    if isinstance(field, models.PositiveSmallIntegerField):
        return {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 32767}, *nothing]}
    if isinstance(field, models.GenericIPAddressField):
        return {
            "anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}, *nothing]
        }
    if isinstance(field, models.CharField | models.TextField):
        least: Schema = {"minLength": 1, "pattern": VISIBLE} if not (null or field.blank) else {}
        return {"anyOf": [{"type": "string", "maxLength": field.max_length or 100_000} | least, *nothing]}
    return {}


# --- filters


def parameter(name: str, one: django_filters.Filter) -> Schema:
    """A filter as a parameter of the query."""
    # A filter keeps the field it was asked for: asked of the declaration, all would share one that nobody narrowed.
    return {"name": name, "schema": _of_field(deepcopy(one).field)}


def _of_field(field: forms.Field) -> Schema:
    queryset = getattr(field, "queryset", None)
    if queryset is not None:
        by_name = (getattr(field, "to_field_name", None) or "pk") not in ("pk", "id")
        return ({"type": "string", "minLength": 1} if by_name else dict(KEY)) | {
            "x-names": queryset.model._meta.model_name
        }
    if isinstance(field, forms.MultipleChoiceField):
        return {"type": "array", "items": {"enum": _keys(field)}}
    if isinstance(field, forms.ChoiceField):
        return {"enum": _keys(field)}
    for kind, schema in _KINDS:
        if isinstance(field, kind):
            return schema
    most = getattr(field, "max_length", None)
    return {"type": "string", "pattern": NO_NUL} | ({"maxLength": most} if most else {})


_KINDS: tuple[tuple[Any, Schema], ...] = (
    (forms.NullBooleanField, {"type": "boolean"}),
    (forms.DecimalField, {"type": "integer", "minimum": 0, "maximum": 10**17}),
    (django_filters.fields.IsoDateTimeField, {"type": "string", "format": "date-time"}),
    (forms.DateField, {"type": "string", "format": "date"}),
)


def _keys(field: forms.ChoiceField) -> list[str]:
    found = []
    choices: Any = field.choices
    for key, label in choices:
        pairs = label if isinstance(label, list | tuple) else [(key, label)]
        found += [str(value) for value, _label in pairs if value not in ("", None)]
    return found


def ordering(names_: Iterable[str]) -> Schema:
    """One name, with a dash for falling; that several may be joined is said in words."""
    known = [f"{sign}{name}" for name in names_ for sign in ("", "-")]
    return {"enum": known, "description": "Several are joined by commas, each name once."}
