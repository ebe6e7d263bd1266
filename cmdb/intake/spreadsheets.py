"""A spreadsheet of items: first the plan, row by row with reasons, then the same plan carried out.

An item is known by its asset tag, else by its serial number, else by name and organisation. An empty cell leaves what
is there, and an item that the file does not name is left alone: a partial source deletes nothing. A row that is
refused stops no other row. History names the file as the actor.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

import pghistory
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from cmdb import attributes, lifecycle
from cmdb.access import REGISTER_WRITERS
from cmdb.common.archive import ARCHIVED
from cmdb.intake import columns
from cmdb.intake.columns import CellRefusedError, Lookup, fields_of, value
from cmdb.intake.reading import MAX_ROWS, FileRefusedError, Line, read
from cmdb.models import Item, Organisation

NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"
BATCH: Final = 1000
#: Related rows come from Lookup, so that they exist and may be named: no need to ask for each again.
LINKED: Final = frozenset(f.name for f in Item._meta.fields if f.is_relation)


@dataclass
class RowPlan:
    """What becomes of one row: `verb` is new, changed, same or refused (then `reason` says why).

    `changes` lists (label, before, after) in words; `item` is the row to be saved (unsaved for new ones).
    """

    number: int
    name: str
    verb: str
    reason: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    item: Item | None = None
    pk: int | None = None


@dataclass
class Plan:
    """All rows of a file. `done` is True once it has been carried out."""

    file: str
    rows: list[RowPlan]
    done: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verb, all four named."""
        found = Counter(row.verb for row in self.rows)
        return {verb: found[verb] for verb in (NEW, CHANGED, SAME, REFUSED)}

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "file": self.file,
            "done": self.done,
            **self.counts,
            "rows": [
                {
                    "row": row.number,
                    "name": row.name,
                    "verb": row.verb,
                    "reason": row.reason,
                    "changes": [list(change) for change in row.changes],
                    "id": row.pk,
                }
                for row in self.rows
                if row.verb != SAME
            ],
        }


def import_items(
    file: IO[bytes],
    name: str,
    *,
    user: Any = None,
    organisation: Organisation | None = None,
    dry_run: bool = False,
    max_rows: int = MAX_ROWS,
) -> Plan:
    """Plan `file`, and carry it out unless `dry_run`. All in one transaction.

    `user` None means the operator on the server, who may write everywhere; else rows are narrowed to what the person
    may see and to organisations in which the person may write. `organisation` stands where the file names none.
    :raises FileRefusedError: with a sentence, for a file that can not be read or has unknown columns.
    """
    headings, lines = read(file, name, max_rows)
    fields, unknown = fields_of(headings)
    if unknown:
        raise FileRefusedError(
            _("Unknown columns: %(columns)s. Rename or remove them.") % {"columns": ", ".join(unknown)}
        )
    twice = [name for name, n in Counter(f for f in fields if f).items() if n > 1]
    if twice:
        raise FileRefusedError(_("Two columns mean the same: %(columns)s.") % {"columns": ", ".join(twice)})
    with transaction.atomic(), pghistory.context(actor=f"import: {name}", source=f"import: {name}"):
        _one_at_a_time()
        plan = Plan(name, _Planner(fields, user, organisation).rows(lines))
        if not dry_run:
            _carry_out(plan)
    return plan


def _one_at_a_time() -> None:
    """Two imports at once would each find the other's new items missing."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('cmdb.import'))")


def _carry_out(plan: Plan) -> None:
    new = [row.item for row in plan.rows if row.verb == NEW and row.item]
    Item.objects.bulk_create(new, batch_size=BATCH)
    for row in plan.rows:
        if row.verb == CHANGED and row.item:
            row.item.save()
        row.pk = row.item.pk if row.item else None
    plan.done = True


class _Planner:
    """Reads what is there once, then judges row after row."""

    def __init__(self, fields: Sequence[str | None], user: Any, organisation: Organisation | None) -> None:
        self.fields = fields
        self.user = user
        self.organisation = organisation
        self.lookup = Lookup(user)
        self.writable = None if user is None else user.access.orgs(*REGISTER_WRITERS)
        self.definitions = attributes.definitions_by_class()
        self.taken: dict[tuple[str, Any], int] = {}
        self.by_tag: dict[str, list[Item]] = {}
        self.by_serial: dict[str, list[Item]] = {}
        self.by_name: dict[tuple[str, int], list[Item]] = {}

    def rows(self, lines: Iterable[Line]) -> list[RowPlan]:
        """One plan per line."""
        lines = list(lines)
        self._read_items(lines)
        return [self._row(line) for line in lines]

    def _read_items(self, lines: list[Line]) -> None:
        """Items that a line could mean, in three statements whatever the number of lines."""
        column = {name: index for index, name in enumerate(self.fields) if name}

        def words(name: str) -> set[str]:
            at = column.get(name)
            if at is None:
                return set()
            return {str(line.cells[at]).strip() for line in lines if at < len(line.cells) and line.cells[at]}

        seen = self.lookup.rows(Item.objects.select_related("item_class"))
        for item in seen.filter(asset_tag__in=words("asset_tag") - {""}):
            self.by_tag.setdefault(item.asset_tag, []).append(item)
        for item in seen.filter(serial__in=words("serial") - {""}):
            self.by_serial.setdefault(item.serial, []).append(item)
        for item in seen.filter(name__in=words("name") - {""}):
            self.by_name.setdefault((item.name, item.organisation_id), []).append(item)

    def _row(self, line: Line) -> RowPlan:
        cells = {
            name: cell
            for name, cell in zip(self.fields, line.cells, strict=False)
            if name and cell not in (None, "")
        }
        plan = RowPlan(line.number, str(cells.get("name", ""))[:120], REFUSED)
        try:
            if line.problem:
                raise CellRefusedError(line.problem)
            values, extra = self._values(cells)
            item = self._identify(values)
            plan.name = item.name if item else plan.name
            self._judge(plan, item, values, extra)
        except CellRefusedError as error:
            plan.verb, plan.reason = REFUSED, str(error)
        except ValidationError as error:
            plan.verb, plan.reason = REFUSED, _sentences(error)
        return plan

    def _values(self, cells: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        values: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, raw in cells.items():
            if name.startswith("attr:"):
                extra[name.removeprefix("attr:")] = raw
            else:
                values[name] = value(name, raw, self.lookup)
        values.setdefault("organisation", self.organisation)
        if values["organisation"] is None:
            del values["organisation"]
        return values, extra

    def _identify(self, values: dict[str, Any]) -> Item | None:
        """The item that a row means, or None for a new one."""
        tag = self.by_tag.get(values.get("asset_tag", ""), [])
        serial = self.by_serial.get(values.get("serial", ""), [])
        named: list[Item] = []
        if "organisation" in values:
            named = self.by_name.get((values.get("name", ""), values["organisation"].pk), [])
        for found, word in ((tag, _("asset tag")), (serial, _("serial number"))):
            if len(found) > 1:
                raise CellRefusedError(
                    _("Several items have this %(word)s already. Mend that first.") % {"word": word}
                )
        if tag and serial and tag[0].pk != serial[0].pk:
            raise CellRefusedError(_("Asset tag and serial number belong to two different items."))
        hits = tag or serial or named
        if len(hits) > 1:
            raise CellRefusedError(
                _("Several items have this name here. Give the asset tag or serial number.")
            )
        return hits[0] if hits else None

    def _judge(self, plan: RowPlan, item: Item | None, values: dict[str, Any], extra: dict[str, Any]) -> None:
        """Decide the verb, and fill in the item and the changes."""
        made = item is None
        if item is None:
            item = self._blank(values)
        elif (first := self.taken.get(("id", item.pk))) is not None:
            raise CellRefusedError(_("Row %(n)d is about the same item.") % {"n": first})
        if item.archived_at is not None:
            raise CellRefusedError(str(ARCHIVED))
        self._may(item, values)
        before = _state(item)
        was = item.lifecycle
        for name, new in values.items():
            setattr(item, name, new)
        self._set_attributes(item, extra)
        item.family = item.item_class.family
        item.clean_fields(exclude=LINKED)
        if item.lifecycle != was and not made:
            if sentences := lifecycle.refusals(item, item.lifecycle):
                raise CellRefusedError(" ".join(sentences))
        plan.item, plan.pk = item, item.pk
        plan.changes = [] if made else _changes(before, _state(item))
        plan.verb = NEW if made else CHANGED if plan.changes else SAME
        self._remember(plan, item, made)

    def _blank(self, values: dict[str, Any]) -> Item:
        for name, label in (
            ("name", _("name")),
            ("organisation", _("organisation")),
            ("item_class", _("class")),
        ):
            if name not in values:
                raise CellRefusedError(_("A new item needs the column “%(label)s”.") % {"label": label})
        key = ("name", (values["name"].casefold(), values["organisation"].pk))
        for entry in (key, ("tag", values.get("asset_tag")), ("serial", values.get("serial"))):
            if entry[1] and entry in self.taken:
                raise CellRefusedError(_("Row %(n)d is about the same item.") % {"n": self.taken[entry]})
        return Item(item_class=values["item_class"], organisation=values["organisation"])

    def _may(self, item: Item, values: dict[str, Any]) -> None:
        """Writing is asked for where the item is and where it goes."""
        if self.writable is None:
            return
        target = values.get("organisation")
        if item.organisation_id not in self.writable or (target and target.pk not in self.writable):
            raise CellRefusedError(_("You may not change items of this organisation."))

    def _set_attributes(self, item: Item, extra: dict[str, Any]) -> None:
        known = {entry["name"]: entry for entry in self.definitions.get(item.item_class_id, [])}
        held = item.attributes if isinstance(item.attributes, dict) else {}
        stored = {name: kept for name, kept in held.items() if name in known}
        for name, raw in extra.items():
            if name not in known:
                raise CellRefusedError(
                    _("The class “%(item_class)s” has no “%(name)s”.")
                    % {"item_class": item.item_class, "name": name}
                )
            stored[name] = attributes.parse(known[name], raw)
        for name, entry in known.items():
            if entry.get("required") and stored.get(name) in (None, "") and item.pk is None:
                raise CellRefusedError(
                    _("A new item of this class needs “%(label)s”.") % {"label": attributes.label(entry)}
                )
        item.attributes = stored

    def _remember(self, plan: RowPlan, item: Item, made: bool) -> None:
        if not made:
            self.taken["id", item.pk] = plan.number
            return
        self.taken["name", (item.name.casefold(), item.organisation_id)] = plan.number
        for kind, word in (("tag", item.asset_tag), ("serial", item.serial)):
            if word:
                self.taken[kind, word] = plan.number


def _state(item: Item) -> dict[str, Any]:
    """Comparable values by label; attributes each on their own."""
    state: dict[str, Any] = {}
    for one in Item._meta.concrete_fields:
        if not one.editable or one.name in ("id", "sort_name", "attributes"):
            continue
        state[str(one.verbose_name)] = getattr(item, one.attname)
    for name, stored in (item.attributes or {}).items():
        state[name] = json.dumps(stored) if isinstance(stored, dict | list) else stored
    return state


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (label, _word(before.get(label)), _word(after.get(label)))
        for label in {**before, **after}
        if before.get(label) != after.get(label)
    ]


def _word(stored: Any) -> str:
    return "–" if stored in (None, "") else str(stored)[:120]


def _sentences(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    parts = []
    for name, messages in error.message_dict.items():
        try:
            label = columns.label(name)
        except FieldDoesNotExist:
            label = name
        parts.append(f"{label}: {' '.join(messages)}")
    return " ".join(parts)
