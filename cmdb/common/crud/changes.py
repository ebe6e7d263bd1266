"""History of a row out of the events that the database's triggers wrote (django-pghistory)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.common import formats
from cmdb.common.scope import narrow

VERBS = {
    "insert": gettext_lazy("registered"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
}
QUIET = {"created_at", "updated_at", "id"}


@dataclass
class Change:
    """One event: when, who (a person or the program's part), what kind, and (label, before, after) per field."""

    at: datetime
    who: str
    verb: str
    source: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)


def changes(obj: models.Model, user: Any, limit: int = 50) -> list[Change]:
    """The last ``limit`` changes of ``obj``, newest first. Related rows that ``user`` may not see are "…"."""
    manager: Any = getattr(obj, "events", None)
    if manager is None:
        return []
    events = list(manager.select_related("pgh_context").order_by("-pgh_id")[: limit + 1])
    tracked = [f for f in manager.model._meta.fields if not f.name.startswith("pgh_") and f.name not in QUIET]
    names = _names(tracked, events, user)
    people = _people(events)
    out = []
    for index, event in enumerate(events[:limit]):
        before = events[index + 1] if index + 1 < len(events) else None
        meta = event.pgh_context.metadata if event.pgh_context else {}
        who = people.get(str(meta.get("user"))) or str(meta.get("actor") or _("the system"))
        change = Change(
            event.pgh_created_at,
            who,
            str(VERBS.get(event.pgh_label, event.pgh_label)),
            str(meta.get("source", "")),
        )
        if before is not None:
            for one in tracked:
                old, new = getattr(before, one.attname), getattr(event, one.attname)
                if old != new:
                    words = (_words(one, value, names) for value in (old, new))
                    change.fields.append((capfirst(str(one.verbose_name)), *words))  # type: ignore[arg-type]
        out.append(change)
    return out


def _people(events: list[Any]) -> dict[str, str]:
    keys = {e.pgh_context.metadata.get("user") for e in events if e.pgh_context}
    people = get_user_model()._default_manager.filter(pk__in=[key for key in keys if key])
    return {str(person.pk): str(person) for person in people}


def _names(tracked: list[Any], events: list[Any], user: Any) -> dict[tuple[type, Any], str]:
    """Names of the related rows, one statement per related model."""
    keys: dict[Any, set[Any]] = {}
    for one in tracked:
        if one.is_relation:
            found = {getattr(event, one.attname) for event in events} - {None}
            keys.setdefault(one.related_model, set()).update(found)
    names: dict[tuple[type, Any], str] = {}
    for model, wanted in keys.items():
        if wanted:
            rows = narrow(model._default_manager.filter(pk__in=wanted), user)
            names |= {(model, row.pk): str(row) for row in rows}
    return names


def _words(one: Any, value: Any, names: dict[tuple[type, Any], str]) -> str:
    if value is None or value == "":
        return "–"
    if one.is_relation:
        return names.get((one.related_model, value), "…")
    if one.choices:
        return str(dict(one.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if hasattr(value, "isoformat"):
        return formats.when(value)
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
