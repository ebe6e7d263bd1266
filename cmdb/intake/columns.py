"""Which column of a spreadsheet fills which field of an item, and how a cell becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.db.models import Choices as DjangoChoices
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cmdb import attributes
from cmdb.common.scope import chosen_from, narrow
from cmdb.models import (
    CIClass,
    Criticality,
    Item,
    Lifecycle,
    Organisation,
    OrganisationKind,
    Place,
    Software,
    Team,
    User,
)
from cmdb.tables import ItemExport

TEXT: Final = ("name", "asset_tag", "serial", "manufacturer", "model", "operating_system", "notes")
DATES: Final = ("purchased_on", "warranty_until", "end_of_life")
CHOICES: Final[dict[str, type[DjangoChoices]]] = {"lifecycle": Lifecycle, "criticality": Criticality}
LINKS: Final = (
    "organisation",
    "item_class",
    "place",
    "software",
    "owner",
    "manager",
    "user",
    "team",
    "supplier",
)
OTHERS: Final = ("address", "yearly_cost", "outside_procedure")
FIELDS: Final = (*TEXT, *DATES, *CHOICES, *LINKS, *OTHERS)
IGNORED: Final = frozenset({"family"})  # follows from the class; our own export carries it
ALIASES: Final = {"class": "item_class", "site": "place", "ip": "address", "serial_number": "serial"}


def label(name: str) -> str:
    """What people call a field of an item, in the language in force."""
    return str(getattr(Item._meta.get_field(name), "verbose_name", name))


class CellRefusedError(Exception):
    """A cell that can not be used; the message is a sentence."""


def fields_of(headings: list[str]) -> tuple[list[str | None], list[str]]:
    """Field of each column (None: not used; ``attr:NAME`` for an attribute of a class), and unknown headings.

    A heading is the name of a field, its label in any of the languages, an attribute's name or label.
    """
    known = _known()
    found: list[str | None] = []
    unknown: list[str] = []
    for heading in headings:
        field = known.get(_key(heading)) if heading else None
        if heading and field is None:
            unknown.append(heading)
        found.append(None if field == "" else field)
    return found, unknown


def _key(text: str) -> str:
    return slugify(text, allow_unicode=True).replace("-", "_")


def _known() -> dict[str, str]:
    """Every heading that means something → field; "" for those that are passed over."""
    known: dict[str, str] = {}
    for entry in {e["name"]: e for entries in _definitions() for e in entries}.values():
        for word in (entry["name"], attributes.label(entry), f"attr:{entry['name']}"):
            known.setdefault(_key(word), f"attr:{entry['name']}")
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for name in FIELDS:
                known[_key(label(name))] = name
                column = ItemExport.base_columns.get(name)
                if column is not None and column.verbose_name:
                    known[_key(str(column.verbose_name))] = name
            for name in IGNORED:
                known[_key(label(name))] = ""
    return known | {name: name for name in FIELDS} | dict.fromkeys(IGNORED, "") | ALIASES


def _definitions() -> list[list[attributes.Definition]]:
    return list(attributes.definitions_by_class().values())


class Lookup:
    """Names of related rows that the person may see, each kind read once."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self._maps: dict[str, dict[str, list[Any]]] = {}

    def rows(self, queryset: Any) -> Any:
        """All rows for a command on the server, else those the person may see."""
        return queryset if self.user is None else narrow(queryset, self.user)

    def find(self, field: str, text: str) -> Any:
        """The one row that `text` names; CellRefusedError for none and for several."""
        if field not in self._maps:
            self._maps[field] = self._read(field)
        hits = self._maps[field].get(text.casefold(), [])
        different = {row.pk: row for row in hits}
        word = label(field)
        if not different:
            raise CellRefusedError(
                _("%(field)s: there is no “%(text)s”.") % {"field": word, "text": text[:80]}
            )
        if len(different) > 1:
            raise CellRefusedError(
                _("%(field)s: “%(text)s” names several.") % {"field": word, "text": text[:80]}
            )
        return next(iter(different.values()))

    def _read(self, field: str) -> dict[str, list[Any]]:
        queryset, names = _SOURCES[field]()
        found: dict[str, list[Any]] = {}
        for row in chosen_from(self.rows(queryset)):
            for name in names:
                if word := str(getattr(row, name) or "").casefold():
                    found.setdefault(word, []).append(row)
        return found


def _people() -> tuple[Any, tuple[str, ...]]:
    return User.objects.filter(is_active=True), ("username", "email", "display_name")


_SOURCES: dict[str, Callable[[], tuple[Any, tuple[str, ...]]]] = {
    "organisation": lambda: (
        Organisation.objects.exclude(kind=OrganisationKind.SUPPLIER),
        ("slug", "name", "number"),
    ),
    "supplier": lambda: (
        Organisation.objects.filter(kind=OrganisationKind.SUPPLIER),
        ("slug", "name", "number"),
    ),
    "item_class": lambda: (CIClass.objects.all(), ("slug", "name")),
    "place": lambda: (Place.objects.all(), ("name",)),
    "software": lambda: (Software.objects.all(), ("name",)),
    "team": lambda: (Team.objects.all(), ("slug", "name")),
    "owner": _people,
    "manager": _people,
    "user": _people,
}


def value(field: str, raw: Any, lookup: Lookup) -> Any:
    """The value of a cell for a field that is no attribute. :raises CellRefusedError: with a sentence."""
    if field in LINKS:
        return lookup.find(field, str(raw).strip())
    try:
        return _plain(field, raw)
    except (ValueError, InvalidOperation, OverflowError):
        word = label(field)
        raise CellRefusedError(
            _("%(field)s: “%(text)s” can not be read.") % {"field": word, "text": str(raw)[:80]}
        ) from None


def _plain(field: str, raw: Any) -> Any:
    if field in DATES:
        return _date(raw)
    if field in CHOICES:
        return _choice(CHOICES[field], raw)
    if field == "yearly_cost":
        return round(
            Decimal(str(raw).replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")),
            2,
        )
    if field == "outside_procedure":
        return bool(attributes.parse({"name": field, "type": "boolean"}, raw))
    return str(raw).strip()


def _date(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = str(raw).strip()
    if "." in text:
        return datetime.strptime(text, "%d.%m.%Y").date()  # noqa: DTZ007 - a calendar day has no zone
    return date.fromisoformat(text[:10])


def _choice(choices: Any, raw: Any) -> Any:
    """A choice by its value or its label in any language."""
    text = str(raw).strip().casefold()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for member in choices:
                if text in (str(member.value).casefold(), str(member.label).casefold()):
                    return member.value
    raise ValueError(text)
