"""What is put away instead of deleted: tickets, intervals and figures keep the rows that they name.

A model takes ``Archivable`` as its first base. A row that anything else names cannot be deleted, whoever asks (pages,
API, administration, ``QuerySet.delete``): it is archived, leaves lists and choices, and can be taken back. What never
had history may be deleted. The foreign keys say the same to the database.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.deletion import DO_NOTHING, ProtectedError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from mptt.models import MPTTModel

from cmdb.common.trees import lock_tree


class HeldError(ProtectedError):
    """A row cannot be deleted; ``reasons``: what holds it, counted, in words."""

    def __init__(self, row: models.Model, reasons: list[str]) -> None:
        self.row, self.reasons = row, reasons
        super().__init__(f"{row} is kept: {'; '.join(reasons)}", {row})


class NotArchivedError(ValueError):
    """A row cannot be archived or taken back; ``reasons`` as in HeldError."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


ARCHIVED = gettext_lazy("It is archived. Take it back first.")


class Kept(models.Model):
    """Base of rows that are deleted only while nothing names them.

    ``parts``: reverse relations (by their name in queries) whose rows belong to this one and go with it.
    ``loosened``: those that are no history, and simply lose their tie.
    """

    parts: ClassVar[frozenset[str]] = frozenset()
    loosened: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Delete what never had history. :raises HeldError: else."""
        refuse_held([self])
        return super().delete(*args, **kwargs)

    def held_because(self) -> list[str]:
        """Further reasons to keep the row than that others name it: sentences."""
        return []


class Archivable(Kept):
    """Base of rows that can be put away and taken back.

    ``outlived_by``: reverse relations whose current rows may stay when this one is archived.
    ``consequence``: a sentence for the page that asks, about what else archiving does.
    """

    archived_at = models.DateTimeField(gettext_lazy("archived"), null=True, blank=True, editable=False)
    archived_by = models.CharField(gettext_lazy("archived by"), max_length=150, blank=True, editable=False)
    archived_because = models.CharField(
        gettext_lazy("why it was archived"), max_length=200, blank=True, editable=False
    )

    outlived_by: ClassVar[frozenset[str]] = frozenset()
    consequence: ClassVar[Any] = ""

    class Meta:
        abstract = True

    def needed_by(self) -> list[str]:
        """Why the row cannot be archived now: current rows that need it, counted, or sentences."""
        found: Counter[type[models.Model]] = Counter()
        for relation in _reverse(type(self)):
            holder = relation.related_model
            if issubclass(holder, Archivable) and relation.name not in self.outlived_by | self.loosened:
                rows = holder._base_manager.filter(**{relation.field.name: self.pk}, archived_at=None)
                found[holder] += rows.exclude(pk=self.pk if holder is type(self) else None).count()
        return counted(found)

    def on_archive(self) -> None:
        """Set what else follows (unsaved)."""

    def on_restore(self) -> None:
        """Take back what ``on_archive`` set (unsaved)."""

    def archive(self, by: Any, because: str = "") -> Self:
        """Put the row away; twice is once. :raises NotArchivedError: while something current needs it."""
        with transaction.atomic():
            row = self._locked()
            if row.archived_at is None:
                if reasons := row.needed_by():
                    raise NotArchivedError(reasons)
                row.archived_at = timezone.now()
                row.archived_by, row.archived_because = str(by)[:150], because.strip()[:200]
                row.on_archive()
                row.save()
        return row

    def restore(self) -> Self:
        """Take the row back. :raises NotArchivedError: while a row that it needs is archived, or another took its place."""
        with transaction.atomic():
            row = self._locked()
            if row.archived_at is not None:
                row.archived_at, row.archived_by, row.archived_because = None, "", ""
                row.on_restore()
                if reasons := row.missing():
                    raise NotArchivedError(reasons)
                row.save()
        return row

    def _locked(self) -> Self:
        lock_tree(type(self))
        row: Self = type(self)._base_manager.select_for_update(of=("self",)).get(pk=self.pk)
        return row

    def missing(self) -> list[str]:
        """Archived rows that this one cannot be without, and current ones that stand in its place."""
        found = []
        for field in self._meta.concrete_fields:
            related = getattr(self, field.name) if field.is_relation else None
            needed = not field.null or (isinstance(self, MPTTModel) and field.related_model is type(self))
            if needed and isinstance(related, Archivable) and related.archived_at is not None:
                found.append(_("%(name)s is archived: take it back first.") % {"name": related})
        for constraint in self._meta.constraints:
            try:
                constraint.validate(type(self), self)
            except ValidationError as error:
                found += error.messages
        return found


def is_archived(row: Any) -> bool:
    """Whether a row of whatever model is archived."""
    return getattr(row, "archived_at", None) is not None


def refuse_held(rows: Iterable[Any]) -> None:
    """:raises HeldError: for the first of ``rows`` that history names."""
    for row in rows:
        if reasons := held(row):
            raise HeldError(row, reasons)


def held(row: Any) -> list[str]:
    """Why ``row`` is not deleted: what names it, counted by kind, and what the model itself says. Nothing of others."""
    if not isinstance(row, Kept):
        return []
    return [*counted(holders(type(row), [row.pk])), *row.held_because()]


def holders(model: type[models.Model], keys: list[Any]) -> Counter[type[models.Model]]:
    """How many rows of which model name the rows ``keys`` of ``model``, through its parts too.

    A link of a many-to-many field holds for the model that declares the field: a team's own members go with it, an item
    on a contract is held by the contract. Rows that history keeps by itself (``DO_NOTHING``) hold nothing.
    """
    found: Counter[type[models.Model]] = Counter()
    parts: frozenset[str] = getattr(model, "parts", frozenset())
    for relation in _reverse(model):
        declared_by = relation.related_model._meta.auto_created
        if declared_by is model or relation.name in getattr(model, "loosened", ()):
            continue
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": keys})
        if relation.name in parts:
            if inner := list(rows.values_list("pk", flat=True)):
                found += holders(relation.related_model, inner)
        elif n := rows.count():
            found[declared_by or relation.related_model] += n
    return found


def _reverse(model: type[models.Model]) -> Iterable[Any]:
    """Foreign keys of others to ``model``, hidden ones too."""
    relations: Any = model._meta.get_fields(include_hidden=True)
    for relation in relations:
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            if relation.on_delete is not DO_NOTHING:
                yield relation


def counted(found: Counter[type[models.Model]]) -> list[str]:
    """``3 items`` per kind of row."""
    out = []
    for model, n in found.items():
        if n:
            kind = str(model._meta.verbose_name if n == 1 else model._meta.verbose_name_plural)
            out.append(ngettext("%(n)d %(kind)s", "%(n)d %(kind)s", n) % {"n": n, "kind": kind})
    return [capfirst(text) for text in sorted(out)]
