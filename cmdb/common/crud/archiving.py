"""Deleting what never had history, archiving what has some, and taking it back."""

import copy
from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, router, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from cmdb.common.archive import Archivable, HeldError, NotArchivedError, counted, held, is_archived
from cmdb.common.crud.declare import Crud
from cmdb.common.crud.edit import EditView
from cmdb.common.problems import Problem
from cmdb.common.trees import lock_tree

BECAUSE = "archived_because"


class DeleteView(EditView):
    """Delete a row, after saying what goes with it or what stands against it."""

    verb = "delete"
    template = "confirm_delete"

    def may(self, obj: Any) -> bool:
        """Archived rows too: what never had history may go from there."""
        return self.crud.may_with(self.user, self.verb, obj)

    def page(self, obj: Any) -> dict[str, Any]:
        """Counts by kind only: what depends may belong to others."""
        affected, blocked = dependents(obj)
        archives = self.crud.archives and not is_archived(obj)
        return {
            **self.context(obj),
            "title": _("Delete %(name)s?") % {"name": str(obj)},
            "affected": affected,
            "blocked": blocked,
            "tracked": hasattr(obj, "events"),
            "note": getattr(obj, "when_deleted", ""),
            "archivable": isinstance(obj, Archivable),
            "archive_url": self.crud.url("archive", obj) if archives else "",
        }

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Ask."""
        return self.render(self.page(self.allowed(key)))

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Delete; 409 with the reasons where something stands against it."""
        with transaction.atomic():
            lock_tree(self.crud.model)
            obj = self.allowed(key, lock=True)
            name, kept = str(obj), copy.copy(obj)
            try:
                with transaction.atomic():
                    obj.delete()
            except (ProtectedError, RestrictedError):
                return self.render(self.page(kept), status=409)
        messages.success(request, _("%(name)s is deleted.") % {"name": name})
        return HttpResponseRedirect(self.crud.url("list") if self.crud.table else "/")


class ArchiveView(DeleteView):
    """Put a row away, after saying what that means or what needs it."""

    template = "confirm_archive"

    def page(self, obj: Any) -> dict[str, Any]:
        """What stands against it, by kind only."""
        return {
            **self.context(obj),
            "title": _("Archive %(name)s?") % {"name": str(obj)},
            "blocked": obj.needed_by(),
            "consequence": obj.consequence,
        }

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Archive; 409 with the reasons while something current needs it."""
        obj = self.allowed(key)
        try:
            obj.archive(self.user, request.POST.get(BECAUSE, ""))
        except NotArchivedError as error:
            return self.render({**self.page(obj), "blocked": error.reasons}, status=409)
        messages.success(request, _("%(name)s is archived.") % {"name": str(obj)})
        return HttpResponseRedirect(self.crud.url("detail", obj))


class RestoreView(DeleteView):
    """Take a row back."""

    template = "confirm_restore"

    def page(self, obj: Any) -> dict[str, Any]:
        """The question."""
        return {**self.context(obj), "title": _("Take %(name)s back?") % {"name": str(obj)}, "blocked": []}

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Take back; 409 with the reasons while it cannot be."""
        obj = self.allowed(key)
        try:
            obj.restore()
        except NotArchivedError as error:
            return self.render({**self.page(obj), "blocked": error.reasons}, status=409)
        messages.success(request, _("%(name)s is back.") % {"name": str(obj)})
        return HttpResponseRedirect(self.crud.url("detail", obj))


def dependents(obj: models.Model) -> tuple[list[str], list[str]]:
    """What would be deleted along with ``obj``, and what forbids it: counts by kind, in words."""
    if reasons := held(obj):
        return [], reasons
    collector = Collector(using=router.db_for_write(type(obj), instance=obj), origin=obj)
    try:
        collector.collect([obj])
    except (ProtectedError, RestrictedError) as error:
        rows = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        return [], counted(Counter(type(row) for row in rows))
    found: Counter[type[models.Model]] = Counter({model: len(rows) for model, rows in collector.data.items()})
    found[type(obj)] = found.get(type(obj), 1) - 1
    for queryset in collector.fast_deletes:
        found[queryset.model] += queryset.count()
    # Connecting tables of many-to-many fields say nothing to people.
    return counted(Counter({model: n for model, n in found.items() if not model._meta.auto_created})), []


# --- for the API


def delete(crud: Crud, user: Any, key: Any) -> None:
    """Delete a row as its page does. :raises Problem: 409 with the reasons where history holds it."""
    with transaction.atomic():
        lock_tree(crud.model)
        row = _row(crud, user, key)
        try:
            row.delete()
        except HeldError as error:
            raise _held(error.reasons) from None
        except ProtectedError as error:
            raise _held(counted(Counter(type(one) for one in error.protected_objects))) from None


def archive(crud: Crud, user: Any, key: Any, because: str = "") -> Any:
    """Archive a row as its page does. :raises Problem: 409 with the reasons while something current needs it."""
    try:
        return _row(crud, user, key).archive(user, because)
    except NotArchivedError as error:
        raise Problem(409, _("Not archived"), " ".join(error.reasons), reasons=error.reasons) from None


def restore(crud: Crud, user: Any, key: Any) -> Any:
    """Take a row back as its page does. :raises Problem: 409 with the reasons while it cannot be."""
    try:
        return _row(crud, user, key).restore()
    except NotArchivedError as error:
        raise Problem(409, _("Not taken back"), " ".join(error.reasons), reasons=error.reasons) from None


def _held(reasons: list[str]) -> Problem:
    text = _("History names it: %(what)s. Archive it instead.") % {"what": "; ".join(reasons)}
    return Problem(409, _("Not deleted"), text, reasons=reasons)


def _row(crud: Crud, user: Any, key: Any) -> Any:
    """A row that the person may delete and archive: else 403 or 404, as on the pages."""
    if not crud.may(user, "read"):
        raise PermissionDenied
    row = crud.rows(user).filter(**{crud.lookup: key}).first()
    if row is None:
        raise Http404
    if not crud.may_with(user, "delete", row):
        raise PermissionDenied
    return crud.model._default_manager.get(pk=row.pk)
