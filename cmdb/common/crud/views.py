"""Reading: list, export, detail, suggestions, history. Each is an ordinary view with a visible ``get``."""

from typing import Any

import django_tables2 as tables
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import select_template
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from cmdb.common import export
from cmdb.common.archive import is_archived
from cmdb.common.crud.declare import Crud
from cmdb.common.crud.shown import shown_fields
from cmdb.common.fields import suggestions
from cmdb.common.htmx import wants
from cmdb.common.tables import FastTable


class CrudView(View):
    """Base: signed in, role held, rows narrowed, in this order, before any handler."""

    crud: Crud = None  # type: ignore[assignment]
    verb = "read"
    template = "detail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Anonymous: to the sign-in page. Without the role for these pages: 403."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        # A verb on one row is asked after the row was found: a foreign row is 404 whatever one wanted with it.
        if not (
            self.crud.may(request.user, "read")
            and ("key" in kwargs or self.crud.may(request.user, self.verb))
        ):
            raise PermissionDenied
        self.user: Any = request.user
        return super().dispatch(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        """Rows that the person may see; a foreign row is therefore 404."""
        return self.crud.rows(self.user)

    def find(self, key: Any, rows: QuerySet[Any] | None = None) -> Any:
        """One visible row; 404 for a foreign or missing one."""
        obj = (self.rows() if rows is None else rows).filter(**{self.crud.lookup: key}).first()
        if obj is None:
            raise Http404(_("Nothing here that you may see."))
        return obj

    def render(self, context: dict[str, Any], status: int = 200, template: str = "") -> HttpResponse:
        """The model's own template ``<app>/<name>_<template>.html`` where there is one, else the common one."""
        kind = template or self.template
        names = [
            f"{self.crud.model._meta.app_label}/{self.crud.name}_{kind}.html",
            f"common/crud/{kind}.html",
        ]
        text = select_template(names).render({"crud": self.crud, **context}, self.request)
        return HttpResponse(text, status=status)

    def trail(self, *more: tuple[Any, str]) -> list[tuple[Any, str]]:
        """Breadcrumbs: the list, then ``more``."""
        if self.crud.table is None:
            return list(more)
        return [(capfirst(str(self.crud.model._meta.verbose_name_plural)), self.crud.url("list")), *more]


class ListView(CrudView):
    """Table with filters; htmx gets the table alone."""

    template = "list"

    def make_table(self, rows: QuerySet[Any]) -> FastTable:
        """The table over filtered rows; override to leave out columns (``exclude=``) by person."""
        if self.crud.table is None:
            raise Http404
        return self.crud.table(rows, rights=self.crud.rights(self.user))

    def filtered(self) -> tuple[Any, QuerySet[Any]]:
        """Filter set (or None) and the rows it leaves."""
        if self.crud.filterset is None:
            return None, self.rows()
        filterset = self.crud.filterset(self.request.GET, self.rows(), request=self.request)
        return filterset, filterset.qs

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or its table."""
        filterset, rows = self.filtered()
        table = self.make_table(rows).configure(request)
        context: dict[str, Any] = {
            "table": table,
            "filtered": bool(filterset and filterset.size),
            "empty_title": self.crud.empty[0],
            "empty_text": self.crud.empty[1],
            "create_url": self.crud.url("create") if self.crud.may(self.user, "create") else "",
        }
        if wants(request) == table.region:
            response = self.render(context, template="table")
        else:
            response = self.render(context | self.page(table, filterset))
        patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
        return response

    def page(self, table: FastTable, filterset: Any) -> dict[str, Any]:
        """What the whole page shows around the table."""
        query = self.request.GET.copy()
        for name in (table.cursor_field, "page", "per_page"):
            query.pop(name, None)
        query["format"] = "xlsx"
        return {
            "title": capfirst(str(self.crud.model._meta.verbose_name_plural)),
            "count": str(table.total),
            "filter": filterset,
            "chips": filterset.chips if filterset is not None else [],
            "export_url": f"{self.crud.url('export')}?{query.urlencode()}",
        }


class ExportView(ListView):
    """The list as a file: same rows, filters, order and columns as the page. ``?format=csv|xlsx``."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """A file; a wrong filter gives the page that says so. Too long for a spreadsheet becomes CSV."""
        filterset, rows = self.filtered()
        if filterset is not None and filterset.problems:
            return super().get(request)
        table = self.make_table(rows)
        tables.RequestConfig(request, paginate=False).configure(table)
        name = str(self.crud.model._meta.verbose_name_plural)
        kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
        try:
            return export.export(table, name, kind)  # type: ignore[return-value]
        except export.TooLargeError:
            return export.export(table, name, "csv")  # type: ignore[return-value]


class DetailView(CrudView):
    """One row: facts, panels, buttons."""

    def rows(self) -> QuerySet[Any]:
        """With the rows that the facts name, in the same statement."""
        names = [f if isinstance(f, str) else f[1] for f in self.crud.all_fields()]
        direct = {f.name for f in self.crud.model._meta.fields if f.is_relation}
        found = sorted({n for n in names if isinstance(n, str) and n in direct})
        rows = super().rows()
        return rows.select_related(*found) if found else rows

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The page."""
        return self.render(self.context(self.find(key)))

    def context(self, obj: Any) -> dict[str, Any]:
        """What the template shows; extend in a subclass."""
        crud, user = self.crud, self.user
        writes = crud.form is not None and crud.may_write(user, obj)
        deletes = crud.may_with(user, "delete", obj)
        archived = is_archived(obj)
        return {
            "object": obj,
            "title": str(obj),
            "fields": shown_fields(obj, crud.fields, user),
            "sections": [(heading, shown_fields(obj, fields, user)) for heading, fields in crud.sections],
            "panels": self.panels(obj),
            "actions": crud.actions(obj, user),
            "edit_url": crud.url("edit", obj) if writes else "",
            "delete_url": crud.url("delete", obj) if deletes else "",
            "archive_url": crud.url("archive", obj) if deletes and crud.archives and not archived else "",
            "restore_url": crud.url("restore", obj) if deletes and crud.archives and archived else "",
            "archived": archived,
            "breadcrumbs": self.trail(),
        }

    def panels(self, obj: Any) -> list[tuple[str, str]]:
        """Fragments that the wiring hangs on this kind of row: ``settings.SAMDRIFT_PANELS[name]``.

        Each entry is ``(title, URL name)`` or ``(title, URL name, roles)``; the address takes the row's key.
        The floors above are known by these names only.
        """
        wired = getattr(settings, "SAMDRIFT_PANELS", {}).get(self.crud.name, ())
        found = []
        for title, url_name, *roles in wired:
            if roles and not self.user.access.has(*roles[0]):
                continue
            try:
                found.append((str(title), reverse(url_name, args=[obj.pk])))
            except NoReverseMatch:  # wired, but its pages are not installed here
                continue
        if hasattr(obj, "events") and self.crud.may_with(self.user, "write", obj):
            found.append((_("History"), self.crud.url("history", obj)))
        return found


class HistoryView(CrudView):
    """Fragment: who changed what, newest first. For those who may write the row."""

    template = "history"

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The last fifty changes."""
        from cmdb.common.crud.changes import changes

        obj = self.find(key)
        if not self.crud.may_with(self.user, "write", obj):
            raise PermissionDenied
        return self.render({"object": obj, "title": _("History"), "changes": changes(obj, self.user)})


class PickView(CrudView):
    """Suggestions for search fields in forms and filters."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """JSON, see fields.suggestions."""
        return suggestions(request, self.rows(), self.crud.search, self.crud.note)
